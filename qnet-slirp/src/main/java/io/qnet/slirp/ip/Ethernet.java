package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.qnet.wire.IpAddress;

/** Ethernet headers (IEEE 802.3 with an EtherType) and the MAC addresses of the hosts that the user netdev plays. MAC addresses are the 48 low bits of a {@code long}. */
final class Ethernet {
    static final int HEADER_LENGTH = 14;
    /** The shortest frame without FCS; shorter ones are padded with zeros. */
    static final int MIN_LENGTH = 60;

    static final int TYPE_IPV4 = 0x0800;
    static final int TYPE_ARP = 0x0806;
    static final int TYPE_IPV6 = 0x86dd;

    static final long BROADCAST = 0xffff_ffff_ffffL;

    private static final long IPV4_HOSTS = 0x5255L << 32;
    private static final long IPV6_HOSTS = 0x5256L << 32;

    private Ethernet() {}

    /** The MAC address of an emulated host: {@code 52:55} and its IPv4 address, {@code 52:56} and the last four bytes of its IPv6 address (libslirp's rule). */
    static long macOf(IpAddress host) {
        return (host.isIpv4() ? IPV4_HOSTS : IPV6_HOSTS) | (host.low() & 0xffff_ffffL);
    }

    /** Whether a MAC address is one that {@link #macOf} makes. */
    static boolean isEmulated(long mac) {
        long prefix = mac & 0xffff_0000_0000L;
        return prefix == IPV4_HOSTS || prefix == IPV6_HOSTS;
    }

    /** The group MAC address of an IPv4 or IPv6 multicast address (RFC 1112 §6.4, RFC 2464 §7). */
    static long multicastMac(IpAddress group) {
        return group.isIpv4()
                ? 0x0100_5e00_0000L | (group.low() & 0x7f_ffffL)
                : 0x3333_0000_0000L | (group.low() & 0xffff_ffffL);
    }

    static long mac(ByteBuf buffer, int index) {
        return (long) buffer.getUnsignedShort(index) << 32 | buffer.getUnsignedInt(index + 2);
    }

    static void setMac(ByteBuf buffer, int index, long mac) {
        buffer.setShort(index, (int) (mac >>> 32));
        buffer.setInt(index + 2, (int) mac);
    }

    static void setDestination(ByteBuf buffer, int frameIndex, long mac) {
        setMac(buffer, frameIndex, mac);
    }

    static long source(ByteBuf buffer, int frameIndex) {
        return mac(buffer, frameIndex + 6);
    }

    static int type(ByteBuf buffer, int frameIndex) {
        return buffer.getUnsignedShort(frameIndex + 12);
    }

    /** Writes a whole header. */
    static void write(ByteBuf buffer, int frameIndex, long destination, long source, int type) {
        setMac(buffer, frameIndex, destination);
        setMac(buffer, frameIndex + 6, source);
        buffer.setShort(frameIndex + 12, type);
    }
}
