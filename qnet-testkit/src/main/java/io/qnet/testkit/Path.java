package io.qnet.testkit;

import io.qnet.testkit.codec.InternetChecksum;
import java.net.InetAddress;

/** The way from a guest's address to another: addresses, next hop, and the pseudo-header's sum of them. */
final class Path {
    final InetAddress source;
    final InetAddress destination;
    final InetAddress nextHop;
    /** Where a transport header begins in a frame. */
    final int headerRoom;

    private final byte[] sourceBytes;
    private final byte[] destinationBytes;

    Path(InetAddress source, InetAddress destination, InetAddress nextHop, int headerRoom) {
        this.source = source;
        this.destination = destination;
        this.nextHop = nextHop;
        this.headerRoom = headerRoom;
        this.sourceBytes = source.getAddress();
        this.destinationBytes = destination.getAddress();
    }

    boolean isIpv6() {
        return sourceBytes.length == 16;
    }

    byte[] sourceBytes() {
        return sourceBytes;
    }

    byte[] destinationBytes() {
        return destinationBytes;
    }

    long pseudoHeader(int protocol, int length) {
        return InternetChecksum.pseudoHeader(sourceBytes, destinationBytes, protocol, length);
    }

    /** Whether what came the other way carries its right checksum. */
    boolean checksumIsRight(int protocol, byte[] bytes, int at, int length) {
        return InternetChecksum.isRight(pseudoHeader(protocol, length), bytes, at, length);
    }
}
