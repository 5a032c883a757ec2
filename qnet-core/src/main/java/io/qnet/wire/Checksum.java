package io.qnet.wire;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The Internet checksum (RFC 1071). A <em>sum</em> is the folded ones'-complement sum, 0 to 0xffff, in network order, of 16-bit words; a <em>checksum</em> is its complement, as it stands in a header. Sums of
 * parts are put together by {@link #add}, and by {@link #append} where a part begins at an odd place.
 *
 * <p>Bytes are taken eight at a time in the machine's order, into four sums side by side, and swapped once at the end (RFC 1071 §2(B)). Nothing is allocated.
 */
public final class Checksum {
    private static final VarHandle OF_ARRAY =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final VarHandle OF_BUFFER =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final boolean SWAPPED = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final long LOW = 0xffff_ffffL;

    private Checksum() {}

    /** The sum of a range; an odd last byte is followed by a zero in thought. */
    public static int sum(ByteBuf buffer, int index, int length) {
        if (length <= 0) {
            return 0;
        }
        if (buffer.hasArray()) {
            return inNetworkOrder(sum(buffer.array(), buffer.arrayOffset() + index, length));
        }
        if (buffer.nioBufferCount() == 1) {
            ByteBuffer view = buffer.internalNioBuffer(index, length);
            return inNetworkOrder(sum(view, view.position(), length));
        }
        return slowSum(buffer, index, length);
    }

    /** The sum of a range, added to a sum so far. */
    public static int sum(ByteBuf buffer, int index, int length, int sumSoFar) {
        return add(sumSoFar, sum(buffer, index, length));
    }

    /** Adds two sums. */
    public static int add(int one, int other) {
        int sum = one + other;
        return (sum & 0xffff) + (sum >>> 16);
    }

    /** Adds the sum of a part that begins {@code offset} bytes after where the sum so far began. */
    public static int append(int sumSoFar, int offset, int part) {
        return add(sumSoFar, (offset & 1) == 0 ? part : swap(part));
    }

    /** The checksum to put into a header whose sum, with the checksum field as zero, this is. */
    public static int finish(int sum) {
        return ~sum & 0xffff;
    }

    /** As {@link #finish} for UDP, where 0 means "none" and is sent as 0xffff (RFC 768). */
    public static int finishUdp(int sum) {
        int checksum = ~sum & 0xffff;
        return checksum == 0 ? 0xffff : checksum;
    }

    /** The sum of the pseudo-header of TCP or UDP over IPv4 (RFC 9293 §3.1). */
    public static int pseudoHeader4(int source, int destination, int protocol, int length) {
        return fold((source & LOW) + (destination & LOW) + protocol + length);
    }

    /** The sum of the pseudo-header over IPv6 (RFC 8200 §8.1). */
    public static int pseudoHeader6(
            long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, int protocol, int length) {
        return fold(halves(sourceHigh)
                + halves(sourceLow)
                + halves(destinationHigh)
                + halves(destinationLow)
                + protocol
                + (length & LOW));
    }

    /** The sum of the pseudo-header of either family. */
    public static int pseudoHeader(IpAddress source, IpAddress destination, int protocol, int length) {
        return source.isIpv4()
                ? pseudoHeader4(source.ipv4(), destination.ipv4(), protocol, length)
                : pseudoHeader6(source.high(), source.low(), destination.high(), destination.low(), protocol, length);
    }

    /** The checksum of a header of which one 16-bit word changes (RFC 1624, equation 3). */
    public static int update(int checksum, int oldWord, int newWord) {
        int sum = add(~checksum & 0xffff, ~oldWord & 0xffff);
        return finish(add(sum, newWord & 0xffff));
    }

    /** As {@link #update} for two adjacent words. */
    public static int update32(int checksum, int oldWords, int newWords) {
        return update(update(checksum, oldWords >>> 16, newWords >>> 16), oldWords & 0xffff, newWords & 0xffff);
    }

    private static long halves(long value) {
        return (value >>> 32) + (value & LOW);
    }

    private static int inNetworkOrder(long sum) {
        int folded = fold(sum);
        return SWAPPED ? swap(folded) : folded;
    }

    private static int fold(long sum) {
        long folded = (sum >>> 32) + (sum & LOW);
        folded = (folded >>> 32) + (folded & LOW);
        folded = (folded >>> 16) + (folded & 0xffff);
        folded = (folded >>> 16) + (folded & 0xffff);
        return (int) ((folded >>> 16) + (folded & 0xffff));
    }

    private static int swap(int sum) {
        return (sum & 0xff) << 8 | sum >>> 8;
    }

    private static long sum(byte[] array, int from, int length) {
        long a = 0;
        long b = 0;
        long c = 0;
        long d = 0;
        int index = from;
        for (int end = from + (length & ~31); index < end; index += 32) {
            a += halves((long) OF_ARRAY.get(array, index));
            b += halves((long) OF_ARRAY.get(array, index + 8));
            c += halves((long) OF_ARRAY.get(array, index + 16));
            d += halves((long) OF_ARRAY.get(array, index + 24));
        }
        for (int end = from + (length & ~7); index < end; index += 8) {
            a += halves((long) OF_ARRAY.get(array, index));
        }
        long rest = 0;
        for (int shift = 0, end = from + length; index < end; index++, shift += 8) {
            rest |= (array[index] & 0xffL) << (SWAPPED ? shift : 56 - shift);
        }
        return a + b + c + d + halves(rest);
    }

    private static long sum(ByteBuffer buffer, int from, int length) {
        long a = 0;
        long b = 0;
        long c = 0;
        long d = 0;
        int index = from;
        for (int end = from + (length & ~31); index < end; index += 32) {
            a += halves((long) OF_BUFFER.get(buffer, index));
            b += halves((long) OF_BUFFER.get(buffer, index + 8));
            c += halves((long) OF_BUFFER.get(buffer, index + 16));
            d += halves((long) OF_BUFFER.get(buffer, index + 24));
        }
        for (int end = from + (length & ~7); index < end; index += 8) {
            a += halves((long) OF_BUFFER.get(buffer, index));
        }
        long rest = 0;
        for (int shift = 0, end = from + length; index < end; index++, shift += 8) {
            rest |= (buffer.get(index) & 0xffL) << (SWAPPED ? shift : 56 - shift);
        }
        return a + b + c + d + halves(rest);
    }

    /** For buffers of several parts. */
    private static int slowSum(ByteBuf buffer, int index, int length) {
        long sum = 0;
        int end = index + (length & ~1);
        for (int at = index; at < end; at += 2) {
            sum += buffer.getUnsignedShort(at);
        }
        if ((length & 1) != 0) {
            sum += buffer.getUnsignedByte(end) << 8;
        }
        return fold(sum);
    }
}
