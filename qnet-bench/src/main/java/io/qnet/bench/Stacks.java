package io.qnet.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** The stacks that can be compared, and how each is started. */
final class Stacks {
    private static final String IFNAME = "tap0";
    private static final String NETDEV = "-netdev";

    private final Tools tools;
    private final List<Stack> all = new ArrayList<>();

    Stacks(Tools tools, @Nullable String gvproxy) {
        this.tools = tools;
        add("ceiling", Set.of(Join.values()), this::startCeiling);
        add("qnet", Set.of(Join.values()), this::startQnet);
        add("libslirp", Set.of(Join.STREAM), this::startLibslirp);
        add("passt", Set.of(Join.STREAM), this::startPasst);
        if (gvproxy != null) {
            add("gvproxy", Set.of(Join.STREAM), (lab, cell) -> startGvproxy(lab, cell, gvproxy));
        }
        add("slirp4netns", Set.of(Join.TAP_PLAIN), this::startSlirp4netns);
        add("pasta", Set.of(Join.TAP_PLAIN), this::startPasta);
    }

    /** All, in the order of the table. */
    List<Stack> all() {
        return List.copyOf(all);
    }

    private void add(String name, Set<Join> joins, BiFunction<Lab, Cell, Process> start) {
        all.add(new Stack() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Set<Join> joins() {
                return joins;
            }

            @Override
            public boolean isCeiling() {
                return name.equals("ceiling");
            }

            @Override
            public Process start(Lab lab, Cell cell) {
                return start.apply(lab, cell);
            }
        });
    }

    private Process startCeiling(Lab lab, Cell cell) {
        String mtu = String.valueOf(cell.mtu());
        if (cell.join() == Join.STREAM) {
            Process process = lab.startOnHost(tools.program("ceiling"), "unix:" + socket(lab), mtu);
            joinByRelay(lab, cell, process);
            return process;
        }
        Process process = cell.join() == Join.TAP_OFFLOAD
                ? lab.startOnGuest(java.util.Map.of(), tools.program("ceiling"), "tap:" + IFNAME, "vnet", mtu)
                : lab.startOnGuest(java.util.Map.of(), tools.program("ceiling"), "tap:" + IFNAME, mtu);
        awaitInterface(lab, cell, process);
        return process;
    }

    private Process startQnet(Lab lab, Cell cell) {
        List<String> command = new ArrayList<>(List.of(tools.qnet()));
        command.addAll(List.of(NETDEV, "user,id=u0,mtu=" + cell.mtu()));
        command.addAll(List.of(NETDEV, "hubport,id=h0,hubid=0,netdev=u0"));
        if (cell.join() == Join.STREAM) {
            command.addAll(List.of(NETDEV, "stream,id=g0,server=on,addr.type=unix,addr.path=" + socket(lab)));
        } else {
            String header = cell.join() == Join.TAP_OFFLOAD ? "on" : "off";
            command.addAll(List.of(
                    NETDEV,
                    "tap,id=g0,ifname=q" + lab.guest() + ",script=" + script(lab) + ",downscript=no,vnet_hdr="
                            + header));
        }
        command.addAll(List.of(NETDEV, "hubport,id=h1,hubid=0,netdev=g0"));
        Process process = lab.startOnHost(command.toArray(String[]::new));
        if (cell.join() == Join.STREAM) {
            joinByRelay(lab, cell, process);
        } else {
            awaitInterface(lab, cell, process);
        }
        return process;
    }

    /** A script that takes the interface from the host's namespace, where qnet has made it, into the guest's. */
    private static String script(Lab lab) {
        Path file = lab.file("up");
        try {
            Files.writeString(
                    file,
                    "#!/bin/sh\nip link set \"$1\" name " + IFNAME + " && exec ip link set " + IFNAME + " netns "
                            + lab.guest() + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!file.toFile().setExecutable(true)) {
            throw new BenchException("cannot make " + file + " executable");
        }
        return file.toString();
    }

    private Process startLibslirp(Lab lab, Cell cell) {
        Process process = lab.startOnHost(
                "qemu-system-x86_64",
                "-M",
                "none",
                "-nodefaults",
                "-display",
                "none",
                NETDEV,
                "user,id=u0",
                NETDEV,
                "stream,id=s0,server=on,addr.type=unix,addr.path=" + socket(lab),
                NETDEV,
                "hubport,id=h0,hubid=0,netdev=u0",
                NETDEV,
                "hubport,id=h1,hubid=0,netdev=s0");
        joinByRelay(lab, cell, process);
        return process;
    }

    private Process startPasst(Lab lab, Cell cell) {
        List<String> command = new ArrayList<>(List.of("passt", "-f", "-s", socket(lab)));
        command.addAll(passtOptions(cell));
        Process process = lab.startOnHost(command.toArray(String[]::new));
        joinByRelay(lab, cell, process);
        return process;
    }

    private Process startPasta(Lab lab, Cell cell) {
        List<String> command = new ArrayList<>(List.of("pasta", "-f", "--config-net", "-I", IFNAME));
        command.addAll(passtOptions(cell));
        command.addAll(List.of("--netns", lab.guestPath(), "--netns-only"));
        Process process = lab.startOnHost(command.toArray(String[]::new));
        awaitInterface(lab, cell, process);
        return process;
    }

    private static List<String> passtOptions(Cell cell) {
        return List.of(
                "--runas",
                "0",
                "-a",
                "10.0.2.15",
                "-n",
                "24",
                "-g",
                "10.0.2.2",
                "-m",
                String.valueOf(cell.mtu()),
                "-t",
                "none",
                "-u",
                "none",
                "-4");
    }

    private Process startSlirp4netns(Lab lab, Cell cell) {
        Process process = lab.startOnHost(
                "slirp4netns", "--configure", "--mtu=" + cell.mtu(), "--netns-type=path", lab.guestPath(), IFNAME);
        awaitInterface(lab, cell, process);
        return process;
    }

    private Process startGvproxy(Lab lab, Cell cell, String program) {
        Process process = lab.startOnHost(
                program,
                "-mtu",
                String.valueOf(cell.mtu()),
                "-listen-qemu",
                "unix://" + socket(lab),
                "-ssh-port",
                "-1");
        joinByRelay(lab, cell, process);
        return process;
    }

    private static String socket(Lab lab) {
        return lab.file("s").toString();
    }

    /** Joins the guest's TAP to the unix socket that the stack listens on. */
    private void joinByRelay(Lab lab, Cell cell, Process stack) {
        lab.await(stack, "the unix socket", () -> Files.exists(lab.file("s")));
        Process relay = lab.startOnGuest(cell.impairment(), tools.program("relay"), IFNAME, "unix:" + socket(lab));
        awaitInterface(lab, cell, relay);
    }

    private static void awaitInterface(Lab lab, Cell cell, Process maker) {
        lab.await(maker, "the guest's interface", () -> lab.hasInterface(IFNAME));
        lab.configureGuest(IFNAME, cell.mtu());
    }
}
