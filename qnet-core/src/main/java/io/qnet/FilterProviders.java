package io.qnet;

import io.qnet.option.FilterSchemas;
import io.qnet.option.NetItem;
import io.qnet.option.OptionException;
import io.qnet.option.OptionValues;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;

/** The filters that are on the class path, by QEMU's type names. Immutable. */
final class FilterProviders {
    private final Map<String, FilterProvider> byType = new HashMap<>();

    FilterProviders() {
        ServiceLoader.load(FilterProvider.class, FilterProvider.class.getClassLoader())
                .forEach(provider -> byType.put(provider.type(), provider));
    }

    FilterProvider find(String type) {
        FilterProvider provider = byType.get(type);
        if (provider == null) {
            throw OptionException.notAccepted("qom-type", type, FilterSchemas.types());
        }
        return provider;
    }

    /** The filter behind {@code -net dump}: QEMU 2.11 recorded with the code of its filter-dump too. */
    static NetItem.FilterObject dump(NetItem.Dump item) {
        OptionValues options = OptionValues.empty(FilterSchemas.DUMP)
                .withText("netdev", item.id())
                .withText("file", item.file())
                .withText("maxlen", Long.toString(Math.min(item.maxBytes(), 0xffff_ffffL)));
        return new NetItem.FilterObject(item.source(), item.id(), FilterSchemas.DUMP.type(), options);
    }
}
