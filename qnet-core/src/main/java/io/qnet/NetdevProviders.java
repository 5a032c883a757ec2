package io.qnet;

import io.qnet.option.NetCommandLine;
import io.qnet.option.NetItem;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** The back ends that are on the class path, by QEMU's type names. Immutable. */
final class NetdevProviders implements NetCommandLine.Schemas {
    private final Map<String, NetdevProvider> byType = new HashMap<>();

    NetdevProviders() {
        ServiceLoader.load(NetdevProvider.class, NetdevProvider.class.getClassLoader())
                .forEach(provider -> byType.put(provider.type(), provider));
    }

    @Override
    public @Nullable OptionSchema find(String type) {
        NetdevProvider provider = byType.get(type);
        return provider == null ? null : provider.schema();
    }

    EndpointConfig<? extends Netdev> configure(NetItem.Backend item) {
        if (item.type().equals("hubport")) {
            return hubPort(item);
        }
        NetdevProvider provider = byType.get(item.type());
        if (provider == null) {
            throw new NetdevException("network backend '" + item.type() + "' is not compiled into this binary");
        }
        return provider.configure(item.id(), item.options());
    }

    private static HubPort.Config hubPort(NetItem.Backend item) {
        OptionValues options = item.options();
        HubPort.Config port = HubPort.config(item.id(), options.int32("hubid", 0))
                .isolated(options.bool("isolated", false))
                .stormLimit(options.int32("storm-limit", 0));
        String mode = options.string("mode");
        if (mode != null) {
            port = port.mode(mode.equals("switch") ? HubPort.Mode.SWITCH : HubPort.Mode.HUB);
        }
        String netdev = options.string("netdev");
        return netdev == null ? port : port.netdev(netdev);
    }
}
