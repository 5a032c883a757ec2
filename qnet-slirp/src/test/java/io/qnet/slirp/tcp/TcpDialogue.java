package io.qnet.slirp.tcp;

import static io.qnet.wire.Tcp.ACK;
import static io.qnet.wire.Tcp.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.qnet.Frame;
import io.qnet.host.HostError;
import io.qnet.host.HostStream;
import io.qnet.slirp.ip.FakeGuestOutput;
import io.qnet.slirp.tcp.Opener.Decision;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A conversation between a guest, qnet's TCP and a host, one line a segment, in virtual time. Every event is followed by the end of its turn, unless it stands within {@link #inOneTurn}.
 */
final class TcpDialogue {
    /** Our initial sequence number: crosses the sign. */
    static final int ISS = Integer.parseUnsignedInt("7ffffffe", 16);
    /** The guest's: crosses the wrap. */
    static final int IRS = Integer.parseUnsignedInt("fffffff0", 16);

    static final int GUEST_PORT = 40_000;
    static final int HOST_PORT = 80;
    static final TcpFlow FLOW =
            new TcpFlow(IpAddress.parse("10.0.2.15"), GUEST_PORT, IpAddress.parse("10.0.2.2"), HOST_PORT);
    static final TcpFlow FLOW6 = new TcpFlow(IpAddress.parse("fec0::15"), GUEST_PORT, IpAddress.parse("fec0::2"), 80);

    static final long MS = 1_000_000L;

    final Deque<SentSegment> sent = new ArrayDeque<>();
    final FakeGuestOutput output = new FakeGuestOutput(packet -> sent.add(SentSegment.read(packet)));
    final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    final FakeLoop loop = new FakeLoop(allocator, Long.MAX_VALUE - 1000 * MS);
    final Counters counters = new Counters();
    final List<HostError> unreachables = new ArrayList<>();
    final List<byte[]> quoted = new ArrayList<>();
    final List<FakeHostStream> hosts = new ArrayList<>();
    TcpConfig config = TcpConfig.DEFAULT;
    MemoryBudget budget = new MemoryBudget(MemoryBudget.DEFAULT_BYTES);
    TcpFlow flow = FLOW;
    Decision decision;
    TcpStack stack;

    private boolean holdTurn;
    private SentSegment last;
    /** What the guest's segments carry. */
    private int guestWindow = 65_535;

    private boolean guestTimestamps;
    private int guestTsVal = 1000;
    private int guestTsEcr;

    TcpDialogue() {
        LeakCheck.watch(this);
    }

    TcpStack stack() {
        if (stack == null) {
            stack = new TcpStack(
                    config,
                    loop,
                    output,
                    this::open,
                    (where, error, packet) -> {
                        unreachables.add(error);
                        quoted.add(packet);
                    },
                    budget,
                    counters,
                    new TcpStack.IssSource() {
                        @Override
                        public int iss(TcpFlow which, long nowNanos) {
                            return ISS;
                        }

                        @Override
                        public int timestampOffset(TcpFlow which) {
                            return 0x7fff_0000;
                        }
                    },
                    42);
        }
        return stack;
    }

    private Decision open(TcpFlow which, HostStream.Handler handler) {
        if (decision != null) {
            return decision;
        }
        FakeHostStream stream = new FakeHostStream();
        stream.handler = handler;
        hosts.add(stream);
        return new Decision.Accept(stream);
    }

    // ---- beginnings

    /** The guest has opened a connection, with MSS 1460, SACK and a window scale of 0. */
    static TcpDialogue established() {
        return established(
                GuestFrames.join(GuestFrames.mss(1460), GuestFrames.sackPermitted(), GuestFrames.windowScale(0)));
    }

    /** The guest has opened a connection, with these options in its SYN. */
    static TcpDialogue established(byte[] options) {
        return new TcpDialogue().opened(options);
    }

    /** The guest opens a connection, the host accepts. */
    TcpDialogue opened(byte[] options) {
        guestSends(SYN, IRS, 0, options, "");
        hostConnects();
        SentSegment answer = take();
        assertThat(answer.flags()).isEqualTo(SYN | ACK);
        if (answer.timestamps()) {
            guestTimestamps = true;
            guestTsEcr = answer.tsVal();
        }
        guestSends(ACK, IRS + 1, ISS + 1);
        assertThat(state()).isEqualTo(TcpState.ESTABLISHED);
        return this;
    }

