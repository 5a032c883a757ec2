package io.qnet.loop;

import java.util.Arrays;

/** First-in-first-out queue of {@link TurnTask}s, each in it at most once. Grows to what one turn needs and allocates nothing after that. */
final class TurnQueue {
    private TurnTask[] tasks = new TurnTask[16];
    private int head;
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    /** Appends a task unless it is queued already. */
    void add(TurnTask task) {
        if (task.queued) {
            return;
        }
        task.queued = true;
        if (size == tasks.length) {
            grow();
        }
        tasks[(head + size++) & (tasks.length - 1)] = task;
    }

    /** Removes the first task. */
    TurnTask remove() {
        TurnTask first = tasks[head];
        tasks[head] = null;
        head = (head + 1) & (tasks.length - 1);
        size--;
        first.queued = false;
        return first;
    }

    void clear() {
        while (size > 0) {
            remove();
        }
    }

    private void grow() {
        TurnTask[] larger = Arrays.copyOf(tasks, tasks.length * 2);
        // The part before head wraps to behind the part after it.
        System.arraycopy(tasks, 0, larger, tasks.length, head);
        Arrays.fill(larger, 0, head, null);
        tasks = larger;
    }
}
