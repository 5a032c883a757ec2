package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.SequenceNumber.greaterThan;
import static io.qnet.slirp.tcp.SequenceNumber.lessThan;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import io.qnet.host.HostStream;
import io.qnet.loop.Timer;
import io.qnet.slirp.ip.OutPacket;
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
final class TcpConnection implements HostStream.Handler {
    /** RFC 9293 §3.8.3: R2, as a number of time-outs; the last is more than 100 s after the first. */
    static final int MAX_TIMEOUTS = 10;

    private static final int KEEP_ALIVE_PROBES = 5;
    private static final long KEEP_ALIVE_INTERVAL = 10 * RttEstimator.SECOND;
    /** Credit changes smaller than this are not worth a call. */
    private static final long CREDIT_STEP = 32 << 10;
    /** RFC 5961 §7, RFC 9293 §3.10.7.4: so many answers a second to segments that prove nothing. */
    private static final int CHALLENGES_PER_SECOND = 10;

    private final TcpStack stack;
    private final TcpFlow flow;
    private final int flowSum;
    private final boolean fromHost;
    private final int timestampOffset;
    private final Handshake handshake;
    private final Sender sender;
    private final Receiver receiver;

    private TcpState state;
    private @Nullable HostStream host;
    private long credit;
    private @Nullable HostError failure;
    private boolean resetDue;
    private int resetSeq;
    private long now;

    private long lastHeardNanos;
    private int keepAlivesSent;
    private boolean keepAliveDue;
    /** TIME_WAIT's end, or when to probe a silent guest. */
    private final Deadline life = new Deadline();

    private long challengeSecond;
    private int challenges;

    // links of the stack's lists
    @Nullable TcpConnection nextDue;

    boolean isDue;

    @Nullable TcpConnection older;

    @Nullable TcpConnection newer;

    @Nullable IdleList idleList;

