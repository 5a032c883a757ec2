package io.qnet.testkit;

import io.qnet.testkit.codec.InternetChecksum;
import java.net.InetAddress;

/** An IP packet that arrived, whole. Valid during the call that it is passed to. */
final class IpIn {
    final InetAddress source;
    final InetAddress destination;
    final boolean unicast;
    final int protocol;
    final int ttl;
    /** What holds the packet, and where its IP header begins. */
    final byte[] bytes;

    final int headerAt;
    /** The payload. */
    final int at;

    final int length;

    IpIn(
            InetAddress source,
            InetAddress destination,
            boolean unicast,
            int protocol,
            int ttl,
            byte[] bytes,
            int headerAt,
            int at,
            int length) {
        this.source = source;
        this.destination = destination;
        this.unicast = unicast;
        this.protocol = protocol;
        this.ttl = ttl;
        this.bytes = bytes;
        this.headerAt = headerAt;
        this.at = at;
        this.length = length;
    }

    boolean isIpv4() {
        return source.getAddress().length == 4;
    }

    /** Whether the checksum of a transport protocol over the payload is right. */
    boolean transportChecksumIsRight() {
        long pseudo = InternetChecksum.pseudoHeader(source.getAddress(), destination.getAddress(), protocol, length);
        return InternetChecksum.isRight(pseudo, bytes, at, length);
    }
}
