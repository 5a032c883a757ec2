package io.qnet.internal.socket;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A listening descriptor, edge-triggered, so that a process without descriptors does not spin on it. */
final class EpollListenSocket extends ListenSocket implements EpollIoHandle {
    private final EpollSockets sockets;
    private final LinuxSocket socket;
    private final SocketAddress local;
    private final StreamOptions options;
    /** Where the kernel writes the far end: length, address, scope, port; not used. */
    private final byte[] acceptedFrom = new byte[26];

    private @Nullable IoRegistration registration;

    EpollListenSocket(
            EpollSockets sockets, LinuxSocket socket, SocketAddress local, StreamOptions options, Acceptor acceptor) {
        super(sockets, acceptor);
        this.sockets = sockets;
        this.socket = socket;
        this.options = options;
        SocketAddress bound = local instanceof InetSocketAddress ? socket.localAddress() : local;
        this.local = bound == null ? local : bound;
    }

    void register() throws IOException {
        ownPath();
        IoRegistration made = sockets.register(this);
        registration = made;
        made.submit(EpollSockets.INPUT_OPS);
    }

    @Override
    public FileDescriptor fd() {
        return socket;
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
        try {
            acceptSome();
        } catch (RuntimeException e) {
            sockets.bug(this::endAfterBug, e);
        }
    }

    @Override
    @Nullable StreamSocket accept(Acceptor acceptor) throws IOException {
        int fd = socket.accept(acceptedFrom);
        if (fd < 0) {
            return null;
        }
        LinuxSocket accepted = LinuxSocket.newSocket(fd);
        try {
            SocketAddress remote = remoteOf(accepted);
            EpollSockets.configure(accepted, remote, options);
            EpollStreamSocket stream = new EpollStreamSocket(sockets, accepted, remote, acceptor.newHandler(), false);
            stream.register();
            return stream;
        } catch (IOException | RuntimeException e) {
            EpollSockets.close(accepted);
            throw e;
        }
    }

    private SocketAddress remoteOf(LinuxSocket accepted) {
        if (local instanceof InetSocketAddress) {
            SocketAddress remote = accepted.remoteAddress();
            return remote == null ? local : remote;
        }
        return new DomainSocketAddress("");
    }

    @Override
    void wantAccept(boolean wanted) {
        // the edge is remembered by what is still to be accepted
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
