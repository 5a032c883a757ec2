package io.qnet;

/**
 * The offload words of virtio-net's header and the set of offloads that a port's far side takes. Values are those of {@code struct virtio_net_hdr} and of TUNSETOFFLOAD's bits, so that no translation is
 * needed at a TAP.
 */
public final class Offload {
    /** Header flag: the checksum from {@code csumStart} to the end is to be completed; its field holds the pseudo-header's sum. */
    public static final int NEEDS_CSUM = 1;
    /** Header flag: the checksum has been verified, or need not be. */
    public static final int DATA_VALID = 2;

    /** No segmentation is left to do. */
    public static final int GSO_NONE = 0;
    /** TCP over IPv4, {@code gsoSize} bytes of payload a segment. */
    public static final int GSO_TCPV4 = 1;
    /** TCP over IPv6. */
    public static final int GSO_TCPV6 = 4;
    /** UDP datagrams of {@code gsoSize} bytes each (USO), IPv4 or IPv6. */
    public static final int GSO_UDP_L4 = 5;
    /** Added to a TCP type: segments carry ECN's CWR by the RFC 3168 rule. */
    public static final int GSO_ECN = 0x80;

    /** A far side that takes only finished frames. */
    public static final int TAKES_NOTHING = 0;
    /** Takes frames whose checksum is left open. */
    public static final int TAKES_CSUM = 0x01;
    /** Takes TCP over IPv4 super-frames. */
    public static final int TAKES_TSO4 = 0x02;
    /** Takes TCP over IPv6 super-frames. */
    public static final int TAKES_TSO6 = 0x04;
    /** Takes TCP super-frames with ECN. */
    public static final int TAKES_TSO_ECN = 0x08;
    /** Takes UDP over IPv4 super-frames. */
    public static final int TAKES_USO4 = 0x20;
    /** Takes UDP over IPv6 super-frames. */
    public static final int TAKES_USO6 = 0x40;
    /** Takes everything that qnet can leave undone. */
    public static final int TAKES_ALL = TAKES_CSUM | TAKES_TSO4 | TAKES_TSO6 | TAKES_TSO_ECN | TAKES_USO4 | TAKES_USO6;

    private Offload() {}

    /** Whether a far side that takes {@code takes} can be given {@code frame} as it is. */
    public static boolean fits(Frame frame, int takes) {
        if (!frame.hasOffload()) {
            return true;
        }
        if (frame.needsChecksum() && (takes & TAKES_CSUM) == 0) {
            return false;
        }
        return switch (frame.gsoType()) {
            case GSO_NONE -> true;
            case GSO_TCPV4 -> (takes & TAKES_TSO4) != 0;
            case GSO_TCPV6 -> (takes & TAKES_TSO6) != 0;
            case GSO_TCPV4 | GSO_ECN -> (takes & TAKES_TSO4) != 0 && (takes & TAKES_TSO_ECN) != 0;
            case GSO_TCPV6 | GSO_ECN -> (takes & TAKES_TSO6) != 0 && (takes & TAKES_TSO_ECN) != 0;
            case GSO_UDP_L4 -> (takes & TAKES_USO4) != 0 && (takes & TAKES_USO6) != 0;
            default -> false;
        };
    }
}
