package io.qnet.cli.monitor;

import io.qnet.MacAddress;
import io.qnet.Network;
import io.qnet.NetworkInfo;
import io.qnet.NetworkInfo.EndpointInfo;
import io.qnet.NetworkInfo.FilterInfo;
import io.qnet.slirp.UserNetdev;
import io.qnet.slirp.UsernetInfo;
import io.qnet.slirp.forward.ForwardInfo;
import io.qnet.slirp.service.LeaseTable.Lease;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What QEMU only prints, as values for JSON. Keys are in the order in which they are written. */
final class Typed {
    private Typed() {}

    static String mac(long mac) {
        return new MacAddress(mac).toString();
    }

    static Map<String, Object> network(NetworkInfo info) {
        List<Object> hubs = new ArrayList<>();
        info.hubs().forEach(hub -> hubs.add(map("id", hub.id(), "ports", hub.ports())));
        return map(
                "hubs",
                hubs,
                "endpoints",
                info.endpoints().stream().map(Typed::endpoint).toList());
    }

    private static Map<String, Object> endpoint(EndpointInfo info) {
        Map<String, Object> map = map("name", info.name(), "type", info.type(), "info", info.info());
        map.put("link-up", info.linkUp());
        if (info.peer() != null) {
            map.put("peer", info.peer());
        }
        if (info.hub() != null) {
            map.put("hub", info.hub());
        }
        map.put("filters", info.filters().stream().map(Typed::filter).toList());
        map.put("counters", info.counters());
        return map;
    }

    private static Map<String, Object> filter(FilterInfo info) {
        return map(
                "id",
                info.id(),
                "qom-type",
                info.type(),
                "info",
                info.info(),
                "enabled",
                info.enabled(),
                "counters",
                info.counters());
    }

    static List<Object> flows(Network network) {
        List<Object> flows = new ArrayList<>();
        for (UserNetdev user : network.endpoints(UserNetdev.class)) {
            for (UsernetInfo.Row row : user.usernet().rows()) {
                if (!row.state().equals("HOST_FORWARD")) {
                    flows.add(flow(user.id(), row));
                }
            }
        }
        return flows;
    }

    private static Map<String, Object> flow(String netdev, UsernetInfo.Row row) {
        Map<String, Object> map = map("netdev", netdev, "protocol", lower(row.protocol()), "state", row.state());
        map.put("source", row.source().toString());
        map.put("destination", row.destination().toString());
        if (row.protocol() != UsernetInfo.Protocol.ICMP) {
            map.put("source-port", row.sourcePort());
            map.put("destination-port", row.destinationPort());
        }
        map.put("receive-queue", row.receiveQueue());
        map.put("send-queue", row.sendQueue());
        return map;
    }

    static List<Object> forwards(Network network) {
        List<Object> forwards = new ArrayList<>();
        for (UserNetdev user : network.endpoints(UserNetdev.class)) {
            user.forwards().forEach(each -> forwards.add(forward(user.id(), each)));
        }
        return forwards;
    }

    static Map<String, Object> forward(String netdev, ForwardInfo info) {
        Map<String, Object> map = map("netdev", netdev, "protocol", lower(info.protocol()));
        if (info.listen() instanceof InetSocketAddress listen) {
            map.put("host", listen.getAddress().getHostAddress());
            map.put("host-port", listen.getPort());
        } else {
            map.put("path", info.listen().toString());
        }
        map.put("guest", info.guest().toString());
        map.put("guest-port", info.guestPort());
        return map;
    }

    static List<Object> leases(Network network) {
        List<Object> leases = new ArrayList<>();
        for (UserNetdev user : network.endpoints(UserNetdev.class)) {
            for (Lease lease : user.leases()) {
                leases.add(map(
                        "netdev",
                        user.id(),
                        "mac",
                        mac(lease.mac()),
                        "address",
                        lease.address().toString(),
                        "remaining-seconds",
                        TimeUnit.NANOSECONDS.toSeconds(lease.remainingNanos())));
            }
        }
        return leases;
    }

    static List<Object> counters(Network network) {
        List<Object> counters = new ArrayList<>();
        for (EndpointInfo info : network.info().endpoints()) {
            Map<String, Object> all = map("name", info.name(), "port", info.counters());
            if (network.endpoint(info.name()) instanceof UserNetdev user) {
                all.put("netdev", user.counters().snapshot());
            }
            counters.add(all);
        }
        return counters;
    }

    /** A map of keys and values in turn. */
    static Map<String, Object> map(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
