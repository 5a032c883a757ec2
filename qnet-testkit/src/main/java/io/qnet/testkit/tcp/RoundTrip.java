package io.qnet.testkit.tcp;

import java.util.concurrent.TimeUnit;

/** The retransmission time-out of RFC 6298. */
final class RoundTrip {
    private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final long minNanos;
    private long srttNanos;
    private long rttvarNanos;
    private long rtoNanos = TimeUnit.SECONDS.toNanos(1);
    private boolean measured;

    RoundTrip(long minNanos) {
        this.minNanos = minNanos;
    }

    void sample(long rttNanos) {
        if (measured) {
            rttvarNanos += (Math.abs(srttNanos - rttNanos) - rttvarNanos) / 4;
            srttNanos += (rttNanos - srttNanos) / 8;
        } else {
            srttNanos = rttNanos;
            rttvarNanos = rttNanos / 2;
            measured = true;
        }
        rtoNanos = Math.min(MAX_NANOS, Math.max(minNanos, srttNanos + 4 * rttvarNanos));
    }

    long rtoNanos() {
        return rtoNanos;
    }

    /** The time-out after it has passed {@code times} times in a row. */
    long backedOffNanos(int times) {
        return Math.min(MAX_NANOS, rtoNanos << Math.min(times, 16));
    }
}
