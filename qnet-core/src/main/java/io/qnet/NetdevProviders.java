package io.qnet;

import io.qnet.option.NetCommandLine;
import io.qnet.option.NetItem;
import io.qnet.option.OptionSchema;
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
            HubPort.Config port = HubPort.config(item.id(), item.options().int32("hubid", 0));
            String netdev = item.options().string("netdev");
            return netdev == null ? port : port.netdev(netdev);
        }
        NetdevProvider provider = byType.get(item.type());
        if (provider == null) {
            throw new NetdevException("network backend '" + item.type() + "' is not compiled into this binary");
        }
        return provider.configure(item.id(), item.options());
    }
}
