package io.qnet;

import io.qnet.NetworkInfo.FilterInfo;
import io.qnet.chardev.Chardev;
import io.qnet.chardev.Chardevs;
import io.qnet.option.NetItem;
import io.qnet.option.OptionValues;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The filters of one network by name, and how they come and go (QEMU: net/filter.c, qom/object_interfaces.c). Loop thread. */
final class Filters {
    /** A filter at its port; with the provider and options that it was made of, if it came as an object. */
    private record Placed(
            Port port,
            FilterChain.Slot slot,
            @Nullable FilterProvider provider,
            @Nullable OptionValues options) {}

    private final Network network;
    private final FilterProviders providers = new FilterProviders();
    private final Map<String, Placed> byId = new LinkedHashMap<>();
    private @Nullable Chardevs chardevs;

    Filters(Network network) {
        this.network = network;
    }

    /** QEMU's {@code object_add}: checks where it is to go before it is made, so that no file is opened in vain. */
    void add(NetItem.FilterObject object, Endpoints endpoints) {
        FilterPlace place = FilterPlace.of(object.options());
        Port port = check(object.id(), place, endpoints);
        FilterProvider provider = providers.find(object.type());
        FrameFilter filter = provider.create(new Context(), object.options());
        FilterChain.Slot slot = port.addFilter(object.id(), filter, place);
        byId.put(object.id(), new Placed(port, slot, provider, object.options()));
    }

    void add(String id, FilterPlace place, FrameFilter filter, Endpoints endpoints) {
        Port port = check(id, place, endpoints);
        byId.put(id, new Placed(port, port.addFilter(id, filter, place), null, null));
    }

    /** Makes the filter of an object without putting it on a chain. */
    FrameFilter create(NetItem.FilterObject object) {
        return providers.find(object.type()).create(new Context(), object.options());
    }

    /** QEMU's {@code object_del}. */
    void remove(String id) {
        Placed placed = require(id);
        byId.remove(id);
        placed.port.removeFilter(placed.slot);
    }

    /** QEMU's {@code qom-set}: {@code status} of any filter, or what its provider can change. */
    void change(String id, String name, String value) {
        Placed placed = require(id);
        if (name.equals("status")) {
            if (!value.equals("on") && !value.equals("off")) {
                throw new NetdevException("Invalid value for netfilter status, should be 'on' or 'off'");
            }
            placed.slot.setEnabled(value.equals("on"));
            return;
        }
        OptionValues options = placed.options;
        FilterProvider provider = placed.provider;
        if (provider == null || options == null || provider.schema().option(name) == null) {
            throw new NetdevException("Property '" + placed.slot.filter.type() + "." + name + "' not found");
        }
        OptionValues changed = options.withText(name, value);
        provider.schema().check(changed, false);
        provider.change(placed.slot.filter, name, changed);
        byId.put(id, new Placed(placed.port, placed.slot, provider, changed));
    }

    /** The character devices; made when first asked for, since the network is still being made when this is. */
    Chardevs chardevs() {
        Chardevs present = chardevs;
        if (present == null) {
            present = new Chardevs(network.loop(), network::warn);
            chardevs = present;
        }
        return present;
    }

    /** Forgets the filters of a port that is closed. */
    void forget(Port port) {
        byId.values().removeIf(placed -> placed.port == port);
    }

    static List<FilterInfo> info(Port port) {
        return port.filters().slots().stream().map(Filters::info).toList();
    }

    private static FilterInfo info(FilterChain.Slot slot) {
        FrameFilter filter = slot.filter;
        return new FilterInfo(
                slot.id,
                filter.type(),
                filter.info() + slot.place.toText(slot.isEnabled()),
                slot.isEnabled(),
                filter.counters() == null ? Map.of() : filter.counters().snapshot());
    }

    private Placed require(String id) {
        Placed placed = byId.get(id);
        if (placed == null) {
            throw new NetdevException("object '" + id + "' not found");
        }
        return placed;
    }

    private Port check(String id, FilterPlace place, Endpoints endpoints) {
        Endpoint endpoint = endpoints.find(place.netdev());
        if (endpoint == null || endpoint instanceof Nic) {
            throw new NetdevException("Parameter 'netdev' expects a network backend id");
        }
        if (byId.containsKey(id)) {
            throw new NetdevException("attempt to add duplicate property '" + id + "' to object (type 'container')");
        }
        String position = place.position();
        if (position.startsWith("id=")) {
            String other = position.substring("id=".length());
            Placed neighbour = byId.get(other);
            if (neighbour == null) {
                throw new NetdevException("filter '" + other + "' not found");
            }
            if (neighbour.port != endpoint.port()) {
                throw new NetdevException("filter '" + id + "' belongs to a different netdev");
            }
        }
        return endpoint.port();
    }

    /** Where netdevs are found by name. */
    @FunctionalInterface
    interface Endpoints {
        @Nullable Endpoint find(String name);
    }

    private final class Context implements FilterContext {
        @Override
        public io.qnet.loop.Loop loop() {
            return network.loop();
        }

        @Override
        public @Nullable Chardev chardev(String id) {
            return chardevs().find(id);
        }

        @Override
        public void warn(String filter, String message) {
            network.warn(filter, message);
        }
    }
}
