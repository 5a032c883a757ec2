package io.qnet.wire;

import io.netty.buffer.ByteBuf;

/** The IPv6 header (RFC 8200). */
public final class Ipv6 {
    /** The bytes of the header. */
    public static final int HEADER_LENGTH = 40;
    /** The least MTU of a link (RFC 8200 §5). */
    public static final int MIN_MTU = 1280;

    private Ipv6() {}

    /**
     * Writes a header at {@code index}.
     *
     * @param payloadLength of all that follows the header
     */
    public static void write(
            ByteBuf buffer,
            int index,
            int trafficClass,
            int flowLabel,
            int payloadLength,
            int nextHeader,
            int hopLimit,
            IpAddress source,
            IpAddress destination) {
        buffer.setInt(index, 0x6000_0000 | (trafficClass << 20) | (flowLabel & 0xf_ffff));
        buffer.setShort(index + 4, payloadLength);
        buffer.setShort(index + 6, nextHeader << 8 | hopLimit);
        buffer.setLong(index + 8, source.high());
        buffer.setLong(index + 16, source.low());
        buffer.setLong(index + 24, destination.high());
        buffer.setLong(index + 32, destination.low());
    }
}