    /** The window field of the guest's next segments. */
    TcpDialogue guestWindow(int window) {
        guestWindow = window;
        return this;
    }

    TcpDialogue guestTimestamp(int value, int echo) {
        guestTsVal = value;
        guestTsEcr = echo;
        return this;
    }

    // ---- the guest

    TcpDialogue guestSends(int flags, int seq, int ack) {
        return guestSends(flags, seq, ack, "");
    }

    TcpDialogue guestSends(int flags, int seq, int ack, String payload) {
        byte[] options = guestTimestamps ? GuestFrames.timestamps(guestTsVal, guestTsEcr) : new byte[0];
        return guestSends(flags, seq, ack, options, payload);
    }

    TcpDialogue guestSacks(int seq, int ack, int... edges) {
        byte[] options = guestTimestamps ? GuestFrames.timestamps(guestTsVal, guestTsEcr) : new byte[0];
        return guestSends(ACK, seq, ack, GuestFrames.join(options, GuestFrames.sack(edges)), "");
    }

    TcpDialogue guestSends(int flags, int seq, int ack, byte[] options, String payload) {
        byte[] text = payload.getBytes(StandardCharsets.ISO_8859_1);
        byte[] tcp = GuestFrames.tcp(flow.guestPort(), flow.hostPort(), seq, ack, flags, guestWindow, options, text);
        return guestSends(GuestFrames.contiguous(allocator, tcp), tcp.length);
    }

    /** Data of the given length, in one super-frame of slices. */
    TcpDialogue guestSendsSliced(int seq, int ack, byte[] payload, int inHead, int slice) {
        byte[] tcp =
                GuestFrames.tcp(flow.guestPort(), flow.hostPort(), seq, ack, ACK, guestWindow, new byte[0], payload);
        return guestSends(GuestFrames.sliced(allocator, tcp, 20, inHead, slice), tcp.length);
    }

    TcpDialogue guestSends(Frame frame, int length) {
        stack().onSegment(
                        frame,
                        GuestFrames.IP_OFFSET,
                        GuestFrames.TCP_OFFSET,
                        length,
                        flow.guest(),
                        flow.host(),
                        loop.nowNanos);
        frame.release();
        return turn();
    }

    // ---- the host

    FakeHostStream host() {
        return hosts.get(hosts.size() - 1);
    }

    TcpDialogue hostConnects() {
        host().handler.onConnected();
        return turn();
    }

