package io.qnet;

import io.qnet.NetworkInfo.EndpointInfo;
import io.qnet.NetworkInfo.HubInfo;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The endpoints and hubs of one network and how they are joined: what QEMU keeps in {@code net/net.c}. Loop thread. */
final class Clients {
    /** Types that count as a way to the host in QEMU's warning about a hub. */
    private static final Set<String> HOST_DEVICES =
            Set.of("user", "tap", "bridge", "socket", "stream", "dgram", "vde", "vhost-user", "passt");

    private final Network network;
    private final NetdevContext context;
    private final NicDefaults defaults = new NicDefaults();
    private final Map<String, Endpoint> endpoints = new LinkedHashMap<>();
    private final Map<Integer, Hub> hubs = new LinkedHashMap<>();
    /** Netdevs that came by {@code -net}, which QEMU does not delete. */
    private final Set<String> legacy = new HashSet<>();

    private final Filters filters;
    /** Ports that were made for a member and go with it. */
    private final Map<Endpoint, HubPort> ownPorts = new LinkedHashMap<>();

    Clients(Network network, NetdevContext context) {
        this.network = network;
        this.context = context;
        filters = new Filters(network);
    }

    Filters filters() {
        return filters;
    }

    Hub hub(int id) {
        return hubs.computeIfAbsent(id, number -> new Hub(network, number));
    }

    Switch newSwitch(int id, Switch.Config config) {
        refuseOtherMode(id, HubPort.Mode.SWITCH);
        return (Switch) hubs.computeIfAbsent(id, number -> new Switch(network, number, config));
    }

    private void refuseOtherMode(int id, HubPort.@Nullable Mode mode) {
        Hub present = hubs.get(id);
        if (present != null && mode != null && (present instanceof Switch) != (mode == HubPort.Mode.SWITCH)) {
            throw new NetdevException(
                    "hub " + id + " is a " + (present instanceof Switch ? "switch" : "hub") + " already");
        }
    }

    private Hub hubOf(HubPort port) {
        return port.mode() == HubPort.Mode.SWITCH ? newSwitch(port.hubId(), Switch.Config.DEFAULT) : hub(port.hubId());
    }

    @Nullable Endpoint find(String name) {
        return endpoints.get(name);
    }

    Endpoint require(String name) {
        Endpoint found = endpoints.get(name);
        if (found == null) {
            throw new NetdevException("Device '" + name + "' not found");
        }
        return found;
    }

    List<Endpoint> all() {
        return List.copyOf(endpoints.values());
    }

    <E extends Endpoint> E add(EndpointConfig<E> config, @Nullable Hub hub) {
        E endpoint = prepare(config, hub);
        try {
            endpoint.open();
            opened(endpoint);
        } catch (RuntimeException | Error e) {
            discard(endpoint, e);
            throw e;
        }
        return endpoint;
    }

    <E extends Endpoint> CompletionStage<E> addAsync(EndpointConfig<E> config, @Nullable Hub hub) {
        E endpoint = prepare(config, hub);
        CompletionStage<@Nullable Void> opening;
        try {
            opening = endpoint.openAsync();
        } catch (RuntimeException e) {
            opening = CompletableFuture.failedFuture(e);
        }
        return opening.handle((nothing, failure) -> {
                    if (failure == null) {
                        opened(endpoint);
                    } else {
                        discard(endpoint, failure);
                    }
                    return failure;
                })
                .thenCompose(failure -> failure == null
                        ? CompletableFuture.completedFuture(endpoint)
                        : CompletableFuture.failedFuture(failure));
    }

    void markLegacy(String name) {
        legacy.add(name);
    }

    void connect(Endpoint one, Endpoint other) {
        if (one == other) {
            throw new NetdevException("'" + one.id() + "' cannot be its own peer");
        }
        refuseIfInUse(one);
        refuseIfInUse(other);
        one.port().connect(other.port());
        if (one instanceof Nic nic) {
            nic.peerJoined();
        }
        if (other instanceof Nic nic) {
            nic.peerJoined();
        }
    }

    /** Takes an endpoint out; the NIC that it was joined to sees its link go down, a hub port that was made for it goes too. */
    void remove(Endpoint endpoint) {
        if (endpoints.get(endpoint.id()) != endpoint) {
            return;
        }
        Port peer = endpoint.port().peer();
        Endpoint other = peer == null ? null : endpoints.get(peer.name());
        endpoint.port().disconnect();
        close(endpoint);
        if (other instanceof Nic nic) {
            nic.peerDeleted();
        }
        HubPort own = ownPorts.remove(endpoint);
        if (own != null) {
            remove(own);
        }
    }

    /** QEMU's netdev_del. */
    void delete(String name) {
        Endpoint endpoint = require(name);
        if (endpoint instanceof Nic) {
            throw new NetdevException("Device '" + name + "' not found"); // QEMU looks among netdevs only
        }
        if (legacy.contains(name) || ownPorts.containsValue(endpoint)) {
            throw new NetdevException("Device '" + name + "' is not a netdev");
        }
        remove(endpoint);
    }

