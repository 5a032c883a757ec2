package io.qnet.slirp.service;

import io.qnet.host.HostNetwork;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The name servers that queries go to: those that were configured, else the host's own. A server that failed is asked last for a while.
 *
 * <p>Pure: time is an argument. Loop thread only.
 */
public final class Resolvers {
    /** How long a server that failed is asked last. */
    static final long AVOID_NANOS = 30_000_000_000L;

    private static final int MAX_FAILED = 64;

    private final List<InetSocketAddress> configured;
    private final HostNetwork host;
    private final Map<InetSocketAddress, Long> avoidedUntilNanos = new HashMap<>();

    /**
     * @param configured the servers to use; if empty, the host's
     */
    public Resolvers(List<InetSocketAddress> configured, HostNetwork host) {
        this.configured = List.copyOf(configured);
        this.host = host;
    }

    /** The servers in the order in which to ask them; none if the host has none. */
    public List<InetSocketAddress> inOrder(long nowNanos) {
        List<InetSocketAddress> servers = configured.isEmpty() ? host.resolvers() : configured;
        if (avoidedUntilNanos.isEmpty()) {
            return servers;
        }
        avoidedUntilNanos.values().removeIf(until -> until - nowNanos <= 0);
        List<InetSocketAddress> ordered = new ArrayList<>(servers);
        ordered.removeIf(avoidedUntilNanos::containsKey);
        for (InetSocketAddress server : servers) {
            if (avoidedUntilNanos.containsKey(server)) {
                ordered.add(server);
            }
        }
        return ordered;
    }

    /** A server did not answer, or could not be reached. */
    public void failed(InetSocketAddress server, long nowNanos) {
        if (avoidedUntilNanos.size() < MAX_FAILED) {
            avoidedUntilNanos.put(server, nowNanos + AVOID_NANOS);
        }
    }

    /** A server answered. */
    public void answered(InetSocketAddress server) {
        avoidedUntilNanos.remove(server);
    }
}
