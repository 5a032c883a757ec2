package io.qnet.slirp.forward;

import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.NeighbourTable;
import io.qnet.wire.IpAddress;

/** The guest that a forward leads to, which may not be known before it shows itself. Loop thread only. */
@FunctionalInterface
public interface GuestAddress {
    /** Its address at this moment; {@link IpAddress#ANY6} if it is not known. */
    IpAddress now();

    /** A guest that is named by its address. */
    static GuestAddress of(IpAddress address) {
        return () -> address;
    }

    /** Whoever was last seen in the prefix: without IPv4 there is no DHCP server's first address to lead to (libslirp: the first guest that neighbour discovery shows). */
    static GuestAddress lastSeen(GuestNetwork network, NeighbourTable neighbours) {
        return () -> {
            IpAddress[] last = {IpAddress.ANY6};
            neighbours.forEach((address, mac) -> {
                if (!address.isIpv4() && network.contains(address)) {
                    last[0] = address;
                }
            });
            return last[0];
        };
    }
}
