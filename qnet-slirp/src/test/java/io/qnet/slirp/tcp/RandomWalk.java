package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.TcpDialogue.ISS;
import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.host.HostError;
import io.qnet.wire.Tcp;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;

/**
 * A guest and a host that do anything at any time, in virtual time, and what must be true all the while: bytes in their places, something armed while something is outstanding, no deadline that is left in
 * the past, no flood of segments, no shrinking window. An honest guest loses and repeats segments and plays with its window, but does not lie; with such a one everything arrives in the end.
 */
final class RandomWalk {
    private static final int SHIFT = 7;
    private static final long SECOND = 1_000_000_000L;

    private final TcpDialogue dialogue = new TcpDialogue();
    private final Random random;
    private final boolean honest;
    private final boolean fromHost;
    private final byte[] options;
    private final boolean sack;
    private final boolean stamps;
    private final boolean scaled;
    /** All that the guest will ever send, and the host. */
    private final byte[] up;

    private final byte[] down;

    private final long start = dialogue.loop.nowNanos;
    private int irs;
    private int sent;
    private int engineAck;
    private int edge;
    private boolean edgeKnown;
    private int tsRecent;
    private int window = 65_535;
    private boolean reset;
    /** Nothing is lost any more. */
    private boolean fine;

    /** Which bytes of the host's the guest has, and whether its FIN. */
    private BitSet have = new BitSet();

    private boolean haveFin;
    private int finEnd = -1;
    private int said;
    private boolean ended;
    private int checked;
    private FakeHostStream host;
    private boolean connected;

    RandomWalk(long seed) {
        random = new Random(seed * 0x9e3779b97f4a7c15L);
        honest = random.nextBoolean();
        fromHost = random.nextInt(4) == 0;
        sack = random.nextInt(4) > 0;
        stamps = random.nextBoolean();
        scaled = random.nextBoolean();
        options = GuestFrames.join(
                GuestFrames.mss(pick(1460, 1460, 536, 65_480, 1)),
                sack ? GuestFrames.sackPermitted() : new byte[0],
                stamps ? GuestFrames.timestamps(1, 0) : new byte[0],
                scaled ? GuestFrames.windowScale(pick(0, 7, 14)) : new byte[0]);
        up = new byte[random.nextInt(60_000)];
        down = new byte[random.nextInt(200_000)];
        random.nextBytes(up);
        random.nextBytes(down);
        dialogue.config = dialogue.config.withMaxFlows(4);
        dialogue.budget = new MemoryBudget(pick(64 << 10, 40 << 20));
        dialogue.output.mtu = pick(1500, 1500, 68, 9000, 65_520);
        dialogue.output.takes = pick(0, dialogue.output.takes);
        dialogue.output.maxGsoBytes = pick(65_000, 1460);
        irs = pick(TcpDialogue.IRS, random.nextInt());
    }

