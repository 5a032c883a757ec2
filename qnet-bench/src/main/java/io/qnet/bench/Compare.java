package io.qnet.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Compares qnet with its peers and with the ceiling: a Linux guest in a network namespace is joined to each in turn, interleaved for some rounds, and a table with medians, ratios and verdicts is printed.
 * Started by {@code qnet-bench/compare}; needs root for its namespaces, in which all traffic stays.
 */
public final class Compare {
    private static final String QNET = "qnet";
    private static final String CEILING = "ceiling";

    private final Options options;
    private final List<Stack> stacks;
    private final Figures figures = new Figures();

    private Compare(Options options) {
        this.options = options;
        stacks = new Stacks(options.tools(), options.gvproxy())
                .all().stream()
                        .filter(each ->
                                options.only().isEmpty() || options.only().contains(each.name()))
                        .toList();
    }

    /**
     * Runs the comparison. Exit status 0 if every verdict is a pass.
     *
     * @param arguments see {@code qnet-bench/compare --help}
     */
    public static void main(String[] arguments) {
        Options options;
        try {
            options = Options.parse(Arrays.asList(arguments));
        } catch (BenchException e) {
            System.err.println("compare: " + e.getMessage());
            System.exit(2);
            return;
        }
        Compare compare = new Compare(options);
        compare.measure();
        System.exit(compare.report() ? 0 : 1);
    }

    private void measure() {
        for (Cell cell : options.cells()) {
            List<Session> sessions = new ArrayList<>();
            try {
                for (Stack stack : stacks(cell)) {
                    open(cell, stack, sessions);
                }
                for (int round = 1; round <= options.rounds(); round++) {
                    for (Session session : sessions) {
                        Map<Metric, Double> measured = session.measure();
                        figures.add(cell, session.stack(), measured);
                        progress(round, cell, session.stack(), measured);
                    }
                }
            } finally {
                sessions.forEach(Session::close);
            }
        }
    }

    /** Those that such a guest can be joined to. The ceiling retransmits nothing, so a bad line stops it. */
    private List<Stack> stacks(Cell cell) {
        return stacks.stream()
                .filter(each -> each.joins().contains(cell.join()) && !(each.isCeiling() && cell.impair() != null))
                .toList();
    }

    private void open(Cell cell, Stack stack, List<Session> sessions) {
        try {
            Session session = new Session(options.tools(), stack, cell, options.seconds());
            sessions.add(session);
            session.warmUp(options.warmUpSeconds());
        } catch (BenchException e) {
            System.err.println(stack.name() + ", " + cell + ": " + e.getMessage());
        }
    }

    private void progress(int round, Cell cell, Stack stack, Map<Metric, Double> measured) {
        String text = measured.entrySet().stream()
                .map(each -> each.getKey() + " " + Table.shown(each.getValue()))
                .collect(Collectors.joining(", "));
        System.err.println("round " + round + "/" + options.rounds() + ", " + cell + ", " + stack.name() + ": " + text);
    }

    /** Prints the tables; true if all passes. */
    private boolean report() {
        boolean all = true;
        System.out.println(Machine.describe());
        for (Cell cell : options.cells()) {
            List<String> names = stacks(cell).stream().map(Stack::name).toList();
            System.out.println("\n### " + cell + "\n");
            System.out.println(figureTable(cell, names));
            for (Metric metric : List.of(Metric.OUT, Metric.IN, Metric.CONNECTIONS, Metric.PING, Metric.PING_HOST)) {
                Verdict verdict = Verdict.of(figures, cell, metric, names);
                if (verdict != null) {
                    System.out.println("- " + metric + ": " + verdict.text());
                    all &= verdict.passes();
                }
            }
        }
        return all;
    }

    private Table figureTable(Cell cell, List<String> names) {
        Table table = new Table(
                "",
                "out Gbit/s",
                "range",
                "in Gbit/s",
                "range",
                "conn/s",
                "ping µs",
                "to the host",
                "CPU s/GiB out",
                "in",
                "guest's retr. %",
                "out of qnet's",
                "in of qnet's");
        for (String name : names) {
            List<String> row = new ArrayList<>(List.of(name));
            row.add(Table.shown(figures.median(cell, name, Metric.OUT)));
            row.add(figures.range(cell, name, Metric.OUT));
            row.add(Table.shown(figures.median(cell, name, Metric.IN)));
            row.add(figures.range(cell, name, Metric.IN));
            for (Metric metric : List.of(
                    Metric.CONNECTIONS,
                    Metric.PING,
                    Metric.PING_HOST,
                    Metric.CPU_OUT,
                    Metric.CPU_IN,
                    Metric.RETRANSMITTED)) {
                row.add(Table.shown(figures.median(cell, name, metric)));
            }
            row.add(ratio(cell, name, Metric.OUT));
            row.add(ratio(cell, name, Metric.IN));
            table.row(row);
        }
        return table;
    }

    /** How qnet's figure compares: "1.80 x" of a peer, or of the ceiling. */
    private String ratio(Cell cell, String name, Metric metric) {
        @Nullable Double own = figures.median(cell, QNET, metric);
        @Nullable Double other = figures.median(cell, name, metric);
        if (own == null || other == null || other == 0 || name.equals(QNET)) {
            return "";
        }
        return "qnet = " + Table.shown(own / other) + (name.equals(CEILING) ? " of it" : " x");
    }
}
