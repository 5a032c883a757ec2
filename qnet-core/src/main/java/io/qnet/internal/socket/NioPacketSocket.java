package io.qnet.internal.socket;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoEvent;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.nio.NioIoOps;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import org.jspecify.annotations.Nullable;

/** A datagram channel of the JDK's. It has no error queue, and options by number cannot be set. */
class NioPacketSocket extends PacketSocket implements NioIoHandle {
    private final NioSockets sockets;
    private final DatagramChannel channel;
    private @Nullable IoRegistration registration;
    private boolean outputTold;

    NioPacketSocket(NioSockets sockets, DatagramChannel channel, Handler handler) {
        super(sockets, handler);
        this.sockets = sockets;
        this.channel = channel;
    }

    final void register() throws IOException {
        registration = sockets.register(this);
        readingChanged();
    }

    @Override
    public final SelectableChannel selectableChannel() {
        return channel;
    }

    final DatagramChannel channel() {
        return channel;
    }

    /** Has {@link Handler#onWritable()} called once, when the kernel has room. */
    final void tellOutput() {
        outputTold = true;
        readingChanged();
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
        try {
            if (outputTold && (((NioIoEvent) event).ops().value() & SelectionKey.OP_WRITE) != 0) {
                outputTold = false;
                readingChanged();
                handler().onWritable();
            }
            runDeferred();
        } catch (RuntimeException e) {
            sockets.bug(this::endAfterBug, e);
        }
    }

    @Override
    final void runDeferred() {
        if (isReading() && !isClosed()) {
            handler().onReadable();
        }
    }

    @Override
    final void readingChanged() {
        IoRegistration present = registration;
        if (present != null && !isClosed()) {
            int ops = (isReading() ? SelectionKey.OP_READ : 0) | (outputTold ? SelectionKey.OP_WRITE : 0);
            present.submit(NioIoOps.valueOf(ops));
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
    final void release() {
        IoRegistration present = registration;
        if (present != null) {
            present.cancel();
        }
        NioSockets.close(channel);
    }
}
