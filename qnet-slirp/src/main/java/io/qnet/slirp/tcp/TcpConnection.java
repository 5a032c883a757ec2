package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.SequenceNumber.greaterThan;
import static io.qnet.slirp.tcp.SequenceNumber.lessThan;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import io.qnet.host.HostStream;
import io.qnet.loop.Timer;
import io.qnet.slirp.tcp.Sender.Progress;
import io.qnet.wire.Tcp;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection with the guest, joined to a {@link HostStream}: the state machine of RFC 9293.
 *
 * <p><b>Theory of operation.</b> Events come from three sides: segments from the guest ({@link #onSegment}), the host stream ({@link HostStream.Handler}) and time ({@link #onTimer}). Each changes state
 * and marks the connection due; {@link #transmit} sends what is due, once at the end of the turn, and only there are segments sent. A segment that the network refuses has not been sent: whatever its
 * sending changes, changes after the output took it, and the connection stays due.
 *
 * <p>Data from the guest goes to the host stream directly from the frame; the window is what the limit leaves beside what the stream has not written yet. Data from the host is read only as far as credit
 * was given, and waits in the {@link SendBuffer} until it is acknowledged. So a slow host closes the guest's window, and a slow guest stops the reading.
 *
 * <p>A connection that the guest opens begins in CONNECTING: its SYN is answered when the host's connection stands, and refused when that fails.
 */
final class TcpConnection extends FlowEntry implements HostStream.Handler {
    private final TcpStack stack;
    private final boolean fromHost;
    private final Handshake handshake;
    private final Receiver receiver;
    private final HostSide host = new HostSide();
    private final Emission emission;
    private final Sender sender;
    private final Liveness liveness = new Liveness();
    private final Transmission transmission;
    private final Challenges challenges;
    private final Acceptance acceptance;

    private TcpState state = TcpState.CLOSED;
    /** Why the host's stream has failed; taken by the next {@link #transmit}. */
    private @Nullable HostError failure;

    private boolean resetDue;
    private int resetSeq;
    /** The time of the event being handled. */
    private long now;

    final Timer timer = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            stack.onTimer(TcpConnection.this, nowNanos);
        }
    };

    TcpConnection(TcpStack stack, TcpFlow flow, boolean fromHost, int iss, int timestampOffset) {
        super(flow);
        this.stack = stack;
        this.fromHost = fromHost;
        handshake = new Handshake(iss, stack.mtu(), flow.guest().isIpv4());
        receiver = new Receiver(stack.allocator(), stack.budget(), stack.counters());
        challenges = new Challenges(receiver, stack.counters());
        acceptance = new Acceptance(receiver, challenges, stack.counters());
        emission = new Emission(stack.writer(), flow, timestampOffset, handshake, receiver, host);
        sender = new Sender(emission, stack.allocator(), stack.budget(), stack.counters());
        transmission = new Transmission(handshake, receiver, sender, emission, liveness, host, stack.counters());
    }

    TcpState state() {
        return state;
    }

    TcpFlowInfo info() {
        return new TcpFlowInfo(flow(), state, fromHost, sender.queuedBytes(), receiver.pendingBytes());
    }

    /** Whether an acknowledgement should not wait for the end of the turn. */
    boolean isUrgent() {
        return receiver.isAckUrgent();
    }

    // ---- opening

    /** The guest's SYN, whose answer waits for the host. */
    void openFromGuest(Segment segment, long nowNanos) {
        state = TcpState.CONNECTING;
        handshake.keepPacket(segment.copyHeaders());
        takeSyn(segment, nowNanos);
    }

    /** The stream that the guest's connection goes to; it says {@link #onConnected} later. */
    void setHost(HostStream stream) {
        host.open(stream);
    }

    /** The host has accepted a connection that is to reach the guest. */
    void openFromHost(HostStream accepted) {
        host.open(accepted);
        state = TcpState.SYN_SENT;
        handshake.send();
    }

    private void takeSyn(Segment segment, long nowNanos) {
        handshake.onSyn(segment);
        receiver.start(handshake, stack.hasOffloads());
        receiver.firstTimestamp(segment.header.timestampValue(), nowNanos);
        sender.start(handshake);
        sender.window().first(segment);
        liveness.heard(nowNanos);
    }

    private void establish(Segment segment) {
        handshake.finish(sender.rtt(), sender.congestion(), now);
        handshake.takePacket();
        sender.window().first(segment);
        receiver.setRoundTrip(sender.rtt().srtt());
        state = TcpState.ESTABLISHED;
        liveness.watch(stack.config().keepAliveNanos(), now);
        stack.onEstablished(this);
    }

    // ---- segments from the guest

    /** A segment of this flow. */
    void onSegment(Segment segment, long nowNanos) {
        now = nowNanos;
        switch (state) {
            case CONNECTING -> segmentWhileConnecting(segment);
            case SYN_SENT -> segmentInSynSent(segment);
            case CLOSED -> stack.counters().ignored.increment();
            default -> segmentArrives(segment);
        }
        stack.due(this);
    }

    private void segmentWhileConnecting(Segment segment) {
        if (segment.has(Tcp.RST)) {
            // the guest has given up; it knows no more of us than its own SYN
            if (segment.seq == handshake.irs() || segment.seq == handshake.irs() + 1) {
                resetByGuest();
            }
        } else if (segment.has(Tcp.SYN) && !segment.has(Tcp.ACK) && segment.seq != handshake.irs()) {
            // the guest has begun anew before it got an answer
            handshake.keepPacket(segment.copyHeaders());
            takeSyn(segment, now);
        }
    }

    /** RFC 9293 §3.10.7.3. */
    private void segmentInSynSent(Segment segment) {
        boolean acked = segment.has(Tcp.ACK);
        if (acked && segment.ack != handshake.iss + 1) {
            stack.answerStray(flow(), segment);
            return;
        }
        if (segment.has(Tcp.RST)) {
            if (acked) {
                resetByGuest();
            }
            return;
        }
        if (!segment.has(Tcp.SYN)) {
            return;
        }
        takeSyn(segment, now);
        if (acked) {
            establish(segment);
            receiver.ackNow();
        } else {
            // simultaneous open
            state = TcpState.SYN_RECEIVED;
            handshake.send();
        }
    }

    /** RFC 9293 §3.10.7.4: the states from SYN-RECEIVED on. */
    private void segmentArrives(Segment segment) {
        // first to fifth step; third, security: there is none
        if (!checkSequence(segment) || !checkReset(segment) || !checkSyn(segment) || !checkAck(segment)) {
            return;
        }
        // sixth, the urgent pointer: ignored, urgent data is data (RFC 6093)
        processText(segment);
        checkFin();
    }

    /** First step: is any of it new and within the window? */
    private boolean checkSequence(Segment segment) {
        if (!acceptance.isNew(segment, now)) {
            return false;
        }
        if (state == TcpState.SYN_RECEIVED && segment.seq == handshake.irs() && segment.has(Tcp.SYN)) {
            if (!segment.has(Tcp.ACK)) {
                handshake.send();
                return false;
            }
            // RFC 9293 §3.5, figure 8: both have opened at once, and this answers our SYN
            segment.dropSyn();
            receiver.ackNow();
        }
        if (acceptance.isAcceptable(segment, now)) {
            return true;
        }
        if (state == TcpState.TIME_WAIT && segment.has(Tcp.FIN) && !segment.has(Tcp.RST)) {
            startTimeWait();
        }
        return false;
    }

    /** Second step (RFC 5961 §3): a reset counts only at the exact place. */
    private boolean checkReset(Segment segment) {
        if (!segment.has(Tcp.RST)) {
            return true;
        }
        if (segment.seq == receiver.rcvNxt()) {
            resetByGuest();
        } else {
            challenges.challenge(now);
        }
        return false;
    }

    /** Fourth step (RFC 5961 §4): a SYN may come from a guest that has restarted; the answer makes it reset. */
    private boolean checkSyn(Segment segment) {
        if (segment.has(Tcp.SYN)) {
            challenges.challenge(now);
            return false;
        }
        return true;
    }

    /** Fifth step. */
    private boolean checkAck(Segment segment) {
        if (!segment.has(Tcp.ACK)) {
            return false;
        }
        if (state == TcpState.SYN_RECEIVED) {
            if (segment.ack != handshake.iss + 1) {
                stack.answerStray(flow(), segment);
                return false;
            }
            establish(segment);
        }
        // RFC 5961 §5
        boolean tooOld = lessThan(segment.ack, sender.sndUna() - sender.window().largest());
        if (tooOld || greaterThan(segment.ack, sender.sndNxt())) {
            challenges.challenge(now);
            return false;
        }
        liveness.heard(now);
        boolean echoed = handshake.isTimestamps() && segment.header.hasTimestamps();
        sender.onAck(segment, echoed, emission.timestamp(now) - segment.header.timestampEcho(), now);
        if (sender.isFinAcked()) {
            onFinAcked();
        }
        return state != TcpState.CLOSED;
    }

    private void onFinAcked() {
        switch (state) {
            case FIN_WAIT_1 -> {
                state = TcpState.FIN_WAIT_2;
                liveness.watch(stack.config().halfClosedNanos(), now);
            }
            case CLOSING -> enterTimeWait();
            case LAST_ACK -> {
                host.close();
                end();
            }
            default -> {
                // nothing new
            }
        }
    }

    /** Seventh step. */
    private void processText(Segment segment) {
        HostStream stream = host.stream();
        if (state.takesData() && stream != null) {
            receiver.onText(segment, stream, now);
        }
    }

    /** Eighth step. */
    private void checkFin() {
        if (!state.takesData() || !receiver.takeFin()) {
            return;
        }
        host.shutdownOutput();
        switch (state) {
            case ESTABLISHED -> state = TcpState.CLOSE_WAIT;
            case FIN_WAIT_1 -> state = TcpState.CLOSING;
            default -> enterTimeWait();
        }
    }

    /** A packet to the guest was too large for its path; whether that is believed. */
    boolean onPathMtu(int quotedSequence, int mtu) {
        if (!state.sendsData() || !sender.limitMss(quotedSequence, handshake.sendMss(mtu))) {
            return false;
        }
        stack.counters().pathMtus.increment();
        stack.due(this);
        return true;
    }

    /** The guest cannot be reached; whether that is believed. */
    boolean onUnreachable(int quotedSequence) {
        if (state != TcpState.SYN_SENT || quotedSequence != handshake.iss) {
            return false;
        }
        stack.counters().icmpUnreachable.increment();
        discard();
        return true;
    }

    // ---- the host

    @Override
    public void onConnected() {
        if (state == TcpState.CONNECTING) {
            state = TcpState.SYN_RECEIVED;
            handshake.send();
            stack.due(this);
        }
    }

    @Override
    public long readLimit() {
        return host.limited(sender.readLimit());
    }

    @Override
    public void onData(ByteBuf data) {
        if (state == TcpState.CLOSED) {
            data.release();
            return;
        }
        host.onData(data.readableBytes());
        sender.append(data);
        stack.due(this);
    }

    @Override
    public void onEof() {
        sender.finish();
        stack.due(this);
    }

    @Override
    public void onWritten(long pendingBytes) {
        receiver.onWritten(pendingBytes);
        if (receiver.isAckDue()) {
            stack.due(this);
        }
    }

    @Override
    public void onFailed(HostError error) {
        host.onFailed();
        failure = error;
        stack.due(this);
    }

    private void onHostFailure(HostError error) {
        failure = null;
        byte[] syn = handshake.takePacket();
        if (state == TcpState.CONNECTING && syn != null && stack.refuse(this, error, syn)) {
            end();
        } else if (state != TcpState.CLOSED) {
            abort();
        }
    }

    // ---- the end

    private void resetByGuest() {
        stack.counters().resetsIn.increment();
        discard();
    }

    /** Both sides are told by a reset: the guest does not answer, the host's stream broke, or the connection was evicted. */
    void abort() {
        resetDue = state.isSynchronized() || state == TcpState.SYN_RECEIVED || state == TcpState.CONNECTING;
        // of a SYN that was never answered the guest knows only its own number
        resetSeq = state == TcpState.CONNECTING ? 0 : sender.sndNxt();
        host.reset();
        if (resetDue) {
            release();
            stack.due(this);
        } else {
            end();
        }
    }

    /** Ends without a word to the guest. */
    void discard() {
        host.reset();
        end();
    }

    private void end() {
        release();
        stack.remove(this);
    }

    private void release() {
        state = TcpState.CLOSED;
        sender.clear();
        receiver.clear();
        liveness.clear();
        handshake.retransmit.clear();
    }

    private void enterTimeWait() {
        state = TcpState.TIME_WAIT;
        host.close();
        sender.clear();
        startTimeWait();
        stack.onTimeWait(this);
    }

    private void startTimeWait() {
        liveness.deadline.set(now + stack.config().timeWaitNanos());
    }

    /** RFC 9293 §3.10.7.4 and RFC 6191: whether a SYN may take this connection's place. */
    boolean yieldsTo(Segment segment) {
        return state == TcpState.CLOSED || (state == TcpState.TIME_WAIT && receiver.isLaterConnection(segment));
    }

    // ---- sending

    /** Sends what is due. */
    Progress transmit(long nowNanos) {
        now = nowNanos;
        if (failure != null) {
            onHostFailure(failure);
        }
        if (resetDue) {
            return sendReset();
        }
        Progress progress = transmission.transmit(state, now);
        if (sender.isFinSent()) {
            onFinSent();
        }
        if (state != TcpState.CLOSED) {
            arm();
        }
        return progress;
    }

    private void onFinSent() {
        if (state == TcpState.ESTABLISHED) {
            state = TcpState.FIN_WAIT_1;
        } else if (state == TcpState.CLOSE_WAIT) {
            state = TcpState.LAST_ACK;
        }
    }

    private Progress sendReset() {
        if (!emission.sendReset(resetSeq)) {
            return Progress.REFUSED;
        }
        resetDue = false;
        stack.remove(this);
        return Progress.DONE;
    }

    // ---- time

    private void arm() {
        Deadline next = transmission.nextDeadline();
        if (next != null) {
            stack.timers().arm(timer, next.atNanos());
        }
    }

    /** A deadline has come, or had come before it was moved. */
    void onTimer(long nowNanos) {
        now = nowNanos;
        receiver.onTimer(nowNanos);
        boolean lives = handshake.onTimer(nowNanos) && sender.onTimer(nowNanos);
        if (lives && liveness.deadline.isDue(nowNanos)) {
            if (state == TcpState.TIME_WAIT) {
                end();
                return;
            }
            lives = liveness.check(nowNanos, sender.sndNxt() != sender.sndUna());
        }
        if (lives) {
            stack.due(this);
        } else {
            stack.counters().givenUp.increment();
            abort();
        }
    }
}
