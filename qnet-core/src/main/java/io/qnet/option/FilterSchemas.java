package io.qnet.option;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The options of {@code -object filter-*} (QEMU: qapi/qom.json), with qnet's own filter-netem. */
public final class FilterSchemas {
    /** {@code filter-dump}: frames into a pcap file. */
    public static final OptionSchema DUMP = filter("filter-dump")
            .string("file")
            .required()
            .uint32("maxlen")
            .rule((dump, onHub) -> {
                if (dump.integer("maxlen", 1) == 0) {
                    throw OptionException.of("Property 'filter-dump.maxlen' doesn't take value '0'", "maxlen", "0");
                }
            })
            .build();

    /** {@code filter-buffer}: frames are held and let go together every interval. */
    public static final OptionSchema BUFFER = filter("filter-buffer")
            .uint32("interval")
            .required()
            .rule((buffer, onHub) -> {
                if (buffer.integer("interval", 1) == 0) {
                    String message = "Property 'filter-buffer.interval' requires a positive value";
                    throw OptionException.of(message, "interval", "0");
                }
            })
            .build();

    /** {@code filter-mirror}: a copy of each frame to a character device. */
    public static final OptionSchema MIRROR = filter("filter-mirror")
            .string("outdev")
            .required()
            .bool("vnet_hdr_support")
            .build();

    /** {@code filter-redirector}: frames out to one character device, in from another. */
    public static final OptionSchema REDIRECTOR = filter("filter-redirector")
            .string("indev")
            .string("outdev")
            .bool("vnet_hdr_support")
            .build();

    /** {@code filter-netem}: a bad line; qnet's own. */
    public static final OptionSchema NETEM = filter("filter-netem")
            .option("loss", OptionKind.FRACTION)
            .between("burst", 1, 1_000_000)
            .option("delay", OptionKind.DURATION)
            .option("jitter", OptionKind.DURATION)
            .option("duplicate", OptionKind.FRACTION)
            .option("reorder", OptionKind.FRACTION)
            .option("corrupt", OptionKind.FRACTION)
            .option("rate", OptionKind.RATE)
            .size("limit")
            .int64("seed")
            .build();

    /** {@code filter-replay}: lets everything pass, as QEMU's does when nothing is recorded or replayed. */
    public static final OptionSchema REPLAY = filter("filter-replay").build();

    private static final Map<String, OptionSchema> BY_TYPE = new LinkedHashMap<>();

    static {
        for (OptionSchema schema : List.of(DUMP, BUFFER, MIRROR, REDIRECTOR, NETEM, REPLAY)) {
            BY_TYPE.put(schema.type(), schema);
        }
    }

    private FilterSchemas() {}

    /** The schema of a filter type, or null. */
    public static @Nullable OptionSchema find(String type) {
        return BY_TYPE.get(type);
    }

    /** All types, for messages. */
    public static List<String> types() {
        return List.copyOf(BY_TYPE.keySet());
    }

    /** What every filter takes (QEMU: net/filter.c). */
    private static OptionSchema.Builder filter(String type) {
        return OptionSchema.of(type)
                .string("netdev")
                .required()
                .oneOf("queue", "all", "rx", "tx")
                .string("status")
                .string("position")
                .oneOf("insert", "behind", "before")
                .rule(FilterSchemas::common);
    }

    private static void common(OptionValues filter, boolean onHub) {
        String status = filter.string("status", "on");
        if (!status.equals("on") && !status.equals("off")) {
            String message = "Invalid value for netfilter status, should be 'on' or 'off'";
            throw OptionException.of(message, "status", status);
        }
        String position = filter.string("position", "tail");
        if (!position.equals("head") && !position.equals("tail") && !position.startsWith("id=")) {
            throw OptionException.expects("position", position, "'head', 'tail' or 'id=<id>'");
        }
    }
}
