package io.qnet.wire;

import io.netty.buffer.ByteBuf;

/** The UDP header (RFC 768). */
public final class Udp {
    /** The bytes of the header. */
    public static final int HEADER_LENGTH = 8;
    /** Where the checksum stands in the header. */
    public static final int CHECKSUM_OFFSET = 6;

    private Udp() {}

    /**
     * Writes a header at {@code index}.
     *
     * @param length of header and payload
     * @param checksum the finished one, or the pseudo-header's sum if it is left open
     */
    public static void write(ByteBuf buffer, int index, int sourcePort, int destinationPort, int length, int checksum) {
        buffer.setShort(index, sourcePort);
        buffer.setShort(index + 2, destinationPort);
        buffer.setShort(index + 4, length);
        buffer.setShort(index + 6, checksum);
    }
}
