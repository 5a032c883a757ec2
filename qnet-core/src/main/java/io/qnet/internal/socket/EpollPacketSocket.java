package io.qnet.internal.socket;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelException;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.DatagramSocketAddress;
import io.netty.channel.unix.Errors;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A packet socket as a raw descriptor, edge-triggered, so that an error queue that nobody has emptied yet does not spin the loop. */
class EpollPacketSocket extends PacketSocket implements EpollIoHandle {
    private static final int EAGAIN = 11;

    private final EpollSockets sockets;
    private final Socket socket;
    private @Nullable IoRegistration registration;
    private boolean readable;
    private boolean outputTold;

    EpollPacketSocket(EpollSockets sockets, Socket socket, Handler handler) {
        super(sockets, handler);
        this.sockets = sockets;
        this.socket = socket;
    }

    final void register() throws IOException {
        IoRegistration made = sockets.register(this);
        registration = made;
        made.submit(EpollSockets.INPUT_OPS);
    }

    @Override
    public final FileDescriptor fd() {
        return socket;
    }

    final Socket socket() {
        return socket;
    }

    @Override
    public final void drained() {
        readable = false;
    }

    /** Has {@link Handler#onWritable()} called once, when the kernel has room. */
    final void tellOutput() {
        IoRegistration present = registration;
        if (!outputTold && present != null && !isClosed()) {
            outputTold = true;
            present.submit(EpollSockets.PACKET_OUTPUT_OPS);
        }
    }

    private void onOutput() {
        IoRegistration present = registration;
        if (outputTold && present != null && !isClosed()) {
            outputTold = false;
            present.submit(EpollSockets.INPUT_OPS);
            handler().onWritable();
        }
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
        try {
            int ops = ((EpollIoEvent) event).ops().value();
            if ((ops & EpollIoOps.EPOLLERR.value()) != 0 && !isClosed()) {
                handler().onError();
            }
            if ((ops & EpollIoOps.EPOLLOUT.value()) != 0) {
                onOutput();
            }
            if ((ops & EpollIoOps.EPOLLIN.value()) != 0) {
                readable = true;
                runDeferred();
            }
        } catch (RuntimeException e) {
            sockets.bug(this::endAfterBug, e);
        }
    }

    @Override
    final void runDeferred() {
        if (readable && isReading() && !isClosed()) {
            handler().onReadable();
            readingChanged();
        }
    }

    @Override
    final void readingChanged() {
        if (readable && isReading() && !isClosed()) {
            defer();
        }
    }

    @Override
    public @Nullable InetSocketAddress receive(ByteBuf target) throws IOException {
        DatagramSocketAddress from;
        if (target.hasMemoryAddress()) {
            from = socket.recvFromAddress(target.memoryAddress(), 0, target.capacity());
        } else {
            ByteBuffer nio = target.internalNioBuffer(0, target.capacity());
            from = socket.recvFrom(nio, nio.position(), nio.limit());
        }
        if (from == null) {
            readable = false;
            return null;
        }
        target.setIndex(0, from.receivedAmount());
        return new InetSocketAddress(plain(from.getAddress()), from.getPort());
    }

    /** Netty gives every IPv6 address a scope; 0 is none. */
    private static InetAddress plain(InetAddress address) throws IOException {
        boolean scoped = !(address instanceof Inet6Address inet6) || inet6.getScopeId() != 0;
        return scoped ? address : InetAddress.getByAddress(address.getAddress());
    }

    @Override
    void sendOnce(ByteBuf source, int index, int length, InetSocketAddress to) throws IOException {
        int sent;
        if (source.hasMemoryAddress()) {
            sent = socket.sendToAddress(source.memoryAddress(), index, index + length, to.getAddress(), to.getPort());
        } else {
            ByteBuffer nio = direct(source, index, length);
            sent = socket.sendTo(nio, nio.position(), nio.limit(), to.getAddress(), to.getPort());
        }
        refuseNothing(sent, length);
    }

    /** Netty says 0 for EAGAIN. */
    static void refuseNothing(int sent, int length) throws IOException {
        if (sent == 0 && length > 0) {
            throw new Errors.NativeIoException("sendTo", -EAGAIN, false);
        }
    }

    /** The native call takes direct memory only. */
    static ByteBuffer direct(ByteBuf source, int index, int length) {
        if (source.isDirect()) {
            return source.internalNioBuffer(index, length);
        }
        ByteBuffer copy = ByteBuffer.allocateDirect(length);
        source.getBytes(index, copy);
        return copy.flip();
    }

    @Override
    public boolean setOption(int level, int name, int value) {
        try {
            socket.setIntOpt(level, name, value);
            return true;
        } catch (IOException | ChannelException e) {
            return false;
        }
    }

    @Override
    public void bindToDevice(String device) throws IOException {
        EpollSockets.bindToDevice(socket, device);
    }

    @Override
    public void bind(InetAddress local) throws IOException {
        socket.bind(new InetSocketAddress(local, 0));
    }

    @Override
    public int descriptor() {
        return socket.intValue();
    }

    @Override
    public InetSocketAddress localAddress() {
        InetSocketAddress local = socket.localAddress();
        return local == null ? new InetSocketAddress(0) : local;
    }

    @Override
    final void release() {
        IoRegistration present = registration;
        if (present != null) {
            present.cancel();
        }
        EpollSockets.close(socket);
    }
}
