package io.qnet.slirp.host;

import io.qnet.host.HostListener;
import io.qnet.host.HostStream;
import io.qnet.internal.socket.ListenSocket;
import io.qnet.internal.socket.StreamSocket;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A {@link HostListener} on a socket. */
final class RealListener implements HostListener, ListenSocket.Acceptor {
    private static final System.Logger LOG = System.getLogger(RealListener.class.getName());

    private final RealHostNetwork network;
    private final Handler handler;
    private @Nullable ListenSocket socket;
    private boolean failing;

    RealListener(RealHostNetwork network, Handler handler) {
        this.network = network;
        this.handler = handler;
    }

    void opened(ListenSocket listening) {
        socket = listening;
    }

    @Override
    public SocketAddress localAddress() {
        ListenSocket present = socket;
        if (present == null) {
            throw new IllegalStateException("not listening");
        }
        return present.localAddress();
    }

    @Override
    public void close() {
        ListenSocket present = socket;
        if (present == null) {
            return;
        }
        socket = null;
        present.close();
        network.forget(this);
    }

    @Override
    public StreamSocket.Handler newHandler() {
        failing = false;
        return new RealStream(network, localAddress(), false, null);
    }

    @Override
    public void onAccepted(StreamSocket accepted, StreamSocket.Handler streamOfIt) {
        RealStream stream = (RealStream) streamOfIt;
        network.remember(stream);
        stream.accepted(accepted);
        HostStream.Handler taken = handler.onAccept(stream);
        if (taken == null) {
            stream.reset();
        } else {
            stream.setHandler(taken);
        }
    }

    @Override
    public void onAcceptFailed(IOException cause) {
        if (!failing) {
            failing = true;
            LOG.log(System.Logger.Level.WARNING, "cannot accept on " + localAddress() + ", trying again: " + cause);
        }
    }
}
