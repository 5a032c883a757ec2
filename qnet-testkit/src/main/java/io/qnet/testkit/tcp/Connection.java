package io.qnet.testkit.tcp;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection of a fake guest: states, handshake and the order of checks (RFC 9293 §3.10.7); the halves are {@link Sender} and {@link Receiver}. Events and the program's calls only change it;
 * {@link #transmit} sends what is due, and its owner calls it at the end of every turn in which something happened, and after {@link #onTimer}.
 */
public final class Connection {
    /** The port of the guest. */
    public final int guestPort;
    /** The port of the other side. */
    public final int peerPort;

    private final TcpSettings settings;
    private final Surroundings surroundings;
    private final Sender sender;
    private final Receiver receiver;
    private final Segment out = new Segment();
    private final int offeredMss;
    private final int timestampOffset;

    private TcpState state = TcpState.CLOSED;
    private boolean scaling;
    private boolean timestamps;
    private int tsRecent;
    private long timeWaitAtNanos;
    private long nowNanos;

    /**
     * @param offeredMss the MSS to announce; also the most payload the other side may send in a segment
     * @param iss the initial sequence number
     */
    public Connection(
            int guestPort, int peerPort, TcpSettings settings, int offeredMss, int iss, Surroundings surroundings) {
        this.guestPort = guestPort;
        this.peerPort = peerPort;
        this.settings = settings;
        this.surroundings = surroundings;
        this.offeredMss = offeredMss;
        this.timestampOffset = iss;
        this.sender = new Sender(this, settings, iss);
        this.receiver = new Receiver(settings);
    }

    /** Begins to connect. */
    public void open() {
        state = TcpState.SYN_SENT;
    }

    /** Takes the SYN that a listener received. */
    public void accept(Segment syn) {
        state = TcpState.SYN_RECEIVED;
        receiver.start(syn.seq, 0);
        negotiate(syn);
        sender.startWindow(syn.window, syn.seq, sender.iss);
    }

    /** Takes a segment of this connection. */
    public void onSegment(Segment segment, long now) {
        nowNanos = now;
        switch (state) {
            case CLOSED -> {}
            case SYN_SENT -> onSegmentInSynSent(segment);
            default -> onSegmentSynchronized(segment);
        }
    }

    /** Whether a deadline is set. */
    public boolean hasDeadline() {
        return state != TcpState.CLOSED && (state == TcpState.TIME_WAIT || receiver.ackArmed || sender.hasDeadline());
    }

    /** The earliest deadline, if {@link #hasDeadline()}. */
    public long nextDeadlineNanos() {
        boolean some = false;
        long earliest = 0;
        if (state == TcpState.TIME_WAIT) {
            some = true;
            earliest = timeWaitAtNanos;
        }
        if (sender.hasDeadline() && (!some || sender.deadlineNanos() - earliest < 0)) {
            some = true;
            earliest = sender.deadlineNanos();
        }
        if (receiver.ackArmed && (!some || receiver.ackAtNanos - earliest < 0)) {
            earliest = receiver.ackAtNanos;
        }
        return earliest;
    }

    /** Does what is due by now. */
    public void onTimer(long now) {
        nowNanos = now;
        if (state == TcpState.TIME_WAIT && timeWaitAtNanos - now <= 0) {
            end(null);
            return;
        }
        if (receiver.ackArmed && receiver.ackAtNanos - now <= 0) {
            receiver.ackDue = true;
        }
        if (!sender.onTimer(now)) {
            end(TcpFailure.TIMED_OUT);
        }
    }

    /** Sends what is due. */
    public void transmit(long now) {
        nowNanos = now;
        if (state == TcpState.CLOSED) {
            return;
        }
        if (state != TcpState.TIME_WAIT) {
            sender.transmit(now);
        }
        if (receiver.ackDue && state != TcpState.SYN_SENT) {
            emit(sender.sndMax, Segment.ACK, 0, 0);
        }
    }

    /** Takes bytes of the program to send; returns how many fitted. Nothing is taken once the guest's half was ended or the connection is over. */
    public int write(byte[] source, int from, int length) {
        boolean open =
                !sender.finWanted && (state.maySend() || state == TcpState.SYN_SENT || state == TcpState.SYN_RECEIVED);
        return open ? sender.write(source, from, length) : 0;
    }

    /** How many bytes {@link #write} would take. */
    public int writable() {
        return sender.free();
    }

    /** How many bytes were written but are not acknowledged. */
    public int unacknowledged() {
        return sender.unacknowledged();
    }

    /** Gives bytes that arrived to the program; returns how many. */
    public int read(byte[] target, int at, int length) {
        return receiver.read(target, at, length);
    }

    /** How many bytes {@link #read} would give. */
    public int readable() {
        return receiver.readable();
    }

    /** Whether the other side has ended its half; what is still {@link #readable()} came before. */
    public boolean isFinished() {
        return receiver.finished;
    }

    /** Ends the guest's half, after all that was written. */
    public void shutdownOutput() {
        if (sender.finWanted || state == TcpState.CLOSED) {
            return;
        }
        if (state == TcpState.SYN_SENT) {
            end(TcpFailure.ABORTED);
            return;
        }
        sender.finWanted = true;
        if (state == TcpState.ESTABLISHED) {
            state = TcpState.FIN_WAIT_1;
        } else if (state == TcpState.CLOSE_WAIT) {
            state = TcpState.LAST_ACK;
        }
    }

    /** Ends the connection with RST (RFC 9293 §3.10.5). */
    public void abort() {
        if (state == TcpState.CLOSED) {
            return;
        }
        if (state != TcpState.SYN_SENT && state != TcpState.TIME_WAIT) {
            emit(sender.sndMax, Segment.RST | Segment.ACK, 0, 0);
        }
        end(TcpFailure.ABORTED);
    }

    /** ICMP said that the SYN's destination cannot be reached. An error about a connection that stands is soft (RFC 1122 §4.2.3.9) and ignored. */
    public void onUnreachable() {
        if (state == TcpState.SYN_SENT) {
            end(TcpFailure.UNREACHABLE);
        }
    }

    /** ICMP said that segments are too long for the path. */
    public void onPathMtu(int mss) {
        sender.onPathMtu(mss);
    }

    /** Copies payload of a segment that is being emitted. */
    public void copyPayload(int position, byte[] target, int at, int length) {
        sender.copyPayload(position, target, at, length);
    }

    /** The state. */
    public TcpState state() {
        return state;
    }

    /** How often something was sent again. */
    public long retransmissions() {
        return sender.retransmissions;
    }

    /** How many bytes arrived in order. */
    public long bytesReceived() {
        return receiver.received;
    }

    /** The most payload of a segment sent, after negotiation. */
    public int sendMss() {
        return sender.mss;
    }

    /** What was negotiated, for a person. */
    public String negotiated() {
        return "mss " + sender.mss + (scaling ? ", scale " + receiver.shift + "/" + sender.shift : "")
                + (receiver.sackAllowed ? ", sack" : "") + (timestamps ? ", timestamps" : "");
    }

    boolean emitSyn(int seq) {
        boolean first = state == TcpState.SYN_SENT;
        prepare(seq, Segment.SYN | (first ? 0 : Segment.ACK));
        out.mss = offeredMss;
        out.windowScale = (first ? settings.windowScaling() : scaling) ? settings.shift() : -1;
        out.sackPermitted = first ? settings.sack() : receiver.sackAllowed;
        if (first && settings.timestamps()) {
            stamp();
        }
        return send(0);
    }

    boolean emitData(int seq, int flags, int length, int position) {
        return emit(seq, flags | Segment.ACK, length, position);
    }

    private boolean emit(int seq, int flags, int length, int position) {
        prepare(seq, flags);
        out.dataLength = length;
        receiver.describe(out);
        return send(position);
    }

    private void prepare(int seq, int flags) {
        out.clear();
        out.sourcePort = guestPort;
        out.destinationPort = peerPort;
        out.seq = seq;
        out.flags = flags;
        if ((flags & Segment.ACK) != 0) {
            out.ack = receiver.rcvNxt;
            out.window = receiver.announce((flags & Segment.SYN) == 0);
        } else {
            out.window = firstWindow();
        }
        if (timestamps) {
            stamp();
        }
    }

    private int firstWindow() {
        return Math.min(65_535, settings.receiveBuffer());
    }

    private void stamp() {
        out.hasTimestamps = true;
        out.tsval = (int) TimeUnit.NANOSECONDS.toMillis(nowNanos) + timestampOffset;
        out.tsecr = tsRecent;
    }

    private boolean send(int position) {
        if (!surroundings.emit(this, out, position)) {
            return false;
        }
        if (out.has(Segment.ACK)) {
            receiver.acknowledged();
        }
        return true;
    }

    private void negotiate(Segment syn) {
        timestamps = settings.timestamps() && syn.hasTimestamps;
        tsRecent = timestamps ? syn.tsval : 0;
        scaling = settings.windowScaling() && syn.windowScale >= 0;
        sender.shift = scaling ? Math.min(14, syn.windowScale) : 0;
        receiver.shift = scaling ? settings.shift() : 0;
        receiver.sackAllowed = settings.sack() && syn.sackPermitted;
        int theirs = syn.mss > 0 ? syn.mss : 536;
        // RFC 6691 §2: the MSS does not count options, the segment does
        sender.mss = Math.max(64, Math.min(theirs, offeredMss) - (timestamps ? 12 : 0));
    }

    private void onSegmentInSynSent(Segment segment) {
        boolean ackGiven = segment.has(Segment.ACK);
        boolean ackRight = ackGiven && segment.ack == sender.iss + 1;
        if (segment.has(Segment.RST)) {
            if (ackRight) {
                end(TcpFailure.REFUSED);
            } else if (!ackGiven) {
                surroundings.onViolation(this, "RST without ACK in answer to a SYN: " + segment);
            }
            return;
        }
        if (ackGiven && !ackRight) {
            surroundings.onViolation(this, "not an answer to the SYN: " + segment);
            return;
        }
        if (!segment.has(Segment.SYN)) {
            return; // something that overtook the SYN|ACK
        }
        checkOffers(segment);
        receiver.start(segment.seq, firstWindow());
        negotiate(segment);
        sender.startWindow(segment.window, segment.seq, segment.ack);
        if (ackRight) {
            sender.onAck(segment, nowNanos);
            state = TcpState.ESTABLISHED;
            receiver.ackDue = true;
            surroundings.onConnected(this);
            onPayload(withoutSyn(segment));
        } else {
            state = TcpState.SYN_RECEIVED;
            sender.sndNxt = sender.iss;
        }
    }

    private static Segment withoutSyn(Segment segment) {
        segment.flags &= ~Segment.SYN;
        segment.seq++;
        return segment;
    }

    private void checkOffers(Segment syn) {
        if (syn.windowScale >= 0 && !settings.windowScaling()) {
            surroundings.onViolation(this, "window scaling was not offered: " + syn);
        }
        if (syn.sackPermitted && !settings.sack()) {
            surroundings.onViolation(this, "SACK was not offered: " + syn);
        }
        if (syn.hasTimestamps && !settings.timestamps()) {
            surroundings.onViolation(this, "timestamps were not offered: " + syn);
        }
    }

    private void onSegmentSynchronized(Segment segment) {
        if (!passesPaws(segment) || !receiver.isAcceptable(segment)) {
            onUnacceptable(segment);
            return;
        }
        if (segment.has(Segment.RST)) {
            onReset(segment);
            return;
        }
        if (segment.has(Segment.SYN)) {
            receiver.ackDue = true; // RFC 5961 §4.2
            return;
        }
        if (!segment.has(Segment.ACK)) {
            return;
        }
        check(segment);
        if (Seq.after(segment.ack, sender.ackLimit)) {
            surroundings.onViolation(this, "acknowledges what was never sent: " + segment);
            receiver.ackDue = true;
            return;
        }
        if (timestamps && segment.hasTimestamps && !Seq.after(segment.seq, receiver.rcvNxt)) {
            tsRecent = segment.tsval;
        }
        boolean room = sender.onAck(segment, nowNanos);
        onAckForState();
        if (room && state != TcpState.CLOSED) {
            surroundings.onWritable(this);
        }
        onPayload(segment);
    }

    private void onUnacceptable(Segment segment) {
        if (segment.has(Segment.RST)) {
            return;
        }
        receiver.ackDue = true;
        // An ACK without data is still heard when the window is shut (RFC 9293 §3.10.7.4), and the repeated handshake
        // ACK is not needed.
        if (segment.has(Segment.ACK) && segment.seq == receiver.rcvNxt && !Seq.after(segment.ack, sender.ackLimit)) {
            sender.onAck(segment, nowNanos);
            onAckForState();
        }
    }

    private boolean passesPaws(Segment segment) {
        return !timestamps
                || !segment.hasTimestamps
                || segment.has(Segment.RST)
                || !Seq.before(segment.tsval, tsRecent);
    }

    private void check(Segment segment) {
        if (segment.dataLength > offeredMss) {
            surroundings.onViolation(this, "longer than the MSS of " + offeredMss + ": " + segment);
        }
        int beyond = segment.seq + segment.dataLength - receiver.rcvAdv;
        if (segment.dataLength > 1 && beyond > 0) {
            surroundings.onViolation(this, beyond + " bytes beyond the window: " + segment);
        }
        if (timestamps && !segment.hasTimestamps) {
            surroundings.onViolation(this, "timestamps were negotiated but are missing: " + segment);
        }
    }

    private void onReset(Segment segment) {
        if (segment.seq != receiver.rcvNxt) {
            receiver.ackDue = true; // RFC 5961 §3.2
            return;
        }
        end(state == TcpState.TIME_WAIT ? null : TcpFailure.RESET);
    }

    private void onAckForState() {
        switch (state) {
            case SYN_RECEIVED -> {
                if (sender.sndUna != sender.iss) {
                    state = sender.finWanted ? TcpState.FIN_WAIT_1 : TcpState.ESTABLISHED;
                    surroundings.onConnected(this);
                }
            }
            case FIN_WAIT_1 -> state = sender.finAcknowledged() ? TcpState.FIN_WAIT_2 : state;
            case CLOSING -> {
                if (sender.finAcknowledged()) {
                    startTimeWait();
                }
            }
            case LAST_ACK -> {
                if (sender.finAcknowledged()) {
                    end(null);
                }
            }
            default -> {}
        }
    }

    private void onPayload(Segment segment) {
        if (state == TcpState.TIME_WAIT && segment.has(Segment.FIN)) {
            startTimeWait();
            receiver.ackDue = true;
        }
        boolean takes = state == TcpState.ESTABLISHED || state == TcpState.FIN_WAIT_1 || state == TcpState.FIN_WAIT_2;
        if (!takes) {
            receiver.ackDue |= segment.length() > 0;
            return;
        }
        if (segment.length() == 0 || !receiver.take(segment, nowNanos)) {
            return;
        }
        if (receiver.finished) {
            onFin();
        }
        surroundings.onReadable(this);
    }

    private void onFin() {
        if (state == TcpState.ESTABLISHED) {
            state = TcpState.CLOSE_WAIT;
        } else if (state == TcpState.FIN_WAIT_1) {
            state = TcpState.CLOSING;
        } else {
            startTimeWait();
        }
    }

    private void startTimeWait() {
        state = TcpState.TIME_WAIT;
        timeWaitAtNanos = nowNanos + settings.timeWait().toNanos();
    }

    private void end(@Nullable TcpFailure failure) {
        if (state != TcpState.CLOSED) {
            state = TcpState.CLOSED;
            surroundings.onClosed(this, failure);
        }
    }
}
