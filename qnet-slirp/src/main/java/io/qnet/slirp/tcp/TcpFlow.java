package io.qnet.slirp.tcp;

import io.qnet.wire.IpAddress;

/**
 * Which connection: the two ends as the guest sees them.
 *
 * @param guest the guest's address
 * @param guestPort the guest's port
 * @param host the address at the other end, as the guest knows it (not necessarily where the host connects to)
 * @param hostPort the port at the other end
 */
public record TcpFlow(IpAddress guest, int guestPort, IpAddress host, int hostPort) {
    @Override
    public String toString() {
        return text(guest, guestPort) + "-" + text(host, hostPort);
    }

    private static String text(IpAddress address, int port) {
        return address.isIpv4() ? address + ":" + port : "[" + address + "]:" + port;
    }
}
