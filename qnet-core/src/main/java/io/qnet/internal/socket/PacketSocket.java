package io.qnet.internal.socket;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A datagram or raw socket that is not connected. */
public abstract class PacketSocket extends Deferred {
    /** What a packet socket tells its owner. Never from within a call, never after {@link #close()}. */
    public interface Handler {
        /** Packets may be there to be received. Called again in later turns until {@link #receive} has found none. Only while reading. */
        void onReadable();

        /** The kernel holds an error about an earlier packet; only if the socket was asked for an error queue, or is connected. */
        void onError();

        /** What was refused as {@link HostError#NO_RESOURCES} may be tried again; told of {@link PeerSocket}s alone. */
        default void onWritable() {}
    }

    private final Handler handler;
    private boolean reading = true;
    private boolean closed;

    PacketSocket(Sockets sockets, Handler handler) {
        super(sockets);
        this.handler = handler;
    }

    /**
     * Receives one packet into {@code target} from index 0 and sets its writer index; a longer one is cut.
     *
     * @return where it came from; null if there is none now
     * @throws IOException with a pending error about an earlier packet
     */
    public abstract @Nullable InetSocketAddress receive(ByteBuf target) throws IOException;

    /**
     * Sends one packet.
     *
     * @return null if it was sent; otherwise why not. A pending error about an earlier packet is not this packet's: it is sent all the same
     */
    public final @Nullable HostError send(ByteBuf source, int index, int length, InetSocketAddress to) {
        try {
            sendOnce(source, index, length, to);
            return null;
        } catch (IOException e) {
            HostError first = HostErrors.of(e);
            if (first == HostError.MESSAGE_TOO_LARGE || first == HostError.NO_RESOURCES) {
                return first;
            }
        }
        try {
            sendOnce(source, index, length, to);
            return null;
        } catch (IOException e) {
            return HostErrors.of(e);
        }
    }

    /** Says that nothing is there to be received, found by other means than {@link #receive}. */
    public void drained() {}

    /** Sets an integer option by level and name; false where that is not possible. */
    public abstract boolean setOption(int level, int name, int value);

    /**
     * Has the socket send and receive by one interface only.
     *
     * @throws IOException if there is no such interface, or this transport cannot
     */
    public void bindToDevice(String device) throws IOException {
        throw new IOException("a socket is bound to an interface on epoll only");
    }

    /**
     * Binds a socket that was adopted and is not bound.
     *
     * @throws IOException if the address is not to be had, or this transport cannot
     */
    public void bind(InetAddress local) throws IOException {
        throw new IOException("descriptors need epoll");
    }

    /** The descriptor, or -1 if there is none to be had. */
    public abstract int descriptor();

    /** The own end. */
    public abstract InetSocketAddress localAddress();

    /** Stops or resumes {@link Handler#onReadable()}. */
    public final void setReading(boolean reading) {
        this.reading = reading;
        readingChanged();
    }

    /** Releases the socket. */
    public final void close() {
        if (!closed) {
            closed = true;
            release();
        }
    }

    /** Whether it was closed. */
    public final boolean isClosed() {
        return closed;
    }

    abstract void sendOnce(ByteBuf source, int index, int length, InetSocketAddress to) throws IOException;

    abstract void readingChanged();

    abstract void release();

    final boolean isReading() {
        return reading;
    }

    final Handler handler() {
        return handler;
    }

    @Override
    final void endAfterBug() {
        // one packet's bug is not the socket's
        setReading(reading);
    }
}
