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
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.NotYetConnectedException;
import org.jspecify.annotations.Nullable;

/**
 * A stream socket as a raw descriptor. It is registered once for input, output and the far side's end, edge-triggered, and remembers what it was told: {@link #readable} until a read comes back short,
 * {@link #writable} until a write does.
 *
 * <p>What short connections need not do, they do not: TCP_NODELAY is set by the second write, since Nagle's rule holds nothing back of the first; and the last bytes leave in one segment with the FIN.
 *
 * <p>A unix socket tells of room at every read of the far side, not only after a write was cut short, and would wake the loop as often: so it is told of output only while that is waited for.
 */
final class EpollStreamSocket extends StreamSocket implements EpollIoHandle {
    /** Both directions are shut down; always reported, not among Netty's constants. */
    private static final int EPOLLHUP = 0x10;

    private static final int TCP_CORK = 3;

    private static final int INPUT =
            EpollIoOps.EPOLLIN.value() | EpollIoOps.EPOLLRDHUP.value() | EpollIoOps.EPOLLERR.value() | EPOLLHUP;
    private static final int OUTPUT = EpollIoOps.EPOLLOUT.value();
    private static final int END = EpollIoOps.EPOLLRDHUP.value() | EPOLLHUP;
    private static final int ERROR = EpollIoOps.EPOLLERR.value();

    private final EpollSockets sockets;
    private final Socket socket;
    private final SocketAddress remote;
    private @Nullable IoRegistration registration;
    /** Not of a unix socket: output is told although nobody waits for it. */
    private final boolean isInet;

    private boolean outputTold = true;

    private boolean readWanted;
    private boolean readable;
    private boolean ended;
    private boolean writable;
    private boolean writeCutShort;
    private boolean written;
    private boolean noDelaySet;
    private boolean corked;
    /** When it was registered: events of the same turn may be of a descriptor that had this number before. */
    private long registeredNanos;

    /** The event that ends connecting may be an error, or not this socket's. */
    private boolean doubtful;

    EpollStreamSocket(EpollSockets sockets, Socket socket, SocketAddress remote, Handler handler, boolean connecting) {
        super(sockets, handler, connecting);
        this.sockets = sockets;
        this.socket = socket;
        this.remote = remote;
        this.writable = !connecting;
        isInet = remote instanceof InetSocketAddress;
    }

    void register() throws IOException {
        IoRegistration made = sockets.register(this);
        registration = made;
        registeredNanos = sockets.loop().nowNanos();
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
            onConnectEvent(ops);
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

    private void onConnectEvent(int ops) {
        if ((ops & (OUTPUT | ERROR | EPOLLHUP)) == 0) {
            return;
        }
        doubtful = (ops & (ERROR | EPOLLHUP)) != 0 || sockets.loop().nowNanos() == registeredNanos;
        writable = true;
        tryFinishConnect();
        writable &= !isConnecting();
    }

    private void onOutput() {
        writable = true;
        if (writeCutShort) {
            writeCutShort = false;
            handler().onWritable();
        } else if (!isInet) {
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
    public long write(OutQueue queue, boolean last) throws IOException {
        if (!writable) {
            writeCutShort = true;
            return 0;
        }
        if (isInet && !queue.isEmpty()) {
            setSending(last);
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

    private void setSending(boolean last) throws IOException {
        if (last && !corked) {
            corked = true;
            socket.setIntOpt(EpollSockets.IPPROTO_TCP, TCP_CORK, 1);
        } else if (!last && written && !noDelaySet) {
            noDelaySet = true;
            socket.setTcpNoDelay(true);
        }
        written = true;
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
        try {
            socket.shutdown(false, true);
        } catch (NotYetConnectedException e) {
            // ENOTCONN: the far side's reset is in already, its event is still to come
            throw new SocketException("Connection reset");
        }
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
        if (!doubtful) {
            return true;
        }
        int errno = socket.getSoError();
        if (errno != 0) {
            throw new Errors.NativeIoException("connect", -errno, false);
        }
        return !isInet || socket.remoteAddress() != null;
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
        // in this order: a closed descriptor has left the epoll set by itself
        EpollSockets.close(socket);
        IoRegistration present = registration;
        if (present != null) {
            present.cancel();
        }
    }
}
