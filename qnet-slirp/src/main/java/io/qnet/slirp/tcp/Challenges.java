package io.qnet.slirp.tcp;

/**
 * Acknowledgements that ask the guest to prove what it has said (RFC 5961), some a second. Each connection counts for itself, so that one tells nothing about another (§7).
 */
final class Challenges {
    private static final int PER_SECOND = 10;

    private final Receiver receiver;
    private final TcpCounters counters;
    private long secondStart;
    private int used;

    Challenges(Receiver receiver, TcpCounters counters) {
        this.receiver = receiver;
        this.counters = counters;
    }

    /** Answers a segment that proves nothing, unless too many have been answered in this second. */
    void challenge(long nowNanos) {
        if (used == 0 || nowNanos - secondStart >= RttEstimator.SECOND) {
            secondStart = nowNanos;
            used = 0;
        }
        if (used < PER_SECOND) {
            used++;
            counters.challenges.increment();
            receiver.ackNow();
        } else {
            counters.challengesSuppressed.increment();
        }
    }
}
