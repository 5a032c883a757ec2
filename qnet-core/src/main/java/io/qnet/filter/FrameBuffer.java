package io.qnet.filter;

import io.qnet.Frame;
import io.qnet.FrameFilter;
import io.qnet.loop.Loop;
import io.qnet.loop.Timer;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Holds frames and lets them go together, in order, every interval (QEMU's {@code filter-buffer}, net/filter-buffer.c). Switched off or taken away it lets go what it holds at once.
 *
 * <p>Frames are held as copies, at most {@value #MAX_HELD_BYTES} bytes; more are dropped as {@code drop.held}. (QEMU has no bound, and drops at release what the receiver does not take; here that waits in
 * the receiver's queue.)
 */
public final class FrameBuffer implements FrameFilter {
    /** The most bytes held. */
    public static final int MAX_HELD_BYTES = 16 << 20;

    private static final long NANOS_A_MICRO = 1000;

    private final Loop loop;
    private final ArrayDeque<Held> held = new ArrayDeque<>();
    private final Counters counters = new Counters();
    private final Counter heldCount = counters.counter("held");
    private final Counter heldFull = counters.counter("drop.held");
    private final Timer release = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            arm(nowNanos);
            letGo();
        }
    };
    private long intervalMicros;
    private int heldBytes;

    /**
     * @param intervalMicros how often frames are let go, in microseconds, above 0
     */
    public FrameBuffer(Loop loop, long intervalMicros) {
        this.loop = loop;
        this.intervalMicros = intervalMicros;
    }

    /** Changes the interval, from the next one on. Loop thread. */
    public void interval(long micros) {
        intervalMicros = micros;
    }

    @Override
    public String type() {
        return "filter-buffer";
    }

    @Override
    public String info() {
        return ",interval=" + intervalMicros;
    }

    @Override
    public Counters counters() {
        return counters;
    }

    @Override
    public void placed(@Nullable Passage tx, @Nullable Passage rx) {
        arm(loop.nowNanos());
    }

    @Override
    public boolean filter(Frame frame, Direction direction, Passage onward) {
        int length = frame.length();
        if (heldBytes + length > MAX_HELD_BYTES) {
            heldFull.increment();
            return false;
        }
        heldBytes += length;
        heldCount.increment();
        held.add(new Held(new Frame().copyWhole(frame, loop.allocator()), onward));
        return false;
    }

    @Override
    public void onStatus(boolean on) {
        if (on) {
            arm(loop.nowNanos());
        } else {
            close();
        }
    }

    @Override
    public void close() {
        loop.timers().cancel(release);
        letGo();
    }

    private void arm(long nowNanos) {
        loop.timers().arm(release, nowNanos + intervalMicros * NANOS_A_MICRO);
    }

    /** Lets go what is held now; what a receiver answers meanwhile waits for the next interval. */
    private void letGo() {
        for (int left = held.size(); left > 0; left--) {
            Held next = held.remove();
            heldBytes -= next.frame.length();
            try {
                next.onward.inject(next.frame);
            } finally {
                next.frame.release();
            }
        }
    }

    private record Held(Frame frame, Passage onward) {}
}
