package io.qnet.internal.socket;

import io.qnet.loop.Timer;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A listening stream socket. */
public abstract class ListenSocket extends Deferred {
    /** The most connections accepted in one go, so that a flood leaves the loop time for others. */
    private static final int BURST = 64;
    /** How long accepting rests when the process has no descriptor left. */
    private static final long REST_NANOS = 100_000_000;

    /** Who takes the connections. */
    public interface Acceptor {
        /** Gives the handler for the next connection. Called before it is registered; {@link #onAccepted} follows at once. */
        StreamSocket.Handler newHandler();

        /** A connection was accepted, whose handler was given by the call before. */
        void onAccepted(StreamSocket socket, StreamSocket.Handler handler);

        /** A connection could not be accepted; tried again in a moment. */
        void onAcceptFailed(IOException cause);
    }

    private final Acceptor acceptor;
    private final Timer rest = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            acceptSome();
        }
    };
    private @Nullable UnixPath path;
    private boolean accepting = true;
    private boolean pending;
    private boolean closed;

    ListenSocket(Sockets sockets, Acceptor acceptor) {
        super(sockets);
        this.acceptor = acceptor;
    }

    /** Where it listens. */
    public abstract SocketAddress localAddress();

    /** Stops or resumes accepting; meanwhile connections wait in the backlog. */
    public final void setAccepting(boolean accepting) {
        this.accepting = accepting;
        wantAccept(accepting);
        if (accepting && pending) {
            defer();
        }
    }

    /** Stops listening. */
    public final void close() {
        if (!closed) {
            closed = true;
            sockets().loop().timers().cancel(rest);
            release();
            if (path != null) {
                path.remove();
            }
        }
    }

    /** Remembers the file of a unix socket, once it is bound. */
    final void ownPath() throws IOException {
        String file = Sockets.filePath(localAddress());
        path = file == null ? null : UnixPath.bound(file);
    }

    /** Accepts one connection; null if there is none now. The handler is asked for only if there is one. */
    abstract @Nullable StreamSocket accept(Acceptor acceptor) throws IOException;

    /** Whether events are wanted; for loops that tell again and again. */
    abstract void wantAccept(boolean wanted);

    abstract void release();

    final void acceptSome() {
        for (int i = 0; i < BURST && !closed; i++) {
            if (!accepting) {
                pending = true;
                return;
            }
            try {
                StreamSocket accepted = accept(acceptor);
                if (accepted == null) {
                    pending = false;
                    wantAccept(true);
                    return;
                }
                acceptor.onAccepted(accepted, accepted.handler());
            } catch (IOException e) {
                restAfter(e);
                return;
            }
        }
        defer();
    }

    private void restAfter(IOException cause) {
        wantAccept(false);
        sockets().loop().timers().arm(rest, sockets().loop().nowNanos() + REST_NANOS);
        acceptor.onAcceptFailed(cause);
    }

    @Override
    final void endAfterBug() {
        // one connection's bug is not the listener's
        wantAccept(true);
    }

    @Override
    final void runDeferred() {
        if (!closed) {
            acceptSome();
        }
    }
}
