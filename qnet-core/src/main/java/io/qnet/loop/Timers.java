package io.qnet.loop;

import java.util.Arrays;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;

/**
 * A binary heap of {@link Timer}s, re-armed lazily: the heap is ordered by the deadline that a timer had when it was queued, and a timer that comes to the top before its deadline is sunk again. One
 * wake-up is asked for, for the earliest.
 *
 * <p>For the loop's thread only.
 */
public final class Timers {
    private final LongConsumer wakeUpAt;
    private final BiConsumer<Timer, Throwable> onFailure;
    private Timer[] heap = new Timer[16];
    private int size;
    /** While timers fire, the earliest time at which one that is armed meanwhile may be queued; so a timer that re-arms itself in the past cannot hold the loop. */
    private long soonestNanos;

    private boolean expiring;

    /**
     * Timers whose exceptions go to whoever calls {@link #expire}.
     *
     * @param wakeUpAt asked to call {@link #expire} at the given time, or before; asked again with each earlier time, and at the end of each {@link #expire}
     */
    public Timers(LongConsumer wakeUpAt) {
        this(wakeUpAt, Timers::rethrow);
    }

    /**
     * @param wakeUpAt as above
     * @param onFailure told what a timer has thrown; the others fire all the same
     */
    public Timers(LongConsumer wakeUpAt, BiConsumer<Timer, Throwable> onFailure) {
        this.wakeUpAt = wakeUpAt;
        this.onFailure = onFailure;
    }

    /** Sets or moves a deadline. A deadline in the past fires at the next {@link #expire}. */
    public void arm(Timer timer, long deadlineNanos) {
        timer.armed = true;
        timer.deadlineNanos = deadlineNanos;
        if (timer.index == Timer.NOT_QUEUED) {
            enqueue(timer);
        } else if (deadlineNanos - timer.queuedNanos < 0) {
            timer.queuedNanos = queueingTime(deadlineNanos);
            siftUp(timer.index, timer);
        } else {
            return;
        }
        if (timer.index == 0 && !expiring) {
            wakeUpAt.accept(timer.queuedNanos);
        }
    }

    /** Forgets a deadline. Does nothing if none is set. */
    public void cancel(Timer timer) {
        timer.armed = false;
        if (timer.index != Timer.NOT_QUEUED) {
            removeAt(timer.index);
        }
    }

    /** Fires every timer whose deadline is not after {@code nowNanos}, in order of their deadlines. One that is armed meanwhile waits for the next call. */
    public void expire(long nowNanos) {
        if (expiring) {
            return;
        }
        expiring = true;
        soonestNanos = nowNanos + 1;
        try {
            while (size > 0 && heap[0].queuedNanos - nowNanos <= 0) {
                expireFirst(nowNanos);
            }
        } finally {
            expiring = false;
        }
        if (size > 0) {
            wakeUpAt.accept(heap[0].queuedNanos);
        }
    }

    private void expireFirst(long nowNanos) {
        Timer first = heap[0];
        if (first.deadlineNanos - nowNanos > 0) {
            first.queuedNanos = first.deadlineNanos;
            siftDown(0, first);
            return;
        }
        removeAt(0);
        first.armed = false;
        try {
            first.onTimer(nowNanos);
        } catch (RuntimeException | Error e) {
            onFailure.accept(first, e);
        }
    }

    /** Forgets all timers. */
    public void clear() {
        while (size > 0) {
            cancel(heap[size - 1]);
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
        timer.queuedNanos = queueingTime(timer.deadlineNanos);
        siftUp(size++, timer);
    }

    private long queueingTime(long deadlineNanos) {
        return expiring && deadlineNanos - soonestNanos < 0 ? soonestNanos : deadlineNanos;
    }

    private static void rethrow(Timer timer, Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) failure;
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
