package io.qnet.testkit.tcp;

import java.util.List;

/** The receiving half of a {@link Connection}: what arrived, in order and not, what was acknowledged, what window was announced. */
final class Receiver {
    private static final int ACK_EVERY_SEGMENTS = 2;

    private final TcpSettings settings;
    private final ByteRing ring;
    private final OutOfOrder outOfOrder = new OutOfOrder();

    /** RCV.NXT. */
    int rcvNxt;
    /** The right edge of the largest window that was announced; never moves left. */
    int rcvAdv;
    /** The shift that our window is announced with; 0 unless both sides scale. */
    int shift;
    /** Whether SACK blocks may be sent. */
    boolean sackAllowed;
    /** An acknowledgement is due at the end of this turn. */
    boolean ackDue;
    /** An acknowledgement is due at {@link #ackAtNanos}. */
    boolean ackArmed;
    /** When a delayed acknowledgement is due. */
    long ackAtNanos;
    /** The other side's FIN was taken in order. */
    boolean finished;
    /** How many bytes of payload arrived in order. */
    long received;

    private boolean finKnown;
    private int finSeq;
    private int segmentsUnacked;

    Receiver(TcpSettings settings) {
        this.settings = settings;
        // room for rounding the window up to a multiple of its scale
        this.ring = new ByteRing(settings.receiveBuffer() + (1 << settings.shift()));
    }

    /** The other side's SYN came; {@code promised} is the window that our own SYN announced. */
    void start(int irs, int promised) {
        rcvNxt = irs + 1;
        rcvAdv = rcvNxt + promised;
    }

    int readable() {
        return ring.readable();
    }

    /** SEG.WND for the next segment; remembers the edge that it announces. */
    int announce(boolean scaled) {
        int by = scaled ? shift : 0;
        int free = Math.max(0, settings.receiveBuffer() - ring.readable());
        int units = Math.min(65_535, free >> by);
        int promised = rcvAdv - rcvNxt;
        if (units << by < promised) {
            // RFC 7323 §2.4: the edge must not move left because the window is said in units
            units = Math.min(65_535, (promised + (1 << by) - 1) >> by);
        }
        rcvAdv = Seq.max(rcvAdv, rcvNxt + (units << by));
        return units;
    }

    /** An acknowledgement of everything has left. */
    void acknowledged() {
        ackDue = false;
        ackArmed = false;
        segmentsUnacked = 0;
    }

    /** RFC 9293 §3.10.7.4, first check: whether a segment touches the window. */
    boolean isAcceptable(Segment segment) {
        int length = segment.length();
        int window = rcvAdv - rcvNxt;
        int start = segment.seq - rcvNxt;
        if (length == 0) {
            return window == 0 ? start == 0 : start >= 0 && start < window;
        }
        int last = start + length - 1;
        return window > 0 && ((start >= 0 && start < window) || (last >= 0 && last < window));
    }

    /** Takes the payload and FIN of an acceptable segment. Returns true if there is more to read or the stream has ended. */
    boolean take(Segment segment, long nowNanos) {
        int end = segment.seq + segment.dataLength;
        if (segment.has(Segment.FIN)) {
            finKnown = true;
            finSeq = end;
        }
        int from = Seq.max(segment.seq, rcvNxt);
        int to = Seq.min(end, rcvAdv);
        int before = rcvNxt;
        if (Seq.before(from, to)) {
            store(segment, from, to, nowNanos);
        } else if (segment.dataLength > 0) {
            ackDue = true;
        }
        if (finKnown && !finished && rcvNxt == finSeq) {
            finished = true;
            rcvNxt++;
            ackDue = true;
            return true;
        }
        return rcvNxt != before;
    }

    int read(byte[] target, int at, int length) {
        int taken = Math.min(length, ring.readable());
        ring.peek(0, target, at, taken);
        ring.drop(taken);
        if (taken > 0 && !finished && windowGrew()) {
            ackDue = true;
        }
        return taken;
    }

    /** Fills in the SACK option. */
    void describe(Segment segment) {
        if (!sackAllowed || outOfOrder.isEmpty()) {
            return;
        }
        List<OutOfOrder.Range> ranges = outOfOrder.report(segment.hasTimestamps ? 3 : 4);
        segment.sackCount = ranges.size();
        for (int i = 0; i < ranges.size(); i++) {
            segment.sackStart[i] = ranges.get(i).start();
            segment.sackEnd[i] = ranges.get(i).end();
        }
    }

    private void store(Segment segment, int from, int to, long nowNanos) {
        int length = to - from;
        ring.store(ring.readable() + (from - rcvNxt), segment.data, segment.dataAt + (from - segment.seq), length);
        if (from != rcvNxt) {
            outOfOrder.add(from, to);
            ackDue = true;
            return;
        }
        int reached = to;
        if (!outOfOrder.isEmpty()) {
            reached = outOfOrder.advance(to);
            ackDue = true;
        }
        ring.extend(reached - rcvNxt);
        received += reached - rcvNxt;
        rcvNxt = reached;
        delayAck(nowNanos);
    }

    private void delayAck(long nowNanos) {
        if (++segmentsUnacked >= ACK_EVERY_SEGMENTS || settings.delayedAck().isZero()) {
            ackDue = true;
        } else if (!ackArmed) {
            ackArmed = true;
            ackAtNanos = nowNanos + settings.delayedAck().toNanos();
        }
    }

    /** RFC 9293 §3.8.6.2.2: whether reading opened the window far enough to be worth saying. */
    private boolean windowGrew() {
        int free = settings.receiveBuffer() - ring.readable();
        int growth = rcvNxt + free - rcvAdv;
        int buffer = settings.receiveBuffer();
        return growth >= Math.min(buffer / 2, Math.max(3000, buffer / 8));
    }
}
