package io.qnet.cli.demo;

import io.qnet.testkit.GuestViolationError;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.LongConsumer;

/**
 * What the demo prints: one line a step as it happens, a line that moves while a long one runs (on a terminal only), and a table at the end. For one thread; {@link Step#progress} may be called by another.
 */
final class DemoReport {
    /** A step under way. */
    interface Step {
        /** Runs the step, telling {@code bytes} moved so far; answers what to show as its result. */
        String run(LongConsumer progress) throws Exception;
    }

    private record Row(String name, String result, long nanos, long bytes) {}

    private static final long MIB = 1 << 20;

    private final PrintStream out;
    private final boolean terminal;
    private final long startNanos = System.nanoTime();
    private final List<Row> rows = new ArrayList<>();
    private long lastShownNanos;

    DemoReport(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Prints a line that is no step. */
    void say(String line) {
        out.println(line);
    }

    /** Runs a short step and prints its result. */
    void step(String name, Callable<String> work) throws Exception {
        transfer(name, 0, progress -> work.call());
    }

    /**
     * Runs a step that moves {@code totalBytes}, showing how far it is.
     *
     * @throws Exception what the step throws, after a line that says so
     */
    void transfer(String name, long totalBytes, Step step) throws Exception {
        long began = System.nanoTime();
        String result;
        try {
            result = step.run(bytes -> showProgress(name, bytes, totalBytes, began));
        } catch (Exception | GuestViolationError e) {
            clearProgress();
            out.printf(Locale.ROOT, "%8s  %-38s FAILED: %s%n", since(startNanos), name, e.getMessage());
            throw e;
        }
        Row row = new Row(name, result, System.nanoTime() - began, totalBytes);
        rows.add(row);
        clearProgress();
        out.printf(
                Locale.ROOT,
                "%8s  %-38s %s%s%n",
                since(startNanos),
                name,
                result,
                totalBytes == 0 ? "" : ", " + rate(row));
    }

    /** Prints the table of all steps. */
    void table() {
        out.println();
        out.printf(Locale.ROOT, "%-38s  %-46s %9s  %12s%n", "step", "result", "time", "rate");
        for (Row row : rows) {
            out.printf(
                    Locale.ROOT,
                    "%-38s  %-46s %9s  %12s%n",
                    row.name,
                    row.result,
                    duration(row.nanos),
                    row.bytes == 0 ? "" : rate(row));
        }
    }

    private synchronized void showProgress(String name, long bytes, long totalBytes, long began) {
        long now = System.nanoTime();
        if (!terminal || now - lastShownNanos < 100_000_000) {
            return;
        }
        lastShownNanos = now;
        double seconds = Math.max(now - began, 1) / 1e9;
        out.printf(
                Locale.ROOT,
                "\r%8s  %-38s %d of %d MiB, %.0f MiB/s\u001b[K",
                since(startNanos),
                name,
                bytes / MIB,
                totalBytes / MIB,
                bytes / seconds / MIB);
        out.flush();
    }

    private void clearProgress() {
        if (terminal) {
            out.print("\r\u001b[K");
        }
    }

    private static String since(long startNanos) {
        return String.format(Locale.ROOT, "%.3f s", (System.nanoTime() - startNanos) / 1e9);
    }

    private static String duration(long nanos) {
        return nanos < 1_000_000_000
                ? String.format(Locale.ROOT, "%.1f ms", nanos / 1e6)
                : String.format(Locale.ROOT, "%.2f s", nanos / 1e9);
    }

    private static String rate(Row row) {
        double seconds = Math.max(row.nanos, 1) / 1e9;
        return String.format(Locale.ROOT, "%.2f Gbit/s", row.bytes * 8 / seconds / 1e9);
    }
}
