package io.qnet.it.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A network namespace whose kernel is the guest: its TAP is joined to a stream netdev by the relay of {@code qnet-bench},
 * which can make the line bad. Needs root and gcc.
 */
public final class GuestNamespace implements AutoCloseable {

    private static final String IFNAME = "tap0";

    private final String name = "qit" + ProcessHandle.current().pid() + "x" + System.identityHashCode(this);
    private final Path relayProgram;
    private final List<ChildProcess> children = new ArrayList<>();

    private GuestNamespace(Path folder) {
        relayProgram = folder.resolve("relay");
    }

    /** Makes one; the relay is compiled into {@code folder}. */
    public static GuestNamespace create(Path folder) {
        GuestNamespace guest = new GuestNamespace(folder);
        Path source = Path.of(System.getProperty("qnet.root"), "qnet-bench/src/main/c/relay.c");
        check("gcc", "-O2", "-w", "-o", guest.relayProgram.toString(), source.toString());
        check("ip", "netns", "add", guest.name);
        try {
            check("ip", "-n", guest.name, "link", "set", "lo", "up");
            // Some machines default to BBR, which paces by what it measured while a stack was cold.
            guest.run("sh", "-c", "echo reno >/proc/sys/net/ipv4/tcp_congestion_control");
        } catch (RuntimeException | Error e) {
            guest.close();
            throw e;
        }
        return guest;
    }

    /**
     * Joins the guest to a netdev that listens on a unix socket, and gives it the addresses 10.0.2.15 and fec0::15.
     *
     * @param impairment loss, reordering, duplication and corruption in per cent and a seed; empty for a good line
     */
    public void join(Path socket, int mtu, String impairment) {
        Map<String, String> environment = impairment.isEmpty() ? Map.of() : Map.of("IMPAIR", impairment);
        ChildProcess relay =
                ChildProcess.start("relay", inside(relayProgram.toString(), IFNAME, "unix:" + socket), environment);
        children.add(relay);
        relay.await(this::hasInterface, IFNAME);
        check("ip", "-n", name, "addr", "add", "10.0.2.15/24", "dev", IFNAME);
        check("ip", "-n", name, "addr", "add", "fec0::15/64", "dev", IFNAME, "nodad");
        check("ip", "-n", name, "link", "set", IFNAME, "mtu", String.valueOf(mtu), "up");
    }

    /** Writes the script of a TAP netdev that takes the interface into the guest's namespace and sets it up, without an address. */
    public String tapScript(Path folder) {
        Path script = folder.resolve("tap-up");
        try {
            Files.writeString(
                    script,
                    "#!/bin/sh\nip link set \"$1\" netns " + name + " && ip -n " + name + " link set \"$1\" up\n");
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
            return script.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the guest has made itself an address of this prefix, and has asked whether it is taken. */
    public void awaitAddress(String prefix) {
        long deadline = System.nanoTime() + ChildProcess.HANG.toNanos();
        Predicate<String> isReady = line -> line.contains("inet6 " + prefix) && !line.contains("tentative");
        while (run("ip", "-6", "addr").lines().noneMatch(isReady)) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("no address of " + prefix + ":\n" + run("ip", "-6", "addr"));
            }
        }
    }

    /** Runs a program in the guest to its end, which must be a good one; what it printed. */
    public String run(String... command) {
        return output(ChildProcess.HANG, inside(command));
    }

    /** Runs a program in the guest that may take long. */
    public String run(Duration limit, List<String> command) {
        return output(limit, inside(command.toArray(String[]::new)));
    }

    /** A counter of the guest's TCP, such as {@code RetransSegs}, since the namespace was made. */
    public long tcpCounter(String counter) {
        List<String> rows = Arrays.stream(run("cat", "/proc/net/snmp").split("\n"))
                .filter(line -> line.startsWith("Tcp:"))
                .toList();
        int column = List.of(rows.get(0).split(" ")).indexOf(counter);
        return Long.parseLong(rows.get(1).split(" ")[column]);
    }

    @Override
    public void close() {
        children.forEach(ChildProcess::close);
        check("ip", "netns", "del", name);
        try {
            Files.deleteIfExists(relayProgram);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean hasInterface() {
        return output(ChildProcess.HANG, List.of("ip", "-n", name, "-o", "link"))
                .contains(IFNAME + ":");
    }

    private List<String> inside(String... command) {
        List<String> all = new ArrayList<>(List.of(Commands.require("ip").toString(), "netns", "exec", name));
        all.addAll(List.of(command));
        return all;
    }

    private static void check(String... command) {
        output(ChildProcess.HANG, List.of(command));
    }

    private static String output(Duration limit, List<String> command) {
        try (ChildProcess child = ChildProcess.start(command.get(0), command)) {
            if (child.awaitExit(limit) != 0) {
                throw new AssertionError(String.join(" ", command) + " failed: " + child.describe());
            }
            return String.join("\n", child.out());
        }
    }
}
