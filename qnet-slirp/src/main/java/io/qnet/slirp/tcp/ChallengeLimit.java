package io.qnet.slirp.tcp;

/**
 * How often a connection answers segments that prove nothing (RFC 5961 §7): some times a second. Each connection counts for itself, so that one tells nothing about another.
 */
final class ChallengeLimit {
    private static final int PER_SECOND = 10;

    private long secondStart;
    private int used;

    /** Takes one answer; false if there is none left in this second. */
    boolean take(long nowNanos) {
        if (nowNanos - secondStart >= RttEstimator.SECOND) {
            secondStart = nowNanos;
            used = 0;
        }
        return used++ < PER_SECOND;
    }
}
