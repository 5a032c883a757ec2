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

/** One stack, started afresh, measured once in each way. */
final class Trial {
    private static final String GATEWAY = "10.0.2.2";
    private static final String PORT = "5301";
    private static final double GIB = 1L << 30;
    /** Clock ticks a second in /proc/PID/stat; the same on every Linux that has a JDK. */
    private static final double TICKS = 100;

    private static final Pattern BITS =
            Pattern.compile("\"sum_received\"\\s*:\\s*\\{[^}]*\"bits_per_second\"\\s*:\\s*([0-9.e+]+)");
    private static final Pattern SUM_BYTES = Pattern.compile("\"sum\"\\s*:\\s*\\{[^}]*\"bytes\"\\s*:\\s*([0-9]+)");

    private final Tools tools;
    private final Stack stack;
    private final Cell cell;
    private final int warmUpSeconds;
    private final int seconds;
    private final Map<Metric, Double> figures = new EnumMap<>(Metric.class);

    Trial(Tools tools, Stack stack, Cell cell, int warmUpSeconds, int seconds) {
        this.tools = tools;
        this.stack = stack;
        this.cell = cell;
        this.warmUpSeconds = warmUpSeconds;
        this.seconds = seconds;
    }

    /** Measures; what could not be measured is missing from the answer, and said on standard error. */
    Map<Metric, Double> run() {
        try (Lab lab = new Lab()) {
            Process process = stack.start(lab, cell);
            if (stack.isCeiling()) {
                guarded(Metric.OUT, () -> figures.put(Metric.OUT, bulk(lab, "5001")));
                guarded(Metric.IN, () -> figures.put(Metric.IN, bulk(lab, "5002")));
                guarded(Metric.CONNECTIONS, () -> connections(lab, "5001"));
                return figures;
            }
            Process server = lab.startOnHost("iperf3", "-s");
            Process sink = lab.startOnHost(tools.program("probe"), "serve", PORT);
            awaitListener(lab, server, 5201);
            awaitListener(lab, sink, Integer.parseInt(PORT));
            guarded(Metric.OUT, () -> transfer(lab, Metric.OUT, 0, warmUpSeconds));
            guarded(Metric.IN, () -> transfer(lab, Metric.IN, 0, warmUpSeconds));
            guarded(Metric.OUT, () -> throughput(lab, process, Metric.OUT, Metric.CPU_OUT));
            guarded(Metric.IN, () -> throughput(lab, process, Metric.IN, Metric.CPU_IN));
            guarded(Metric.PING, () -> figures.put(Metric.PING, ping(lab)));
            guarded(Metric.CONNECTIONS, () -> connections(lab, PORT));
        } catch (BenchException e) {
            System.err.println(stack.name() + ", " + cell + ": " + e.getMessage());
        }
        return figures;
    }

    private void guarded(Metric metric, Runnable measurement) {
        try {
            measurement.run();
        } catch (BenchException e) {
            System.err.println(stack.name() + ", " + cell + ", " + metric + ": " + e.getMessage());
        }
    }

    private double ping(Lab lab) {
        return number(lab, "30", tools.program("probe"), "ping", GATEWAY, "5000", "2000");
    }

    private void connections(Lab lab, String port) {
        number(lab, "20", tools.program("probe"), "connect", GATEWAY, port, "2"); // warms up
        figures.put(Metric.CONNECTIONS, number(lab, "20", tools.program("probe"), "connect", GATEWAY, port, "2"));
    }

    private double bulk(Lab lab, String port) {
        String limit = String.valueOf(warmUpSeconds + seconds + 20);
        return number(lab, limit, tools.program("bulk"), GATEWAY, port, "1", String.valueOf(seconds));
    }

    private void throughput(Lab lab, Process process, Metric rate, Metric cpu) {
        double before = cpuSeconds(process.toHandle());
        String output = transfer(lab, rate, 1, seconds);
        double used = cpuSeconds(process.toHandle()) - before;
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
    private static String transfer(Lab lab, Metric rate, int omitSeconds, int seconds) {
        List<String> command = new ArrayList<>(
                List.of("timeout", String.valueOf(omitSeconds + seconds + 20), "iperf3", "-J", "-c", GATEWAY));
        command.addAll(List.of("-O", String.valueOf(omitSeconds), "-t", String.valueOf(seconds)));
        if (rate == Metric.IN) {
            command.add("-R");
        }
        return lab.runOnGuest(command.toArray(String[]::new));
    }

    private static double number(Lab lab, String limit, String... command) {
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
