package io.qnet.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What to compare.
 *
 * @param only the names of the stacks, empty for all
 */
record Options(
        Tools tools,
        int rounds,
        int warmUpSeconds,
        int seconds,
        List<Cell> cells,
        Set<String> only,
        @Nullable String gvproxy) {
    private static final int STANDARD_MTU = 1500;
    private static final int LARGE_MTU = 65_520;
    private static final String BAD_LINE = "0.5 1 0.5 0.2 1";
    private static final String ALL = "--all";
    private static final Set<String> NAMES =
            Set.of("tools", "qnet", "rounds", "warmup", "seconds", "join", "mtu", "only", "gvproxy", "impair");

    /** Reads {@code --name value} pairs, and {@code --all}. */
    static Options parse(List<String> arguments) {
        List<String> pairs = new ArrayList<>(arguments);
        boolean all = pairs.remove(ALL);
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < pairs.size(); i += 2) {
            String name = pairs.get(i).replaceFirst("^--", "");
            if (!NAMES.contains(name) || i + 1 == pairs.size()) {
                throw new BenchException("'" + pairs.get(i) + "' is not an option with a value; see --help");
            }
            given.put(name, pairs.get(i + 1));
        }
        List<Cell> cells = new ArrayList<>(cells(given));
        if (all) {
            cells.add(new Cell(Join.STREAM, STANDARD_MTU, BAD_LINE));
        }
        return new Options(
                new Tools(Path.of(given.getOrDefault("tools", ".")), given.getOrDefault("qnet", "./qnet")),
                number(given, "rounds", 5),
                number(given, "warmup", 4),
                number(given, "seconds", 2),
                List.copyOf(cells),
                given.containsKey("only") ? Set.of(given.get("only").split(",")) : Set.of(),
                given.get("gvproxy"));
    }

    private static List<Cell> cells(Map<String, String> given) {
        Map<String, Join> joins = Map.of("stream", Join.STREAM, "tap", Join.TAP_OFFLOAD, "tap-plain", Join.TAP_PLAIN);
        List<Cell> cells = new ArrayList<>();
        for (String join : given.getOrDefault("join", given.containsKey("impair") ? "stream" : "stream,tap,tap-plain")
                .split(",")) {
            Join known = joins.get(join);
            if (known == null) {
                throw new BenchException("--join knows stream, tap and tap-plain, not '" + join + "'");
            }
            for (String mtu :
                    given.getOrDefault("mtu", STANDARD_MTU + "," + LARGE_MTU).split(",")) {
                cells.add(new Cell(known, parse("mtu", mtu), given.get("impair")));
            }
        }
        return cells;
    }

    private static int number(Map<String, String> given, String name, int fallback) {
        String text = given.get(name);
        return text == null ? fallback : parse(name, text);
    }

    private static int parse(String name, String text) {
        try {
            int value = Integer.parseInt(text);
            if (value > 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new BenchException("--" + name + " expects a number, not '" + text + "'");
        }
        throw new BenchException("--" + name + " expects a number above 0, not '" + text + "'");
    }
}
