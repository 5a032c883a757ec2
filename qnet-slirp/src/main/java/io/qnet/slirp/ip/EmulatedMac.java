package io.qnet.slirp.ip;

import io.qnet.wire.IpAddress;

/** The MAC addresses of the hosts that the user netdev plays, and of groups. MAC addresses are the 48 low bits of a {@code long}. */
final class EmulatedMac {
    private static final long IPV4_HOSTS = 0x5255L << 32;
    private static final long IPV6_HOSTS = 0x5256L << 32;

    private EmulatedMac() {}

    /** The MAC address of an emulated host: {@code 52:55} and its IPv4 address, {@code 52:56} and the last four bytes of its IPv6 address (libslirp's rule). */
    static long of(IpAddress host) {
        return (host.isIpv4() ? IPV4_HOSTS : IPV6_HOSTS) | (host.low() & 0xffff_ffffL);
    }

    /** Whether a MAC address is one that {@link #of} makes. */
    static boolean isEmulated(long mac) {
        long prefix = mac & 0xffff_0000_0000L;
        return prefix == IPV4_HOSTS || prefix == IPV6_HOSTS;
    }

    /** The MAC address of an IPv4 or IPv6 multicast group (RFC 1112 §6.4, RFC 2464 §7). */
    static long ofGroup(IpAddress group) {
        return group.isIpv4()
                ? 0x0100_5e00_0000L | (group.low() & 0x7f_ffffL)
                : 0x3333_0000_0000L | (group.low() & 0xffff_ffffL);
    }
}
