package io.qnet.slirp.host;

import io.netty.buffer.ByteBuf;

/** The bytes of an echo request and reply as a host's socket takes and gives them (RFC 792, RFC 4443 §4). */
final class IcmpEcho {
    static final int REPLY4 = 0;

    private static final int REQUEST4 = 8;
    private static final int REQUEST6 = 128;
    private static final int REPLY6 = 129;
    private static final int HEADER = 8;

    private IcmpEcho() {}

    /** Writes a request at the buffer's start. ICMPv6's checksum is left to the kernel, which knows the addresses. */
    static void writeRequest(
            ByteBuf packet, boolean ipv6, int identifier, int sequence, ByteBuf payload, int index, int length) {
        packet.setIndex(0, 0);
        packet.writeByte(ipv6 ? REQUEST6 : REQUEST4).writeByte(0).writeShort(0);
        packet.writeShort(identifier).writeShort(sequence);
        packet.writeBytes(payload, index, length);
        if (!ipv6) {
            packet.setShort(2, checksum(packet));
        }
    }

    /** Moves the reader index behind the IPv4 header that raw sockets give; false if it lies. */
    static boolean skipIpHeader(ByteBuf packet) {
        if (packet.readableBytes() < 20) {
            return false;
        }
        int header = (packet.getByte(packet.readerIndex()) & 0xf) * 4;
        if (header < 20 || packet.readableBytes() < header + HEADER) {
            return false;
        }
        packet.skipBytes(header);
        return true;
    }

    static boolean isReply(ByteBuf packet, boolean ipv6) {
        return packet.readableBytes() >= HEADER
                && packet.getUnsignedByte(packet.readerIndex()) == (ipv6 ? REPLY6 : REPLY4);
    }

    static int identifier(ByteBuf packet) {
        return packet.getUnsignedShort(packet.readerIndex() + 4);
    }

    static int sequence(ByteBuf packet) {
        return packet.getUnsignedShort(packet.readerIndex() + 6);
    }

    /** RFC 1071 over the whole packet. */
    private static int checksum(ByteBuf packet) {
        int length = packet.readableBytes();
        long sum = 0;
        for (int i = 0; i + 1 < length; i += 2) {
            sum += packet.getUnsignedShort(i);
        }
        if ((length & 1) != 0) {
            sum += packet.getUnsignedByte(length - 1) << 8;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (int) ~sum & 0xffff;
    }
}
