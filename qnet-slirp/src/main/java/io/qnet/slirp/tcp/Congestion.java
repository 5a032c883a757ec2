package io.qnet.slirp.tcp;

/**
 * How much may be on its way to the guest: slow start (RFC 5681), CUBIC (RFC 9438) and, while losses are repaired, proportional rate reduction (RFC 6937). In bytes.
 *
 * <p>Between the host and its guest there is no queue that others share, so there is no slow start's early exit (HyStart) and no pacing; the window doubles each round trip until the guest's window, the
 * send buffer or a loss ends it.
 */
final class Congestion {
    /** RFC 6928. */
    static final int INITIAL_SEGMENTS = 10;

    /** Never needed: twice the largest send buffer. */
    private static final int MAX_WINDOW = 16 << 20;

    private static final double BETA = 0.7;
    private static final double C = 0.4;
    private static final double ALPHA = 3 * (1 - BETA) / (1 + BETA);
    private static final double SECOND = 1e9;

    private int mss;
    private double cwnd;
    private double ssthresh = MAX_WINDOW;

    // CUBIC, in segments and seconds (RFC 9438 §4.1)
    private double wMax;
    private double wEst;
    private double cwndPrior;
    private double k;
    private boolean epoch;
    private long epochStart;

    // PRR, in bytes (RFC 6937 §3)
    private long prrDelivered;
    private long prrOut;
    private long recoverFs;

    // what a spurious time-out takes back
    private double undoCwnd;
    private double undoSsthresh;

    /** Begins when the size of segments is agreed. */
    void start(int mss) {
        this.mss = mss;
        cwnd = (double) INITIAL_SEGMENTS * mss;
    }

    /** Segments have become smaller; the window stays what it is in bytes. */
    void onSmallerMss(int smaller) {
        mss = smaller;
        epoch = false;
    }

    /** The congestion window. */
    int cwnd() {
        return (int) cwnd;
    }

    /** The slow start threshold. */
    int ssthresh() {
        return (int) ssthresh;
    }

    boolean isSlowStart() {
        return cwnd < ssthresh;
    }

    /** RFC 5681 §3.1 and RFC 6928: after a SYN was lost, one segment. */
    void afterHandshakeTimeout() {
        cwnd = mss;
    }

    /** Something new was acknowledged while nothing is being repaired, or after a time-out. */
    void onAck(int ackedBytes, long nowNanos, long srttNanos) {
        double acked = ackedBytes;
        if (isSlowStart()) {
            double grown = Math.min(acked, ssthresh - cwnd);
            cwnd += grown;
            acked -= grown;
        }
        if (acked > 0 && !isSlowStart()) {
            avoid(acked / mss, nowNanos, srttNanos);
        }
        cwnd = Math.min(cwnd, MAX_WINDOW);
    }

    /** RFC 9438 §4.2 to §4.5: congestion avoidance. */
    private void avoid(double ackedSegments, long nowNanos, long srttNanos) {
        double window = cwnd / mss;
        if (!epoch) {
            epoch = true;
            epochStart = nowNanos;
            wEst = window;
            if (wMax <= window) {
                wMax = window;
                k = 0;
            } else {
                k = StrictMath.cbrt((wMax - window) / C);
            }
        }
        wEst += (wEst < cwndPrior ? ALPHA : 1) * ackedSegments / window;
        double t = (nowNanos - epochStart) / SECOND;
        double now = cubic(t);
        if (now < wEst) {
            cwnd = wEst * mss;
            return;
        }
        double target = Math.min(Math.max(cubic(t + srttNanos / SECOND), window), 1.5 * window);
        cwnd += (target - window) / window * ackedSegments * mss;
    }

    private double cubic(double t) {
        double d = t - k;
        return C * d * d * d + wMax;
    }

    /** The sender had less to send than it was allowed: the window stays, and growth begins anew (RFC 9438 §5.8). */
    void onNotLimited() {
        epoch = false;
    }

    /** A loss was found: the window falls to 0.7 by the end of the recovery. */
    void enterRecovery(int flightBytes) {
        reduce(flightBytes);
        prrDelivered = 0;
        prrOut = 0;
        recoverFs = Math.max(flightBytes, mss);
    }

    private void reduce(int flightBytes) {
        undoCwnd = cwnd;
        undoSsthresh = ssthresh;
        double window = cwnd / mss;
        cwndPrior = window;
        // RFC 9438 §4.7: fast convergence
        wMax = window < wMax ? window * (1 + BETA) / 2 : window;
        epoch = false;
        ssthresh = Math.max(2.0 * mss, Math.min(cwnd, Math.max(flightBytes, mss)) * BETA);
    }

    /**
     * RFC 6937 §3.1, with the slow start bound: an acknowledgement during recovery.
     *
     * @param deliveredBytes newly acknowledged or SACKed by it
     * @param pipeBytes on their way now
     * @param advanced whether SND.UNA moved and no further loss was found by it
     */
    void onRecoveryAck(int deliveredBytes, int pipeBytes, boolean advanced) {
        prrDelivered += deliveredBytes;
        long allowed;
        if (pipeBytes > ssthresh) {
            allowed = (long) Math.ceil(prrDelivered * ssthresh / recoverFs) - prrOut;
        } else {
            long limit = Math.max(prrDelivered - prrOut, deliveredBytes) + (advanced ? mss : 0);
            allowed = Math.min((long) ssthresh - pipeBytes, limit);
        }
        // the first retransmission is always allowed
        allowed = Math.max(allowed, prrOut == 0 ? mss : 0);
        cwnd = (double) pipeBytes + allowed;
    }

    /** Something was sent during recovery. */
    void onRecoverySent(int bytes) {
        prrOut += bytes;
    }

    /** All that was outstanding when the loss was found is acknowledged. */
    void exitRecovery() {
        cwnd = ssthresh;
    }

    /** RFC 5681 §3.1, RFC 9438 §4.8: the retransmission time-out. */
    void onTimeout(int flightBytes, boolean first) {
        if (first) {
            reduce(flightBytes);
        }
        cwnd = mss;
    }

    /** A time-out or recovery that was needless is taken back (RFC 4015). */
    void undo() {
        cwnd = Math.max(cwnd, undoCwnd);
        ssthresh = undoSsthresh;
        epoch = false;
    }

    /** After a pause: the window halves for every time-out's length, down to the initial one (RFC 2861). */
    void onIdle(long idleNanos, long rtoNanos) {
        double initial = (double) INITIAL_SEGMENTS * mss;
        epoch = false;
        ssthresh = Math.max(ssthresh, 0.75 * cwnd);
        for (long left = idleNanos; left > rtoNanos && cwnd > initial; left -= rtoNanos) {
            cwnd = Math.max(cwnd / 2, initial);
        }
    }
}
