package io.qnet;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a network consists of at one moment, in the order of QEMU's {@code info network}.
 *
 * @param hubs newest first
 * @param endpoints all, hub ports included, in the order in which they were made
 */
public record NetworkInfo(List<HubInfo> hubs, List<EndpointInfo> endpoints) {
    /**
     * A hub.
     *
     * @param id its number
     * @param ports the names of its ports, newest first
     */
    public record HubInfo(int id, List<String> ports) {}

    /**
     * An endpoint.
     *
     * @param name its name
     * @param type QEMU's name of its type
     * @param info the rest of its line in {@code info network}
     * @param linkUp whether its link is up
     * @param peer the name of what it is joined to, or null
     * @param hub the hub that it is a port of or joined to, or null
     * @param filters its filters, first to last
     * @param counters of its port: what it received ({@code in.*}), sent ({@code out.*}) and what was dropped ({@code drop.*})
     */
    public record EndpointInfo(
            String name,
            String type,
            String info,
            boolean linkUp,
            @Nullable String peer,
            @Nullable Integer hub,
            List<FilterInfo> filters,
            Map<String, Long> counters) {}

    /**
     * A filter.
     *
     * @param id its name
     * @param type QEMU's name of its type
     * @param info what follows the type in {@code info network}, beginning with a comma if there is any
     * @param enabled whether it is at work (QEMU's {@code status})
     * @param counters what happened to frames in it, by name
     */
    public record FilterInfo(String id, String type, String info, boolean enabled, Map<String, Long> counters) {}

    /** The endpoint with this name, or null. */
    public @Nullable EndpointInfo endpoint(String name) {
        for (EndpointInfo each : endpoints) {
            if (each.name().equals(name)) {
                return each;
            }
        }
        return null;
    }

    /** As QEMU's {@code info network} prints it (net/net-hmp-cmds.c, net/hub.c), with newlines. */
    public String toText() {
        return NetworkText.of(this);
    }
}
