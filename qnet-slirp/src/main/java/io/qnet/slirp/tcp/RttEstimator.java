package io.qnet.slirp.tcp;

/**
 * The retransmission time-out from measured round trips (RFC 6298), and the least round trip of the last minutes (RFC 8985 §6.2 step 1).
 *
 * <p>Deviation, as in Linux: instead of being 1 s at least, the time-out is 200 ms at least above the smoothed round trip. The far end of this link is a guest on the same machine; and a repair that takes one
 * round trip is not overtaken by the time-out where round trips vary little.
 */
final class RttEstimator {
    static final long MILLISECOND = 1_000_000L;
    static final long SECOND = 1_000_000_000L;

    /** RFC 6298 §2.1. */
    static final long INITIAL_RTO = SECOND;

    static final long MIN_MARGIN = 200 * MILLISECOND;
    /** RFC 6298 §2.5: at least 60 s. */
    static final long MAX_RTO = 60 * SECOND;

    /** How long a least round trip counts, in each of two windows. */
    private static final long MIN_RTT_WINDOW = 150 * SECOND;

    private boolean measured;
    private long srtt;
    private long rttVar;
    private long rto = INITIAL_RTO;
    private int backoff;

    private long minRtt;
    private long minRttNext;
    private long minRttSince;

    /** Takes one measurement, of a segment that was not retransmitted (Karn) or whose timestamp was echoed. */
    void sample(long rtt, long nowNanos) {
        if (measured) {
            // RFC 6298 §2.3, alpha = 1/8, beta = 1/4; the variation first
            rttVar += (Math.abs(srtt - rtt) - rttVar) / 4;
            srtt += (rtt - srtt) / 8;
        } else {
            measured = true;
            srtt = rtt;
            rttVar = rtt / 2;
            minRtt = rtt;
            minRttNext = rtt;
            minRttSince = nowNanos;
        }
        updateMinimum(rtt, nowNanos);
        backoff = 0;
        rto = Math.min(srtt + Math.max(MIN_MARGIN, 4 * rttVar), MAX_RTO);
    }

    private void updateMinimum(long rtt, long nowNanos) {
        if (nowNanos - minRttSince > MIN_RTT_WINDOW) {
            minRtt = minRttNext;
            minRttNext = rtt;
            minRttSince = nowNanos;
        }
        minRtt = Math.min(minRtt, rtt);
        minRttNext = Math.min(minRttNext, rtt);
    }

    /** RFC 6298 §5.5: doubles the time-out. */
    void backOff() {
        if (rto << backoff < MAX_RTO) {
            backoff++;
        }
    }

    /** RFC 6298 §5.7: after a SYN had to be sent again and nothing was measured, 3 s. */
    void afterHandshakeTimeout() {
        if (!measured) {
            rto = 3 * SECOND;
        }
        backoff = 0;
    }

    /** The time-out now, with its back-off. */
    long rto() {
        return Math.min(rto << backoff, MAX_RTO);
    }

    /** Whether there was a measurement. */
    boolean isMeasured() {
        return measured;
    }

    /** The smoothed round trip; 0 before the first measurement. */
    long srtt() {
        return srtt;
    }

    /** The variation of the round trip. */
    long rttVar() {
        return rttVar;
    }

    /** The least round trip of the last minutes; 0 before the first measurement. */
    long minRtt() {
        return minRtt;
    }
}
