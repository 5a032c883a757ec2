package io.qnet.loop;

import java.util.Arrays;
import java.util.function.LongConsumer;

/**
 * A binary heap of {@link Timer}s, re-armed lazily: the heap is ordered by the deadline that a timer had when it was queued, and a timer that comes to the top before its deadline is sunk again. One
 * wake-up is asked for, for the earliest.
 *
 * <p>For the loop's thread only.
 */
public final class Timers {
    private final LongConsumer wakeUpAt;
    private Timer[] heap = new Timer[16];
    private int size;

    /**
     * @param wakeUpAt asked to call {@link #expire} at the given time; called again only for an earlier time, or after the former one has passed
     */
    public Timers(LongConsumer wakeUpAt) {
        this.wakeUpAt = wakeUpAt;
    }

    /** Sets or moves a deadline. A deadline in the past fires at the next {@link #expire}. */
    public void arm(Timer timer, long deadlineNanos) {
        timer.armed = true;
        timer.deadlineNanos = deadlineNanos;
        if (timer.index == Timer.NOT_QUEUED) {
            enqueue(timer);
        } else if (deadlineNanos - timer.queuedNanos < 0) {
            timer.queuedNanos = deadlineNanos;
            siftUp(timer.index, timer);
        } else {
            return;
        }
        if (timer.index == 0) {
            wakeUpAt.accept(deadlineNanos);
        }
    }

    /** Forgets a deadline. Does nothing if none is set. */
    public void cancel(Timer timer) {
        timer.armed = false;
        if (timer.index != Timer.NOT_QUEUED) {
            removeAt(timer.index);
        }
    }

    /** Fires every timer whose deadline is not after {@code nowNanos}, in order of their deadlines. */
    public void expire(long nowNanos) {
        while (size > 0) {
            Timer first = heap[0];
            if (first.queuedNanos - nowNanos > 0) {
                wakeUpAt.accept(first.queuedNanos);
                return;
            }
            if (first.deadlineNanos - nowNanos > 0) {
                first.queuedNanos = first.deadlineNanos;
                siftDown(0, first);
                continue;
            }
            removeAt(0);
            first.armed = false;
            first.onTimer(nowNanos);
        }
    }

    /** The number of timers that are set. */
    public int armedCount() {
        return size;
    }

    /** A time not after the earliest deadline. Only if {@link #armedCount()} is above 0. */
    public long earliestNanos() {
        return heap[0].queuedNanos;
    }

    private void enqueue(Timer timer) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        timer.queuedNanos = timer.deadlineNanos;
        siftUp(size++, timer);
    }

    private void removeAt(int index) {
        Timer removed = heap[index];
        Timer last = heap[--size];
        heap[size] = null;
        removed.index = Timer.NOT_QUEUED;
        if (last != removed) {
            siftDown(index, last);
            if (last.index == index) {
                siftUp(index, last);
            }
        }
    }

    private void siftUp(int from, Timer timer) {
        int index = from;
        while (index > 0) {
            int parent = (index - 1) >>> 1;
            if (timer.queuedNanos - heap[parent].queuedNanos >= 0) {
                break;
            }
            place(heap[parent], index);
            index = parent;
        }
        place(timer, index);
    }

    private void siftDown(int from, Timer timer) {
        int index = from;
        while (2 * index + 1 < size) {
            int child = 2 * index + 1;
            if (child + 1 < size && heap[child + 1].queuedNanos - heap[child].queuedNanos < 0) {
                child++;
            }
            if (heap[child].queuedNanos - timer.queuedNanos >= 0) {
                break;
            }
            place(heap[child], index);
            index = child;
        }
        place(timer, index);
    }

    private void place(Timer timer, int index) {
        heap[index] = timer;
        timer.index = index;
    }
}
