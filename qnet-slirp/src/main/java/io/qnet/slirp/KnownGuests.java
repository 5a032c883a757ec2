package io.qnet.slirp;

import io.qnet.loop.Loop;
import io.qnet.slirp.forward.GuestAddress;
import io.qnet.slirp.forward.GuestDirectory;
import io.qnet.slirp.ip.NeighbourTable;
import io.qnet.slirp.service.DhcpServer;
import io.qnet.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/** Guests by their leases, and by the neighbour table where there is no lease. Loop thread only. */
final class KnownGuests implements GuestDirectory {
    private final @Nullable DhcpServer dhcp;
    private final NeighbourTable neighbours;
    private final Loop loop;

    KnownGuests(@Nullable DhcpServer dhcp, NeighbourTable neighbours, Loop loop) {
        this.dhcp = dhcp;
        this.neighbours = neighbours;
        this.loop = loop;
    }

    @Override
    public GuestAddress byMac(long mac) {
        return () -> addressOf(mac);
    }

    @Override
    public GuestAddress byName(String name) {
        return () -> {
            Long mac = dhcp == null ? null : dhcp.macOf(name);
            return mac == null ? IpAddress.ANY6 : addressOf(mac);
        };
    }

    private IpAddress addressOf(long mac) {
        IpAddress leased = dhcp == null ? null : dhcp.leases().addressOf(mac, loop.nowNanos());
        if (leased != null) {
            return leased;
        }
        IpAddress[] seen = {IpAddress.ANY6};
        neighbours.forEach((address, neighbour) -> {
            if (neighbour == mac) {
                seen[0] = address;
            }
        });
        return seen[0];
    }
}
