package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;

/** The Internet checksum (RFC 1071) of headers and short messages. Sums are folded to 16 bits and not complemented, unless it says so. */
public final class Checksum {
    private Checksum() {}

    /** The sum of a range of bytes; an odd last byte counts as if a zero followed it. */
    public static int sum(ByteBuf buffer, int index, int length) {
        long sum = 0;
        int at = index;
        int end = index + length;
        for (; end - at >= 8; at += 8) {
            long bits = buffer.getLong(at);
            sum += (bits >>> 32) + (bits & 0xffff_ffffL);
        }
        for (; end - at >= 2; at += 2) {
            sum += buffer.getUnsignedShort(at);
        }
        if (at < end) {
            sum += buffer.getUnsignedByte(at) << 8;
        }
        sum = (sum >>> 32) + (sum & 0xffff_ffffL);
        sum = (sum >>> 32) + (sum & 0xffff_ffffL);
        return fold((int) (sum >>> 16) + (int) (sum & 0xffff));
    }

    /** Folds the carries of a sum into its 16 bits. */
    public static int fold(int sum) {
        int once = (sum >>> 16) + (sum & 0xffff);
        return (once >>> 16) + (once & 0xffff);
    }

    /** What goes into the header's field, and 0 if the sum is over a range that holds the right field already. */
    public static int complement(int sum) {
        return ~fold(sum) & 0xffff;
    }
}
