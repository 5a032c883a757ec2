package io.qnet.testkit.host;

import io.qnet.loop.Loop;
import io.qnet.loop.Timer;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;

/** What is to happen on the simulated host: at once, but never before the call that asks for it has returned, or at a time. In the order in which it was asked for. */
final class Agenda extends Timer {
    private record Item(long atNanos, long number, Runnable action) {}

    private final Loop loop;
    private final ArrayDeque<Runnable> now = new ArrayDeque<>();
    private final PriorityQueue<Item> later = new PriorityQueue<>(
            Comparator.<Item>comparingLong(item -> item.atNanos).thenComparingLong(item -> item.number));
    private long count;
    private boolean woken;

    Agenda(Loop loop) {
        this.loop = loop;
    }

    void after(long nanos, Runnable action) {
        if (nanos <= 0) {
            now.add(action);
            wake();
        } else {
            later.add(new Item(loop.nowNanos() + nanos, count++, action));
            arm();
        }
    }

    void clear() {
        now.clear();
        later.clear();
        loop.timers().cancel(this);
    }

    @Override
    protected void onTimer(long nowNanos) {
        for (Item next = later.peek(); next != null && next.atNanos - nowNanos <= 0; next = later.peek()) {
            later.remove();
            run(next.action);
        }
        arm();
    }

    private void wake() {
        if (!woken) {
            woken = true;
            loop.execute(this::runReady);
        }
    }

    private void runReady() {
        woken = false;
        for (int i = now.size(); i > 0 && !now.isEmpty(); i--) {
            run(now.remove());
        }
        if (!now.isEmpty()) {
            wake();
        }
    }

    private void run(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            loop.taskFailed(this, e);
        }
    }

    private void arm() {
        Item next = later.peek();
        if (next != null) {
            loop.timers().arm(this, next.atNanos);
        }
    }
}
