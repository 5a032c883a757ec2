package io.qnet.bench;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whether a figure of qnet's is good enough. Throughput: {@value #PEER_FACTOR} times the best peer or {@value #CEILING_PART} of the ceiling, whichever is lower; on a TAP with offloads, where the host's
 * own loopback limits, that part of what a throwaway endpoint without loss recovery reached there. A probe that anyone beats is no ceiling: then the best figure is. Connections: that factor of the best
 * peer. Ping: not above the best peer.
 */
record Verdict(double figure, @Nullable Double goal, String why) {
    static final double PEER_FACTOR = 1.5;
    static final double CEILING_PART = 0.75;
    private static final String QNET = "qnet";
    private static final String CEILING = "ceiling";

    /** Gbit/s of the throwaway endpoint on a TAP with offloads, by MTU: out, in. */
    private static final Map<Integer, double[]> SPIKE =
            Map.of(1500, new double[] {10.6, 11}, 65_520, new double[] {12.4, 14.2});

    /** The verdict on a metric, or null if qnet was not measured or there is nothing to compare with. */
    static @Nullable Verdict of(Figures figures, Cell cell, Metric metric, List<String> stacks) {
        Double own = figures.median(cell, QNET, metric);
        if (own == null) {
            return null;
        }
        Stream<Double> others = stacks.stream()
                .filter(each -> !each.equals(QNET) && !each.equals(CEILING))
                .map(each -> figures.median(cell, each, metric))
                .filter(Objects::nonNull);
        return switch (metric) {
            case OUT, IN ->
                throughput(
                        figures, cell, metric, own, others.max(Double::compare).orElse(null));
            case CONNECTIONS -> {
                Double best = others.max(Double::compare).orElse(null);
                yield best == null ? null : new Verdict(own, best * PEER_FACTOR, "1.5 x peer");
            }
            case PING, PING_HOST -> {
                Double best = others.min(Double::compare).orElse(null);
                yield best == null ? null : new Verdict(-own, -best, "peer");
            }
            default -> null;
        };
    }

    private static @Nullable Verdict throughput(
            Figures figures, Cell cell, Metric metric, double own, @Nullable Double peer) {
        double goal = Double.MAX_VALUE;
        String why = "";
        Double ceiling = figures.median(cell, CEILING, metric);
        double[] spike = SPIKE.get(cell.mtu());
        if (cell.join() == Join.TAP_OFFLOAD && spike != null) {
            goal = spike[metric == Metric.OUT ? 0 : 1] * CEILING_PART;
            why = "75 % of the spike";
        }
        if (ceiling != null) {
            double best = Math.max(Math.max(ceiling, own), peer == null ? 0 : peer);
            if (best * CEILING_PART < goal) {
                goal = best * CEILING_PART;
                why = best > ceiling ? "75 % of the best figure" : "75 % of the ceiling";
            }
        }
        if (peer != null && peer * PEER_FACTOR < goal) {
            goal = peer * PEER_FACTOR;
            why = "1.5 x peer";
        }
        return why.isEmpty() ? null : new Verdict(own, goal, why);
    }

    /** Whether the goal is reached. */
    boolean passes() {
        return goal == null || figure >= goal;
    }

    /** "pass" or "FAIL", with the goal. */
    String text() {
        return goal == null ? "" : (passes() ? "pass" : "FAIL") + " (" + Table.shown(Math.abs(goal)) + ": " + why + ")";
    }
}
