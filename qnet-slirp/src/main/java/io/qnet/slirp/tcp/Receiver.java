package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.SequenceNumber.greaterThan;
import static io.qnet.slirp.tcp.SequenceNumber.lessThan;

import io.netty.buffer.ByteBufAllocator;
import io.qnet.host.HostStream;
import io.qnet.wire.Tcp;
import io.qnet.wire.TcpView;

/**
 * The receiving half of a connection: data from the guest to the host, the window that the guest is promised, and when it is told.
 *
 * <p>What is in order goes to the host at once, straight from the frame; what is early waits in the {@link Assembler}. A promised window never shrinks: its right edge moves only to the right, also where
 * the window is rounded to its scale, and whatever lies before what was ever advertised is accepted.
 */
final class Receiver {
    /** Our window shift: 65 535 &lt;&lt; 7 is 8 MiB, in steps of 128 bytes. */
    static final int WINDOW_SHIFT = 7;

    /** RFC 5681 §4.2 allows 500 ms. */
    static final long DELAYED_ACK = 20 * RttEstimator.MILLISECOND;

    /** So many unacknowledged bytes are acknowledged before the end of the turn. */
    static final int EARLY_ACK = 64 << 10;

    /** The window of a SYN, which is not scaled. */
    static final int SYN_WINDOW = 0xffff;

    private static final int FIRST_LIMIT = 256 << 10;
    private static final int MAX_LIMIT = 4 << 20;
    /** Without offloads a window of so many segments is the most that a guest's device queue survives. */
    private static final int MAX_SEGMENTS = 700;

    private static final int MAX_DUP_ACKS = 64;
    /** RFC 7323 §5.5: a timestamp older than 24 days says nothing. */
    private static final long TS_RECENT_LIFE = 24L * 24 * 3600 * RttEstimator.SECOND;

    private final Assembler assembler;
    private final MemoryBudget budget;
    private final TcpCounters counters;

    private int rcvNxt;
    /** The right edge of the window for which there is room. */
    private int promised;

    /** The rightmost edge that the guest was told: {@link #promised}, rounded up to the scale. What lies before it is accepted. */
    private int rcvAdv;

    private int shift;
    private int mss;
    /** The largest segment that the guest has sent. */
    private int rcvMss;

    private int limit = FIRST_LIMIT;
    private int maxLimit = FIRST_LIMIT;
    private long pendingBytes;

    private boolean finKnown;
    private int finSeq;

    private boolean ackDue;
    private int unackedBytes;
    private int dupAcks;
    /** The host answers what the guest sends, so acknowledgements can wait for the answer. */
    private boolean interactive = true;

    /** Whether the last segment that was sent carried a delayed acknowledgement. */
    private boolean piggybacked;

    private final Deadline delayedAck = new Deadline();

    private boolean sack;
    private boolean timestamps;
    private int tsRecent;
    private long tsRecentNanos;
    private int lastAckSent;
    private boolean duplicate;
    private int duplicateStart;
    private int duplicateEnd;

    private long tuneStart;
    private long tuneBytes;
    private long tunePending;

    Receiver(ByteBufAllocator allocator, MemoryBudget budget, TcpCounters counters) {
        assembler = new Assembler(allocator, budget);
        this.budget = budget;
        this.counters = counters;
    }

    /**
     * Begins when the guest's SYN is known.
     *
     * @param offloads whether the guest's side takes and makes super-segments
     */
    void start(Handshake handshake, boolean offloads) {
        rcvNxt = handshake.irs() + 1;
        lastAckSent = rcvNxt;
        mss = handshake.ownMss;
        rcvMss = Math.min(536, mss);
        boolean scaled = handshake.isScaled();
        shift = scaled ? WINDOW_SHIFT : 0;
        sack = handshake.isSack();
        timestamps = handshake.isTimestamps();
        int most = offloads ? MAX_LIMIT : (int) Math.min(MAX_LIMIT, (long) MAX_SEGMENTS * mss);
        maxLimit = scaled ? most : Math.min(most, 0xffff);
        limit = Math.min(FIRST_LIMIT, maxLimit);
        promised = rcvNxt + SYN_WINDOW;
        rcvAdv = promised;
    }

    int rcvNxt() {
        return rcvNxt;
    }

    int rcvAdv() {
        return rcvAdv;
    }

    int rcvWnd() {
        return rcvAdv - rcvNxt;
    }

    int limit() {
        return limit;
    }

    Assembler assembler() {
        return assembler;
    }

    long pendingBytes() {
        return pendingBytes;
    }

    boolean isAckDue() {
        return ackDue;
    }

    boolean isAckUrgent() {
        return unackedBytes >= EARLY_ACK;
    }

    /** The acknowledgements owed: one, and without SACK one for each early segment. */
    int acksDue() {
        return ackDue ? Math.max(1, dupAcks) : 0;
    }

