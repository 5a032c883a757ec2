package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.SequenceNumber.greaterThan;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.slirp.tcp.Recovery.Phase;
import io.qnet.wire.Tcp;
import org.jspecify.annotations.Nullable;

/**
 * The sending half of a connection: data from the host to the guest, and our FIN after it. What may be sent is bounded by the guest's window and the congestion window; what must be sent again is said by
 * {@link Recovery}.
 *
 * <p>Events only change state; {@link #transmit} sends, in super-segments of up to the output's GSO size, and each state change of a send happens after the output has taken it.
 */
final class Sender {
    /** How a round of sending ended. */
    enum Progress {
        /** Nothing more can be sent now. */
        DONE,
        /** More could be sent; others first. */
        MORE,
        /** The network took nothing. */
        REFUSED
    }

    /** What one connection may send before others have their turn. */
    private static final int QUOTA = 256 << 10;

    private static final long MIN_LIMIT = 256 << 10;
    private static final long MAX_LIMIT = 4 << 20;

    /** R2 of RFC 9293 §3.8.3, as a number of time-outs: the last is more than 100 s after the first. */
    private static final int MAX_TIMEOUTS = 10;

    private final Emission emission;
    private final TcpCounters counters;
    private final SendBuffer buffer;
    private final MemoryBudget budget;
    private final RttEstimator rtt = new RttEstimator();
    private final Recovery recovery = new Recovery(rtt);
    private final Scoreboard board = recovery.board();
    private final Congestion congestion = new Congestion();
    private final SendWindow window = new SendWindow();
    private final Persist persist = new Persist();

    private int mss;

    /** The host has ended; the FIN follows the last byte of the buffer. */
    private boolean finQueued;

    private boolean finSent;
    private boolean finAcked;

    private boolean cwndLimited;
    private long lastSentNanos;
    private int timeouts;
    private boolean timeoutUndoable;
    private long timeoutResentNanos;
    /** Whether anything was heard since the last time-out. */
    private boolean heard;

    private boolean probeDue;

    Sender(Emission emission, ByteBufAllocator allocator, MemoryBudget budget, TcpCounters counters) {
        this.emission = emission;
        this.budget = budget;
        this.counters = counters;
        buffer = new SendBuffer(allocator, budget);
    }

    /** Begins when the guest's SYN is known: sequence numbers, sizes and options are agreed. */
    void start(Handshake handshake) {
        mss = handshake.sendMss();
        window.start(handshake.peerShift());
        recovery.start(handshake.iss + 1, mss, handshake.isSack());
        congestion.start(mss);
    }

    RttEstimator rtt() {
        return rtt;
    }

    Congestion congestion() {
        return congestion;
    }

    int sndUna() {
        return board.una();
    }

    int sndNxt() {
        return board.nxt();
    }

    long queuedBytes() {
        return buffer.length();
    }

    boolean isFinQueued() {
        return finQueued;
    }

    boolean isFinAcked() {
        return finAcked;
    }

    boolean isFinSent() {
        return finSent;
    }

    /** Data from the host; takes over the reference. */
    void append(ByteBuf data) {
        buffer.append(data);
    }

    /** The host has ended. */
    void finish() {
        finQueued = true;
    }

    void clear() {
        buffer.clear();
        recovery.clearTimers();
        persist.disarm();
    }

    /** How many bytes may be read from the host now: twice what can be on its way, within limits and budget, less what waits. */
    long readCredit() {
        long flight = 2L * Math.min(congestion.cwnd(), window.bytes());
        long limit = Math.min(Math.max(flight, MIN_LIMIT), Math.min(MAX_LIMIT, budget.most()));
        return Math.max(0, limit - buffer.pinnedBytes());
    }

    /** How many bytes may be added now, whatever was granted before. */
    long readLimit() {
        return Math.max(budget.share(), budget.floor() - buffer.pinnedBytes());
    }

    SendWindow window() {
        return window;
    }

