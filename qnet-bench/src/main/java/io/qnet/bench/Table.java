package io.qnet.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A table in Markdown with columns of equal width. */
final class Table {
    private final List<List<String>> rows = new ArrayList<>();

    Table(String... header) {
        rows.add(List.of(header));
    }

    void row(List<String> cells) {
        rows.add(List.copyOf(cells));
    }

    /** A figure with as many digits as it deserves; empty for null. */
    static String shown(@Nullable Double value) {
        if (value == null) {
            return "";
        }
        String format = value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }

    @Override
    public String toString() {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (int r = 0; r < rows.size(); r++) {
            append(text, rows.get(r), widths);
            if (r == 0) {
                append(
                        text,
                        java.util.Arrays.stream(widths).mapToObj("-"::repeat).toList(),
                        widths);
            }
        }
        return text.toString();
    }

    private static void append(StringBuilder text, List<String> row, int[] widths) {
        for (int i = 0; i < widths.length; i++) {
            text.append("| ")
                    .append(row.get(i))
                    .append(" ".repeat(widths[i] - row.get(i).length() + 1));
        }
        text.append("|\n");
    }
}
