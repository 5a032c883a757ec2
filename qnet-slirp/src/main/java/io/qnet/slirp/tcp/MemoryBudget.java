package io.qnet.slirp.tcp;

/**
 * What all connections of a network may hold together: data on its way to guests, data held out of order, and data that hosts have not taken yet, each charged at the capacity of the buffers it pins.
 *
 * <p>A connection's own limits shrink with what is left ({@link #share}): a few stuck connections can fill their shares, never everything, and a new connection is always served. What was charged is
 * never refused here: limits apply to what comes next.
 *
 * <p>Loop thread only.
 */
public final class MemoryBudget {
    /** The default: 40 MiB. */
    public static final long DEFAULT_BYTES = 40L << 20;

    private static final long LARGEST_FLOOR = 16 << 10;
    private static final long LEAST_FLOOR = 4 << 10;

    private final long maxBytes;
    private long usedBytes;
    private long peakBytes;
    private int flows;

    /** Creates a budget of which nothing is used. */
    public MemoryBudget(long maxBytes) {
        if (maxBytes <= 0) {
            throw new IllegalArgumentException("a budget of " + maxBytes + " bytes");
        }
        this.maxBytes = maxBytes;
    }

    /** Adds to what is used; negative to give back. */
    void charge(long bytes) {
        usedBytes += bytes;
        if (usedBytes > peakBytes) {
            peakBytes = usedBytes;
        }
    }

    /** The most that one connection may hold in one direction now: what is left. */
    long share() {
        return Math.max(0, maxBytes - usedBytes);
    }

    /** A connection has begun. */
    void join() {
        flows++;
    }

    /** A connection is over. */
    void leave() {
        flows--;
    }

    /** The most that one connection may hold in one direction now. */
    long most() {
        return Math.max(share(), floor());
    }

    /** What a connection may hold in one direction even if nothing is left, so that it gets on: less if there are many. */
    long floor() {
        return Math.max(LEAST_FLOOR, Math.min(LARGEST_FLOOR, maxBytes / 4 / Math.max(1, flows)));
    }

    /** Whether so much is used that data which could be sent again is not kept. */
    boolean isExhausted() {
        return usedBytes >= maxBytes;
    }

    /** The size of the budget. */
    public long maxBytes() {
        return maxBytes;
    }

    /** What is used now. May exceed {@link #maxBytes()} by what had been promised before it was reached. */
    public long usedBytes() {
        return usedBytes;
    }

    /** The most that was used at once so far. */
    public long peakBytes() {
        return peakBytes;
    }
}