    /**
     * Segments may not be larger from now on; what is on its way was and is sent again, which is no sign of congestion (RFC 1191 §6.5).
     *
     * @param about a sequence number on its way
     * @return whether that is less than before
     */
    boolean limitMss(int about, int most) {
        if (most >= mss || !SequenceNumber.inWindow(about, board.una(), board.outstanding())) {
            return false;
        }
        mss = most;
        recovery.onSmallerMss(most);
        congestion.onSmallerMss(most);
        return true;
    }

    // ---- acknowledgements

    /** RFC 9293 §3.10.7.4, fifth step, in ESTABLISHED: an acknowledgement that is not of the future. */
    void onAck(Segment segment, boolean echoed, int echoedAge, long now) {
        int before = board.una();
        boolean advanced = greaterThan(segment.ack, before);
        heard = true;
        persist.onAck();
        recovery.beginAck(echoed, echoedAge, now);
        boolean dsack = recovery.takeSacks(segment);
        if (advanced) {
            advance(segment.ack);
        }
        boolean windowChanged = window.update(segment, board.una());
        if (windowChanged && !window.isClosed()) {
            persist.onOpened();
        }
        recovery.takeRttSample();
        if (dsack) {
            recovery.onDsack();
        }
        if (advanced) {
            onAdvanced(echoed, echoedAge, now);
        } else if (isDuplicate(segment, windowChanged)) {
            recovery.onDuplicateAck();
        }
        repair(board.una() - before, dsack, now);
    }

    private void advance(int ack) {
        int data = ack - board.una();
        if (finSent && ack == board.nxt()) {
            finAcked = true;
            data--;
        }
        board.acknowledge(ack);
        buffer.release(data);
    }

    private void onAdvanced(boolean echoed, int echoedAge, long now) {
        timeouts = 0;
        if (timeoutUndoable) {
            timeoutUndoable = false;
            // RFC 3522: the original has arrived, not what was sent again
            if (recovery.phase() == Phase.LOSS
                    && echoed
                    && echoedAge > (now - timeoutResentNanos) / RttEstimator.MILLISECOND + 1) {
                congestion.undo();
                recovery.onSpuriousTimeout();
                counters.spuriousTimeouts.increment();
            }
        }
        recovery.onAdvance();
        if (board.outstanding() == 0) {
            recovery.clearTimers();
        } else {
            recovery.rto.set(now + rtt.rto());
            recovery.scheduleProbe(now);
        }
    }

    private boolean isDuplicate(Segment segment, boolean windowChanged) {
        // RFC 5681 §2
        return board.outstanding() > 0 && segment.length() == 0 && segment.ack == board.una() && !windowChanged;
    }

    /** Looks for losses and lets the congestion window follow. */
    private void repair(int acked, boolean dsack, long now) {
        boolean repairedByProbe = recovery.probeRepairedLoss(dsack);
        Phase ended = recovery.exitIfRecovered();
        if (ended == Phase.RECOVERY) {
            congestion.exitRecovery();
        }
        int lostBefore = board.lostBytes();
        recovery.detectLosses(now);
        boolean moreLost = board.lostBytes() > lostBefore;
        int flight = board.outstanding() - board.sackedBytes() + recovery.deliveredBytes();
        if (recovery.enterIfLost()) {
            congestion.enterRecovery(flight);
            counters.recoveries.increment();
        } else if (repairedByProbe && recovery.phase() == Phase.OPEN) {
            congestion.enterRecovery(flight);
            congestion.exitRecovery();
        }
        if (recovery.phase() == Phase.RECOVERY) {
            congestion.onRecoveryAck(recovery.deliveredBytes(), recovery.pipe(), acked > 0 && !moreLost);
        } else if (acked > 0 && ended != Phase.RECOVERY) {
            grow(acked, now);
        }
    }

    private void grow(int acked, long now) {
        boolean filling = congestion.isSlowStart() && congestion.cwnd() < 2 * (board.outstanding() + acked);
        if (cwndLimited || filling) {
            congestion.onAck(acked, now, rtt.srtt());
        } else {
            congestion.onNotLimited();
        }
    }

    // ---- sending

