package io.qnet.host;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;

/**
 * One byte stream to the host (TCP or unix): what is left of a socket when its traps are closed. Loop thread only; never blocks; events come through {@link Handler}, never from within a call of this
 * interface, and never after {@link #close()} or {@link #reset()}.
 *
 * <p>Life: {@code connected} (or accepted: connected from the start), then any number of {@code data}, at most one of {@code eof}, and at the end at most one {@code failed}. Half-close works both ways:
 * after {@code eof} writing goes on, after {@link #shutdownOutput()} reading goes on. The stream is released by {@link #close()}, {@link #reset()}, or {@code failed}; not by eof alone.
 */
public interface HostStream {
    /**
     * Sets how many bytes the handler can take now; the count falls with every {@code data}. At 0 nothing is read from the socket, so the host's sender is slowed. May be overshot by one read of the
     * socket (at most 256 KiB). Starts at 0. Whatever the credit is, a reset is still reported; an end of stream is reported once all data before it was delivered.
     */
    void setReadCredit(long bytes);

    /**
     * Takes all of {@code length} bytes: writes, copies or retains them, so the caller's buffer is free when this returns. The bytes leave at the end of the turn at the latest ({@link #flush()}).
     * There is no limit here: who writes bounds {@link #pendingBytes()} by what it promised to its own peer.
     */
    void write(ByteBuf source, int index, int length);

    /** Hands what was written to the socket now instead of at the end of the turn. */
    void flush();

    /** Bytes written but not yet taken by the host's socket. {@link Handler#onWritten} tells when it falls. */
    long pendingBytes();

    /** Sends FIN after all that was written. More writing is a bug. */
    void shutdownOutput();

    /** Ends the stream so that the far side sees a reset (SO_LINGER 0); what is pending is discarded. */
    void reset();

    /** Ends the stream in order: what is pending is still sent (in the background, for at most a bounded time), what arrives is discarded. Cancels a connect under way. */
    void close();

    /** The host's own end, or an unbound address before {@code connected}. */
    SocketAddress localAddress();

    /** The far end. */
    SocketAddress remoteAddress();

    /** What a stream tells. All calls on the loop's thread. */
    interface Handler {
        /** The connection stands. Not called for accepted streams. */
        void onConnected();

        /**
         * How many bytes may be read now at the most, whatever credit is left: asked before each read, since many streams with credit may together have more than there is memory. If it is 0 or less, the
         * credit is over, and the handler gives new one when it has room.
         */
        default long readLimit() {
            return Long.MAX_VALUE;
        }

        /** Bytes arrived. The handler owns {@code data} and releases it; it may keep slices of it for as long as it wants. */
        void onData(ByteBuf data);

        /** The far side has sent FIN, after all its data. */
        void onEof();

        /** {@link HostStream#pendingBytes()} has fallen to {@code pendingBytes}; at most once a turn. */
        void onWritten(long pendingBytes);

        /** The connect failed, or the connection broke ({@link HostError#RESET}). Nothing comes after it; the stream is already released. */
        void onFailed(HostError error);
    }
}
