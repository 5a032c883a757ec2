package io.qnet.slirp.ip;

import io.qnet.wire.IpAddress;

/** The pseudo-header that the checksums of TCP and UDP cover (RFC 793 §3.1, RFC 768, RFC 8200 §8.1). */
public final class PseudoHeader {
    private PseudoHeader() {}

    /** Its folded sum, not complemented. */
    public static int sum(IpAddress source, IpAddress destination, int protocol, int length) {
        int ends = source.isIpv4()
                ? halves((int) source.low()) + halves((int) destination.low())
                : halves(source.high()) + halves(source.low()) + halves(destination.high()) + halves(destination.low());
        return Checksum.fold(Checksum.fold(ends) + protocol + Checksum.fold(halves(length)));
    }

    private static int halves(long bits) {
        return halves((int) (bits >>> 32)) + halves((int) bits);
    }

    private static int halves(int bits) {
        return (bits >>> 16) + (bits & 0xffff);
    }
}
