package io.qnet.loop;

import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import java.lang.System.Logger;
import java.util.HashSet;
import java.util.Set;

/** Counts what tasks and timers throw, and logs the first of each kind with its stack. Any thread. */
final class Failures {
    private static final Logger LOGGER = System.getLogger("io.qnet.loop");
    private static final int MAX_KINDS = 64;

    private final Counter failed;
    private final Counter unlogged;
    private final Set<String> seen = new HashSet<>();

    Failures(Counters counters) {
        failed = counters.counter("task.failed");
        unlogged = counters.counter("task.failed-unlogged");
    }

    /** Never throws: what reports a failure is the loop's last resort, and a logger fails too where there are no descriptors or no memory. */
    synchronized void report(Object source, Throwable failure) {
        failed.increment();
        StackTraceElement[] stack = failure.getStackTrace();
        String kind = failure.getClass().getName() + (stack.length == 0 ? "" : "@" + stack[0]);
        if (seen.size() < MAX_KINDS && seen.add(kind)) {
            log(source, failure);
        }
    }

    private void log(Object source, Throwable failure) {
        try {
            LOGGER.log(Logger.Level.ERROR, "failed: " + source + " (this kind is logged once)", failure);
        } catch (Throwable e) {
            unlogged.increment();
        }
    }
}
