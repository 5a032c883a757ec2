package io.qnet.slirp.tcp;

import io.qnet.host.HostStream;
import org.jspecify.annotations.Nullable;

/** The host's end of a connection: its stream, how much was allowed to be read from it, and whether it is over. After the end every call does nothing. */
final class HostSide {
    /** Credit changes smaller than this are not worth a call. */
    private static final long CREDIT_STEP = 32 << 10;

    private @Nullable HostStream stream;
    private long credit;

    void open(HostStream opened) {
        stream = opened;
    }

    /** The stream has ended by itself. */
    void onFailed() {
        stream = null;
    }

    boolean isOpen() {
        return stream != null;
    }

    @Nullable HostStream stream() {
        return stream;
    }

    /** Bytes that the host has not taken. */
    long pendingBytes() {
        HostStream open = stream;
        return open == null ? 0 : open.pendingBytes();
    }

    /** Some of the credit was used. */
    void onData(int bytes) {
        credit -= bytes;
    }

    /** What may be read now at the most. If nothing, the credit is over: what is held for the guest is acknowledged some time, and new credit is given then. */
    long limited(long most) {
        credit = Math.min(credit, Math.max(most, 0));
        return most;
    }

    /** Lets the stream read so many bytes. */
    void grant(long wanted) {
        HostStream open = stream;
        boolean worth = Math.abs(wanted - credit) >= CREDIT_STEP || wanted > 0 != credit > 0;
        if (open != null && worth) {
            credit = wanted;
            open.setReadCredit(wanted);
        }
    }

    /** The guest has ended. */
    void shutdownOutput() {
        HostStream open = stream;
        if (open != null) {
            open.shutdownOutput();
        }
    }

    /** Both have ended; what is pending is still sent. */
    void close() {
        HostStream open = stream;
        stream = null;
        if (open != null) {
            open.close();
        }
    }

    /** The connection is broken. */
    void reset() {
        HostStream open = stream;
        stream = null;
        if (open != null) {
            open.reset();
        }
    }
}
