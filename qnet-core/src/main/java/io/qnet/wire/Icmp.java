package io.qnet.wire;

import io.netty.buffer.ByteBuf;

/** The header of ICMP (RFC 792) and ICMPv6 (RFC 4443), whose first eight bytes are laid out alike. */
public final class Icmp {
    /** The bytes of the header. */
    public static final int HEADER_LENGTH = 8;
    /** Where the checksum stands. */
    public static final int CHECKSUM_OFFSET = 2;

    /** ICMP echo reply. */
    public static final int ECHO_REPLY = 0;
    /** ICMP destination unreachable. */
    public static final int UNREACHABLE = 3;
    /** ICMP echo request. */
    public static final int ECHO_REQUEST = 8;
    /** ICMP time exceeded. */
    public static final int TIME_EXCEEDED = 11;
    /** ICMP parameter problem. */
    public static final int PARAMETER_PROBLEM = 12;

    /** ICMPv6 destination unreachable. */
    public static final int V6_UNREACHABLE = 1;
    /** ICMPv6 packet too big. */
    public static final int V6_PACKET_TOO_BIG = 2;
    /** ICMPv6 time exceeded. */
    public static final int V6_TIME_EXCEEDED = 3;
    /** ICMPv6 parameter problem. */
    public static final int V6_PARAMETER_PROBLEM = 4;
    /** ICMPv6 echo request. */
    public static final int V6_ECHO_REQUEST = 128;
    /** ICMPv6 echo reply. */
    public static final int V6_ECHO_REPLY = 129;
    /** ICMPv6 router solicitation (RFC 4861). */
    public static final int V6_ROUTER_SOLICITATION = 133;
    /** ICMPv6 router advertisement. */
    public static final int V6_ROUTER_ADVERTISEMENT = 134;
    /** ICMPv6 neighbour solicitation. */
    public static final int V6_NEIGHBOUR_SOLICITATION = 135;
    /** ICMPv6 neighbour advertisement. */
    public static final int V6_NEIGHBOUR_ADVERTISEMENT = 136;

    private Icmp() {}

    /**
     * Writes a header at {@code index} with checksum 0, to be completed by {@link #writeChecksum}.
     *
     * @param rest the second four bytes: identifier and sequence, MTU, pointer…
     */
    public static void write(ByteBuf buffer, int index, int type, int code, int rest) {
        buffer.setShort(index, type << 8 | code);
        buffer.setShort(index + 2, 0);
        buffer.setInt(index + 4, rest);
    }

    /**
     * Completes the checksum of a message that is all in {@code buffer}, whose checksum field holds 0.
     *
     * @param pseudoHeader the pseudo-header's sum for ICMPv6, 0 for ICMP
     */
    public static void writeChecksum(ByteBuf buffer, int index, int length, int pseudoHeader) {
        buffer.setShort(index + CHECKSUM_OFFSET, Checksum.finish(Checksum.sum(buffer, index, length, pseudoHeader)));
    }
}