    TcpDialogue hostSays(String text) {
        return hostSays(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    TcpDialogue hostSays(byte[] bytes) {
        host().handler.onData(allocator.directBuffer(Math.max(1, bytes.length)).writeBytes(bytes));
        return turn();
    }

    TcpDialogue hostSays(ByteBuf data) {
        host().handler.onData(data);
        return turn();
    }

    TcpDialogue hostEnds() {
        host().handler.onEof();
        return turn();
    }

    TcpDialogue hostFails(HostError error) {
        FakeHostStream stream = host();
        stream.closed = true;
        stream.handler.onFailed(error);
        return turn();
    }

    /** The host has taken all but {@code pending} bytes of what was written to it. */
    TcpDialogue hostTakes(long pending) {
        host().pending = pending;
        host().handler.onWritten(pending);
        return turn();
    }

    /** A connection that the host has accepted is to reach the guest. */
    TcpDialogue hostAccepts() {
        FakeHostStream stream = new FakeHostStream();
        stream.handler = stack().accept(flow, stream, loop.nowNanos);
        hosts.add(stream);
        return turn();
    }

    TcpDialogue expectHostGot(String text) {
        assertThat(host().written.toString(StandardCharsets.ISO_8859_1)).isEqualTo(text);
        return this;
    }

    TcpDialogue expectHostGot(byte[] bytes) {
        assertThat(host().written.toByteArray()).isEqualTo(bytes);
        return this;
    }

    TcpDialogue expectHostEnded() {
        assertThat(host().outputShut).as("the host was told of the end").isTrue();
        return this;
    }

    TcpDialogue expectHostReset() {
        assertThat(host().wasReset).as("the host was reset").isTrue();
        return this;
    }

    TcpDialogue expectHostClosed() {
        assertThat(host().closed && !host().wasReset).as("the host was closed").isTrue();
        return this;
    }

    // ---- time

    /** The end of a turn. */
    TcpDialogue turn() {
        if (!holdTurn && loop.transmitDue) {
            loop.transmitDue = false;
            stack().transmitDue(loop.nowNanos);
        }
        if (!holdTurn && loop.failure != null) {
            throw new AssertionError("a task failed", loop.failure);
        }
        return this;
    }

    /** Several events in one turn. */
    TcpDialogue inOneTurn(Runnable events) {
        holdTurn = true;
        events.run();
        holdTurn = false;
        return turn();
    }

    /** Lets milliseconds pass, timers firing at their times. */
    TcpDialogue after(long millis) {
        return afterNanos(millis * MS);
    }

    TcpDialogue afterNanos(long nanos) {
        long end = loop.nowNanos + nanos;
        while (loop.timers.armedCount() > 0 && loop.timers.earliestNanos() - end <= 0) {
            long next = loop.timers.earliestNanos();
            if (next - loop.nowNanos > 0) {
                loop.nowNanos = next;
            }
            loop.timers.expire(loop.nowNanos);
            turn();
        }
        loop.nowNanos = end;
        return this;
    }

    // ---- expectations

    /** The next segment that was sent. */
    SentSegment take() {
        assertThat(sent).as("a segment was sent").isNotEmpty();
        last = sent.poll();
        assertThat(last.guestPort()).isEqualTo(flow.guestPort());
        assertThat(last.hostPort()).isEqualTo(flow.hostPort());
        return last;
    }

    /** The segment that was last expected. */
    SentSegment last() {
        return last;
    }

    TcpDialogue expect(int flags, int seq, int ack) {
        return expect(flags, seq, ack, "");
    }

    TcpDialogue expect(int flags, int seq, int ack, String payload) {
        SentSegment segment = take();
        String expected = describe(flags, seq, ack, payload);
        assertThat(describe(segment.flags(), segment.seq(), segment.ack(), segment.text()))
                .isEqualTo(expected);
        return this;
    }

    TcpDialogue expectLength(int flags, int seq, int ack, int length) {
        SentSegment segment = take();
        String expected = describe(flags, seq, ack, "") + " " + length;
        assertThat(describe(segment.flags(), segment.seq(), segment.ack(), "") + " " + segment.payload().length)
                .isEqualTo(expected);
        return this;
    }

    private static String describe(int flags, int seq, int ack, String payload) {
        StringBuilder text = new StringBuilder();
        String names = "FSRPAU";
        for (int i = 0; i < names.length(); i++) {
            if ((flags >> i & 1) != 0) {
                text.append(names.charAt(i));
            }
        }
        return text.append(" ISS")
                .append(seq == 0 ? "?0" : "%+d".formatted(seq - ISS))
                .append(" IRS")
                .append(ack == 0 ? "?0" : "%+d".formatted(ack - IRS))
                .append(" '")
                .append(payload)
                .append("'")
                .toString();
    }

    TcpDialogue expectSilence() {
        assertThat(sent).as("segments sent").isEmpty();
        return this;
    }

    TcpDialogue expectState(TcpState state) {
        assertThat(state()).isEqualTo(state);
        return this;
    }

    TcpDialogue expectCount(String counter, long count) {
        assertThat(counters.value(counter)).as(counter).isEqualTo(count);
        return this;
    }

    /** The state of the connection; CLOSED if there is none. */
    TcpState state() {
        for (TcpFlowInfo info : stack().flows()) {
            if (info.flow().equals(flow)) {
                return info.state();
            }
        }
        return TcpState.CLOSED;
    }

    /** Nothing is left: no connection, no memory, no timer. */
    TcpDialogue expectGone() {
        assertThat(stack().flows()).isEmpty();
        assertThat(budget.usedBytes()).as("bytes held").isZero();
        assertThat(loop.timers.armedCount()).as("timers").isZero();
        return this;
    }

    /** Ends everything and looks whether anything is left. */
    void close() {
        output.takesPackets = -1;
        stack().close();
        sent.clear();
        expectGone();
        assertThat(allocator.metric().usedDirectMemory())
                .as("bytes not released")
                .isZero();
    }
}
