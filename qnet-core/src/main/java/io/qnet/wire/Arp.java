package io.qnet.wire;

import io.netty.buffer.ByteBuf;

/** ARP for IPv4 over Ethernet (RFC 826). */
public final class Arp {
    /** The bytes of a packet. */
    public static final int LENGTH = 28;
    /** "Who has?" */
    public static final int REQUEST = 1;
    /** "I have." */
    public static final int REPLY = 2;
    /** RARP's request (RFC 903), which a moved guest announces itself with. */
    public static final int REVERSE_REQUEST = 3;

    private Arp() {}

    /** Writes a packet at {@code index}. */
    public static void write(
            ByteBuf buffer,
            int index,
            int operation,
            long senderMac,
            int senderAddress,
            long targetMac,
            int targetAddress) {
        buffer.setShort(index, 1); // Ethernet
        buffer.setShort(index + 2, Ethernet.TYPE_IPV4);
        buffer.setByte(index + 4, 6);
        buffer.setByte(index + 5, 4);
        buffer.setShort(index + 6, operation);
        Ethernet.writeAddress(buffer, index + 8, senderMac);
        buffer.setInt(index + 14, senderAddress);
        Ethernet.writeAddress(buffer, index + 18, targetMac);
        buffer.setInt(index + 24, targetAddress);
    }
}
