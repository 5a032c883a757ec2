package io.qnet.slirp.tcp;

/**
 * The persist timer (RFC 9293 §3.8.6.1): something waits to be sent, nothing is on its way, and the guest's window lets nothing through. A closed window is probed, ever more seldom, for as long as the
 * guest answers; into a small one a part of a segment is sent (§3.8.6.2.1, the override time-out).
 */
final class Persist {
    /** So many probes without any answer, and the guest is given up. */
    private static final int MAX_UNANSWERED = 10;

    final Deadline deadline = new Deadline();
    private int backoff;
    private int unanswered;
    private boolean probeDue;
    private boolean overrideDue;

    /** The window has blocked what waits. */
    void arm(long rtoNanos, long nowNanos) {
        if (!deadline.isSet()) {
            deadline.set(nowNanos + Math.min(rtoNanos << backoff, RttEstimator.MAX_RTO));
        }
    }

    /** Something was sent, so that other timers watch. */
    void disarm() {
        deadline.clear();
    }

    /** The guest lives. */
    void onAck() {
        unanswered = 0;
    }

    /** The window has opened, or changed. */
    void onOpened() {
        deadline.clear();
        backoff = 0;
        probeDue = false;
    }

    /**
     * The deadline has come.
     *
     * @return false if the guest has not answered for too long
     */
    boolean onTimer(boolean windowClosed) {
        deadline.clear();
        probeDue = windowClosed;
        overrideDue = !windowClosed;
        return !windowClosed || ++unanswered <= MAX_UNANSWERED;
    }

    boolean isProbeDue() {
        return probeDue;
    }

    void onProbeSent(long rtoNanos) {
        probeDue = false;
        if (rtoNanos << backoff < RttEstimator.MAX_RTO) {
            backoff++;
        }
    }

    /** Whether less than a segment may be sent now. */
    boolean isOverrideDue() {
        return overrideDue;
    }

    void endOverride() {
        overrideDue = false;
    }
}
