package io.qnet.slirp.ip;

import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.loop.Timer;
import io.qnet.loop.Timers;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Ethernet;
import io.qnet.wire.IpAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Packets that wait for a neighbour's MAC address (RFC 1122 §2.3.2.2). The neighbour is asked for at once and again every 300 ms; after a second what waits is dropped. Bounded in neighbours, in frames a
 * neighbour, where the oldest makes room, and in bytes.
 *
 * <p>Pure: time is an argument. Owns copies of what waits.
 */
final class PendingPackets {
    static final long RETRY_NANOS = 300_000_000L;
    static final long GIVE_UP_NANOS = 1_000_000_000L;

    private static final int MAX_NEIGHBOURS = 256;
    private static final int MAX_FRAMES = 64;
    private static final int MAX_BYTES = 4 << 20;

    private final ByteBufAllocator allocator;
    private final Timers timers;
    private final Asker asker;
    private final FlowTable<Awaited> awaited = new FlowTable<>();
    private final Counter dropUnanswered;
    private final Counter dropFull;
    private int heldBytes;

    /** How a neighbour is asked for. */
    interface Asker {
        /** Sends a request (ARP, or neighbour solicitation) for this address. */
        void ask(IpAddress neighbour);
    }

    /** What is done with a frame that waits no longer. */
    interface Sender {
        /** Sends the frame; borrowed. */
        void send(Frame frame);
    }

    PendingPackets(ByteBufAllocator allocator, Timers timers, Asker asker, Counters counters) {
        this.allocator = allocator;
        this.timers = timers;
        this.asker = asker;
        dropUnanswered = counters.counter("drop.neighbour-unanswered");
        dropFull = counters.counter("drop.neighbour-queue-full");
    }

    /** Keeps a copy of a frame until its neighbour is known; asks for the neighbour if nobody has. */
    void add(IpAddress neighbour, Frame frame, long nowNanos) {
        Awaited present = awaited.get(neighbour, 0);
        if ((present == null && awaited.size() >= MAX_NEIGHBOURS) || heldBytes + frame.length() > MAX_BYTES) {
            dropFull.increment();
            return;
        }
        // copied first: the request may be written where the frame lies
        Frame copy = new Frame().copy(frame, allocator);
        heldBytes += copy.length();
        if (present == null) {
            present = new Awaited(neighbour, nowNanos + GIVE_UP_NANOS);
            awaited.add(present);
            timers.arm(present.timer, nowNanos + RETRY_NANOS);
            asker.ask(neighbour);
        } else if (present.frames.size() >= MAX_FRAMES) {
            dropFull.increment();
            discard(present.frames.remove());
        }
        present.frames.add(copy);
    }

    /** Whether frames wait for this neighbour. */
    boolean isAwaited(IpAddress neighbour) {
        return awaited.size() > 0 && awaited.get(neighbour, 0) != null;
    }

    /** The neighbour is known now: writes its MAC address into what waits for it and hands it to {@code sender}. */
    void resolved(IpAddress neighbour, long mac, Sender sender) {
        Awaited present = awaited.get(neighbour, 0);
        if (present == null) {
            return;
        }
        forget(present);
        for (Frame frame = present.frames.poll(); frame != null; frame = present.frames.poll()) {
            Ethernet.writeAddress(frame.head(), frame.headIndex(), mac);
            sender.send(frame);
            discard(frame);
        }
    }

    /** Releases everything. */
    void close() {
        awaited.forEach(this::drop);
    }

    private void onTimer(Awaited neighbour, long nowNanos) {
        if (neighbour.giveUpNanos - nowNanos <= 0) {
            dropUnanswered.add(neighbour.frames.size());
            drop(neighbour);
            return;
        }
        asker.ask(neighbour.guest());
        long retry = nowNanos + RETRY_NANOS;
        timers.arm(neighbour.timer, retry - neighbour.giveUpNanos > 0 ? neighbour.giveUpNanos : retry);
    }

    private void drop(Awaited neighbour) {
        forget(neighbour);
        for (Frame frame = neighbour.frames.poll(); frame != null; frame = neighbour.frames.poll()) {
            discard(frame);
        }
    }

    private void forget(Awaited neighbour) {
        timers.cancel(neighbour.timer);
        awaited.remove(neighbour);
    }

    private void discard(@Nullable Frame frame) {
        if (frame != null) {
            heldBytes -= frame.length();
            frame.release();
        }
    }

    private final class Awaited extends FlowTable.Entry<Awaited> {
        final long giveUpNanos;
        final ArrayDeque<Frame> frames = new ArrayDeque<>();
        final Timer timer = new Timer() {
            @Override
            protected void onTimer(long nowNanos) {
                PendingPackets.this.onTimer(Awaited.this, nowNanos);
            }
        };

        Awaited(IpAddress neighbour, long giveUpNanos) {
            super(neighbour, 0);
            this.giveUpNanos = giveUpNanos;
        }

        @Override
        protected Awaited self() {
            return this;
        }
    }
}
