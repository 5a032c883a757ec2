package io.qnet.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One stack with its guest, started once for a cell, warmed up, and then measured as often as there are rounds. */
final class Session implements AutoCloseable {
    private static final String PORT = "5301";
    private static final double GIB = 1L << 30;
    private static final double PER_CENT = 100;
    /** Clock ticks a second in /proc/PID/stat; the same on every Linux that has a JDK. */
    private static final double TICKS = 100;
    /** How long a transfer may take beyond what it is to take. */
    private static final int SPARE_SECONDS = 10;

    private static final Pattern BITS =
            Pattern.compile("\"sum_received\"\\s*:\\s*\\{[^}]*\"bits_per_second\"\\s*:\\s*([0-9.e+]+)");
    private static final Pattern SUM_BYTES = Pattern.compile("\"sum\"\\s*:\\s*\\{[^}]*\"bytes\"\\s*:\\s*([0-9]+)");

    private final Tools tools;
    private final Stack stack;
    private final Cell cell;
    private final int seconds;
    private final Lab lab = new Lab();
    private final Process process;

    /**
     * Starts the stack and joins its guest.
     *
     * @throws BenchException if it does not start
     */
    Session(Tools tools, Stack stack, Cell cell, int seconds) {
        this.tools = tools;
        this.stack = stack;
        this.cell = cell;
        this.seconds = seconds;
        try {
            process = stack.start(lab, cell);
            if (!stack.isCeiling()) {
                Process server = lab.startOnHost("iperf3", "-s");
                Process sink = lab.startOnHost(tools.program("probe"), "serve", PORT);
                awaitListener(lab, server, 5201);
                awaitListener(lab, sink, Integer.parseInt(PORT));
            }
        } catch (RuntimeException e) {
            lab.close();
            throw e;
        }
    }

    Stack stack() {
        return stack;
    }

    /** Moves data each way for some seconds, and makes connections and pings; nothing of it counts. */
    void warmUp(int warmUpSeconds) {
        if (stack.isCeiling()) {
            return;
        }
        guarded(Metric.OUT, () -> transfer(Metric.OUT, 0, warmUpSeconds));
        guarded(Metric.IN, () -> transfer(Metric.IN, 0, warmUpSeconds));
        if (cell.impair() == null) {
            guarded(Metric.CONNECTIONS, () -> connections(PORT, 2));
            guarded(Metric.PING, () -> ping(Lab.GATEWAY, 5000, 100));
            guarded(Metric.PING_HOST, () -> ping(Lab.HOST_ADDRESS, 5000, 100));
        }
    }

    /** Measures once; what could not be measured is missing from the answer, and said on standard error. */
    Map<Metric, Double> measure() {
        Map<Metric, Double> figures = new EnumMap<>(Metric.class);
        if (stack.isCeiling()) {
            guarded(Metric.OUT, () -> figures.put(Metric.OUT, bulk("5001")));
            guarded(Metric.IN, () -> figures.put(Metric.IN, bulk("5002")));
            guarded(Metric.CONNECTIONS, () -> figures.put(Metric.CONNECTIONS, connections("5001", 1)));
            return figures;
        }
        guarded(Metric.OUT, () -> throughput(figures, Metric.OUT, Metric.CPU_OUT));
        guarded(Metric.IN, () -> throughput(figures, Metric.IN, Metric.CPU_IN));
        // what does not come to its end moves nothing
        figures.putIfAbsent(Metric.OUT, 0.0);
        figures.putIfAbsent(Metric.IN, 0.0);
        if (cell.impair() == null) {
            guarded(Metric.PING, () -> figures.put(Metric.PING, ping(Lab.GATEWAY, 500, 2000)));
            guarded(Metric.PING_HOST, () -> figures.put(Metric.PING_HOST, ping(Lab.HOST_ADDRESS, 500, 2000)));
            guarded(Metric.CONNECTIONS, () -> figures.put(Metric.CONNECTIONS, connections(PORT, 1)));
        }
        return figures;
    }

