package io.qnet.it.raw;

import io.qnet.testkit.codec.InternetChecksum;
import java.nio.ByteBuffer;

/** Verifies a frame's checksums on its raw bytes. */
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
        if (!InternetChecksum.isRight(0, frame, ETHERNET_BYTES, headerBytes)) {
            return false;
        }
        boolean fragment = (bytes.getShort(ETHERNET_BYTES + 6) & 0x3fff) != 0;
        int protocol = bytes.get(ETHERNET_BYTES + 9) & 0xff;
        int at = ETHERNET_BYTES + headerBytes;
        int length = totalBytes - headerBytes;
        if (fragment || (protocol == UDP && bytes.getShort(at + 6) == 0)) {
            return true;
        }
        return switch (protocol) {
            case ICMP -> InternetChecksum.isRight(0, frame, at, length);
            case TCP, UDP -> InternetChecksum.isRight(pseudo(frame, protocol, length), frame, at, length);
            default -> true;
        };
    }

    private static long pseudo(byte[] frame, int protocol, int length) {
        return InternetChecksum.add(0, frame, ETHERNET_BYTES + 12, 8) + protocol + length;
    }
}
