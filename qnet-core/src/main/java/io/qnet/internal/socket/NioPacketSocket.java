package io.qnet.internal.socket;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.nio.NioIoOps;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import org.jspecify.annotations.Nullable;

/** A datagram channel of the JDK's. It has no error queue, and options by number cannot be set. */
final class NioPacketSocket extends PacketSocket implements NioIoHandle {
    private final NioSockets sockets;
    private final DatagramChannel channel;
    private @Nullable IoRegistration registration;

    NioPacketSocket(NioSockets sockets, DatagramChannel channel, Handler handler) {
        super(sockets, handler);
        this.sockets = sockets;
        this.channel = channel;
    }

    void register() throws IOException {
        registration = sockets.register(this);
        readingChanged();
    }

    @Override
    public SelectableChannel selectableChannel() {
        return channel;
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
        try {
            runDeferred();
        } catch (RuntimeException e) {
            sockets.bug(this::endAfterBug, e);
        }
    }

    @Override
    void runDeferred() {
        if (isReading() && !isClosed()) {
            handler().onReadable();
        }
    }

    @Override
    void readingChanged() {
        IoRegistration present = registration;
        if (present != null && !isClosed()) {
            present.submit(isReading() ? NioIoOps.READ : NioIoOps.NONE);
        }
    }

    @Override
    public @Nullable InetSocketAddress receive(ByteBuf target) throws IOException {
        ByteBuffer nio = target.internalNioBuffer(0, target.capacity());
        int start = nio.position();
        InetSocketAddress from = (InetSocketAddress) channel.receive(nio);
        if (from != null) {
            target.setIndex(0, nio.position() - start);
        }
        return from;
    }

    @Override
    void sendOnce(ByteBuf source, int index, int length, InetSocketAddress to) throws IOException {
        int sent = channel.send(source.internalNioBuffer(index, length), to);
        if (sent == 0 && length > 0) {
            throw new IOException("No buffer space available");
        }
    }

    @Override
    public boolean setOption(int level, int name, int value) {
        return false;
    }

    @Override
    public int descriptor() {
        return -1;
    }

    @Override
    public InetSocketAddress localAddress() {
        try {
            InetSocketAddress local = (InetSocketAddress) channel.getLocalAddress();
            return local == null ? new InetSocketAddress(0) : local;
        } catch (IOException e) {
            return new InetSocketAddress(0);
        }
    }

    @Override
    void release() {
        IoRegistration present = registration;
        if (present != null) {
            present.cancel();
        }
        NioSockets.close(channel);
    }
}
