package io.qnet.slirp.ip;

import io.qnet.wire.IpAddress;
import java.util.HashMap;
import java.util.Map;

/**
 * The addresses in the guests' network that the user netdev answers for: gateway, name server, and those that forwards and services add and remove.
 *
 * <p>Not thread-safe.
 */
public final class LocalAddresses {
    private final GuestNetwork network;
    private final Map<IpAddress, Integer> added = new HashMap<>();

    /** Gateway and name server only. */
    public LocalAddresses(GuestNetwork network) {
        this.network = network;
    }

    /** Adds an address, as often as it is added. */
    public void add(IpAddress address) {
        added.merge(address, 1, Integer::sum);
    }

    /** Takes back one {@link #add}. */
    public void remove(IpAddress address) {
        added.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
    }

    /** Whether this address is answered for. */
    public boolean contains(IpAddress address) {
        return network.isHost(address)
                || network.isNameServer(address)
                || (!added.isEmpty() && added.containsKey(address));
    }
}