    @Override
    public void close() {
        lab.close();
    }

    private void guarded(Metric metric, Runnable measurement) {
        try {
            measurement.run();
        } catch (BenchException e) {
            System.err.println(stack.name() + ", " + cell + ", " + metric + ": "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
    }

    private double ping(String host, int before, int count) {
        return number("30", tools.program("probe"), "ping", host, String.valueOf(before), String.valueOf(count));
    }

    /** Few seconds: each connection leaves a port in TIME_WAIT for a minute. */
    private double connections(String port, int forSeconds) {
        return number("20", tools.program("probe"), "connect", Lab.GATEWAY, port, String.valueOf(forSeconds));
    }

    private double bulk(String port) {
        String limit = String.valueOf(seconds + SPARE_SECONDS);
        return number(limit, tools.program("bulk"), Lab.GATEWAY, port, "1", String.valueOf(seconds));
    }

    private void throughput(Map<Metric, Double> figures, Metric rate, Metric cpu) {
        double before = cpuSeconds(process.toHandle());
        long sent = lab.guestTcp("OutSegs");
        long again = lab.guestTcp("RetransSegs");
        String output = transfer(rate, 1, seconds);
        double used = cpuSeconds(process.toHandle()) - before;
        if (rate == Metric.OUT) {
            sent = lab.guestTcp("OutSegs") - sent;
            again = lab.guestTcp("RetransSegs") - again;
            figures.put(Metric.RETRANSMITTED, PER_CENT * again / Math.max(1, sent));
        }
        Matcher bits = BITS.matcher(output);
        if (!bits.find()) {
            throw new BenchException("iperf3 gave no figure: " + output);
        }
        figures.put(rate, Double.parseDouble(bits.group(1)) / 1e9);
        long bytes = 0;
        Matcher sums = SUM_BYTES.matcher(output);
        while (sums.find()) {
            bytes += Long.parseLong(sums.group(1));
        }
        if (bytes > 0) {
            figures.put(cpu, used / (bytes / GIB));
        }
    }

    /** Runs iperf3 from the guest; what it prints. */
    private String transfer(Metric rate, int omitSeconds, int forSeconds) {
        String limit = String.valueOf(omitSeconds + forSeconds + SPARE_SECONDS);
        List<String> command = new ArrayList<>(List.of("timeout", limit, "iperf3", "-J", "-c", Lab.GATEWAY));
        command.addAll(List.of("-O", String.valueOf(omitSeconds), "-t", String.valueOf(forSeconds)));
        if (rate == Metric.IN) {
            command.add("-R");
        }
        return lab.runOnGuest(command.toArray(String[]::new));
    }

    private double number(String limit, String... command) {
        List<String> all = new ArrayList<>(List.of("timeout", limit));
        all.addAll(List.of(command));
        return Double.parseDouble(lab.runOnGuest(all.toArray(String[]::new)).trim());
    }

    private static void awaitListener(Lab lab, Process server, int port) {
        String wanted = String.format(":%04X 00000000:0000 0A", port);
        String wanted6 = String.format(":%04X 00000000000000000000000000000000:0000 0A", port);
        Path folder = Path.of("/proc", String.valueOf(server.pid()), "net");
        lab.await(server, "the server on port " + port, () -> {
            try {
                return Files.readString(folder.resolve("tcp")).contains(wanted)
                        || Files.readString(folder.resolve("tcp6")).contains(wanted6);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** The CPU time that a process and its children have used. */
    private static double cpuSeconds(ProcessHandle process) {
        double all = ownCpuSeconds(process.pid());
        for (ProcessHandle child : process.descendants().toList()) {
            all += ownCpuSeconds(child.pid());
        }
        return all;
    }

    private static double ownCpuSeconds(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS;
        } catch (IOException e) {
            return 0; // it has ended
        }
    }
}
