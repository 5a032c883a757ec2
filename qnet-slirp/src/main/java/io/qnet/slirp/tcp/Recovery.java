package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.RttEstimator.MILLISECOND;
import static io.qnet.slirp.tcp.SequenceNumber.greaterOrEqual;
import static io.qnet.slirp.tcp.SequenceNumber.greaterThan;
import static io.qnet.slirp.tcp.SequenceNumber.lessOrEqual;
import static io.qnet.slirp.tcp.SequenceNumber.lessThan;

import io.qnet.wire.TcpView;

/**
 * Finds what is lost: RACK-TLP (RFC 8985) with SACK, duplicate acknowledgements (RFC 5681, RFC 6582) without, and the retransmission time-out behind both. It marks ranges of the {@link Scoreboard};
 * what is marked is sent again by the {@link Sender}.
 *
 * <p>Deviation: timers of RACK and TLP are not shorter than a few milliseconds. A guest that is not scheduled for a moment is no loss; Linux has such a floor as well.
 */
final class Recovery implements Scoreboard.Delivery {
    /** RFC 5681 §3.2. */
    static final int DUP_THRESHOLD = 3;

    private static final long MIN_PROBE = 10 * MILLISECOND;
    private static final long MIN_REORDER = 2 * MILLISECOND;
    /** RFC 8985 §7.2: what a single segment's acknowledgement may be delayed by. */
    private static final long MAX_ACK_DELAY = 200 * MILLISECOND;
    /** RFC 8985 §6.2 step 4: recoveries for which a larger reordering window is kept. */
    private static final int REO_WND_PERSIST = 16;

    /** A timestamp echoed after more milliseconds is no measurement. */
    private static final int MAX_ECHOED_AGE = 60_000;

    /** What the sender is doing about losses. */
    enum Phase {
        /** Nothing is known to be lost. */
        OPEN,
        /** Losses found by acknowledgements are repaired. */
        RECOVERY,
        /** A retransmission time-out has passed. */
        LOSS
    }

    private final Scoreboard board = new Scoreboard(this);
    private final RttEstimator rtt;
    private boolean sack;
    private int mss;
    private Phase phase = Phase.OPEN;
    /** SND.NXT when the phase began; it ends when this is acknowledged. */
    private int recoveryPoint;

    private int dupAcks;

    // RACK (RFC 8985 §5.2)
    private boolean rackValid;
    private long rackSent;
    private int rackEnd;
    private long rackRtt;
    private int rackFack;
    private boolean reorderingSeen;
    private int reoWndMult = 1;
    private int reoWndPersist = REO_WND_PERSIST;
    private boolean dsackRound;
    private int dsackRoundEnd;

    // TLP (RFC 8985 §7.1)
    private boolean probing;
    private boolean probeRetransmits;
    private int probeEnd;

    // the acknowledgement being handled
    private long now;
    private int deliveredBytes;
    private boolean rttKnown;
    private long rttSample;
    private boolean echoed;
    private int echoedAge;

    final Deadline rto = new Deadline();
    final Deadline probe = new Deadline();
    final Deadline reorder = new Deadline();

    Recovery(RttEstimator rtt) {
        this.rtt = rtt;
    }

    /** Begins when sequence numbers, segment size and options are agreed. */
    void start(int sequence, int mss, boolean sack) {
        this.mss = mss;
        this.sack = sack;
        rackFack = sequence;
        board.begin(sequence);
    }

    Scoreboard board() {
        return board;
    }

    Phase phase() {
        return phase;
    }

    int recoveryPoint() {
        return recoveryPoint;
    }

    /** Bytes on their way: those of the scoreboard, less what duplicate acknowledgements say has left. */
    int pipe() {
        return Math.max(0, board.pipe() - Math.min(dupAcks, 1 << 14) * mss);
    }

    /** Bytes that the acknowledgement at hand reported for the first time. */
    int deliveredBytes() {
        return deliveredBytes;
    }

    /**
     * Begins the handling of an acknowledgement.
     *
     * @param echoed whether it echoes a timestamp
     * @param echoedAge how many milliseconds ago that timestamp was sent
     */
    void beginAck(boolean echoed, int echoedAge, long nowNanos) {
        this.echoed = echoed;
        this.echoedAge = echoedAge;
        now = nowNanos;
        deliveredBytes = 0;
        rttKnown = false;
    }

