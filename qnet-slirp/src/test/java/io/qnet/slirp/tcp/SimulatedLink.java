package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.qnet.Frame;
import io.qnet.slirp.ip.FakeGuestOutput;
import io.qnet.slirp.tcp.Opener.Decision;
import io.qnet.stat.Counters;
import java.util.Arrays;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * A guest and the engine at the two ends of a link with delay, rate, a queue, loss, reordering, duplication and corruption, in virtual time. What the engine sends is cut into segments, each of which has its own fate.
 */
final class SimulatedLink {
    /** What happens to a frame. */
    record Weather(
            double loss,
            double reordering,
            double duplication,
            double corruption,
            long delayNanos,
            long bytesPerSecond,
            int queueBytes) {
        static final Weather FINE = new Weather(0, 0, 0, 0, 500_000, 0, Integer.MAX_VALUE);
    }

    private record Event(long atNanos, long order, Runnable action) {}

    final FakeLoop loop;
    final Counters counters = new Counters();
    final MemoryBudget budget = new MemoryBudget(MemoryBudget.DEFAULT_BYTES);
    final TcpStack stack;
    final SimpleGuest guest;
    final FakeHostStream host = new FakeHostStream();
    final byte[] toGuest;
    final byte[] toHost;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    private final PriorityQueue<Event> events = new PriorityQueue<>(
            (a, b) -> a.atNanos != b.atNanos ? Long.compare(a.atNanos, b.atNanos) : Long.compare(a.order, b.order));
    private final Weather weather;
    private final Random random;
    private long order;
    /** Frames that the queue of the link had no room for. */
    long dropped;

    private long outFreeAt;
    private long inFreeAt;
    private int hostSent;
    private boolean hostEnded;

    SimulatedLink(Weather weather, long seed, byte[] toGuest, byte[] toHost, boolean sack, boolean stamps, int shift) {
        this.weather = weather;
        this.toGuest = toGuest;
        this.toHost = toHost;
        random = new Random(seed);
        loop = new FakeLoop(allocator, random.nextLong() >>> 2);
        FakeGuestOutput output = new FakeGuestOutput(sent -> toGuest(SentSegment.read(sent)));
        int iss = TcpDialogue.ISS + random.nextInt(1000);
        stack = new TcpStack(
                TcpConfig.DEFAULT,
                loop,
                output,
                (flow, handler) -> {
                    host.handler = handler;
                    after(weather.delayNanos, handler::onConnected);
                    return new Decision.Accept(host);
                },
                (flow, error, packet) -> {
                    throw new AssertionError(error);
                },
                budget,
                counters,
                new TcpStack.IssSource() {
                    @Override
                    public int iss(TcpFlow flow, long nowNanos) {
                        return iss;
                    }

                    @Override
                    public int timestampOffset(TcpFlow flow) {
                        return -5000;
                    }
                },
                1);
        guest = new SimpleGuest(this::toHost, toHost, TcpDialogue.IRS, 1460, sack, stamps, shift);
    }

    /** Runs until both sides are done, and checks every byte. Returns the nanoseconds that it took. */
    long run() {
        long start = loop.nowNanos;
        guest.open(start);
        int steps = 0;
        while (!isDone()) {
            step();
            if (guest.wasReset || ++steps > 5_000_000) {
                throw new AssertionError("reset " + guest.wasReset + " after " + steps + " steps, guest got "
                        + guest.received.size() + ", host got " + host.written.size() + ", " + counters.snapshot());
            }
        }
        long took = loop.nowNanos - start;
        assertThat(Arrays.equals(guest.received.toByteArray(), toGuest))
                .as("bytes to the guest")
                .isTrue();
        assertThat(Arrays.equals(host.written.toByteArray(), toHost))
                .as("bytes to the host")
                .isTrue();
        while (stack.flowCount() > 0 && loop.nowNanos - start < took + 60_000_000_000L) {
            step();
        }
        assertThat(stack.flows()).isEmpty();
        assertThat(budget.usedBytes()).isZero();
        assertThat(allocator.metric().usedDirectMemory()).isZero();
        return took;
    }

    private boolean isDone() {
        return guest.isDone() && host.outputShut;
    }

