package io.qnet.internal.socket;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import org.jspecify.annotations.Nullable;

/** A datagram channel of the JDK's with one far end. */
final class NioPeerSocket extends NioPacketSocket implements PeerSocket {
    private final InetSocketAddress remote;

    NioPeerSocket(NioSockets sockets, DatagramChannel channel, InetSocketAddress remote, Handler handler) {
        super(sockets, channel, handler);
        this.remote = remote;
    }

    @Override
    public int receiveDatagram(ByteBuf target) throws IOException {
        ByteBuffer nio = target.internalNioBuffer(0, target.capacity());
        int start = nio.position();
        return channel().receive(nio) == null ? NONE : nio.position() - start;
    }

    @Override
    public @Nullable HostError sendDatagram(ByteBuf source, int index, int length) {
        HostError error = send(source, index, length, remote);
        if (error == HostError.NO_RESOURCES) {
            tellOutput();
        }
        return error;
    }

    @Override
    public void connect(String path) throws IOException {
        throw new IOException("not a unix socket");
    }

    @Override
    public InetSocketAddress inetAddress() {
        return localAddress();
    }
}
