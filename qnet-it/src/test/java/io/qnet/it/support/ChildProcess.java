package io.qnet.it.support;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * A program that a test started. Its two outputs are read by threads of their own, so that it never blocks on a full
 * pipe, and kept line by line for waiting on and for the message of a failure. It is ended by its own handle and never
 * outlives {@link #close()}.
 *
 * <p>Any thread may use it.
 */
public final class ChildProcess implements AutoCloseable {

    /** How long anything may take before it counts as hung: ten times the usual and more. */
    public static final Duration HANG = Duration.ofSeconds(60);

    private static final Duration END = Duration.ofSeconds(10);

    private final String name;
    private final Process process;
    private final Lines out = new Lines();
    private final Lines err = new Lines();
    private final List<Thread> readers = new ArrayList<>();

    private ChildProcess(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    /** Starts a program and reads both of its outputs as lines. */
    public static ChildProcess start(String name, List<String> command) {
        return start(name, command, Map.of());
    }

    /** The same, with variables added to its environment. */
    public static ChildProcess start(String name, List<String> command, Map<String, String> environment) {
        ChildProcess child = startRaw(name, command, environment);
        child.read(child.process.getInputStream(), child.out, "out");
        return child;
    }

    /** Starts a program whose standard output the caller reads itself, by {@link #stdout()}. */
    public static ChildProcess startRaw(String name, List<String> command, Map<String, String> environment) {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        try {
            ChildProcess child = new ChildProcess(name, builder.start());
            child.read(child.process.getErrorStream(), child.err, "err");
            return child;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + name + " (" + command.get(0) + ")", e);
        }
    }

    /** Runs a program to its end and returns it, ended; fails if it takes longer than {@link #HANG}. */
    public static ChildProcess run(String name, List<String> command) {
        ChildProcess child = start(name, command);
        try (child) {
            child.awaitExit(HANG);
        }
        return child;
    }

    /** The process id. */
    public long pid() {
        return process.pid();
    }

    /** Whether it still runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Lines of the standard output so far. */
    public List<String> out() {
        return out.copy();
    }

    /** Lines of the standard error so far. */
    public List<String> err() {
        return err.copy();
    }

    /** Its standard input. */
    public OutputStream stdin() {
        return process.getOutputStream();
    }

    /** Its standard output; only for {@link #startRaw}. */
    public InputStream stdout() {
        return process.getInputStream();
    }

    /** Waits for a line of the standard output; fails when the program ends or the limit passes before. */
    public String awaitOut(Predicate<String> wanted, Duration limit) {
        return await(out, wanted, limit);
    }

    /** Waits for a line of the standard error; fails when the program ends or the limit passes before. */
    public String awaitErr(Predicate<String> wanted, Duration limit) {
        return await(err, wanted, limit);
    }

    private String await(Lines lines, Predicate<String> wanted, Duration limit) {
        return lines.await(wanted, limit)
                .orElseThrow(() -> new AssertionError("the expected line did not come from " + describe()));
    }

    /** Waits until a condition holds that the program brings about; fails when the program ends or {@link #HANG} passes before. */
    public void await(BooleanSupplier condition, String what) {
        try {
            Awaitility.await()
                    .atMost(HANG)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> condition.getAsBoolean() || !isAlive());
        } catch (ConditionTimeoutException e) {
            throw new AssertionError("no " + what + " from " + describe(), e);
        }
        if (!condition.getAsBoolean()) {
            throw new AssertionError("no " + what + " from " + describe());
        }
    }

    /** Waits for the end and returns the exit status (128 + signal number if a signal ended it); fails after the limit. */
    public int awaitExit(Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("still running after " + limit.toSeconds() + " s: " + describe());
            }
            for (Thread reader : readers) {
                reader.join(END.toMillis());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Sends a signal by name, for example {@code INT}. */
    public void signal(String signal) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(pid())).start();
            if (kill.waitFor() != 0) {
                throw new AssertionError("cannot send SIG" + signal + " to " + describe());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Name, command, state and all output: what a failure should show. */
    public String describe() {
        return name + " (pid " + pid() + (isAlive() ? ", running)" : ", exit status " + process.exitValue() + ")")
                + "\n--- standard output\n" + String.join("\n", out()) + "\n--- standard error\n"
                + String.join("\n", err()) + "\n---";
    }

    /** Ends the program: politely, then, if it does not follow, by SIGKILL. A stopped program is killed at once. */
    @Override
    public void close() {
        try {
            process.destroy();
            if (!process.waitFor(END.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw interrupted(e);
        }
    }

    /** Ends the program by SIGKILL and waits for its end. */
    public void kill() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private void read(InputStream stream, Lines into, String what) {
        Thread reader = new Thread(() -> into.readAll(stream), name + "-" + what);
        reader.setDaemon(true);
        reader.start();
        readers.add(reader);
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException(e);
    }

    /** Lines that one thread appends and others wait for. */
    private static final class Lines {
        private final List<String> lines = new ArrayList<>();
        private boolean ended;

        void readAll(InputStream stream) {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    append(line);
                }
            } catch (IOException e) {
                append("(reading ended: " + e.getMessage() + ")");
            } finally {
                end();
            }
        }

        private synchronized void append(String line) {
            lines.add(line);
            notifyAll();
        }

        private synchronized void end() {
            ended = true;
            notifyAll();
        }

        synchronized List<String> copy() {
            return List.copyOf(lines);
        }

        synchronized Optional<String> await(Predicate<String> wanted, Duration limit) {
            long deadline = System.nanoTime() + limit.toNanos();
            int next = 0;
            try {
                while (true) {
                    for (; next < lines.size(); next++) {
                        if (wanted.test(lines.get(next))) {
                            return Optional.of(lines.get(next));
                        }
                    }
                    long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                    if (ended || leftMillis <= 0) {
                        return Optional.empty();
                    }
                    wait(leftMillis);
                }
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
        }
    }
}
