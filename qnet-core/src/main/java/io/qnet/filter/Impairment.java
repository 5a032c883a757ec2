package io.qnet.filter;

import io.netty.buffer.ByteBuf;
import io.qnet.Frame;
import io.qnet.FrameFilter;
import io.qnet.Offload;
import io.qnet.SoftwareOffload;
import io.qnet.loop.Loop;
import io.qnet.loop.Timer;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Bytes;
import java.util.ArrayDeque;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * Makes a line bad: loses frames (alone or in bursts), delays them, doubles, reorders and corrupts them, and limits their rate. The one such filter for tests, benchmarks and {@code filter-netem}. Each
 * direction is a line of its own. With the same seed the same frames at the same times meet the same fate, in real and in virtual time.
 *
 * <p>Super-frames are cut first, since a real line loses single frames; an open checksum is completed before a bit is flipped, or nobody could notice.
 *
 * <p>Frames are held as copies, at most {@value #MAX_HELD_BYTES} bytes each way. When the filter is taken off, what it holds goes on at once.
 */
public final class Impairment implements FrameFilter {
    /** The most bytes under way in one direction; more are dropped as {@code drop.held}. */
    public static final int MAX_HELD_BYTES = 64 << 20;

    private static final double BITS = 8;
    private static final double NANOS = 1e9;

    private final Loop loop;
    private final Counters counters = new Counters();
    private final Counter lost = counters.counter("drop.lost");
    private final Counter queueFull = counters.counter("drop.rate-limit");
    private final Counter heldFull = counters.counter("drop.held");
    private final Counter badOffload = counters.counter("drop.bad-offload");
    private final Counter delayed = counters.counter("delayed");
    private final Counter duplicated = counters.counter("duplicated");
    private final Counter reordered = counters.counter("reordered");
    private final Counter corrupted = counters.counter("corrupted");
    private final SoftwareOffload offload = new SoftwareOffload();
    private final ArrayDeque<Held> spare = new ArrayDeque<>();
    private final Line tx;
    private final Line rx;
    private volatile ImpairmentConfig config;
    private long order;

    /** Creates one for a network with this loop, to be put on a port by {@code Network.addFilter}. */
    public Impairment(Loop loop, ImpairmentConfig config) {
        this.loop = loop;
        this.config = config;
        tx = new Line(config.seed());
        rx = new Line(~config.seed());
    }

    /** How bad the line is now. */
    public ImpairmentConfig config() {
        return config;
    }

    /** Makes the line better or worse; frames under way keep their times, the seed stays. Any thread. */
    public void configure(ImpairmentConfig changed) {
        config = changed;
    }

    /** What happened to frames, both ways together. */
    @Override
    public Counters counters() {
        return counters;
    }

    @Override
    public String type() {
        return "filter-netem";
    }

    @Override
    public boolean filter(Frame frame, Direction direction, Passage onward) {
        Line line = direction == Direction.TX ? tx : rx;
        line.onward = onward;
        ImpairmentConfig now = config;
        if (frame.gsoType() == Offload.GSO_NONE) {
            return line.pass(frame, now);
        }
        if (!offload.begin(frame)) {
            badOffload.increment();
            return false;
        }
        while (offload.isPending()) {
            line.enterSegment(now);
        }
        line.leaveDue();
        return false;
    }

    @Override
    public String info() {
        return config.toText();
    }

    @Override
    public void onStatus(boolean on) {
        if (!on) {
            close();
        }
    }

    @Override
    public void close() {
        tx.close();
        rx.close();
    }

    private Held spare() {
        Held held = spare.poll();
        return held == null ? new Held() : held;
    }

    /** A frame under way. */
    private static final class Held {
        final Frame frame = new Frame();
        long leavesNanos;
        long order;
    }

    /** One direction. Its timer fires when the next frame leaves. */
    private final class Line extends Timer {
        private final Random random;
        private final PriorityQueue<Held> held = new PriorityQueue<>(Line::compare);
        private Passage onward = frame -> {};
        private final Frame segment = new Frame();
        private boolean started;
        private boolean inBurst;
        // The fate of the frame that has just entered.
        private boolean corrupt;
        private boolean twice;
        private long leavesNanos;
        private int heldBytes;
        /** When the line of limited rate is free again; of no meaning if that is past. */
        private long freeNanos;
        /** When the last frame leaves that keeps its place. */
        private long lastNanos;

        Line(long seed) {
            random = new Random(seed);
        }

        /** One frame enters: true if it may pass as it is. */
        boolean pass(Frame frame, ImpairmentConfig now) {
            if (meetsItsEnd(frame.length(), now)) {
                return false;
            }
            if (!corrupt && !twice && leavesNanos == loop.nowNanos() && held.isEmpty()) {
                return true;
            }
            hold(frame);
            leaveDue();
            return false;
        }

        /** The next segment of a super-frame enters. It is held even if it leaves at once, so that no receiver is called while the rest is still to be cut. */
        void enterSegment(ImpairmentConfig now) {
            int length = offload.nextLength();
            ByteBuf bytes = loop.allocator().directBuffer(length, length);
            offload.write(bytes, 0);
            if (!meetsItsEnd(length, now)) {
                hold(segment.clear().head(bytes, 0, length));
            }
            bytes.release();
        }

        /** Draws a frame's fate; true if it is dropped. */
        private boolean meetsItsEnd(int length, ImpairmentConfig now) {
            long nowNanos = loop.nowNanos();
            if (!started) {
                started = true;
                freeNanos = nowNanos;
                lastNanos = nowNanos;
            }
            if (isLost(now)) {
                lost.increment();
                return true;
            }
            long sentNanos = send(length, now, nowNanos);
            if (sentNanos - nowNanos < 0) {
                queueFull.increment();
                return true;
            }
            corrupt = chance(now.corrupt());
            twice = chance(now.duplicate());
            leavesNanos = arrival(sentNanos, now);
            return false;
        }

        /** Gilbert's model: in a burst everything is lost; bursts end so that their mean length is right, and begin so that the share is. */
        private boolean isLost(ImpairmentConfig now) {
            if (now.loss() == 0) {
                inBurst = false;
                return false;
            }
            if (now.burst() <= 1 || now.loss() >= 1) {
                return chance(now.loss());
            }
            double end = 1 / now.burst();
            double begin = Math.min(1, end * now.loss() / (1 - now.loss()));
            inBurst = inBurst ? !chance(end) : chance(begin);
            return inBurst;
        }

        private boolean chance(double probability) {
            return probability > 0 && random.nextDouble() < probability;
        }

        /** When the last bit has gone onto a line of limited rate; a time before now if too much waits. */
        private long send(int length, ImpairmentConfig now, long nowNanos) {
            if (now.rateBitsPerSecond() == 0) {
                return nowNanos;
            }
            long begins = freeNanos - nowNanos > 0 ? freeNanos : nowNanos;
            double waitingBytes = (begins - nowNanos) / NANOS * now.rateBitsPerSecond() / BITS;
            if (waitingBytes + length > now.limitBytes()) {
                return nowNanos - 1;
            }
            freeNanos = begins + (long) (length * BITS * NANOS / now.rateBitsPerSecond());
            return freeNanos;
        }

        private long arrival(long sentNanos, ImpairmentConfig now) {
            long arrives = sentNanos + now.delayNanos();
            if (now.jitterNanos() > 0) {
                long jitter = (long) ((random.nextDouble() * 2 - 1) * now.jitterNanos());
                arrives = Math.max(sentNanos, arrives + jitter);
            }
            if (lastNanos - arrives > 0) {
                arrives = lastNanos;
            }
            if (chance(now.reorder())) {
                reordered.increment();
                return arrives + now.reorderNanos();
            }
            lastNanos = arrives;
            return arrives;
        }

        private void hold(Frame frame) {
            holdCopy(frame);
            if (twice) {
                duplicated.increment();
                holdCopy(frame);
            }
        }

        private void holdCopy(Frame frame) {
            if (heldBytes + frame.length() > MAX_HELD_BYTES) {
                heldFull.increment();
                return;
            }
            Held one = spare();
            one.frame.copyWhole(frame, loop.allocator());
            if (corrupt) {
                corrupt(one.frame);
            }
            one.leavesNanos = leavesNanos;
            one.order = order++;
            heldBytes += one.frame.length();
            delayed.increment();
            held.add(one);
            if (held.peek() == one) {
                loop.timers().arm(this, leavesNanos);
            }
        }

        private void corrupt(Frame frame) {
            corrupted.increment();
            if (frame.hasOffload() && offload.begin(frame)) {
                int length = offload.nextLength();
                ByteBuf finished = loop.allocator().directBuffer(length, length);
                offload.write(finished, 0);
                Bytes.copy(finished, 0, frame.head(), frame.headIndex(), length);
                finished.release();
                frame.clearOffload();
            }
            int bit = random.nextInt(frame.length() * 8);
            int at = frame.headIndex() + bit / 8;
            frame.head().setByte(at, frame.head().getByte(at) ^ 1 << bit % 8);
        }

        @Override
        protected void onTimer(long nowNanos) {
            leaveDue();
        }

        /** Lets go what is due; what a receiver sends in answer may enter meanwhile. */
        void leaveDue() {
            long nowNanos = loop.nowNanos();
            Held first = held.peek();
            while (first != null && first.leavesNanos - nowNanos <= 0) {
                leave(held.remove());
                first = held.peek();
            }
            if (first == null) {
                loop.timers().cancel(this);
            } else {
                loop.timers().arm(this, first.leavesNanos);
            }
        }

        private void leave(Held one) {
            heldBytes -= one.frame.length();
            try {
                onward.inject(one.frame);
            } finally {
                one.frame.release();
                spare.push(one);
            }
        }

        void close() {
            loop.timers().cancel(this);
            Held next = held.poll();
            while (next != null) {
                leave(next);
                next = held.poll();
            }
        }

        private static int compare(Held one, Held other) {
            long difference = one.leavesNanos - other.leavesNanos;
            return Long.signum(difference == 0 ? one.order - other.order : difference);
        }
    }
}