    /** Sends what may be sent. */
    Progress transmit(long now) {
        if ((probeDue && !sendProbe(now)) || (persist.isProbeDue() && !sendWindowProbe(now))) {
            return Progress.REFUSED;
        }
        restartAfterIdle(now);
        int left = QUOTA;
        int sent;
        cwndLimited = false;
        do {
            int lost = board.firstLost();
            sent = lost >= 0 ? retransmit(lost, now) : sendNew(now);
            left -= Math.max(0, sent);
        } while (sent > 0 && left > 0);
        afterSending(left < QUOTA, now);
        if (sent > 0) {
            return Progress.MORE;
        }
        persist.endOverride();
        return sent < 0 ? Progress.REFUSED : Progress.DONE;
    }

    private void restartAfterIdle(long now) {
        if (board.outstanding() == 0 && buffer.length() > 0 && rtt.isMeasured()) {
            long idle = now - lastSentNanos;
            if (idle > rtt.rto()) {
                congestion.onIdle(idle, rtt.rto());
            }
        }
    }

    private void afterSending(boolean anything, long now) {
        if (anything) {
            lastSentNanos = now;
            persist.disarm();
            if (!recovery.rto.isSet()) {
                recovery.rto.set(now + rtt.rto());
            }
            recovery.scheduleProbe(now);
        } else if (board.outstanding() > 0) {
            persist.disarm();
        } else if (hasUnsent()) {
            persist.arm(rtt.rto(), now);
        }
    }

    private boolean hasUnsent() {
        return !finSent && (finQueued || buffer.length() > board.outstanding());
    }

    /** Sends the beginning of a lost range again. Returns the bytes sent, 0 if the window is full, -1 if refused. */
    private int retransmit(int range, long now) {
        int start = board.start(range);
        int length = board.end(range) - start;
        int allowed = congestion.cwnd() - recovery.pipe();
        if (allowed < Math.min(mss, length)) {
            cwndLimited = true;
            return 0;
        }
        boolean fin = finSent && board.end(range) == board.nxt();
        int data = length - (fin ? 1 : 0);
        int position = start - board.una();
        int part = cut(position, Math.min(data, allowed), data);
        fin &= part == data;
        int flags = Tcp.ACK | (fin ? Tcp.FIN : 0);
        if (!emission.sendText(start, flags, buffer, position, part, mss, now)) {
            return -1;
        }
        int sent = part + (fin ? 1 : 0);
        board.retransmitted(range, sent, now);
        if (range == 0) {
            recovery.rto.set(now + rtt.rto());
        }
        counters.retransmittedBytes.add(part);
        counters.retransmits.increment();
        if (recovery.phase() == Phase.RECOVERY) {
            congestion.onRecoverySent(sent);
        }
        return sent;
    }

    /** Sends new data, and the FIN after the last. Returns the bytes sent, 0 if nothing can be sent, -1 if refused. */
    private int sendNew(long now) {
        if (finSent) {
            return 0;
        }
        int sequence = board.nxt();
        int position = board.outstanding();
        int available = (int) (buffer.length() - position);
        int open = window.bytes() - position;
        int allowed = congestion.cwnd() - recovery.pipe();
        if (available == 0) {
            return finQueued && open > 0 ? emitNew(sequence, position, 0, true, now) : 0;
        }
        int room = Math.min(open, allowed);
        int length = Math.min(available, room);
        if (length < available && length < mss && !mayBeSilly(length, open)) {
            cwndLimited |= allowed < Math.min(open, available);
            return 0;
        }
        length = cut(position, length, available);
        boolean fin = finQueued && length == available && open > length;
        return emitNew(sequence, position, length, fin, now);
    }

    /** RFC 9293 §3.8.6.2.1: less than a segment is sent into a small window only if it is half of the largest, or after a time-out. */
    private boolean mayBeSilly(int length, int open) {
        return length > 0 && length == open && (persist.isOverrideDue() || length >= window.largest() / 2);
    }