    final Timer timer = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            stack.onTimer(TcpConnection.this, nowNanos);
        }
    };

    TcpConnection(TcpStack stack, TcpFlow flow, boolean fromHost, int iss, int timestampOffset) {
        this.stack = stack;
        this.flow = flow;
        this.fromHost = fromHost;
        this.timestampOffset = timestampOffset;
        flowSum = SegmentWriter.flowSum(flow);
        handshake = new Handshake(iss, stack.mtu(), flow.guest().isIpv4());
        sender = new Sender(this, stack.allocator(), stack.budget());
        receiver = new Receiver(stack.allocator(), stack.budget(), stack.counters());
        state = TcpState.CLOSED;
    }

    TcpFlow flow() {
        return flow;
    }

    TcpState state() {
        return state;
    }

    Sender sender() {
        return sender;
    }

    Receiver receiver() {
        return receiver;
    }

    Handshake handshake() {
        return handshake;
    }

    TcpCounters counters() {
        return stack.counters();
    }

    TcpFlowInfo info() {
        return new TcpFlowInfo(flow, state, fromHost, sender.queuedBytes(), receiver.pendingBytes());
    }

    /** Whether an acknowledgement should not wait for the end of the turn. */
    boolean isUrgent() {
        return receiver.isAckUrgent();
    }

    // ---- opening

    /** The guest's SYN, whose answer waits for the host. */
    void openFromGuest(Segment segment, long nowNanos) {
        state = TcpState.CONNECTING;
        lastHeardNanos = nowNanos;
        handshake.keepPacket(segment.copyHeaders());
        takeSyn(segment, nowNanos);
    }

    void setHost(HostStream stream) {
        host = stream;
    }

    /** The host has accepted a connection that is to reach the guest. */
    void openFromHost(HostStream accepted, long nowNanos) {
        host = accepted;
        state = TcpState.SYN_SENT;
        lastHeardNanos = nowNanos;
        handshake.send();
    }

    private void takeSyn(Segment segment, long nowNanos) {
        handshake.onSyn(segment);
        receiver.start(
                handshake.irs(),
                handshake.ownMss,
                handshake.isScaled(),
                handshake.isSack(),
                handshake.isTimestamps(),
                stack.hasOffloads());
        receiver.firstTimestamp(segment.header.timestampValue(), nowNanos);
        sender.start(handshake.iss + 1, handshake.sendMss(), handshake.peerShift(), handshake.isSack());
        sender.firstWindow(segment);
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
                stack.counters().resetsIn.increment();
                close(HostEnd.RESET);
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
            if (!segment.has(Tcp.RST)) {
                stack.answerStray(flow, segment);
            }
            return;
        }
        if (segment.has(Tcp.RST)) {
            if (acked) {
                stack.counters().resetsIn.increment();
                close(HostEnd.RESET);
            }
            return;
        }
        if (!segment.has(Tcp.SYN)) {
            return;
        }
        lastHeardNanos = now;
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
        if (!checkSequence(segment) || !checkReset(segment) || !checkSyn(segment) || !checkAck(segment)) {
            return;
        }
        // sixth, the urgent pointer: ignored, urgent data is data (RFC 6093)
        processText(segment);
        checkFin();
    }

    /** First step: is it a new segment, within the window? */
    private boolean checkSequence(Segment segment) {
        boolean reset = segment.has(Tcp.RST);
        if (!reset && receiver.isOldDuplicate(segment, now)) {
            stack.counters().oldDuplicates.increment();
            challenge();
            return false;
        }
        int rcvNxt = receiver.rcvNxt();
        int window = receiver.rcvWnd();
        boolean acceptable = SequenceNumber.acceptable(segment.seq, segment.length(), rcvNxt, window);
        // with a closed window, its acknowledgement is still good
        if (acceptable || (window == 0 && segment.seq == rcvNxt)) {
            receiver.takeTimestamp(segment, now);
            return true;
        }
        stack.counters().outOfWindow.increment();
        if (reset) {
            return false;
        }
        if (state == TcpState.SYN_RECEIVED && segment.has(Tcp.SYN) && segment.seq == handshake.irs()) {
            handshake.send();
        } else if (segment.payloadLength > 0 || segment.has(Tcp.FIN)) {
            noteRetransmission(segment);
        } else {
            challenge();
        }
        return false;
    }

    private void noteRetransmission(Segment segment) {
        if (state == TcpState.TIME_WAIT && segment.has(Tcp.FIN)) {
            startTimeWait();
        }
        receiver.onOutside(segment);
    }

    /** Second step (RFC 5961 §3): a reset counts only at the exact place. */
    private boolean checkReset(Segment segment) {
        if (!segment.has(Tcp.RST)) {
            return true;
        }
        if (segment.seq == receiver.rcvNxt()) {
            stack.counters().resetsIn.increment();
            close(HostEnd.RESET);
        } else {
            challenge();
        }
        return false;
    }

    /** Fourth step (RFC 5961 §4): a SYN may come from a guest that has restarted; the answer makes it reset. */
    private boolean checkSyn(Segment segment) {
        if (segment.has(Tcp.SYN)) {
            challenge();
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
                stack.answerStray(flow, segment);
                return false;
            }
            establish(segment);
        }
        // RFC 5961 §5
        boolean tooOld = lessThan(segment.ack, sender.sndUna() - sender.maxWindow());
        if (tooOld || greaterThan(segment.ack, sender.sndNxt())) {
            challenge();
            return false;
        }
        lastHeardNanos = now;
        keepAlivesSent = 0;
        boolean echoed = handshake.isTimestamps() && segment.header.hasTimestamps();
        sender.onAck(segment, echoed, timestampNow() - segment.header.timestampEcho(), now);
        if (sender.isFinAcked()) {
            onFinAcked();
        }
        return state != TcpState.CLOSED && state != TcpState.TIME_WAIT;
    }

    private void onFinAcked() {
        switch (state) {
            case FIN_WAIT_1 -> {
                state = TcpState.FIN_WAIT_2;
                life.set(now + stack.config().halfClosedNanos());
            }
            case CLOSING -> enterTimeWait();
            case LAST_ACK -> close(HostEnd.CLOSE);
            default -> {
                // nothing new
            }
        }
    }

    /** Seventh step. */
    private void processText(Segment segment) {
        HostStream stream = host;
        if (state.takesData() && stream != null) {
            receiver.onText(segment, stream, now);
        }
    }

    /** Eighth step. */
    private void checkFin() {
        if (!state.takesData() || !receiver.takeFin()) {
            return;
        }
        if (host != null) {
            host.shutdownOutput();
        }
        switch (state) {
            case ESTABLISHED -> state = TcpState.CLOSE_WAIT;
            case FIN_WAIT_1 -> state = TcpState.CLOSING;
            default -> enterTimeWait();
        }
    }

    private void establish(Segment segment) {
        handshake.finish(sender.rtt(), sender.congestion(), now);
        handshake.takePacket();
        sender.firstWindow(segment);
        receiver.setRoundTrip(sender.rtt().srtt());
        state = TcpState.ESTABLISHED;
        if (stack.config().keepAliveNanos() > 0) {
            life.set(now + stack.config().keepAliveNanos());
        }
        stack.onEstablished(this);
    }

    /** RFC 5961: an acknowledgement that asks the guest to prove what it has said; not more than some a second. */
    private void challenge() {
        if (now - challengeSecond >= RttEstimator.SECOND) {
            challengeSecond = now;
            challenges = 0;
        }
        if (++challenges <= CHALLENGES_PER_SECOND) {
            stack.counters().challenges.increment();
            receiver.ackNow();
        } else {
            stack.counters().challengesSuppressed.increment();
        }
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
    public void onData(ByteBuf data) {
        if (state == TcpState.CLOSED) {
            data.release();
            return;
        }
        credit -= data.readableBytes();
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
        host = null;
        failure = error;
        stack.due(this);
    }

    // ---- the end

    /** What the host's end of a connection is told when the guest's is over. */
    private enum HostEnd {
        CLOSE,
        RESET
    }

    /** The guest is told by a reset, the host too: the guest does not answer, or the connection was evicted. */
    void abort() {
        resetDue = state.isSynchronized() || state == TcpState.SYN_RECEIVED || state == TcpState.CONNECTING;
        // of a SYN that was never answered the guest knows only its own number
        resetSeq = state == TcpState.CONNECTING ? 0 : sender.sndNxt();
        endHost(HostEnd.RESET);
        release();
        if (resetDue) {
            stack.due(this);
        } else {
            stack.remove(this);
        }
    }

    private void close(HostEnd end) {
        endHost(end);
        release();
        stack.remove(this);
    }

    private void endHost(HostEnd end) {
        HostStream stream = host;
        host = null;
        if (stream == null) {
            return;
        }
        if (end == HostEnd.RESET) {
            stream.reset();
        } else {
            stream.close();
        }
    }

    private void release() {
        state = TcpState.CLOSED;
        sender.clear();
        receiver.clear();
        life.clear();
        handshake.retransmit.clear();
    }

    private void enterTimeWait() {
        state = TcpState.TIME_WAIT;
        endHost(HostEnd.CLOSE);
        sender.clear();
        startTimeWait();
        stack.onTimeWait(this);
    }

    private void startTimeWait() {
        life.set(now + stack.config().timeWaitNanos());
    }

    /** RFC 9293 §3.10.7.4 and RFC 6191: whether a SYN may take the place of this connection in TIME_WAIT. */
    boolean yieldsTo(Segment segment) {
        if (state == TcpState.CLOSED) {
            return true;
        }
        if (state != TcpState.TIME_WAIT || segment.has(Tcp.ACK)) {
            return false;
        }
        boolean later = handshake.isTimestamps()
                && segment.header.hasTimestamps()
                && greaterThan(segment.header.timestampValue(), receiver.tsRecent());
        return later || greaterThan(segment.seq, receiver.rcvNxt());
    }

    /** Ends without a word to the guest. */
    void discard() {
        close(HostEnd.RESET);
    }

    // ---- sending

    /** Sends what is due. */
    Progress transmit(long nowNanos) {
        now = nowNanos;
        if (failure != null) {
            onHostFailure(failure);
        }
        Progress progress = Progress.DONE;
        if (resetDue) {
            progress = sendReset() ? Progress.DONE : Progress.REFUSED;
        } else if (handshake.isDue()) {
            progress = sendHandshake() ? Progress.DONE : Progress.REFUSED;
        } else if (state == TcpState.SYN_RECEIVED) {
            progress = sendAcks() ? Progress.DONE : Progress.REFUSED;
        } else if (state.isSynchronized()) {
            progress = transmitSynchronized(nowNanos);
        }
        if (state != TcpState.CLOSED) {
            arm();
        }
        return progress;
    }

    private Progress transmitSynchronized(long nowNanos) {
        if ((receiver.hasSackBlocks() && !sendAcks()) || (keepAliveDue && !sendKeepAlive())) {
            return Progress.REFUSED;
        }
        Progress progress = state == TcpState.TIME_WAIT ? Progress.DONE : sender.transmit(nowNanos);
        if (progress == Progress.REFUSED || !sendAcks()) {
            return Progress.REFUSED;
        }
        grantCredit();
        return progress;
    }

    private boolean sendAcks() {
        for (int left = receiver.acksDue(); left > 0; left--) {
            if (!emit(sender.sndNxt(), Tcp.ACK, 0, 0)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Sends one segment, or one super-segment.
     *
     * @param position where in the send buffer its {@code length} bytes begin
     * @return false if the network takes nothing now; nothing has changed then
     */
    boolean emit(int seq, int flags, int position, int length) {
        SegmentWriter writer = stack.writer();
        OutPacket packet = writer.begin(flow);
        int options = writeOptions(writer, packet, length == 0 && (flags & Tcp.FIN) == 0);
        HostStream stream = host;
        int window = receiver.windowField(stream == null ? 0 : stream.pendingBytes());
        if (length > 0) {
            sender.buffer().gather(position, length, packet);
        }
        int gsoSize = length > sender.mss() ? sender.mss() : 0;
        int ack = receiver.rcvNxt();
        if (!writer.send(packet, flow, flowSum, seq, ack, flags, window, options, length, gsoSize)) {
            return false;
        }
        if (length > 0) {
            receiver.onPiggyback();
        }
        receiver.onAckSent(window);
        return true;
    }

    private int writeOptions(SegmentWriter writer, OutPacket packet, boolean empty) {
        int at = SegmentWriter.optionsIndex(packet);
        int length = 0;
        if (handshake.isTimestamps()) {
            length += TcpOptions.writeTimestamps(packet.head(), at, timestampNow(), receiver.tsRecent());
        }
        if (empty) {
            int blocks = receiver.sackBlocks(writer.sackEdges, handshake.isTimestamps() ? 3 : 4);
            if (blocks > 0) {
                length += TcpOptions.writeSack(packet.head(), at + length, writer.sackEdges, blocks);
            }
        }
        return length;
    }

    /** The largest payload of one emission. */
    int maxSegmentBytes() {
        return stack.maxGsoBytes();
    }

    private boolean sendHandshake() {
        boolean answer = state == TcpState.SYN_RECEIVED;
        SegmentWriter writer = stack.writer();
        OutPacket packet = writer.begin(flow);
        int options = TcpOptions.writeSyn(
                packet.head(),
                SegmentWriter.optionsIndex(packet),
                handshake.ownMss,
                handshake.offeredShift(),
                handshake.isSack(),
                handshake.isTimestamps(),
                timestampNow(),
                receiver.tsRecent());
        int window = answer ? receiver.rcvWnd() : Receiver.SYN_WINDOW;
        int flags = answer ? Tcp.SYN | Tcp.ACK : Tcp.SYN;
        int ack = answer ? receiver.rcvNxt() : 0;
        if (!writer.send(packet, flow, flowSum, handshake.iss, ack, flags, window, options, 0, 0)) {
            return false;
        }
        handshake.onSent(sender.rtt().rto(), now);
        return true;
    }

    private boolean sendReset() {
        SegmentWriter writer = stack.writer();
        int flags = Tcp.RST | Tcp.ACK;
        if (!writer.send(writer.begin(flow), flow, flowSum, resetSeq, receiver.rcvNxt(), flags, 0, 0, 0, 0)) {
            return false;
        }
        stack.counters().resetsOut.increment();
        resetDue = false;
        stack.remove(this);
        return true;
    }

    private void onHostFailure(HostError error) {
        failure = null;
        byte[] syn = handshake.takePacket();
        boolean connecting = state == TcpState.CONNECTING;
        if (connecting && syn != null && stack.refuse(this, error, syn)) {
            release();
            stack.remove(this);
            return;
        }
        if (state != TcpState.CLOSED) {
            abort();
        }
    }

    private void grantCredit() {
        if (host == null || sender.isFinQueued() || !state.sendsData()) {
            return;
        }
        long wanted = sender.readCredit();
        boolean worth = Math.abs(wanted - credit) >= CREDIT_STEP || wanted > 0 != credit > 0;
        if (worth) {
            credit = wanted;
            host.setReadCredit(wanted);
        }
    }

    /** Our FIN has been sent. */
    void onFinSent() {
        state = state == TcpState.CLOSE_WAIT ? TcpState.LAST_ACK : TcpState.FIN_WAIT_1;
    }

    // ---- time

    private int timestampNow() {
        return (int) (now / RttEstimator.MILLISECOND) + timestampOffset;
    }

    private void arm() {
        Deadline next = sender.nextDeadline();
        next = Deadline.earlier(next, receiver.delayedAck());
        next = Deadline.earlier(next, handshake.retransmit);
        next = Deadline.earlier(next, life);
        if (next != null) {
            stack.timers().arm(timer, next.atNanos());
        }
    }

    /** A deadline has come, or had come before it was moved. */
    void onTimer(long nowNanos) {
        now = nowNanos;
        receiver.onTimer(nowNanos);
        if (!handshake.onTimer(nowNanos) || !sender.onTimer(nowNanos)) {
            giveUp();
            return;
        }
        if (life.isDue(nowNanos)) {
            life.clear();
            if (state == TcpState.TIME_WAIT) {
                close(HostEnd.CLOSE);
                return;
            }
            checkLife();
        }
        stack.due(this);
    }

    /** Keepalive (RFC 9293 §3.8.4): probes a guest that has been silent for long. */
    private void checkLife() {
        long patience = state == TcpState.FIN_WAIT_2
                ? stack.config().halfClosedNanos()
                : stack.config().keepAliveNanos();
        if (patience == 0) {
            return;
        }
        if (now - lastHeardNanos < patience) {
            life.set(lastHeardNanos + patience);
        } else if (keepAlivesSent >= KEEP_ALIVE_PROBES) {
            giveUp();
        } else {
            keepAliveDue = true;
            life.set(now + KEEP_ALIVE_INTERVAL);
        }
    }

    private boolean sendKeepAlive() {
        if (!emit(sender.sndUna() - 1, Tcp.ACK, 0, 0)) {
            return false;
        }
        keepAliveDue = false;
        keepAlivesSent++;
        stack.counters().keepAlives.increment();
        return true;
    }

    private void giveUp() {
        stack.counters().givenUp.increment();
        abort();
    }
}
