package io.qnet.internal.socket;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.nio.NioIoOps;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** A listening channel of the JDK's. */
final class NioListenSocket extends ListenSocket implements NioIoHandle {
    private final NioSockets sockets;
    private final ServerSocketChannel channel;
    private final SocketAddress local;
    private final StreamOptions options;
    private @Nullable IoRegistration registration;

    NioListenSocket(NioSockets sockets, ServerSocketChannel channel, StreamOptions options, Acceptor acceptor)
            throws IOException {
        super(sockets, acceptor);
        this.sockets = sockets;
        this.channel = channel;
        this.options = options;
        this.local = channel.getLocalAddress();
    }

    void register() throws IOException {
        ownPath();
        registration = sockets.register(this);
        wantAccept(true);
    }

    @Override
    public SelectableChannel selectableChannel() {
        return channel;
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
        SocketChannel accepted = channel.accept();
        if (accepted == null) {
            return null;
        }
        try {
            accepted.configureBlocking(false);
            SocketAddress remote = accepted.getRemoteAddress();
            NioSockets.configure(accepted, remote, options);
            NioStreamSocket stream = new NioStreamSocket(sockets, accepted, remote, acceptor.newHandler(), false);
            stream.register(false);
            return stream;
        } catch (IOException | RuntimeException e) {
            NioSockets.close(accepted);
            throw e;
        }
    }

    @Override
    void wantAccept(boolean wanted) {
        IoRegistration present = registration;
        if (present != null) {
            present.submit(wanted ? NioIoOps.ACCEPT : NioIoOps.NONE);
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
