package io.qnet.testkit.tcp;

import java.util.concurrent.TimeUnit;

/** The sending half of a {@link Connection}: what waits, what is in flight, how fast (RFC 5681, NewReno of RFC 6582), when to repeat (RFC 6298) and to probe a closed window (RFC 9293 §3.8.6.1). */
final class Sender {
    private static final int INITIAL_WINDOW_SEGMENTS = 10;
    private static final int DUPLICATES_FOR_LOSS = 3;
    private static final long REFUSED_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Connection connection;
    private final TcpSettings settings;
    private final RoundTrip roundTrip;
    private final ByteRing ring;

    /** The sequence number of the SYN. */
    final int iss;
    /** SND.UNA. */
    int sndUna;
    /** SND.NXT; goes back to {@link #sndUna} when everything is to be repeated. */
    int sndNxt;
    /** The end of what was ever sent, window probes apart: the sequence number of segments without payload, so that they are acceptable even while things are being repeated. */
    int sndMax;
    /** The end of what may be acknowledged: {@link #sndMax}, or a probe beyond it. */
    int ackLimit;
    /** SND.WND in bytes. */
    int sndWnd;
    /** The most payload of one segment. */
    int mss = 536;
    /** The shift of the other side's window. */
    int shift;
    /** The program has ended its half. */
    boolean finWanted;
    /** How often something was repeated. */
    long retransmissions;

    private int dataSeq;
    private int sndWl1;
    private int sndWl2;
    private int largestWindow;
    private int cwnd;
    private int ssthresh = Integer.MAX_VALUE;
    private int duplicates;
    private int recover;
    private boolean recovering;
    private boolean repeatFirst;
    private int retries;

    private boolean timing;
    private int timedSeq;
    private long timedAtNanos;

    private boolean timerArmed;
    private boolean probing;
    private long timerAtNanos;
    private boolean refused;
    private long againAtNanos;

    Sender(Connection connection, TcpSettings settings, int iss) {
        this.connection = connection;
        this.settings = settings;
        this.roundTrip = new RoundTrip(settings.minRto().toNanos());
        this.ring = new ByteRing(settings.sendBuffer());
        this.iss = iss;
        this.sndUna = iss;
        this.sndNxt = iss;
        this.sndMax = iss;
        this.ackLimit = iss;
        this.dataSeq = iss + 1;
        this.recover = iss;
    }

    int write(byte[] source, int from, int length) {
        return ring.append(source, from, length);
    }

    int free() {
        return ring.free();
    }

    int unacknowledged() {
        return ring.readable();
    }

    boolean finAcknowledged() {
        return finWanted && sndUna == finSeq() + 1;
    }

    void copyPayload(int position, byte[] target, int at, int length) {
        ring.peek(position, target, at, length);
    }

    void startWindow(int window, int seq, int ack) {
        sndWnd = window;
        largestWindow = window;
        sndWl1 = seq;
        sndWl2 = ack;
        cwnd = INITIAL_WINDOW_SEGMENTS * mss;
    }

    /** Takes SEG.ACK and SEG.WND of an acceptable segment. Returns true if more room to write has come. */
    boolean onAck(Segment segment, long nowNanos) {
        int ack = segment.ack;
        boolean room = false;
        if (Seq.after(ack, sndUna)) {
            room = onNewAck(ack, nowNanos);
        } else if (ack == sndUna && segment.length() == 0 && sndMax != sndUna && segment.window << shift == sndWnd) {
            onDuplicate();
        }
        if (Seq.before(sndWl1, segment.seq) || (sndWl1 == segment.seq && !Seq.after(sndWl2, ack))) {
            boolean opened = sndWnd == 0 && segment.window > 0;
            sndWnd = segment.window << shift;
            largestWindow = Math.max(largestWindow, sndWnd);
            sndWl1 = segment.seq;
            sndWl2 = ack;
            if (opened && probing) {
                stopTimer();
            }
        }
        return room;
    }

    /** ICMP said that segments are too long (RFC 1191): sends shorter ones, everything again. */
    void onPathMtu(int newMss) {
        if (newMss < mss && newMss >= 64) {
            mss = newMss;
            sndNxt = sndUna;
        }
    }

    /** Sends what may be sent. */
    void transmit(long nowNanos) {
        refused = false;
        if (sndNxt == iss && !sendSyn(nowNanos)) {
            return;
        }
        if (sndUna != iss) {
            if (repeatFirst && sndUna != sndMax) {
                repeatFirst = !sendAt(sndUna, Math.min(mss, dataEnd() - sndUna), nowNanos);
            }
            while (!refused && sendNext(nowNanos)) {}
        }
        armTimer(nowNanos);
    }

    /** Fires what is due. Returns false if the connection is to be given up. */
    boolean onTimer(long nowNanos) {
        if (refused && againAtNanos - nowNanos <= 0) {
            refused = false;
        }
        if (!timerArmed || timerAtNanos - nowNanos > 0) {
            return true;
        }
        timerArmed = false;
        retries++;
        if (probing) {
            probe();
            return true;
        }
        if (retries > (sndUna == iss ? settings.synRetries() : settings.dataRetries())) {
            return false;
        }
        timing = false;
        ssthresh = Math.max((sndMax - sndUna) / 2, 2 * mss);
        cwnd = mss;
        recovering = false;
        duplicates = 0;
        recover = sndMax;
        sndNxt = sndUna;
        return true;
    }