    private void step() {
        long next = Long.MAX_VALUE;
        if (!events.isEmpty()) {
            next = events.peek().atNanos;
        }
        if (guest.hasTimer()) {
            next = Math.min(next, guest.timerAt());
        }
        if (loop.timers.armedCount() > 0) {
            next = Math.min(next, loop.timers.earliestNanos());
        }
        if (next == Long.MAX_VALUE) {
            throw new AssertionError("nothing will ever happen: " + counters.snapshot());
        }
        loop.nowNanos = Math.max(loop.nowNanos, next);
        while (!events.isEmpty() && events.peek().atNanos <= loop.nowNanos) {
            events.poll().action.run();
        }
        if (guest.hasTimer() && guest.timerAt() <= loop.nowNanos) {
            guest.onTimer(loop.nowNanos);
        }
        loop.timers.expire(loop.nowNanos);
        feedHost();
        if (loop.transmitDue) {
            loop.transmitDue = false;
            stack.transmitDue(loop.nowNanos);
        }
        if (loop.failure != null) {
            throw new AssertionError(loop.failure);
        }
    }

    /** The host sends as fast as it is read, and ends. */
    private void feedHost() {
        while (!host.closed && host.credit > 0 && hostSent < toGuest.length) {
            int length = Math.min(toGuest.length - hostSent, 1 + random.nextInt(65_536));
            ByteBuf data = allocator.directBuffer(65_536).writeBytes(toGuest, hostSent, length);
            hostSent += length;
            host.credit -= length;
            host.handler.onData(data);
        }
        if (!host.closed && !hostEnded && hostSent == toGuest.length && host.credits > 0) {
            hostEnded = true;
            host.handler.onEof();
        }
    }

    private void after(long nanos, Runnable action) {
        events.add(new Event(loop.nowNanos + nanos, order++, action));
    }

    private void toGuest(SentSegment segment) {
        int unit = segment.gsoSize() > 0 ? segment.gsoSize() : Math.max(1, segment.payload().length);
        int at = 0;
        do {
            int length = Math.min(unit, segment.payload().length - at);
            boolean last = at + length == segment.payload().length;
            byte[] payload = Arrays.copyOfRange(segment.payload(), at, at + length);
            int flags = last ? segment.flags() : segment.flags() & ~9;
            SentSegment part = segment.part(segment.seq() + at, flags, payload);
            outFreeAt = travel(outFreeAt, length + 60, () -> guest.onSegment(part, loop.nowNanos));
            at += length;
        } while (at < segment.payload().length);
    }

    private void toHost(int seq, int ack, int flags, int window, byte[] options, byte[] payload) {
        byte[] tcp = GuestFrames.tcp(
                TcpDialogue.GUEST_PORT, TcpDialogue.HOST_PORT, seq, ack, flags, window, options, payload);
        inFreeAt = travel(inFreeAt, tcp.length + 40, () -> deliver(tcp));
    }

    private void deliver(byte[] tcp) {
        Frame frame = GuestFrames.contiguous(allocator, tcp);
        TcpFlow flow = TcpDialogue.FLOW;
        stack.onSegment(
                frame,
                GuestFrames.IP_OFFSET,
                GuestFrames.TCP_OFFSET,
                tcp.length,
                flow.guest(),
                flow.host(),
                loop.nowNanos);
        frame.release();
    }

    /** Sends a frame on its way; returns when the link is free again. */
    private long travel(long freeAt, int bytes, Runnable arrival) {
        long start = Math.max(freeAt, loop.nowNanos);
        long done = weather.bytesPerSecond == 0 ? start : start + bytes * 1_000_000_000L / weather.bytesPerSecond;
        boolean overflows = (start - loop.nowNanos) * (weather.bytesPerSecond / 1_000_000) / 1000 > weather.queueBytes;
        if (overflows) {
            dropped++;
            return freeAt;
        }
        // whatever is corrupted is lost at the next checksum
        if (random.nextDouble() < weather.loss + weather.corruption) {
            return done;
        }
        long spread = Math.max(weather.delayNanos, 200_000);
        long extra = random.nextDouble() < weather.reordering ? (long) (spread * random.nextDouble()) : 0;
        events.add(new Event(done + weather.delayNanos + extra, order++, arrival));
        if (random.nextDouble() < weather.duplication) {
            events.add(new Event(done + 2 * weather.delayNanos, order++, arrival));
        }
        return done;
    }
}
