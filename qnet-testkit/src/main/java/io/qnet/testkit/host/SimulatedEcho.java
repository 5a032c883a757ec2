package io.qnet.testkit.host;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostEcho;
import io.qnet.host.HostError;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** An echo socket of a netdev's on the simulated host. */
final class SimulatedEcho implements HostEcho {
    private final SimulatedHost host;
    private final Handler handler;
    private boolean closed;

    SimulatedEcho(SimulatedHost host, Handler handler) {
        this.host = host;
        this.handler = handler;
        host.opened(this);
    }

    @Override
    public @Nullable HostError send(InetAddress to, int sequence, ByteBuf payload, int index, int length, int ttl) {
        host.checkLoop();
        if (closed) {
            throw new IllegalStateException("the socket is closed");
        }
        byte[] data = new byte[length];
        payload.getBytes(index, data);
        host.echoFrom(this, to, sequence, data);
        return null;
    }

    @Override
    public void close() {
        host.checkLoop();
        if (!closed) {
            closed = true;
            host.closed(this);
        }
    }

    void reply(InetAddress from, int sequence, byte[] data) {
        if (closed) {
            return;
        }
        ByteBuf payload = host.loop().allocator().directBuffer(Math.max(1, data.length));
        try {
            payload.writeBytes(data);
            handler.onReply(from, sequence, payload);
        } finally {
            payload.release();
        }
    }

    @Override
    public String toString() {
        return "echo socket";
    }

    void fail(HostError error, InetAddress to, int sequence) {
        if (!closed) {
            handler.onError(error, to, to, sequence, 0);
        }
    }
}
