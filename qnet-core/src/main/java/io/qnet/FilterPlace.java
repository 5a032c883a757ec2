package io.qnet;

import io.qnet.FrameFilter.Direction;
import io.qnet.option.OptionValues;
import org.jspecify.annotations.Nullable;

/**
 * Where a filter is put, and what it sees (QEMU: net/filter.c). Immutable: each setter answers a changed copy.
 *
 * <pre>{@code
 * network.addFilter("f0", FilterPlace.at("u0").head().only(Direction.RX), filter);
 * }</pre>
 *
 * @param netdev the name of the netdev
 * @param only the one direction that the filter sees, or null for both
 * @param position {@code head}, {@code tail} or {@code id=FILTER}
 * @param before with {@code id=FILTER}: whether it comes before that filter instead of behind it
 * @param enabled whether it is at work
 */
public record FilterPlace(String netdev, @Nullable Direction only, String position, boolean before, boolean enabled) {
    /** At the end of a netdev's chain, for both directions. */
    public static FilterPlace at(String netdev) {
        return new FilterPlace(netdev, null, "tail", false, true);
    }

    /** Reads the options that every filter takes. */
    static FilterPlace of(OptionValues options) {
        Direction only = switch (options.string("queue", "all")) {
            case "rx" -> Direction.RX;
            case "tx" -> Direction.TX;
            default -> null;
        };
        return new FilterPlace(
                options.required("netdev"),
                only,
                options.string("position", "tail"),
                options.string("insert", "behind").equals("before"),
                options.string("status", "on").equals("on"));
    }

    /** Sets the one direction that the filter sees. */
    public FilterPlace only(Direction direction) {
        return new FilterPlace(netdev, direction, position, before, enabled);
    }

    /** At the head of the chain: first for what the netdev sends, last for what is sent to it. */
    public FilterPlace head() {
        return new FilterPlace(netdev, only, "head", before, enabled);
    }

    /** Next behind another filter of this netdev. */
    public FilterPlace behind(String filter) {
        return new FilterPlace(netdev, only, "id=" + filter, false, enabled);
    }

    /** Next before another filter of this netdev. */
    public FilterPlace before(String filter) {
        return new FilterPlace(netdev, only, "id=" + filter, true, enabled);
    }

    /** Sets whether it is at work. */
    public FilterPlace enabled(boolean on) {
        return new FilterPlace(netdev, only, position, before, on);
    }

    /** As {@code info network} shows it. */
    String toText(boolean enabledNow) {
        String queue = only == null ? "all" : only == Direction.RX ? "rx" : "tx";
        return ",position=" + position + ",status=" + (enabledNow ? "on" : "off") + ",insert="
                + (before ? "before" : "behind") + ",netdev=" + netdev + ",queue=" + queue;
    }
}