    /** Marks what the SACK blocks report; returns whether the first of them reports a duplicate (RFC 2883). */
    boolean takeSacks(Segment segment) {
        boolean dsack = false;
        TcpView header = segment.header;
        if (!sack) {
            return false;
        }
        for (int i = 0; i < header.sackCount(); i++) {
            int start = header.sackLeft(i);
            int end = header.sackRight(i);
            if (!lessThan(start, end) || greaterThan(end, board.nxt())) {
                continue;
            }
            if (i == 0 && isDsack(header, segment.ack)) {
                dsack = true;
            } else if (!lessThan(start, segment.ack) && !lessThan(start, board.una())) {
                board.sack(start, end);
            }
        }
        return dsack;
    }

    private static boolean isDsack(TcpView header, int ack) {
        int start = header.sackLeft(0);
        int end = header.sackRight(0);
        if (lessOrEqual(end, ack)) {
            return true;
        }
        return header.sackCount() > 1 && !lessThan(start, header.sackLeft(1)) && lessOrEqual(end, header.sackRight(1));
    }

    @Override
    public void delivered(int start, int end, long sentNanos, boolean retransmitted) {
        deliveredBytes += end - start;
        long age = now - sentNanos;
        if (!retransmitted) {
            // Karn's algorithm; of several the one sent last
            if (!rttKnown || age < rttSample) {
                rttSample = age;
                rttKnown = true;
            }
            if (lessThan(end, rackFack)) {
                reorderingSeen = true; // RFC 8985 §6.2 step 3
            }
        } else if (isAmbiguous(age)) {
            return;
        }
        if (!rackValid || sentAfter(sentNanos, end, rackSent, rackEnd)) {
            rackValid = true;
            rackSent = sentNanos;
            rackEnd = end;
            rackRtt = age;
        }
        rackFack = SequenceNumber.max(rackFack, end);
    }

    /** RFC 8985 §6.2 step 2: whether the acknowledgement of a retransmission may be one of the original. */
    private boolean isAmbiguous(long age) {
        return echoed ? echoedAge > age / MILLISECOND + 1 : age < rtt.minRtt();
    }

    private static boolean sentAfter(long t1, int end1, long t2, int end2) {
        return t1 - t2 > 0 || (t1 == t2 && greaterThan(end1, end2));
    }

    /** Takes the round trip that the acknowledgement at hand has measured, if any. */
    void takeRttSample() {
        if (rttKnown) {
            rtt.sample(rttSample, now);
        } else if (echoed && deliveredBytes > 0 && echoedAge >= 0 && echoedAge < MAX_ECHOED_AGE) {
            // RFC 7323 §4.1: all that arrived was sent more than once
            rtt.sample(echoedAge * MILLISECOND, now);
        }
    }

    /** Without SACK: one more duplicate acknowledgement. */
    void onDuplicateAck() {
        if (sack) {
            return; // what arrived is reported
        }
        dupAcks++;
        deliveredBytes += mss;
        if (dupAcks == DUP_THRESHOLD && phase == Phase.OPEN && board.rangeCount() > 0) {
            board.markLost(0, Math.min(mss, board.end(0) - board.una()));
        }
    }

    /** Without SACK: SND.UNA has moved (RFC 6582 §3.2, partial acknowledgement). */
    void onAdvance() {
        if (!sack && phase == Phase.RECOVERY) {
            // RFC 6937 §3: duplicates have been counted already
            deliveredBytes = Math.max(0, deliveredBytes - dupAcks * mss);
        }
        dupAcks = 0;
        if (!sack && phase == Phase.RECOVERY && lessThan(board.una(), recoveryPoint) && board.rangeCount() > 0) {
            board.markLost(0, Math.min(mss, board.end(0) - board.una()));
        }
    }

    /** RFC 8985 §6.2 step 5: marks what was sent long enough before something that arrived; arms the reordering timer for what was not. */
    void detectLosses(long nowNanos) {
        reorder.clear();
        if (!sack || !rackValid) {
            return;
        }
        long window = reorderingWindow();
        long longest = 0;
        for (int i = 0; i < board.rangeCount(); i++) {
            if (board.has(i, Scoreboard.SACKED) || board.has(i, Scoreboard.LOST)) {
                continue;
            }
            long sent = board.sentNanos(i);
            if (!sentAfter(rackSent, rackEnd, sent, board.end(i))) {
                if (!board.has(i, Scoreboard.RETRANSMITTED)) {
                    break; // all after it were sent for the first time, and later
                }
                continue;
            }
            long remaining = sent + rackRtt + window - nowNanos;
            if (remaining <= 0) {
                board.markLost(i);
            } else {
                longest = Math.max(longest, remaining);
            }
        }
        if (longest > 0) {
            reorder.set(nowNanos + Math.max(longest, MIN_REORDER));
        }
    }

