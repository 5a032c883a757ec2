package io.qnet.internal.socket;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import java.io.IOException;
import java.net.SocketAddress;

/** A connected stream socket, or one that is being connected. */
public abstract class StreamSocket extends Deferred {
    /** What a stream socket tells its owner. Never from within a call, never after {@link #close()}. */
    public interface Handler {
        /** The connection stands. Not called for accepted sockets. */
        void onConnected();

        /**
         * Something can be read: data, the end, or an error, which {@link #read} then throws. Called again in later turns for as long as reading is wanted and something is left. It may be called once
         * although reading is not wanted when {@link #mayHaveEnded()} has become true.
         */
        void onReadable();

        /** A write that was cut short may go on. */
        void onWritable();

        /** The connect failed, or the connection broke. There may still be data to read after a break. */
        void onBroken(HostError error);

        /** {@link #defer()} was called. */
        default void onDeferred() {}
    }

    private final Handler handler;
    private boolean connecting;
    private boolean closed;

    StreamSocket(Sockets sockets, Handler handler, boolean connecting) {
        super(sockets);
        this.handler = handler;
        this.connecting = connecting;
    }

    /**
     * Reads once into {@code target} at an absolute index; its writer index is not moved.
     *
     * @return the bytes read; 0 if there is nothing now; -1 at the end of the stream
     * @throws IOException if the connection broke; {@link HostErrors#of} names the reason
     */
    public abstract int read(ByteBuf target, int index, int length) throws IOException;

    /**
     * Writes as much of the queue as the socket takes and removes it. If something is left, {@link Handler#onWritable()} follows.
     *
     * @param last whether {@link #shutdownOutput()} follows once the queue is empty: FIN may then leave together with the last bytes
     * @return the bytes written
     * @throws IOException if the connection broke
     */
    public abstract long write(OutQueue queue, boolean last) throws IOException;

    /** Says whether {@link Handler#onReadable()} is wanted. Starts as not. */
    public abstract void wantRead(boolean wanted);

    /** Whether the far side may have ended the stream behind what has been read. */
    public abstract boolean mayHaveEnded();

    /** Sends FIN. */
    public abstract void shutdownOutput() throws IOException;

    /** The own end. */
    public abstract SocketAddress localAddress();

    /** The far end. */
    public abstract SocketAddress remoteAddress();

    /** Releases the socket. What the kernel holds of written bytes is still sent. */
    public final void close() {
        if (!closed) {
            closed = true;
            release();
        }
    }

    /** Releases the socket so that the far side sees a reset. */
    public final void abort() {
        if (!closed) {
            lingerZero();
            close();
        }
    }

    /** Whether it was closed. */
    public final boolean isClosed() {
        return closed;
    }

    /** Has {@link Handler#onDeferred()} called soon, from the loop. */
    @Override
    public final void defer() {
        super.defer();
    }

    /** Makes the next close a reset. A socket that cannot (unix) is closed as it is. */
    abstract void lingerZero();

    /** Ends the registration and closes the descriptor. */
    abstract void release();

    /** Finishes a connect under way; false if it is still under way. */
    abstract boolean finishConnect() throws IOException;

    /** What is left to do after deferred events, such as reading on. */
    abstract void afterDeferred();

    final Handler handler() {
        return handler;
    }

    final boolean isConnecting() {
        return connecting;
    }

    final void tryFinishConnect() {
        try {
            if (!finishConnect()) {
                return;
            }
        } catch (IOException e) {
            broken(HostErrors.of(e));
            return;
        }
        connecting = false;
        handler.onConnected();
    }

    final void broken(HostError error) {
        if (!closed) {
            handler.onBroken(error);
        }
    }

    @Override
    final void endAfterBug() {
        try {
            broken(HostError.OTHER);
        } finally {
            close();
        }
    }

    @Override
    final void runDeferred() {
        if (!closed && !connecting) {
            handler.onDeferred();
        }
        if (!closed) {
            afterDeferred();
        }
    }
}
