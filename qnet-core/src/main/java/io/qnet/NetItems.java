package io.qnet;

import io.qnet.option.NetCommandLine;
import io.qnet.option.NetItem;
import io.qnet.option.OptionException;
import org.jspecify.annotations.Nullable;

/**
 * Makes in a network what a command line asks for: in one control call, so that a peer that connects to the first listener finds the whole network, as QEMU's peers do. Only where something waits for a
 * script or a helper is each item a call of its own, and what comes in meanwhile meets a network that is not complete.
 */
final class NetItems {
    private final Network network;
    private final NetdevProviders providers;

    NetItems(Network network, NetdevProviders providers) {
        this.network = network;
        this.providers = providers;
    }

    /**
     * Makes everything, in order.
     *
     * @throws NetdevException in QEMU's words, with the argument that was refused as its source
     */
    void create(NetCommandLine line) {
        if (line.items().stream().anyMatch(this::mayBlock)) {
            createEach(line);
            return;
        }
        network.call(() -> {
            createEach(line);
            return true;
        });
    }

    /** QEMU's {@code -chardev}, which comes before all that uses it. */
    void createChardev(String argument) {
        try {
            network.addChardev(argument);
        } catch (OptionException e) {
            throw e.at("-chardev " + argument);
        }
    }

    private boolean mayBlock(NetItem item) {
        NetItem.@Nullable Backend backend = null;
        if (item instanceof NetItem.Backend each) {
            backend = each;
        } else if (item instanceof NetItem.DirectNic direct) {
            backend = direct.backend();
        }
        try {
            return backend != null && providers.configure(backend).mayBlock();
        } catch (NetdevException | OptionException e) {
            // Refused when its turn comes: what is before it may be refused first.
            return false;
        }
    }

    private void createEach(NetCommandLine line) {
        for (NetItem item : line.items()) {
            try {
                create(item);
            } catch (NetdevException e) {
                throw e.at(item.source());
            } catch (OptionException e) {
                throw e.at(item.source());
            }
        }
    }

    private void create(NetItem item) {
        if (item instanceof NetItem.Backend backend) {
            create(backend);
        } else if (item instanceof NetItem.NicDevice nic) {
            create(nic);
        } else if (item instanceof NetItem.DirectNic direct) {
            Endpoint backend = network.add(providers.configure(direct.backend()));
            network.connect(network.add(nic("", direct.nic())), backend);
        } else if (item instanceof NetItem.Dump dump) {
            create(dump);
        } else if (item instanceof NetItem.FilterObject filter) {
            network.addObject(filter);
        }
    }

    /** QEMU 2.11: net/dump.c. */
    private void create(NetItem.Dump item) {
        String info = "dump to " + item.file() + " (len=" + item.maxBytes() + ")";
        FrameFilter recorder = network.createFilter(FilterProviders.dump(item));
        network.hub(item.hub()).add(new DumpClient.Config(item.id(), recorder, info));
        network.markLegacy(item.id());
    }

    private void create(NetItem.Backend item) {
        EndpointConfig<? extends Netdev> config = providers.configure(item);
        if (item.hub().isEmpty()) {
            network.add(config);
        } else {
            network.hub(item.hub().getAsInt()).add(config);
            network.markLegacy(item.id());
        }
    }

    private void create(NetItem.NicDevice item) {
        NicConfig config = nic(item.id().startsWith("#") ? "" : item.id(), item.nic());
        if (item.netdev() == null) {
            network.hub(item.hub()).add(config);
            return;
        }
        @Nullable Endpoint netdev = network.endpoint(item.netdev());
        if (netdev == null || netdev instanceof Nic) {
            throw new NetdevException("netdev '" + item.netdev() + "' not found");
        }
        network.connect(network.add(config), netdev);
    }

    private static NicConfig nic(String id, NetItem.NicRequest request) {
        NicConfig config = Nic.config().id(id);
        if (request.model() != null) {
            config = config.model(request.model());
        }
        return request.mac() == null ? config : config.mac(new MacAddress(request.mac()));
    }
}
