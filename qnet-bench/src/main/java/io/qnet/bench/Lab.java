package io.qnet.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Two network namespaces for one trial: "host", where the stack and the server run, with its loopback and an upstream that leads nowhere, and "guest". All that is started in it ends with it.
 */
final class Lab implements AutoCloseable {
    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int COMMAND_SECONDS = 120;

    /** The stack's address in the guest's network, for the host's loopback interface. */
    static final String GATEWAY = "10.0.2.2";

    /** An address of the host's that is no loopback address. */
    static final String HOST_ADDRESS = "192.0.2.1";

    private static int count;

    private final String host;
    private final String guest;
    private final Path folder;
    private final Deque<Process> processes = new ArrayDeque<>();

    Lab() {
        String suffix = ProcessHandle.current().pid() + "x" + count++;
        host = "qbh" + suffix;
        guest = "qbg" + suffix;
        try {
            folder = Files.createTempDirectory("qnet-bench");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        run("ip", "netns", "add", host);
        run("ip", "netns", "add", guest);
        run("ip", "-n", host, "link", "set", "lo", "up");
        run("ip", "-n", guest, "link", "set", "lo", "up");
        addUpstream();
        // Echo requests that go on to the host need ping sockets, which new namespaces allow to nobody.
        set(host, "ping_group_range", "0 2147483647");
        // Some machines default to BBR, which paces by what it measured when the stack was still cold. (CUBIC cannot be
        // a namespace's default everywhere.)
        set(host, "tcp_congestion_control", "reno");
        set(guest, "tcp_congestion_control", "reno");
        // Thousands of connections a second leave as many ports in TIME_WAIT; once most are, finding a free one takes
        // longest.
        set(host, "ip_local_port_range", "2048 65535");
        set(guest, "ip_local_port_range", "2048 65535");
    }

    /** Some stacks refuse to start without a default route. */
    private void addUpstream() {
        run("ip", "-n", host, "link", "add", "up0", "type", "veth", "peer", "name", "up1");
        run("ip", "-n", host, "link", "set", "up1", "up");
        run("ip", "-n", host, "link", "set", "up0", "up");
        run("ip", "-n", host, "addr", "add", HOST_ADDRESS + "/24", "dev", "up0");
        run("ip", "-n", host, "route", "add", "default", "via", "192.0.2.2");
    }

    private static void set(String namespace, String name, String value) {
        run("ip", "netns", "exec", namespace, "sh", "-c", "echo " + value + " >/proc/sys/net/ipv4/" + name);
    }

    /** The guest's namespace as ip(8) names it. */
    String guest() {
        return guest;
    }

    /** The guest's namespace as a file. */
    String guestPath() {
        return "/run/netns/" + guest;
    }

    /** A file of this trial's own. */
    Path file(String name) {
        return folder.resolve(name);
    }

    Process startOnHost(String... command) {
        return start(host, Map.of(), command);
    }

    Process startOnGuest(Map<String, String> environment, String... command) {
        return start(guest, environment, command);
    }

    /** Runs a command in the guest's namespace; its output. */
    String runOnGuest(String... command) {
        return run(inside(guest, command));
    }

    /** A counter of the guest's TCP, such as {@code RetransSegs}. */
    long guestTcp(String counter) {
        List<String> rows = runOnGuest("cat", "/proc/net/snmp")
                .lines()
                .filter(line -> line.startsWith("Tcp:"))
                .toList();
        int column = List.of(rows.get(0).split(" ")).indexOf(counter);
        return Long.parseLong(rows.get(1).split(" ")[column]);
    }

    /** Waits until something is there that a process is to make. */
    void await(Process process, String what, BooleanSupplier there) {
        long start = System.nanoTime();
        while (!there.getAsBoolean()) {
            if (!process.isAlive()) {
                throw new BenchException(
                        what + " did not come: exit status " + process.exitValue() + "\n" + log(process));
            }
            if (System.nanoTime() - start > START_NANOS) {
                throw new BenchException(what + " did not come in time\n" + log(process));
            }
            pause(10);
        }
    }

    /** Whether the guest's namespace has an interface with this name. */
    boolean hasInterface(String name) {
        return ("\n" + run("ip", "-n", guest, "-o", "link")).contains(": " + name + ":");
    }

    /** Gives the guest its address on an interface. */
    void configureGuest(String ifname, int mtu) {
        run("ip", "-n", guest, "addr", "replace", "10.0.2.15/24", "dev", ifname);
        run("ip", "-n", guest, "link", "set", ifname, "mtu", String.valueOf(mtu), "up");
        run("ip", "-n", guest, "route", "replace", "default", "via", GATEWAY);
    }

    @Override
    public void close() {
        while (!processes.isEmpty()) {
            stop(processes.pop());
        }
        run("ip", "netns", "del", guest);
        run("ip", "netns", "del", host);
        try (var files = Files.list(folder)) {
            for (Path each : files.toList()) {
                Files.delete(each);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process start(String namespace, Map<String, String> environment, String... command) {
        ProcessBuilder builder = new ProcessBuilder(inside(namespace, command)).redirectErrorStream(true);
        builder.redirectOutput(file(processes.size() + ".log").toFile());
        builder.environment().putAll(environment);
        try {
            Process process = builder.start();
            processes.push(process);
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String log(Process process) {
        List<Process> oldestFirst = new ArrayList<>(processes);
        int index = oldestFirst.size() - 1 - oldestFirst.indexOf(process);
        try {
            return Files.readString(file(index + ".log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static String[] inside(String namespace, String... command) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        all.addAll(List.of(command));
        return all.toArray(String[]::new);
    }

    private static void stop(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    /** Runs a command to its end; its output, or an exception with it. */
    static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new BenchException(String.join(" ", command) + " hangs\n" + output);
            }
            if (process.exitValue() != 0) {
                throw new BenchException(String.join(" ", command) + " failed\n" + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchException("interrupted");
        }
    }

    static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchException("interrupted");
        }
    }
}
