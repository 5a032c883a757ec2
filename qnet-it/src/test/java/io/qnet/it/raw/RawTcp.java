package io.qnet.it.raw;

import java.io.ByteArrayOutputStream;
import java.net.Inet4Address;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.Packet;
import org.pcap4j.packet.TcpMaximumSegmentSizeOption;
import org.pcap4j.packet.TcpPacket;
import org.pcap4j.packet.UnknownPacket;
import org.pcap4j.packet.namednumber.IpNumber;
import org.pcap4j.packet.namednumber.TcpPort;

/**
 * The guest's side of one TCP connection, segment by segment as the test says. What comes in order is kept and
 * acknowledged at once; there is no retransmission, no window kept, no timer. Its sequence numbers start short of the
 * wrap, so every script crosses it.
 */
public final class RawTcp {

    private static final int ISS = 0xffff_fff0;
    private static final int WINDOW = 65_535;
    private static final int MSS = 1460;

    private final RawGuest guest;
    private final int port;
    private final Inet4Address peer;
    private final int peerPort;
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();

    private int sndNxt = ISS;
    private int rcvNxt;
    private int acknowledged = ISS;
    private boolean finReceived;
    private boolean rstReceived;

    /** A connection of the guest's port to a peer's; nothing is sent yet. */
    public RawTcp(RawGuest guest, int port, Inet4Address peer, int peerPort) {
        this.guest = guest;
        this.port = port;
        this.peer = peer;
        this.peerPort = peerPort;
    }

    /** Waits for a SYN to a port of the guest and completes the handshake. */
    public static RawTcp accept(RawGuest guest, int port) {
        RawTcp tcp = awaitSyn(guest, port);
        tcp.segment(ISS, builder -> builder.syn(true).ack(true));
        tcp.sndNxt = ISS + 1;
        tcp.awaitAcknowledged();
        return tcp;
    }

    /** Waits for a SYN to a port of the guest and answers it with RST. */
    public static void refuse(RawGuest guest, int port) {
        RawTcp tcp = awaitSyn(guest, port);
        tcp.segment(0, builder -> builder.rst(true).ack(true));
    }

    private static RawTcp awaitSyn(RawGuest guest, int port) {
        Received syn = guest.await(
                received -> received.is(TcpPacket.class)
                        && received.tcp().getDstPort().valueAsInt() == port
                        && Received.flags(received.tcp()).equals("SYN"),
                "SYN to port " + port);
        Inet4Address peer = syn.get(IpV4Packet.class).getHeader().getSrcAddr();
        RawTcp tcp = new RawTcp(guest, port, peer, syn.tcp().getSrcPort().valueAsInt());
        tcp.rcvNxt = syn.tcp().getSequenceNumber() + 1;
        return tcp;
    }

    /** Sends SYN alone. */
    public void syn() {
        segment(ISS, builder -> builder.syn(true));
        sndNxt = ISS + 1;
    }

    /** The three-way handshake; returns the SYN|ACK. */
    public Received open() {
        syn();
        Received synAck = next();
        if (!Received.flags(synAck.tcp()).equals("SYN|ACK") || synAck.tcp().getAcknowledgmentNumber() != sndNxt) {
            throw new AssertionError("not the SYN|ACK expected: " + synAck.tcp());
        }
        rcvNxt = synAck.tcp().getSequenceNumber() + 1;
        acknowledged = sndNxt;
        ack();
        return synAck;
    }

    /** Sends data in order. */
    public void send(String text) {
        sendAt(sndNxt - (ISS + 1), text);
    }

    /** Sends data that starts so many bytes after the connection's first. */
    public void sendAt(int offset, String text) {
        int seq = ISS + 1 + offset;
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        segment(seq, builder -> builder.psh(true).ack(true).payloadBuilder(new UnknownPacket.Builder().rawData(bytes)));
        if (seq + bytes.length - sndNxt > 0) {
            sndNxt = seq + bytes.length;
        }
    }

    /** Sends an acknowledgment of all that came. */
    public void ack() {
        segment(sndNxt, builder -> builder.ack(true));
    }

    /** Sends FIN. */
    public void fin() {
        segment(sndNxt, builder -> builder.fin(true).ack(true));
        sndNxt++;
    }

    /** Sends RST. */
    public void rst() {
        segment(sndNxt, builder -> builder.rst(true).ack(true));
    }

    /** Waits until everything sent is acknowledged. */
    public void awaitAcknowledged() {
        receiveUntil(() -> acknowledged == sndNxt, "acknowledgment of everything sent");
    }

    /** Waits until so many bytes have come in all, and returns them. */
    public String awaitData(int bytes) {
        receiveUntil(() -> data.size() >= bytes, bytes + " bytes");
        return data.toString(StandardCharsets.ISO_8859_1);
    }

    /** Waits for the peer's FIN. */
    public void awaitFin() {
        receiveUntil(() -> finReceived, "FIN");
    }

    /** Waits for the peer's RST. */
    public void awaitRst() {
        receiveUntil(() -> rstReceived, "RST");
    }

    /** The next segment of this connection, without looking at it. */
    public Received next() {
        return guest.await(this::isOurs, "segment for port " + port);
    }

    /** The sequence number of the next byte to be sent. */
    public int sndNxt() {
        return sndNxt;
    }

    /** The peer's port. */
    public int peerPort() {
        return peerPort;
    }

    private boolean isOurs(Received received) {
        return received.is(TcpPacket.class)
                && received.tcp().getDstPort().valueAsInt() == port
                && received.tcp().getSrcPort().valueAsInt() == peerPort;
    }

    private void receiveUntil(BooleanSupplier done, String what) {
        while (!done.getAsBoolean()) {
            Received received = guest.await(this::isOurs, what + " for port " + port);
            take(received);
            if (rstReceived && !done.getAsBoolean()) {
                throw new AssertionError("RST instead of " + what);
            }
        }
    }

    private void take(Received received) {
        TcpPacket.TcpHeader tcp = received.tcp();
        rstReceived |= tcp.getRst();
        if (tcp.getAck() && tcp.getAcknowledgmentNumber() - acknowledged > 0) {
            acknowledged = tcp.getAcknowledgmentNumber();
        }
        byte[] payload = received.payload();
        int old = rcvNxt - tcp.getSequenceNumber();
        if (tcp.getRst() || old < 0 || old > payload.length) {
            return;
        }
        data.write(payload, old, payload.length - old);
        rcvNxt += payload.length - old;
        if (tcp.getFin() && !finReceived) {
            finReceived = true;
            rcvNxt++;
        }
        if (payload.length > 0 || tcp.getFin()) {
            ack();
        }
    }

    private interface Shape {
        TcpPacket.Builder apply(TcpPacket.Builder builder);
    }

    private void segment(int seq, Shape shape) {
        TcpPacket.Builder builder = shape.apply(new TcpPacket.Builder()
                .srcAddr(RawGuest.GUEST)
                .dstAddr(peer)
                .srcPort(TcpPort.getInstance((short) port))
                .dstPort(TcpPort.getInstance((short) peerPort))
                .sequenceNumber(seq)
                .acknowledgmentNumber(rcvNxt)
                .window((short) WINDOW)
                .correctChecksumAtBuild(true)
                .correctLengthAtBuild(true)
                .paddingAtBuild(true));
        if (seq == ISS) {
            builder.options(List.of(new TcpMaximumSegmentSizeOption.Builder()
                    .maxSegSize((short) MSS)
                    .correctLengthAtBuild(true)
                    .build()));
        }
        Packet.Builder packet = builder;
        guest.sendIp(peer, IpNumber.TCP, packet);
    }
}
