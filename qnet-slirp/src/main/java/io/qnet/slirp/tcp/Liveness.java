package io.qnet.slirp.tcp;

/**
 * Whether the guest still lives (RFC 9293 §3.8.4): after a time without a sign of life it is probed, and given up if it answers none of the probes. In TIME_WAIT the same deadline is its end.
 */
final class Liveness {
    private static final int MAX_PROBES = 5;
    private static final long INTERVAL = 10 * RttEstimator.SECOND;

    final Deadline deadline = new Deadline();
    private long heardNanos;
    private long patienceNanos;
    private int probes;
    private boolean probeDue;

    /** A segment came that belongs to the connection. */
    void heard(long nowNanos) {
        heardNanos = nowNanos;
        probes = 0;
    }

    /** Begins to watch, or watches with another patience; 0 for not at all. */
    void watch(long patience, long nowNanos) {
        patienceNanos = patience;
        if (patience > 0) {
            deadline.set(nowNanos + patience);
        } else {
            deadline.clear();
        }
    }

    /**
     * The deadline has come.
     *
     * @param outstanding whether something is on its way to the guest: then its retransmissions find out (RFC 9293 §3.8.4, MUST-26)
     * @return false if the guest has answered no probe
     */
    boolean check(long nowNanos, boolean outstanding) {
        deadline.clear();
        if (nowNanos - heardNanos < patienceNanos) {
            deadline.set(heardNanos + patienceNanos);
            return true;
        }
        if (outstanding) {
            deadline.set(nowNanos + patienceNanos);
            return true;
        }
        if (probes >= MAX_PROBES) {
            return false;
        }
        probes++;
        probeDue = true;
        deadline.set(nowNanos + INTERVAL);
        return true;
    }

    boolean isProbeDue() {
        return probeDue;
    }

    void onProbeSent() {
        probeDue = false;
    }

    void clear() {
        deadline.clear();
        probeDue = false;
    }
}
