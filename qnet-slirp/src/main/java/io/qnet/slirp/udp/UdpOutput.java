package io.qnet.slirp.udp;

import io.netty.buffer.ByteBuf;
import io.qnet.slirp.ip.GuestOutput;
import io.qnet.slirp.ip.IpOutput;
import io.qnet.slirp.ip.OutPacket;
import io.qnet.slirp.ip.PseudoHeader;
import io.qnet.wire.IpAddress;

/** Datagrams towards guests (RFC 768). The payload is copied once, into the packet's head; the checksum is left open. */
public final class UdpOutput {
    /** UDP's protocol number. */
    public static final int PROTOCOL = 17;
    /** The most payload of one datagram over IPv4. */
    public static final int MAX_PAYLOAD = 65_507;

    private static final int CHECKSUM_OFFSET = 6;
    private static final int DEFAULT_TTL = 64;

    private final IpOutput output;

    /** Datagrams through this output. */
    public UdpOutput(IpOutput output) {
        this.output = output;
    }

    /** Sends a datagram; false if it was queued, and the sender may want to slow down. */
    public boolean send(
            IpAddress source, int sourcePort, IpAddress guest, int guestPort, ByteBuf data, int index, int length) {
        OutPacket out = begin(source, guest);
        out.head().setBytes(payloadIndex(out), data, index, length);
        return finish(out, source, sourcePort, guest, guestPort, length);
    }

    /** Begins a datagram whose payload the caller writes at {@link #payloadIndex}. */
    public OutPacket begin(IpAddress source, IpAddress guest) {
        return output.begin(source, guest, PROTOCOL).ttl(DEFAULT_TTL);
    }

    /** Where the payload of a datagram that was begun goes, in its head. */
    public static int payloadIndex(OutPacket out) {
        return out.transportIndex() + Datagram.HEADER_LENGTH;
    }

    /** Writes the header and sends; false if it was queued. */
    public boolean finish(
            OutPacket out, IpAddress source, int sourcePort, IpAddress guest, int guestPort, int payloadLength) {
        int length = Datagram.HEADER_LENGTH + payloadLength;
        ByteBuf head = out.head();
        int at = out.transportIndex();
        head.setShort(at, sourcePort);
        head.setShort(at + 2, guestPort);
        head.setShort(at + 4, length);
        head.setShort(at + CHECKSUM_OFFSET, PseudoHeader.sum(source, guest, PROTOCOL, length));
        return output.sendOrQueue(out.transport(length).openChecksum(CHECKSUM_OFFSET));
    }

    /** Has a sender told when the network takes frames again. */
    public void whenSendable(GuestOutput.Sendable waiter) {
        output.whenSendable(waiter);
    }
}
