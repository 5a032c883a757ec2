package io.qnet.internal.socket;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoEvent;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.nio.NioIoOps;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** A stream socket of the JDK's. The selector tells again and again, so interest is what is wanted now. An end behind unread data cannot be seen. */
final class NioStreamSocket extends StreamSocket implements NioIoHandle {
    private final NioSockets sockets;
    private final SocketChannel channel;
    private final SocketAddress remote;
    private @Nullable IoRegistration registration;
    private int interest;

    NioStreamSocket(
            NioSockets sockets, SocketChannel channel, SocketAddress remote, Handler handler, boolean connecting) {
        super(sockets, handler, connecting);
        this.sockets = sockets;
        this.channel = channel;
        this.remote = remote;
    }

    /** Registers; a connection that stands already is told from the loop as any other. */
    void register(boolean connected) throws IOException {
        registration = sockets.register(this);
        if (connected) {
            defer();
        } else if (isConnecting()) {
            setInterest(SelectionKey.OP_CONNECT, true);
        }
    }

    @Override
    public SelectableChannel selectableChannel() {
        return channel;
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
        if (isClosed()) {
            return;
        }
        try {
            handle(((NioIoEvent) event).ops().value());
        } catch (RuntimeException e) {
            sockets.bug(this::endAfterBug, e);
        }
    }

    private void handle(int ops) {
        if (isConnecting()) {
            tryFinishConnect();
            return;
        }
        if ((ops & SelectionKey.OP_WRITE) != 0) {
            setInterest(SelectionKey.OP_WRITE, false);
            handler().onWritable();
        }
        if ((ops & SelectionKey.OP_READ) != 0 && !isClosed()) {
            handler().onReadable();
        }
    }

    @Override
    public int read(ByteBuf target, int index, int length) throws IOException {
        return channel.read(target.internalNioBuffer(index, length));
    }

    @Override
    public long write(OutQueue queue, boolean last) throws IOException {
        long total = 0;
        while (!queue.isEmpty()) {
            int length = queue.length(0);
            ByteBuffer nio = queue.buffer(0).internalNioBuffer(queue.index(0), length);
            int n = channel.write(nio);
            queue.removeBytes(n);
            total += n;
            if (n < length) {
                setInterest(SelectionKey.OP_WRITE, true);
                break;
            }
        }
        return total;
    }

    @Override
    public void wantRead(boolean wanted) {
        setInterest(SelectionKey.OP_READ, wanted);
    }

    @Override
    public boolean mayHaveEnded() {
        return true;
    }

    @Override
    void afterDeferred() {
        if (isConnecting()) {
            tryFinishConnect();
        }
    }

    @Override
    public void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public SocketAddress localAddress() {
        try {
            SocketAddress local = channel.getLocalAddress();
            if (local != null) {
                return local;
            }
        } catch (IOException e) {
            return unbound();
        }
        return unbound();
    }

    private SocketAddress unbound() {
        return remote instanceof InetSocketAddress ? new InetSocketAddress(0) : UnixDomainSocketAddress.of("");
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }

    @Override
    boolean finishConnect() throws IOException {
        if (!channel.finishConnect()) {
            return false;
        }
        setInterest(SelectionKey.OP_CONNECT, false);
        return true;
    }

    @Override
    void lingerZero() {
        try {
            if (remote instanceof InetSocketAddress) {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        } catch (IOException e) {
            // closed as it is
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

    private void setInterest(int op, boolean on) {
        int now = on ? interest | op : interest & ~op;
        IoRegistration present = registration;
        if (now != interest && present != null && !isClosed()) {
            interest = now;
            present.submit(NioIoOps.valueOf(now));
        }
    }
}
