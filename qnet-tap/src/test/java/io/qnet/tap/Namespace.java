package io.qnet.tap;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace of the test's own: where the interface goes, so that nothing else on the machine sees its traffic. */
final class Namespace implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final int HANG_SECONDS = 60;

    private final String name = "qt" + ProcessHandle.current().pid() + "n" + COUNT.incrementAndGet();

    Namespace() {
        run("ip", "netns", "add", name);
        ip("link", "set", "lo", "up");
    }

    /** A pattern for names of interfaces that nobody else uses. */
    String pattern() {
        return "q" + ProcessHandle.current().pid() % 100_000 + "n" + COUNT.get() + "t%d";
    }

    /** A script that takes the interface into this namespace, with an address, up, or {@code more} done instead of up. */
    String script(Path folder) {
        return script(folder, "ip -n " + name + " link set \"$1\" up");
    }

    String script(Path folder, String last) {
        return executable(
                folder.resolve("up" + COUNT.incrementAndGet()),
                "ip link set \"$1\" netns " + name + " && ip -n " + name + " addr add 10.0.2.15/24 dev \"$1\" && "
                        + last);
    }

    static String executable(Path file, String commands) {
        try {
            Files.writeString(file, "#!/bin/sh\n" + commands + "\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
            return file.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs ip(8) here. */
    String ip(String... arguments) {
        List<String> command = new ArrayList<>(List.of("ip", "-n", name));
        command.addAll(List.of(arguments));
        return run(command.toArray(String[]::new));
    }

    /** Runs a command here. */
    String exec(String... command) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(List.of(command));
        return run(all.toArray(String[]::new));
    }

    /** Runs a command; its output, or an error with it if it fails. */
    static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(HANG_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException(List.of(command) + " hangs: " + output);
            }
            if (process.exitValue() != 0) {
                throw new IllegalStateException(List.of(command) + " failed: " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        run("ip", "netns", "del", name);
    }
}
