package io.qnet.wire;

import io.netty.buffer.ByteBuf;

/** The IPv4 header (RFC 791). */
public final class Ipv4 {
    /** The bytes of a header without options. */
    public static final int HEADER_LENGTH = 20;
    /** Flag: do not fragment. */
    public static final int DONT_FRAGMENT = 0x4000;
    /** Flag: more fragments follow. */
    public static final int MORE_FRAGMENTS = 0x2000;
    /** The bits of the fragment offset, which counts in units of eight bytes. */
    public static final int OFFSET_MASK = 0x1fff;

    private Ipv4() {}

    /**
     * Writes a header without options at {@code index}, with its checksum.
     *
     * @param totalLength of header and payload
     * @param flagsAndOffset {@link #DONT_FRAGMENT}, {@link #MORE_FRAGMENTS} and the offset
     */
    public static void write(
            ByteBuf buffer,
            int index,
            int typeOfService,
            int totalLength,
            int identification,
            int flagsAndOffset,
            int ttl,
            int protocol,
            int source,
            int destination) {
        buffer.setShort(index, 0x4500 | typeOfService);
        buffer.setShort(index + 2, totalLength);
        buffer.setShort(index + 4, identification);
        buffer.setShort(index + 6, flagsAndOffset);
        buffer.setShort(index + 8, ttl << 8 | protocol);
        buffer.setShort(index + 10, 0);
        buffer.setInt(index + 12, source);
        buffer.setInt(index + 16, destination);
        writeChecksum(buffer, index, HEADER_LENGTH);
    }

    /** Computes and stores the checksum of a header of {@code headerLength} bytes. */
    public static void writeChecksum(ByteBuf buffer, int index, int headerLength) {
        buffer.setShort(index + 10, 0);
        long sum = 0;
        for (int i = 0; i < headerLength; i += 4) {
            sum += buffer.getInt(index + i) & 0xffff_ffffL;
        }
        buffer.setShort(index + 10, Checksum.finish(Checksum.pseudoHeader4(0, (int) sum, 0, (int) (sum >>> 32))));
    }
}
