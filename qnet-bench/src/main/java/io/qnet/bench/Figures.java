package io.qnet.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All figures of a comparison: several a cell, stack and metric, of which the median counts. */
final class Figures {
    private record Key(Cell cell, String stack, Metric metric) {}

    private final Map<Key, List<Double>> values = new LinkedHashMap<>();

    void add(Cell cell, Stack stack, Map<Metric, Double> measured) {
        measured.forEach(
                (metric, value) -> values.computeIfAbsent(new Key(cell, stack.name(), metric), key -> new ArrayList<>())
                        .add(value));
    }

    /** The median, or null if nothing was measured. */
    @Nullable Double median(Cell cell, String stack, Metric metric) {
        List<Double> sorted = values.getOrDefault(new Key(cell, stack, metric), List.of()).stream()
                .sorted()
                .toList();
        if (sorted.isEmpty()) {
            return null;
        }
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** The smallest and the largest figure, as text; empty if there is none. */
    String range(Cell cell, String stack, Metric metric) {
        List<Double> all = values.getOrDefault(new Key(cell, stack, metric), List.of());
        if (all.size() < 2) {
            return "";
        }
        double low = all.stream().mapToDouble(Double::doubleValue).min().orElse(0);
        double high = all.stream().mapToDouble(Double::doubleValue).max().orElse(0);
        return Table.shown(low) + "–" + Table.shown(high);
    }
}
