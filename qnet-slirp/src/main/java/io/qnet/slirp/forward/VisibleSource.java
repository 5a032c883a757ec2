package io.qnet.slirp.forward;

import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.wire.IpAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.function.IntPredicate;

/**
 * As whom a guest sees what a forward brings in: the real address of who connects to the host, with its port, if the guest can answer there; else the gateway (libslirp: for loopback only).
 *
 * <p>Pure but for the port counter. Loop thread only.
 */
final class VisibleSource {
    private static final int FIRST_PORT = 49_152;
    private static final int PORTS = 65_536 - FIRST_PORT;

    private final GuestNetwork network;
    private int nextPort;

    VisibleSource(GuestNetwork network) {
        this.network = network;
    }

    /** The address. A unix peer, a peer of another family, and one inside the guests' own network are the gateway. */
    IpAddress address(SocketAddress peer, IpAddress guest) {
        if (!(peer instanceof InetSocketAddress inet) || inet.getAddress() == null) {
            return network.hostFor(guest);
        }
        IpAddress address = IpAddress.of(inet.getAddress());
        boolean reachable = address.isIpv4() == guest.isIpv4()
                && !GuestNetwork.isHostInternal(address)
                && !GuestNetwork.isLinkLocal(address)
                && !network.contains(address);
        return reachable ? address : network.hostFor(guest);
    }

    /** The peer's port if {@code free} says so, else one that is free; 0 if there is none. */
    int port(SocketAddress peer, IntPredicate free) {
        if (peer instanceof InetSocketAddress inet && inet.getPort() != 0 && free.test(inet.getPort())) {
            return inet.getPort();
        }
        for (int i = 0; i < PORTS; i++) {
            int port = FIRST_PORT + nextPort;
            nextPort = (nextPort + 1) % PORTS;
            if (free.test(port)) {
                return port;
            }
        }
        return 0;
    }
}
