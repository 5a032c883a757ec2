package io.qnet.slirp.ip;

import io.qnet.wire.IpAddress;

/**
 * The network that guests see: its prefixes and the addresses that the user netdev answers for, of both families.
 *
 * @param ipv4 whether IPv4 is on
 * @param network4 the IPv4 network
 * @param mask4 its mask, 32 bits, as QEMU's not necessarily contiguous
 * @param host4 the gateway
 * @param dns4 the name server; may lie outside the network
 * @param ipv6 whether IPv6 is on
 * @param prefix6 the IPv6 prefix
 * @param prefixLength6 its length
 * @param host6 the gateway
 * @param dns6 the name server
 */
public record GuestNetwork(
        boolean ipv4,
        IpAddress network4,
        int mask4,
        IpAddress host4,
        IpAddress dns4,
        boolean ipv6,
        IpAddress prefix6,
        int prefixLength6,
        IpAddress host6,
        IpAddress dns6) {
    /** The router's address on the guests' link. It is fe80::2 whatever {@link #host6} is, and router advertisements come from it (libslirp: LINKLOCAL_ADDR). */
    public static final IpAddress ROUTER6 = new IpAddress(0xfe80L << 48, 2);

    private static final int LINK_LOCAL = 0xfe80 >>> 6;

    /** Whether an address lies in the guests' network. */
    public boolean contains(IpAddress address) {
        if (address.isIpv4()) {
            return (address.ipv4() & mask4) == network4.ipv4();
        }
        return commonBits(address, prefix6) >= prefixLength6;
    }

    /** Whether an address is the gateway's: of IPv6, that in the prefix, the one on the link with the same last half, and {@link #ROUTER6}. */
    public boolean isHost(IpAddress address) {
        return address.equals(host4) || address.equals(host6) || address.equals(ROUTER6) || isTwin(address, host6);
    }

    /** Whether an address is the name server's: of IPv6, the one on the link with the same last half too. It may be the gateway's as well. */
    public boolean isNameServer(IpAddress address) {
        return address.equals(dns4) || address.equals(dns6) || (isTwin(address, dns6) && !address.equals(ROUTER6));
    }

    /** Whether an address is fe80::/64 with the last half of another (libslirp: in6_equal_host, in6_equal_dns). */
    private static boolean isTwin(IpAddress address, IpAddress other) {
        return address.high() == ROUTER6.high() && address.low() == other.low();
    }

    /** Whether an address is valid on one link only (fe80::/10, RFC 4291 §2.5.6). */
    public static boolean isLinkLocal(IpAddress address) {
        return (address.high() >>> 54) == LINK_LOCAL;
    }

    /** Whether a family is on. */
    public boolean isOn(boolean ofIpv4) {
        return ofIpv4 ? ipv4 : ipv6;
    }

    /** Whether an address is IPv4's limited broadcast, or that of the guests' network. */
    public boolean isBroadcast(IpAddress address) {
        if (!address.isIpv4()) {
            return false;
        }
        int bits = address.ipv4();
        return bits == -1 || (mask4 != -1 && bits == (network4.ipv4() | ~mask4));
    }

    /** Whether an address is of a multicast group. */
    public static boolean isMulticast(IpAddress address) {
        return address.isIpv4() ? (address.ipv4() >>> 28) == 0xe : (address.high() >>> 56) == 0xff;
    }

    /** Whether an address is of the loopback network (127/8, ::1) or of "this" network (0/8, ::), which no packet on a wire may have as its destination (RFC 1122 §3.2.1.3, RFC 4291 §2.5). */
    public static boolean isHostInternal(IpAddress address) {
        if (address.isIpv4()) {
            int first = address.ipv4() >>> 24;
            return first == 127 || first == 0;
        }
        return address.high() == 0 && (address.low() >>> 1) == 0;
    }

    /** Whether an address is of IPv4's class E (RFC 1112 §4), which is nobody's; the limited broadcast is not. */
    public static boolean isReserved(IpAddress address) {
        return address.isIpv4() && (address.ipv4() >>> 28) == 0xf && address.ipv4() != -1;
    }

    /** The gateway as a guest with this address knows it: of the same family, and on the link if the guest's address is. */
    public IpAddress hostFor(IpAddress guest) {
        if (guest.isIpv4()) {
            return host4;
        }
        return isLinkLocal(guest) ? ROUTER6 : host6;
    }

    private static int commonBits(IpAddress a, IpAddress b) {
        long high = a.high() ^ b.high();
        if (high != 0) {
            return Long.numberOfLeadingZeros(high);
        }
        return 64 + Long.numberOfLeadingZeros(a.low() ^ b.low());
    }
}
