package io.qnet.tap;

/** Bytes and sums of frames, by the test's own code. */
final class Bytes {
    static final int ETHERNET = 14;
    static final int IP = 20;

    private Bytes() {}

    static int u8(byte[] bytes, int at) {
        return bytes[at] & 0xff;
    }

    static int u16(byte[] bytes, int at) {
        return u8(bytes, at) << 8 | u8(bytes, at + 1);
    }

    static int i32(byte[] bytes, int at) {
        return u16(bytes, at) << 16 | u16(bytes, at + 2);
    }

    static void put16(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >>> 8);
        bytes[at + 1] = (byte) value;
    }

    static void put32(byte[] bytes, int at, int value) {
        put16(bytes, at, value >>> 16);
        put16(bytes, at + 2, value);
    }

    /** The folded one's complement sum. */
    static int sum(byte[] bytes, int from, int to, int start) {
        long sum = start;
        for (int i = from; i < to; i += 2) {
            sum += u8(bytes, i) << 8 | (i + 1 < to ? u8(bytes, i + 1) : 0);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (int) sum;
    }

    /** The folded sum of the pseudo-header of an IPv4 frame without options. */
    static int pseudoSum(byte[] frame) {
        int length = u16(frame, ETHERNET + 2) - IP;
        return sum(frame, ETHERNET + 12, ETHERNET + 20, u8(frame, ETHERNET + 9) + length);
    }

    /** Whether the TCP or UDP checksum of an IPv4 frame is right. */
    static boolean isChecksumValid(byte[] frame) {
        return sum(frame, ETHERNET + IP, ETHERNET + u16(frame, ETHERNET + 2), pseudoSum(frame)) == 0xffff;
    }
}
