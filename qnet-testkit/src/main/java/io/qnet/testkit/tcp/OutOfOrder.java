package io.qnet.testkit.tcp;

import java.util.ArrayList;
import java.util.List;

/** The ranges of sequence space that arrived beyond {@code rcvNxt}: sorted, disjoint, not touching. The most recent one is remembered, since RFC 2018 §4 wants it reported first. */
final class OutOfOrder {
    /** One range, {@code end} excluded. */
    record Range(int start, int end) {}

    private final List<Range> ranges = new ArrayList<>();
    private int latest;

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    void add(int start, int end) {
        int from = start;
        int to = end;
        int at = 0;
        while (at < ranges.size()) {
            Range range = ranges.get(at);
            if (Seq.before(to, range.start())) {
                break;
            }
            if (Seq.before(range.end(), from)) {
                at++;
                continue;
            }
            from = Seq.min(from, range.start());
            to = Seq.max(to, range.end());
            ranges.remove(at);
        }
        ranges.add(at, new Range(from, to));
        latest = from;
    }

    /** Where in-order data now ends, given that it reached {@code rcvNxt}; ranges up to there are forgotten. */
    int advance(int rcvNxt) {
        int reached = rcvNxt;
        while (!ranges.isEmpty() && !Seq.after(ranges.get(0).start(), reached)) {
            reached = Seq.max(reached, ranges.remove(0).end());
        }
        return reached;
    }

    /** Up to {@code most} ranges for the SACK option, the most recent first. */
    List<Range> report(int most) {
        List<Range> report = new ArrayList<>(most);
        ranges.stream().filter(r -> r.start() == latest).forEach(report::add);
        ranges.stream().filter(r -> r.start() != latest).limit(most).forEach(report::add);
        return report.size() > most ? report.subList(0, most) : report;
    }
}
