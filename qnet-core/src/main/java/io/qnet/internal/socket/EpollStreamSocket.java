package io.qnet.internal.socket;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Errors;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.IovArray;
import io.netty.channel.unix.Socket;
import io.qnet.host.HostError;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A stream socket as a raw descriptor. It is registered once for input, output and the far side's end, edge-triggered, and remembers what it was told: {@link #readable} until a read comes back short,
 * {@link #writable} until a write does.
 *
 * <p>A unix socket tells of room at every read of the far side, not only after a write was cut short, and would wake the loop as often: so it is told of output only while that is waited for.
 */
final class EpollStreamSocket extends StreamSocket implements EpollIoHandle {
    /** Both directions are shut down; always reported, not among Netty's constants. */
    private static final int EPOLLHUP = 0x10;

    private static final int INPUT =
            EpollIoOps.EPOLLIN.value() | EpollIoOps.EPOLLRDHUP.value() | EpollIoOps.EPOLLERR.value() | EPOLLHUP;
    private static final int OUTPUT = EpollIoOps.EPOLLOUT.value();
    private static final int END = EpollIoOps.EPOLLRDHUP.value() | EPOLLHUP;
    private static final int ERROR = EpollIoOps.EPOLLERR.value();

    private final EpollSockets sockets;
    private final Socket socket;
    private final SocketAddress remote;
    private @Nullable IoRegistration registration;
    /** Whether output is told although nobody waits for it. */
    private final boolean outputAlways;

    private boolean outputTold = true;

    private boolean readWanted;
    private boolean readable;
    private boolean ended;
    private boolean writable;
    private boolean writeCutShort;

    EpollStreamSocket(EpollSockets sockets, Socket socket, SocketAddress remote, Handler handler, boolean connecting) {
        super(sockets, handler, connecting);
        this.sockets = sockets;
        this.socket = socket;
        this.remote = remote;
        this.writable = !connecting;
        outputAlways = remote instanceof InetSocketAddress;
    }

    void register() throws IOException {
        IoRegistration made = sockets.register(this);
        registration = made;
        made.submit(EpollSockets.STREAM_OPS);
    }

    @Override
    public FileDescriptor fd() {
        return socket;
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
        if (isClosed()) {
            return;
        }
        try {
            handle(((EpollIoEvent) event).ops().value());
        } catch (RuntimeException e) {
            sockets.bug(this::endAfterBug, e);
        }
    }

    private void handle(int ops) {
        if (isConnecting()) {
            if ((ops & (OUTPUT | ERROR | EPOLLHUP)) == 0) {
                return;
            }
            writable = true;
            tryFinishConnect();
            if (isClosed() || isConnecting()) {
                return;
            }
        }
        if ((ops & OUTPUT) != 0) {
            onOutput();
        }
        if ((ops & INPUT) != 0 && !isClosed()) {
            onInput(ops);
        }
        if ((ops & ERROR) != 0 && !isClosed()) {
            broken(pendingError());
        }
    }

    private void onOutput() {
        writable = true;
        if (writeCutShort) {
            writeCutShort = false;
            handler().onWritable();
        } else if (!outputAlways) {
            tellOutput(false);
        }
    }

    private void tellOutput(boolean told) {
        IoRegistration present = registration;
        if (outputTold != told && present != null && !isClosed()) {
            outputTold = told;
            present.submit(told ? EpollSockets.STREAM_OPS : EpollSockets.STREAM_INPUT_OPS);
        }
    }

    private void onInput(int ops) {
        boolean endIsNews = (ops & END) != 0 && !ended;
        readable = true;
        ended |= endIsNews;
        if (readWanted || endIsNews) {
            handler().onReadable();
            readOnLater();
        }
    }

    /** SO_ERROR: what broke the connection, or the error that a read would have shown. */
    private HostError pendingError() {
        try {
            int errno = socket.getSoError();
            return errno == 0 ? HostError.RESET : HostErrors.ofErrno(errno);
        } catch (IOException e) {
            return HostErrors.of(e);
        }
    }

    @Override
    public int read(ByteBuf target, int index, int length) throws IOException {
        int n;
        if (target.hasMemoryAddress()) {
            n = socket.readAddress(target.memoryAddress(), index, index + length);
        } else {
            ByteBuffer nio = target.internalNioBuffer(index, length);
            n = socket.read(nio, nio.position(), nio.limit());
        }
        // short: all was taken, and what comes is told; behind data that were followed by the end, the end is left
        if (n <= 0 || (n < length && !ended)) {
            readable = false;
        }
        return n;
    }

    @Override
    public long write(OutQueue queue) throws IOException {
        if (!writable) {
            writeCutShort = true;
            return 0;
        }
        long total = 0;
        while (!queue.isEmpty()) {
            IovArray iov = sockets.iov();
            for (int i = 0; i < queue.count() && !iov.isFull(); i++) {
                if (!iov.add(queue.buffer(i), queue.index(i), queue.length(i))) {
                    break;
                }
            }
            long asked = iov.size();
            long n = socket.writevAddresses(iov.memoryAddress(0), iov.count());
            queue.removeBytes(n);
            total += n;
            if (n < asked) {
                writable = false;
                writeCutShort = true;
                tellOutput(true);
                break;
            }
        }
        return total;
    }

    @Override
    public void wantRead(boolean wanted) {
        readWanted = wanted;
        if (wanted && readable) {
            defer();
        }
    }

    @Override
    public boolean mayHaveEnded() {
        return ended;
    }

    @Override
    void afterDeferred() {
        if (readWanted && readable) {
            handler().onReadable();
            readOnLater();
        }
    }

    private void readOnLater() {
        if (readWanted && readable && !isClosed()) {
            defer();
        }
    }

    @Override
    public void shutdownOutput() throws IOException {
        socket.shutdown(false, true);
    }

    @Override
    public SocketAddress localAddress() {
        SocketAddress local =
                remote instanceof InetSocketAddress ? socket.localAddress() : socket.localDomainSocketAddress();
        return local == null ? new DomainSocketAddress("") : local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }

    @Override
    boolean finishConnect() throws IOException {
        int errno = socket.getSoError();
        if (errno != 0) {
            throw new Errors.NativeIoException("connect", -errno, false);
        }
        return true;
    }

    @Override
    void lingerZero() {
        try {
            socket.setSoLinger(0);
        } catch (IOException e) {
            // not a TCP socket any more: it is closed as it is
        }
    }

    @Override
    void release() {
        IoRegistration present = registration;
        if (present != null) {
            present.cancel();
        }
        EpollSockets.close(socket);
    }
}