    boolean hasDeadline() {
        return timerArmed || refused;
    }

    long deadlineNanos() {
        if (timerArmed && refused) {
            return timerAtNanos - againAtNanos < 0 ? timerAtNanos : againAtNanos;
        }
        return timerArmed ? timerAtNanos : againAtNanos;
    }

    private int dataEnd() {
        return dataSeq + ring.readable();
    }

    private int finSeq() {
        return dataEnd();
    }

    private boolean onNewAck(int ack, long nowNanos) {
        if (timing && Seq.after(ack, timedSeq)) {
            timing = false;
            roundTrip.sample(nowNanos - timedAtNanos);
        }
        int acked = ack - sndUna;
        int taken = Math.min(ack - dataSeq, ring.readable());
        if (taken > 0) {
            ring.drop(taken);
            dataSeq += taken;
        }
        sndUna = ack;
        sndNxt = Seq.max(sndNxt, ack);
        sndMax = Seq.max(sndMax, ack);
        retries = 0;
        duplicates = 0;
        stopTimer();
        if (recovering && Seq.before(ack, recover)) {
            repeatFirst = true;
            cwnd = Math.max(mss, cwnd - acked + mss);
        } else if (recovering) {
            recovering = false;
            cwnd = ssthresh;
        } else {
            cwnd += cwnd < ssthresh ? acked : Math.max(1, (int) ((long) mss * mss / cwnd));
            cwnd = Math.min(cwnd, 1 << 28);
        }
        return taken > 0;
    }

    private void onDuplicate() {
        duplicates++;
        if (recovering) {
            cwnd += mss;
        } else if (duplicates == DUPLICATES_FOR_LOSS && Seq.after(sndUna, recover)) {
            recovering = true;
            recover = sndMax;
            ssthresh = Math.max((sndMax - sndUna) / 2, 2 * mss);
            cwnd = ssthresh + DUPLICATES_FOR_LOSS * mss;
            repeatFirst = true;
        }
    }

    private boolean sendSyn(long nowNanos) {
        if (!connection.emitSyn(iss)) {
            refuse(nowNanos);
            return false;
        }
        sent(iss, 1, nowNanos);
        return true;
    }

    private boolean sendNext(long nowNanos) {
        int available = dataEnd() - sndNxt;
        int usable = Math.min(sndWnd, cwnd) - (sndNxt - sndUna);
        if (available > 0) {
            int length = Math.min(mss, Math.min(available, usable));
            boolean inFlight = sndNxt != sndUna;
            if (length <= 0 || (length < mss && length < available && inFlight && length < largestWindow / 2)) {
                return false;
            }
            return sendAt(sndNxt, length, nowNanos);
        }
        return finWanted && sndNxt == finSeq() && usable > 0 && sendAt(sndNxt, 0, nowNanos);
    }

    /** Sends payload, and FIN if it ends the stream. With nothing to send at that place, does nothing. */
    private boolean sendAt(int seq, int length, long nowNanos) {
        boolean last = seq + length == dataEnd();
        boolean fin = last && finWanted;
        if (length <= 0 && !fin) {
            return true;
        }
        int flags = (fin ? Segment.FIN : 0) | (last && length > 0 ? Segment.PSH : 0);
        if (!connection.emitData(seq, flags, length, seq - dataSeq)) {
            refuse(nowNanos);
            return false;
        }
        sent(seq, length + (fin ? 1 : 0), nowNanos);
        return true;
    }

    private void sent(int seq, int length, long nowNanos) {
        int end = seq + length;
        if (Seq.before(seq, sndMax)) {
            retransmissions++;
            timing = timing && Seq.after(seq, timedSeq); // Karn
        } else if (!timing) {
            timing = true;
            timedSeq = seq;
            timedAtNanos = nowNanos;
        }
        if (seq == sndNxt) {
            sndNxt = end;
        }
        sndMax = Seq.max(sndMax, end);
        ackLimit = Seq.max(ackLimit, end);
    }

    private void refuse(long nowNanos) {
        refused = true;
        againAtNanos = nowNanos + REFUSED_AGAIN_NANOS;
    }

    private void armTimer(long nowNanos) {
        boolean inFlight = sndNxt != sndUna;
        boolean waiting = Seq.after(dataEnd(), sndNxt) || (finWanted && sndNxt == finSeq());
        if (inFlight && probing) {
            stopTimer();
        }
        if (timerArmed || !(inFlight || (waiting && sndWnd == 0))) {
            return;
        }
        if (!inFlight && !probing) {
            retries = 0;
        }
        timerArmed = true;
        probing = !inFlight;
        timerAtNanos = nowNanos + roundTrip.backedOffNanos(retries);
    }

    private void stopTimer() {
        timerArmed = false;
        probing = false;
    }

    /** Sends one byte (or FIN) beyond the window, without counting it as sent. */
    private void probe() {
        int length = Math.min(1, dataEnd() - sndNxt);
        boolean fin = finWanted && length == dataEnd() - sndNxt;
        if (connection.emitData(sndNxt, fin ? Segment.FIN : 0, length, sndNxt - dataSeq)) {
            ackLimit = Seq.max(ackLimit, sndNxt + length + (fin ? 1 : 0));
        }
    }
}