    /** RFC 8985 §6.2 step 4. */
    private long reorderingWindow() {
        if (!reorderingSeen && (phase != Phase.OPEN || sackedSegmentsReachThreshold())) {
            return 0;
        }
        return Math.min(reoWndMult * rtt.minRtt() / 4, rtt.srtt());
    }

    private boolean sackedSegmentsReachThreshold() {
        return board.sackedBytes() >= DUP_THRESHOLD * mss;
    }

    /** RFC 8985 §6.2 step 4: the guest reports a duplicate, so something was sent again needlessly. */
    void onDsack() {
        if (!dsackRound) {
            dsackRound = true;
            dsackRoundEnd = board.nxt();
            reoWndMult = Math.min(reoWndMult + 1, 1 << 10);
            reoWndPersist = REO_WND_PERSIST;
        }
        if (probing && probeRetransmits) {
            probing = false; // the probe was needless: nothing was lost
        }
    }

    /** Whether losses have been found that the congestion window has not been told of; begins the recovery then. */
    boolean enterIfLost() {
        if (phase != Phase.OPEN || board.lostBytes() == 0) {
            return false;
        }
        phase = Phase.RECOVERY;
        recoveryPoint = board.nxt();
        probe.clear();
        return true;
    }

    /** Ends recovery or loss if all of it is acknowledged; returns the phase that has ended, or OPEN. */
    Phase exitIfRecovered() {
        if (dsackRound && greaterOrEqual(board.una(), dsackRoundEnd)) {
            dsackRound = false;
        }
        if (phase == Phase.OPEN || lessThan(board.una(), recoveryPoint)) {
            return Phase.OPEN;
        }
        Phase ended = phase;
        phase = Phase.OPEN;
        dupAcks = 0;
        if (--reoWndPersist <= 0) {
            reoWndMult = 1;
        }
        return ended;
    }

    /** The retransmission time-out (RFC 6298 §5.4 to 5.6). */
    void onTimeout() {
        if (board.rangeCount() > 0 && board.has(0, Scoreboard.SACKED)) {
            board.forgetSacks();
        }
        phase = Phase.LOSS;
        recoveryPoint = board.nxt();
        board.markAllLost();
        dupAcks = 0;
        probing = false;
        probe.clear();
        reorder.clear();
    }

    /** What is on its way was too large for the path. */
    void onSmallerMss(int smaller) {
        mss = smaller;
        onTimeout();
    }

    /** The time-out was spurious (RFC 3522): what was taken for lost was only late. */
    void onSpuriousTimeout() {
        board.unmarkLost();
        phase = Phase.OPEN;
    }

    /** RFC 8985 §7.2: arms the probe timer, unless something is being repaired, or the time-out comes first. */
    void scheduleProbe(long nowNanos) {
        probe.clear();
        if (!sack || phase != Phase.OPEN || board.sackedBytes() > 0 || board.outstanding() == 0 || probing) {
            return;
        }
        if (!rtt.isMeasured()) {
            return;
        }
        long pto = Math.max(2 * rtt.srtt(), MIN_PROBE);
        if (board.outstanding() <= mss) {
            pto += MAX_ACK_DELAY;
        }
        if (rto.isSet() && nowNanos + pto - rto.atNanos() < 0) {
            probe.set(nowNanos + pto);
        }
    }

    /** RFC 8985 §7.3: a probe was sent. */
    void onProbeSent(boolean retransmits) {
        probing = true;
        probeRetransmits = retransmits;
        probeEnd = board.nxt();
    }

    /**
     * RFC 8985 §7.4.2: whether the acknowledgement at hand shows that the probe has repaired a loss, for which the congestion window has to fall.
     *
     * @param dsack whether it reports a duplicate
     */
    boolean probeRepairedLoss(boolean dsack) {
        if (!probing || !greaterOrEqual(board.una(), probeEnd)) {
            return false;
        }
        probing = false;
        return probeRetransmits && !dsack;
    }

    /** Everything is acknowledged: no timer is needed. */
    void clearTimers() {
        rto.clear();
        probe.clear();
        reorder.clear();
    }
}
