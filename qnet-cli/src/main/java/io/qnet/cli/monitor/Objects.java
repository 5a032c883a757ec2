package io.qnet.cli.monitor;

import io.qnet.NetdevException;
import io.qnet.Network;
import io.qnet.NetworkInfo.EndpointInfo;
import io.qnet.NetworkInfo.FilterInfo;
import java.util.List;

/** The part of QEMU's object tree that is here: filters, as {@code /objects/ID}. */
final class Objects {
    private static final String ROOT = "/objects/";

    private Objects() {}

    static void set(Network network, String path, String property, String value) {
        String id = path.startsWith(ROOT) ? path.substring(ROOT.length()) : path;
        if (filters(network).stream().noneMatch(each -> each.id().equals(id))) {
            throw new NetdevException("Device '" + path + "' not found");
        }
        network.changeObject(id, property, value);
    }

    /** All filters, in the order of their netdevs. */
    static List<FilterInfo> filters(Network network) {
        return network.info().endpoints().stream()
                .map(EndpointInfo::filters)
                .flatMap(List::stream)
                .toList();
    }
}
