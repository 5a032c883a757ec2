package io.qnet.testkit.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The ones' complement sum of IP, ICMP, UDP and TCP (RFC 1071), over raw bytes. Sums are kept as longs that {@link #fold} brings to 16 bits.
 */
public final class InternetChecksum {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private InternetChecksum() {}

    /** Adds the bytes of a range that begins at an even place of what is summed. */
    public static long add(long sum, byte[] data, int from, int length) {
        long total = sum;
        int at = from;
        int end = from + length;
        for (; end - at >= 8; at += 8) {
            long word = (long) LONG.get(data, at);
            total += (word >>> 32) + (word & 0xffff_ffffL);
        }
        for (; end - at >= 2; at += 2) {
            total += Bytes.u16(data, at);
        }
        if (at < end) {
            total += (data[at] & 0xff) << 8;
        }
        return total;
    }

    /** The sum of the pseudo-header of RFC 9293 §3.1 or RFC 8200 §8.1. Addresses are 4 or 16 bytes. */
    public static long pseudoHeader(byte[] source, byte[] destination, int protocol, int length) {
        return add(add(0, source, 0, source.length), destination, 0, destination.length) + protocol + length;
    }

    /** The 16-bit sum, not complemented; {@code 0xffff} over data that carries its right checksum. */
    public static int fold(long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xffff) + (folded >>> 16);
        }
        return (int) folded;
    }

    /** The checksum to store: the complement of the folded sum. */
    public static int finish(long sum) {
        return ~fold(sum) & 0xffff;
    }

    /** Whether a range carries its right checksum, {@code start} being the pseudo-header's sum or 0. */
    public static boolean isRight(long start, byte[] data, int from, int length) {
        return fold(add(start, data, from, length)) == 0xffff;
    }
}
