package io.qnet.testkit.host;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostError;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A datagram socket of a netdev's on the simulated host. */
final class SimulatedDatagrams implements HostDatagrams {
    private static final int MOST_WAITING = 256;
    private static final int LARGEST4 = 65_507;
    private static final int LARGEST6 = 65_527;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Waiting(byte[] data, InetSocketAddress from) {}

    private final SimulatedHost host;
    private final InetSocketAddress local;
    private final Handler handler;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private boolean reading = true;
    private boolean closed;

    SimulatedDatagrams(SimulatedHost host, InetSocketAddress local, Handler handler) {
        this.host = host;
        this.local = local;
        this.handler = handler;
        host.opened(this);
    }

    @Override
    public @Nullable HostError send(ByteBuf source, int index, int length, InetSocketAddress to, int ttl) {
        host.checkLoop();
        if (closed) {
            throw new IllegalStateException("the socket is closed");
        }
        if (length > (to.getAddress() instanceof Inet6Address ? LARGEST6 : LARGEST4)) {
            return HostError.MESSAGE_TOO_LARGE;
        }
        byte[] data = new byte[length];
        source.getBytes(index, data);
        return host.datagramFrom(this, data, to, ttl);
    }

    @Override
    public void setReading(boolean on) {
        host.checkLoop();
        reading = on;
        if (on && !waiting.isEmpty()) {
            host.later(this::deliver);
        }
    }

    @Override
    public InetSocketAddress localAddress() {
        return local;
    }

    @Override
    public void close() {
        host.checkLoop();
        if (!closed) {
            closed = true;
            waiting.clear();
            host.closed(this);
        }
    }

    void arrive(byte[] data, InetSocketAddress from) {
        if (!closed && waiting.size() < MOST_WAITING) {
            waiting.add(new Waiting(data, from));
            deliver();
        }
    }

    void fail(HostError error, InetSocketAddress to, int mtu) {
        if (!closed) {
            handler.onError(error, to, to, mtu);
        }
    }

    @Override
    public String toString() {
        return "datagram socket at " + local;
    }

    private void deliver() {
        while (reading && !closed && !waiting.isEmpty()) {
            Waiting next = waiting.remove();
            ByteBuf data = host.loop().allocator().directBuffer(Math.max(1, next.data.length));
            try {
                data.writeBytes(next.data);
                handler.onDatagram(data, next.from);
            } finally {
                data.release();
            }
        }
    }
}
