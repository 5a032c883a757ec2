package io.qnet.it.raw;

import java.nio.ByteBuffer;

/** The Internet checksum (RFC 1071) on raw bytes, by the plainest code there is. */
final class Checksums {

    private static final int ICMP = 1;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int ETHERNET_BYTES = 14;

    private Checksums() {}

    /**
     * Whether every checksum of an Ethernet frame with a whole IPv4 packet is right: the header's and TCP's, UDP's or
     * ICMP's. Fragments are checked for the header's alone.
     */
    static boolean hold(byte[] frame) {
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        int headerBytes = (bytes.get(ETHERNET_BYTES) & 0x0f) * 4;
        int totalBytes = bytes.getShort(ETHERNET_BYTES + 2) & 0xffff;
        if (fold(sum(frame, ETHERNET_BYTES, headerBytes)) != 0xffff) {
            return false;
        }
        boolean fragment = (bytes.getShort(ETHERNET_BYTES + 6) & 0x3fff) != 0;
        int protocol = bytes.get(ETHERNET_BYTES + 9) & 0xff;
        int at = ETHERNET_BYTES + headerBytes;
        int length = totalBytes - headerBytes;
        if (fragment) {
            return true;
        }
        return switch (protocol) {
            case ICMP -> fold(sum(frame, at, length)) == 0xffff;
            case UDP ->
                bytes.getShort(at + 6) == 0 || fold(pseudo(frame, protocol, length) + sum(frame, at, length)) == 0xffff;
            case TCP -> fold(pseudo(frame, protocol, length) + sum(frame, at, length)) == 0xffff;
            default -> true;
        };
    }

    private static long pseudo(byte[] frame, int protocol, int length) {
        return sum(frame, ETHERNET_BYTES + 12, 8) + protocol + length;
    }

    private static long sum(byte[] bytes, int offset, int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (i % 2 == 0) ? (bytes[offset + i] & 0xff) << 8 : bytes[offset + i] & 0xff;
        }
        return sum;
    }

    private static int fold(long sum) {
        long folded = sum;
        while (folded > 0xffff) {
            folded = (folded & 0xffff) + (folded >>> 16);
        }
        return (int) folded;
    }
}