    private int emitNew(int sequence, int position, int length, boolean fin, long now) {
        boolean push = length > 0 && position + length == buffer.length();
        int flags = Tcp.ACK | (push ? Tcp.PSH : 0) | (fin ? Tcp.FIN : 0);
        if (!emission.sendText(sequence, flags, buffer, position, length, mss, now)) {
            return -1;
        }
        int sent = length + (fin ? 1 : 0);
        board.sent(sequence + sent, now);
        if (fin) {
            finSent = true;
        }
        if (recovery.phase() == Phase.RECOVERY) {
            congestion.onRecoverySent(sent);
        }
        return sent;
    }

    /** Cuts a length to what one packet can carry; to whole segments unless it reaches the end. */
    private int cut(int position, int length, int whole) {
        if (length == 0) {
            return 0;
        }
        int most = Math.min(length, Math.max(emission.maxBytes(), mss));
        int reach = buffer.reachable(position, most, Frame.MAX_SLICES);
        if (reach < whole && reach > mss) {
            return reach - reach % mss;
        }
        return reach;
    }

    /** RFC 8985 §7.3: new data if there is any, else the last segment again. */
    private boolean sendProbe(long now) {
        if (board.outstanding() == 0) {
            probeDue = false;
            return true;
        }
        int position = board.outstanding();
        int available = (int) Math.min(buffer.length() - position, (long) window.bytes() - position);
        boolean fresh = !finSent && available > 0;
        if (fresh) {
            if (emitNew(board.nxt(), position, cut(position, Math.min(available, mss), available), false, now) < 0) {
                return false;
            }
        } else if (!resendLast(now)) {
            return false;
        }
        probeDue = false;
        recovery.onProbeSent(!fresh);
        recovery.rto.set(now + rtt.rto());
        counters.tailProbes.increment();
        return true;
    }

    private boolean resendLast(long now) {
        int fin = finSent ? 1 : 0;
        int most = Math.min(board.nxt() - board.start(board.rangeCount() - 1), mss) - fin;
        int data = buffer.reachableBefore(board.outstanding() - fin, most, Frame.MAX_SLICES);
        int start = board.nxt() - fin - data;
        if (!emission.sendText(start, Tcp.ACK | fin * Tcp.FIN, buffer, start - board.una(), data, mss, now)) {
            return false;
        }
        board.resentLast(data + fin, now);
        counters.retransmits.increment();
        return true;
    }

    /** An empty segment before the window, which the guest has to answer with its window (as Linux and others do). */
    private boolean sendWindowProbe(long now) {
        if (!emission.sendAck(board.una() - 1, now)) {
            return false;
        }
        persist.onProbeSent(rtt.rto());
        counters.windowProbes.increment();
        return true;
    }

    // ---- time

    /** The earliest deadline, or null. */
    @Nullable Deadline nextDeadline() {
        Deadline next = Deadline.earlier(null, recovery.rto);
        next = Deadline.earlier(next, recovery.probe);
        next = Deadline.earlier(next, recovery.reorder);
        return Deadline.earlier(next, persist.deadline);
    }

    /**
     * Handles what is due.
     *
     * @return false if the guest has not answered for too long
     */
    boolean onTimer(long now) {
        if (recovery.reorder.isDue(now)) {
            recovery.beginAck(false, 0, now);
            repair(0, false, now);
        }
        if (recovery.probe.isDue(now)) {
            recovery.probe.clear();
            probeDue = true;
        }
        if (persist.deadline.isDue(now) && !persist.onTimer(window.isClosed())) {
            return false;
        }
        return !recovery.rto.isDue(now) || onTimeout(now);
    }

    private boolean onTimeout(long now) {
        // a guest that answers, but has closed its window over what is on its way, is not given up (RFC 9293 §3.8.6.1)
        boolean waits = window.isClosed() && heard && timeouts > 0;
        heard = false;
        if (!waits && ++timeouts > MAX_TIMEOUTS) {
            return false;
        }
        boolean first = recovery.phase() != Phase.LOSS;
        congestion.onTimeout(recovery.pipe(), first);
        recovery.onTimeout();
        if (first) {
            timeoutUndoable = true;
            timeoutResentNanos = now;
        }
        rtt.backOff();
        recovery.rto.set(now + rtt.rto());
        counters.timeouts.increment();
        return true;
    }
}
