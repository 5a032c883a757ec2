package io.qnet.testkit;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;

/**
 * A UDP datagram that a guest received.
 *
 * @param from the sender's address
 * @param port the sender's port
 * @param to where it was sent
 * @param ttl the TTL that it arrived with
 * @param data its payload
 */
@SuppressWarnings("ArrayRecordComponent") // a datagram is its bytes; equality is not asked for
public record Datagram(InetAddress from, int port, InetAddress to, int ttl, byte[] data) {
    /** The payload as UTF-8 text. */
    public String text() {
        return new String(data, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return from.getHostAddress() + ":" + port + " -> " + to.getHostAddress() + ", " + data.length + " bytes";
    }
}