    Deadline delayedAck() {
        return delayedAck;
    }

    int tsRecent() {
        return tsRecent;
    }

    /** An acknowledgement is to be sent in this turn. */
    void ackNow() {
        ackDue = true;
    }

    // ---- timestamps

    /** RFC 7323 §5.3 R1: whether a segment is an old duplicate. */
    boolean isOldDuplicate(Segment segment, long now) {
        return timestamps
                && segment.header.hasTimestamps()
                && lessThan(segment.header.timestampValue(), tsRecent)
                && now - tsRecentNanos < TS_RECENT_LIFE;
    }

    /** RFC 7323 §4.3: keeps the timestamp to be echoed. */
    void takeTimestamp(Segment segment, long now) {
        TcpView header = segment.header;
        if (timestamps
                && header.hasTimestamps()
                && !greaterThan(segment.seq, lastAckSent)
                && !lessThan(header.timestampValue(), tsRecent)) {
            tsRecent = header.timestampValue();
            tsRecentNanos = now;
        }
    }

    /** Takes the timestamp of the SYN. */
    void firstTimestamp(int tsVal, long now) {
        tsRecent = tsVal;
        tsRecentNanos = now;
    }

    // ---- data

    /** RFC 9293 §3.10.7.4, seventh step: takes the segment's text. The FIN is noted and not yet taken. */
    void onText(Segment segment, HostStream host, long now) {
        noteFin(segment);
        if (!trim(segment)) {
            return;
        }
        if (budget.isExhausted() && host.pendingBytes() >= budget.floor()) {
            // the window was promised when there was memory
            ackDue = true;
            counters.memoryDropped.increment();
        } else if (segment.seq == rcvNxt) {
            takeInOrder(segment, host, now);
        } else {
            keepEarly(segment);
        }
    }

    private void noteFin(Segment segment) {
        if (segment.has(Tcp.FIN) && !finKnown && !greaterThan(segment.end() - 1, rcvAdv)) {
            finKnown = true;
            finSeq = segment.end() - 1;
        }
    }

    /** Cuts a segment to what is new and within the window; false if nothing is left. */
    private boolean trim(Segment segment) {
        if (segment.payloadLength == 0) {
            return false;
        }
        int old = rcvNxt - segment.seq;
        if (old > 0) {
            noteDuplicate(segment.seq, segment.seq + Math.min(old, segment.payloadLength));
            ackDue = true;
            if (old >= segment.payloadLength) {
                counters.duplicateSegments.increment();
                return false;
            }
            segment.trimStart(old);
        }
        // nothing follows the FIN
        int edge = finKnown ? SequenceNumber.min(rcvAdv, finSeq) : rcvAdv;
        int excess = segment.seq + segment.payloadLength - edge;
        if (excess > 0) {
            ackDue = true;
            if (excess >= segment.payloadLength) {
                return false;
            }
            segment.trimEnd(excess);
        }
        return true;
    }

    private void takeInOrder(Segment segment, HostStream host, long now) {
        int before = rcvNxt;
        if (segment.unitLength > rcvMss) {
            rcvMss = Math.min(segment.unitLength, mss);
        }
        segment.writePayloadTo(host);
        rcvNxt += segment.payloadLength;
        if (!assembler.isEmpty()) {
            // RFC 5681 §4.2: what fills a gap is acknowledged at once
            ackDue = true;
            dupAcks = 0;
            rcvNxt = assembler.deliver(rcvNxt, host);
        }
        int bytes = rcvNxt - before;
        counters.bytesFromGuest.add(bytes);
        unackedBytes += bytes;
        tune(bytes, host, now);
        if (unackedBytes >= 2 * rcvMss || !interactive) {
            ackDue = true;
        } else if (!delayedAck.isSet()) {
            delayedAck.set(now + DELAYED_ACK);
        }
    }

    private void keepEarly(Segment segment) {
        ackDue = true;
        dupAcks = sack ? 0 : Math.min(dupAcks + 1, MAX_DUP_ACKS);
        int end = segment.seq + segment.payloadLength;
        if (assembler.contains(segment.seq, end)) {
            noteDuplicate(segment.seq, end);
            counters.duplicateSegments.increment();
        } else if (assembler.isFull()) {
            counters.earlyDropped.increment();
        } else {
            segment.keepPayloadIn(assembler);
            counters.earlySegments.increment();
        }
    }

    /** A segment that lies outside the window altogether: most likely sent again because our acknowledgement was lost. */
    void onOutside(Segment segment) {
        int end = segment.seq + segment.payloadLength;
        if (segment.payloadLength > 0 && !greaterThan(end, rcvNxt)) {
            noteDuplicate(segment.seq, end);
            counters.duplicateSegments.increment();
        }
        ackDue = true;
    }

