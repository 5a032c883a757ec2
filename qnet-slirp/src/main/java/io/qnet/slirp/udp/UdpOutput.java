package io.qnet.slirp.udp;

import io.netty.buffer.ByteBuf;
import io.qnet.slirp.ip.GuestOutput;
import io.qnet.slirp.ip.IpOutput;
import io.qnet.slirp.ip.OutPacket;
import io.qnet.wire.Bytes;
import io.qnet.wire.Checksum;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import io.qnet.wire.Udp;

/** Datagrams towards guests (RFC 768). The payload is copied once, into the packet's head; the checksum is left open. */
public final class UdpOutput {
    private static final int MAX_PAYLOAD4 = 65_507;
    private static final int MAX_PAYLOAD6 = 65_527;

    private static final int DEFAULT_TTL = 64;

    private final IpOutput output;

    /** Datagrams through this output. */
    public UdpOutput(IpOutput output) {
        this.output = output;
    }

    /** The most payload of one datagram to this guest. */
    public static int maxPayload(IpAddress guest) {
        return guest.isIpv4() ? MAX_PAYLOAD4 : MAX_PAYLOAD6;
    }

    /** Sends a datagram; false if it was queued, and the sender may want to slow down. */
    public boolean send(
            IpAddress source, int sourcePort, IpAddress guest, int guestPort, ByteBuf data, int index, int length) {
        OutPacket out = begin(source, guest);
        Bytes.copy(data, index, out.head(), payloadIndex(out), length);
        return finish(out, source, sourcePort, guest, guestPort, length);
    }

    /** Begins a datagram whose payload the caller writes at {@link #payloadIndex}. */
    public OutPacket begin(IpAddress source, IpAddress guest) {
        return output.begin(source, guest, Ip.UDP).ttl(DEFAULT_TTL);
    }

    /** Where the payload of a datagram that was begun goes, in its head. */
    public static int payloadIndex(OutPacket out) {
        return out.transportIndex() + Udp.HEADER_LENGTH;
    }

    /** Writes the header and sends; false if it was queued. */
    public boolean finish(
            OutPacket out, IpAddress source, int sourcePort, IpAddress guest, int guestPort, int payloadLength) {
        int length = Udp.HEADER_LENGTH + payloadLength;
        int pseudoHeader = Checksum.pseudoHeader(source, guest, Ip.UDP, length);
        Udp.write(out.head(), out.transportIndex(), sourcePort, guestPort, length, pseudoHeader);
        return output.sendOrQueue(out.transport(length).openChecksum(Udp.CHECKSUM_OFFSET));
    }

    /** Has a sender told when the network takes frames again. */
    public void whenSendable(GuestOutput.Sendable waiter) {
        output.whenSendable(waiter);
    }
}