    private int pick(int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    void run() {
        open();
        for (int step = 0; step < 400 && !isOver(); step++) {
            act();
            check();
        }
        dialogue.output.takeAgain(-1);
        dialogue.turn();
        if (honest && !reset) {
            complete();
        }
        check();
        silence();
    }

    private boolean isOver() {
        return dialogue.stack().flowCount() == 0;
    }

    // ---- beginnings

    private void open() {
        if (fromHost) {
            dialogue.hostAccepts();
            host = dialogue.host();
            connected = true;
            check();
            int flags = chance(0.2) ? Tcp.SYN : Tcp.SYN | Tcp.ACK;
            segment(flags, irs, ISS + 1, options, new byte[0]);
            if (flags == Tcp.SYN) {
                check();
                segment(Tcp.SYN | Tcp.ACK, irs, ISS + 1, options, new byte[0]);
            }
        } else {
            segment(Tcp.SYN, irs, 0, options, new byte[0]);
            host = dialogue.host();
        }
        check();
    }

    // ---- one step

    private void act() {
        switch (random.nextInt(honest ? 12 : 16)) {
            case 0, 1, 2 -> sendText();
            case 3, 4 -> acknowledge();
            case 5 -> window = pick(0, 1, 100, 2000, 65_535);
            case 6, 7 -> pass(pick(0, 1, 30, 300, 3000) * TcpDialogue.MS);
            case 8, 9, 10 -> actHost();
            case 11 -> actOutput();
            case 12 -> lie();
            case 13 -> segment(random.nextInt(64), anySeq(), anyAck(), garbage(), piece(anyPosition(), 100));
            case 14 -> pathError();
            default -> sackNonsense();
        }
    }

    private void sendText() {
        int at = chance(0.7) ? sent : random.nextInt(up.length + 1);
        int length = Math.min(up.length - at, pick(1, 100, 1460, 4000));
        if (honest) {
            length = Math.min(length, edgeKnown ? edge - irs - 1 - at : 0);
        }
        if (length < 0) {
            return;
        }
        boolean fin = at + length == up.length && chance(0.3);
        int flags = Tcp.ACK | (fin ? Tcp.FIN : 0) | pick(0, Tcp.PSH, Tcp.URG);
        if (chance(0.2)) {
            sent = Math.max(sent, at + length); // lost
            return;
        }
        segment(flags, irs + 1 + at, trueAck(), stampOptions(), piece(at, length));
        sent = Math.max(sent, at + length);
    }

    private void acknowledge() {
        byte[] with = stampOptions();
        int contiguous = have.nextClearBit(0);
        int next = have.nextSetBit(contiguous);
        if (sack && next >= 0) {
            int end = have.nextClearBit(next);
            with = GuestFrames.join(with, GuestFrames.sack(ISS + 1 + next, ISS + 1 + end));
        }
        segment(Tcp.ACK, irs + 1 + Math.max(sent, engineAck), trueAck(), with, new byte[0]);
    }

    private void lie() {
        if (chance(0.1)) {
            int exact = irs + 1 + checked + (host.outputShut ? 1 : 0);
            segment(Tcp.RST, pick(exact, random.nextInt()), 0, new byte[0], new byte[0]);
        } else if (chance(0.2)) {
            segment(
                    pick(Tcp.SYN, Tcp.SYN | Tcp.ACK),
                    pick(irs, irs + 1, random.nextInt()),
                    ISS + 1,
                    options,
                    new byte[0]);
        } else {
            segment(Tcp.ACK, anySeq(), anyAck(), stampOptions(), new byte[0]);
        }
    }

    private void sackNonsense() {
        int a = ISS + 1 + random.nextInt(said + 1);
        int b = pick(a + random.nextInt(5000), ISS + 1 + random.nextInt(said + 1), random.nextInt());
        byte[] with = GuestFrames.join(stampOptions(), GuestFrames.sack(a, b, pick(a, b), a + 10));
        segment(Tcp.ACK, irs + 1 + sent, pick(trueAck(), anyAck()), with, new byte[0]);
    }

    private void pathError() {
        PathError error = chance(0.9) ? PathError.TOO_LARGE : PathError.UNREACHABLE;
        dialogue.stack().onIcmpError(dialogue.flow, error, pick(trueAck(), anyAck()), pick(68, 576, 1400, 9000, 0));
        dialogue.turn();
    }

    private int anyPosition() {
        return random.nextInt(up.length + 1);
    }

    private int anySeq() {
        return pick(irs, irs + 1 + anyPosition(), irs + 1 + checked, irs + 1 + sent, random.nextInt());
    }

    private int anyAck() {
        return pick(ISS, ISS + 1, ISS + 1 + random.nextInt(said + 2), trueAck(), random.nextInt());
    }

    private int trueAck() {
        int contiguous = have.nextClearBit(0);
        boolean fin = haveFin && contiguous == finEnd;
        return ISS + 1 + contiguous + (fin ? 1 : 0);
    }

    private byte[] piece(int at, int most) {
        return Arrays.copyOfRange(up, at, Math.min(up.length, at + most));
    }

    private byte[] garbage() {
        byte[] bytes = new byte[random.nextInt(11) * 4];
        random.nextBytes(bytes);
        return bytes;
    }

    private byte[] stampOptions() {
        int clock = 1 + (int) ((dialogue.loop.nowNanos - start) / TcpDialogue.MS);
        int value = honest || chance(0.9) ? clock : pick(clock - 10_000, clock + 100_000, random.nextInt());
        return stamps ? GuestFrames.timestamps(value, tsRecent) : new byte[0];
    }

    private void segment(int flags, int seq, int ack, byte[] with, byte[] payload) {
        // a stream's bytes have fixed places: text may lie anywhere but with wrong bytes nowhere
        boolean misplaced = payload.length > 0 && !fits(seq, payload);
        boolean wrongEnd = (flags & Tcp.FIN) != 0 && seq + payload.length != irs + 1 + up.length;
        int kept = misplaced ? flags & ~Tcp.FIN : wrongEnd ? flags & ~Tcp.FIN : flags;
        String text = new String(misplaced ? new byte[0] : payload, StandardCharsets.ISO_8859_1);
        if ((kept & Tcp.SYN) != 0 && seq != irs && dialogue.state().compareTo(TcpState.SYN_SENT) <= 0) {
            return; // a connection begun anew would be another walk
        }
        if ((kept & Tcp.SYN) != 0 && dialogue.hosts.size() > 0 && dialogue.state() == TcpState.TIME_WAIT) {
            return;
        }
        dialogue.guestWindow(window).guestSends(kept, seq, ack, with, text);
        drain();
    }

    private boolean fits(int seq, byte[] payload) {
        int at = seq - irs - 1;
        return at >= 0
                && at <= up.length - payload.length
                && Arrays.equals(up, at, at + payload.length, payload, 0, payload.length);
    }

    // ---- the host

    private void actHost() {
        if (host.closed) {
            return;
        }
        if (!connected) {
            if (chance(0.3)) {
                connected = true;
                dialogue.hostConnects();
            } else if (!honest && chance(0.05)) {
                fail();
            }
        } else if (!honest && chance(0.01)) {
            fail();
        } else if (chance(0.3)) {
            host.holds = chance(0.5);
            dialogue.hostTakes(random.nextInt((int) host.pending + 1));
        } else {
            say();
        }
        drain();
    }

    private void fail() {
        HostError[] errors = HostError.values();
        dialogue.hostFails(errors[random.nextInt(errors.length)]);
    }

    private void say() {
        int length = (int) Math.min(Math.min(host.credit, down.length - said), pick(1, 10, 5000, 40_000));
        if (length > 0 && !ended) {
            int capacity = pick(length, 2 * length, 64 << 10);
            host.credit -= length;
            dialogue.hostSays(
                    dialogue.allocator.directBuffer(Math.max(capacity, length)).writeBytes(down, said, length));
            said += length;
        } else if (!ended && chance(said == down.length ? 0.5 : 0.02)) {
            ended = true;
            dialogue.hostEnds();
        }
    }

    private void actOutput() {
        if (dialogue.output.takesPackets < 0) {
            dialogue.output.takesPackets = random.nextInt(3);
        } else {
            dialogue.output.takeAgain(pick(-1, 1, 5));
            dialogue.turn();
            drain();
        }
    }

    private boolean isBlocked() {
        return dialogue.output.isAwaited();
    }

    // ---- what must be true

    private void drain() {
        assertThat(dialogue.sent.size()).as("segments in one step").isLessThan(1200);
        while (!dialogue.sent.isEmpty()) {
            SentSegment segment = dialogue.sent.poll();
            if ((segment.flags() & Tcp.RST) != 0) {
                reset = true;
                continue;
            }
            tsRecent = segment.tsVal();
            if ((segment.flags() & Tcp.ACK) != 0) {
                takeEdge(segment);
            }
            boolean lost = !fine && chance(0.15);
            takeText(segment, lost);
        }
    }

    private void takeEdge(SentSegment segment) {
        assertThat(segment.ack() - irs).as("acknowledged").isBetween(1, up.length + 2);
        if ((segment.flags() & Tcp.SYN) != 0) {
            return;
        }
        int right = segment.ack() + (segment.window() << (scaled ? SHIFT : 0));
        if (edgeKnown) {
            assertThat(right - edge).as("the right edge moves").isGreaterThan(-(1 << SHIFT));
        }
        edge = edgeKnown ? SequenceNumber.max(edge, right) : right;
        edgeKnown = true;
        engineAck = Math.max(engineAck, segment.ack() - irs - 1);
    }

    private void takeText(SentSegment segment, boolean lost) {
        int at = segment.seq() - ISS - 1;
        byte[] payload = segment.payload();
        boolean fin = (segment.flags() & Tcp.FIN) != 0;
        if (payload.length > 0) {
            assertThat(at).isBetween(0, said - payload.length);
            assertThat(Arrays.equals(down, at, at + payload.length, payload, 0, payload.length))
                    .as("bytes to the guest")
                    .isTrue();
        }
        if (fin) {
            assertThat(ended && at + payload.length == said)
                    .as("a FIN at the end")
                    .isTrue();
            finEnd = said;
        }
        if (!lost) {
            have.set(Math.max(0, at), Math.max(0, at) + payload.length);
            haveFin |= fin;
        }
    }

    private void check() {
        byte[] written = host.written.toByteArray();
        assertThat(written.length).isLessThanOrEqualTo(up.length);
        assertThat(Arrays.equals(written, checked, written.length, up, checked, written.length))
                .as("bytes to the host")
                .isTrue();
        checked = written.length;
        if (host.outputShut) {
            assertThat(checked).as("all before the end").isEqualTo(up.length);
        }
        assertThat(dialogue.budget.usedBytes()).isBetween(0L, dialogue.budget.maxBytes() + (1 << 20));
        if (!isBlocked()) {
            pass(0);
            checkTimers();
        }
    }

    private void checkTimers() {
        for (TcpFlowInfo info : dialogue.stack().flows()) {
            boolean waits = switch (info.state()) {
                case ESTABLISHED, CLOSE_WAIT -> info.toGuestBytes() > 0;
                case CONNECTING, CLOSED -> false;
                default -> true;
            };
            if (waits) {
                assertThat(dialogue.loop.timers.armedCount())
                        .as("timers in " + info)
                        .isPositive();
            }
        }
    }

    /** Lets time pass, and finds timers that fire without end. */
    private void pass(long nanos) {
        long end = dialogue.loop.nowNanos + nanos;
        int fired = 0;
        while (dialogue.loop.timers.armedCount() > 0 && dialogue.loop.timers.earliestNanos() - end <= 0) {
            long next = dialogue.loop.timers.earliestNanos();
            if (next - dialogue.loop.nowNanos > 0) {
                dialogue.loop.nowNanos = next;
            }
            dialogue.loop.timers.expire(dialogue.loop.nowNanos);
            dialogue.turn();
            drain();
            assertThat(++fired)
                    .as(
                            "timers that fired: %s blocked %s takes %s",
                            dialogue.stack().flows(),
                            isBlocked(),
                            dialogue.output.takesPackets,
                            dialogue.counters.snapshot())
                    .isLessThan(100_000);
            assertThat(fired > 1000 && dialogue.loop.nowNanos - end == -nanos)
                    .as(
                            "time stands still %s blocked %s takes %s %s",
                            dialogue.stack().flows(),
                            isBlocked(),
                            dialogue.output.takesPackets,
                            dialogue.counters.snapshot())
                    .isFalse();
        }
        dialogue.loop.nowNanos = end;
    }

    // ---- ends

    /** Both sides behave from now on: everything arrives. */
    private void complete() {
        fine = true;
        host.holds = false;
        window = 65_535;
        for (int round = 0; round < 3000 && !isComplete() && !reset; round++) {
            if (!connected) {
                connected = true;
                dialogue.hostConnects();
            }
            if (!host.closed) {
                dialogue.hostTakes(0);
            }
            for (int i = 0; i < 4 && !host.closed; i++) {
                say();
            }
            drain();
            acknowledge();
            resend();
            pass(200 * TcpDialogue.MS);
            check();
        }
        assertThat(reset).as("reset: %s", dialogue.counters.snapshot()).isFalse();
        assertThat(isComplete())
                .as(
                        "complete: %s, up %d of %d, down %d of %d",
                        dialogue.stack().flows(), checked, up.length, said, down.length)
                .isTrue();
    }

    private void resend() {
        for (int at = engineAck; at <= up.length && at < engineAck + 20_000; at += 1400) {
            byte[] payload = piece(Math.min(at, up.length), 1400);
            boolean last = at + payload.length >= up.length;
            int flags = Tcp.ACK | (last ? Tcp.FIN : 0);
            segment(flags, irs + 1 + Math.min(at, up.length), trueAck(), stampOptions(), payload);
        }
    }

    private boolean isComplete() {
        return host.outputShut && haveFin && have.nextClearBit(0) == said && ended;
    }

    /** The guest has vanished: whatever waits for it ends, the rest may stay. */
    private void silence() {
        pass(7200 * SECOND);
        for (TcpFlowInfo info : dialogue.stack().flows()) {
            assertThat(info.state()).isIn(TcpState.CONNECTING, TcpState.ESTABLISHED, TcpState.CLOSE_WAIT);
            assertThat(info.toGuestBytes()).as("waits for the guest: %s", info).isZero();
        }
    }
}