    /** Whether a SYN begins after everything that this connection has had (RFC 9293 §3.10.7.4, RFC 6191). */
    boolean isLaterConnection(Segment syn) {
        if (timestamps && syn.header.hasTimestamps() && syn.header.timestampValue() != tsRecent) {
            return greaterThan(syn.header.timestampValue(), tsRecent);
        }
        return greaterThan(syn.seq, rcvNxt);
    }

    private void noteDuplicate(int start, int end) {
        duplicate = true;
        duplicateStart = start;
        duplicateEnd = end;
    }

    /** RFC 9293 §3.10.7.4, eighth step: whether everything before the guest's FIN has come; takes it then. */
    boolean takeFin() {
        if (!finKnown || finSeq != rcvNxt) {
            return false;
        }
        finKnown = false;
        rcvNxt++;
        // a FIN at the edge of a closed window is taken too: it needs no room
        rcvAdv = SequenceNumber.max(rcvAdv, rcvNxt);
        // an acknowledgement of the last text that waits for the host's answer, which is often its own FIN, waits with
        // this
        ackDue |= !delayedAck.isSet();
        return true;
    }

    // ---- the window

    /**
     * The window field of the next segment; {@link #onAckSent} keeps the promise.
     *
     * @param pending bytes that the host has not taken
     */
    int windowField(long pending) {
        budget.charge(pending - pendingBytes);
        pendingBytes = pending;
        int wanted = rcvNxt + room();
        // RFC 9293 §3.8.6.2.2: not in small steps
        if (wanted - promised >= Math.min(most() / 2, mss)) {
            promised = wanted;
        }
        int window = Math.max(0, promised - rcvNxt);
        // rounded up, since down would take back what was promised
        return Math.min((window + (1 << shift) - 1) >> shift, 0xffff);
    }

    private int room() {
        return (int) Math.max(0, most() - pendingBytes - assembler.heldBytes());
    }

    /** The largest window now: the limit, or what memory there is. */
    private int most() {
        return (int) Math.min(limit, budget.most());
    }

    /** A segment with our acknowledgement and this window was sent. */
    void onAckSent(int field) {
        rcvAdv = SequenceNumber.max(rcvAdv, rcvNxt + (field << shift));
        lastAckSent = rcvNxt;
        ackDue = false;
        dupAcks = 0;
        unackedBytes = 0;
        duplicate = false;
        piggybacked = delayedAck.isSet();
        delayedAck.clear();
    }

    /** Text was sent; an acknowledgement that waited went with it. */
    void onTextSent() {
        if (piggybacked) {
            interactive = true;
        }
    }

    /** The host has taken data; the guest is told if its window has become small and can open. */
    void onWritten(long pending) {
        budget.charge(pending - pendingBytes);
        pendingBytes = pending;
        int gain = rcvNxt + room() - promised;
        if (gain >= Math.min(most() / 2, 2 * mss) && promised - rcvNxt < limit / 2) {
            ackDue = true;
        }
    }

    /** The delayed acknowledgement is due: nothing has gone to the guest that could carry it. */
    void onTimer(long now) {
        if (delayedAck.isDue(now)) {
            delayedAck.clear();
            interactive = false;
            ackDue = true;
        }
    }

    /** The limit grows to twice what the host has taken within one round trip. */
    private void tune(int bytes, HostStream host, long now) {
        tuneBytes += bytes;
        long elapsed = now - tuneStart;
        if (elapsed < tunePeriod) {
            return;
        }
        long pending = host.pendingBytes();
        long taken = tuneBytes - (pending - tunePending);
        if (elapsed < 4 * tunePeriod && 2 * taken > limit && 2 * taken <= budget.share()) {
            limit = (int) Math.min(maxLimit, 2 * taken);
        }
        tuneStart = now;
        tuneBytes = 0;
        tunePending = pending;
    }

    private long tunePeriod = RttEstimator.MILLISECOND;

    /** Says what a round trip is. */
    void setRoundTrip(long nanos) {
        tunePeriod = Math.max(nanos, RttEstimator.MILLISECOND);
    }

    // ---- SACK

    /** Writes the edges of the blocks to report, a duplicate first (RFC 2883); returns their number. */
    int sackBlocks(int[] edges, int max) {
        if (!sack) {
            return 0;
        }
        int count = 0;
        if (duplicate) {
            edges[0] = duplicateStart;
            edges[1] = duplicateEnd;
            count = 1;
        }
        return count + assembler.sackBlocks(edges, 2 * count, max - count);
    }

    boolean hasSackBlocks() {
        return sack && (duplicate || !assembler.isEmpty());
    }

    /** Lets go of everything. */
    void clear() {
        assembler.clear();
        budget.charge(-pendingBytes);
        pendingBytes = 0;
        delayedAck.clear();
        ackDue = false;
    }
}
