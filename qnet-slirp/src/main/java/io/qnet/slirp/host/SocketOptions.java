package io.qnet.slirp.host;

import io.qnet.internal.socket.PacketSocket;

/** Options of one packet socket that change while it lives. Setting what is set already costs nothing. */
final class SocketOptions {
    private static final int SOL_UDP = 17;
    private static final int IP_TTL = 2;
    private static final int IPV6_UNICAST_HOPS = 16;
    /** The kernel's own TTL. */
    private static final int DEFAULT = -1;

    private int ttl = DEFAULT;

    /** Whether {@link #setTtl} would change anything. */
    boolean isOtherTtl(int wanted) {
        return (wanted <= 0 ? DEFAULT : wanted) != ttl;
    }

    /** Sets the TTL or hop limit of what is sent; 0 is the host's default. */
    void setTtl(PacketSocket socket, boolean ipv6, int wanted) {
        int value = wanted <= 0 ? DEFAULT : wanted;
        if (value == ttl) {
            return;
        }
        ttl = value;
        if (ipv6) {
            socket.setOption(ErrorEntry.IPPROTO_IPV6, IPV6_UNICAST_HOPS, value);
        } else {
            socket.setOption(ErrorEntry.IPPROTO_IP, IP_TTL, value);
        }
    }

    /** Has the kernel join datagrams of one flow that arrive together (udp(7), UDP_GRO); what reads them must know. */
    void joinDatagrams(PacketSocket socket) {
        socket.setOption(SOL_UDP, ReceiveBatch.UDP_GRO, 1);
    }

    /** Has the kernel keep errors about what was sent, or no longer. */
    void setErrorQueue(PacketSocket socket, boolean ipv6, boolean on) {
        if (ipv6) {
            socket.setOption(ErrorEntry.IPPROTO_IPV6, ErrorEntry.IPV6_RECVERR, on ? 1 : 0);
        } else {
            socket.setOption(ErrorEntry.IPPROTO_IP, ErrorEntry.IP_RECVERR, on ? 1 : 0);
        }
    }
}