    /** QEMU's set_link: of a netdev, its NIC's link goes with it. */
    void setLink(String name, boolean up) {
        Endpoint endpoint = require(name);
        endpoint.port().setLinkUp(up);
        Port peer = endpoint.port().peer();
        if (peer != null && endpoints.get(peer.name()) instanceof Nic nic) {
            nic.port().setLinkUp(up);
        }
    }

    void closeAll() {
        List<Endpoint> last = new ArrayList<>(endpoints.values());
        Collections.reverse(last);
        for (Endpoint endpoint : last) {
            close(endpoint);
        }
        ownPorts.clear();
        hubs.clear();
        filters.chardevs().close();
    }

    NetworkInfo info() {
        List<HubInfo> hubInfos = new ArrayList<>();
        for (Hub hub : hubs.values()) {
            hubInfos.add(
                    0,
                    new HubInfo(hub.id(), hub.ports().stream().map(Endpoint::id).toList()));
        }
        return new NetworkInfo(
                List.copyOf(hubInfos),
                endpoints.values().stream().map(this::info).toList());
    }

    /** QEMU's {@code net_check_clients}, in its order: hubs, newest first, then clients. */
    List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        List<Hub> newest = new ArrayList<>(hubs.values());
        Collections.reverse(newest);
        newest.forEach(hub -> warn(hub, warnings));
        for (Endpoint each : endpoints.values()) {
            if (each.port().peer() == null) {
                warnings.add((each instanceof Nic ? "nic " : "netdev ") + each.id() + " has no peer");
            }
        }
        return List.copyOf(warnings);
    }

    private void warn(Hub hub, List<String> warnings) {
        boolean hasNic = false;
        boolean hasHost = false;
        for (HubPort port : hub.ports()) {
            Port peer = port.port().peer();
            Endpoint member = peer == null ? null : endpoints.get(peer.name());
            if (member == null) {
                warnings.add("hub port " + port.id() + " has no peer");
            } else {
                hasNic |= member instanceof Nic;
                hasHost |= HOST_DEVICES.contains(member.type());
            }
        }
        if (hasHost && !hasNic) {
            warnings.add("hub " + hub.id() + " with no nics");
        }
        if (hasNic && !hasHost) {
            warnings.add("hub " + hub.id() + " is not connected to host network");
        }
    }

    private EndpointInfo info(Endpoint endpoint) {
        Port peer = endpoint.port().peer();
        return new EndpointInfo(
                endpoint.id(),
                endpoint.type(),
                endpoint.info(),
                endpoint.port().isLinkUp(),
                peer == null ? null : peer.name(),
                hubOf(endpoint, peer),
                Filters.info(endpoint.port()),
                endpoint.port().counters().snapshot());
    }

    private @Nullable Integer hubOf(Endpoint endpoint, @Nullable Port peer) {
        if (endpoint instanceof HubPort port) {
            return port.hubId();
        }
        return peer != null && endpoints.get(peer.name()) instanceof HubPort port ? port.hubId() : null;
    }

    /** Makes an endpoint and its port, and where it is to be on a hub, joins it; nothing is opened yet. */
    private <E extends Endpoint> E prepare(EndpointConfig<E> config, @Nullable Hub hub) {
        HubPort own = hub == null ? null : add(HubPort.config(hub.nextPortName(), hub.id()), null);
        try {
            E endpoint = config.completed(defaults).create();
            if (endpoints.containsKey(endpoint.id())) {
                throw new NetdevException("Duplicate ID '" + endpoint.id() + "'");
            }
            if (endpoint instanceof HubPort port) {
                refuseOtherMode(port.hubId(), port.mode());
                if (port.netdev() != null) {
                    refuseIfInUse(netdev(port.netdev()));
                }
            }
            endpoint.attach(context);
            endpoints.put(endpoint.id(), endpoint);
            if (own != null) {
                ownPorts.put(endpoint, own);
            }
            return endpoint;
        } catch (RuntimeException | Error e) {
            if (own != null) {
                remove(own);
            }
            throw e;
        }
    }

    private void opened(Endpoint endpoint) {
        if (endpoint instanceof HubPort port) {
            hubOf(port).insert(port);
            if (port.netdev() != null) {
                connect(port, netdev(port.netdev()));
            }
        }
        HubPort own = ownPorts.get(endpoint);
        if (own != null) {
            connect(own, endpoint);
        }
    }

    private Endpoint netdev(String name) {
        Endpoint found = endpoints.get(name);
        if (found == null || found instanceof Nic) {
            throw new NetdevException("netdev '" + name + "' not found");
        }
        return found;
    }

    private static void refuseIfInUse(Endpoint endpoint) {
        if (endpoint.port().peer() != null) {
            throw new NetdevException("netdev '" + endpoint.id() + "' is already in use");
        }
    }

    private void discard(Endpoint endpoint, Throwable reason) {
        try {
            remove(endpoint);
        } catch (RuntimeException e) {
            reason.addSuppressed(e);
        }
    }

    private void close(Endpoint endpoint) {
        endpoints.remove(endpoint.id());
        legacy.remove(endpoint.id());
        try {
            endpoint.close();
        } catch (RuntimeException | Error e) {
            context.loop().taskFailed(endpoint.id(), e);
        }
        filters.forget(endpoint.port());
        endpoint.port().close();
        if (endpoint instanceof Nic nic) {
            defaults.free(nic.mac());
        }
    }
}
