package io.qnet.it.raw;

import io.qnet.it.support.Captures;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.DhcpMessage;
import io.qnet.testkit.codec.InternetChecksum;
import io.qnet.testkit.frame.FrameLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IcmpV4EchoPacket;
import org.pcap4j.packet.IcmpV4EchoReplyPacket;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.IpV4Rfc791Tos;
import org.pcap4j.packet.Packet;
import org.pcap4j.packet.UdpPacket;
import org.pcap4j.packet.UnknownPacket;
import org.pcap4j.packet.namednumber.ArpHardwareType;
import org.pcap4j.packet.namednumber.ArpOperation;
import org.pcap4j.packet.namednumber.EtherType;
import org.pcap4j.packet.namednumber.IcmpV4Code;
import org.pcap4j.packet.namednumber.IcmpV4Type;
import org.pcap4j.packet.namednumber.IpNumber;
import org.pcap4j.packet.namednumber.IpVersion;
import org.pcap4j.packet.namednumber.UdpPort;
import org.pcap4j.util.MacAddress;

/**
 * A guest at 10.0.2.15 that sends exactly the frames a test says. Questions for its MAC address are answered on the
 * side, IPv6 is left aside; every other frame is handed to the test.
 *
 * <p>For one thread.
 */
public final class RawGuest implements AutoCloseable {

    /** How long an answer may take before it counts as missing. */
    public static final Duration LIMIT = Duration.ofSeconds(30);

    /** The guest's address, the gateway's and the name server's. */
    public static final Inet4Address GUEST = address("10.0.2.15");

    /** The gateway, behind which the host's loopback interface is. */
    public static final Inet4Address HOST = address("10.0.2.2");

    /** The name server. */
    public static final Inet4Address DNS = address("10.0.2.3");

    private static final Inet4Address BROADCAST = address("255.255.255.255");
    private static final Inet4Address UNSPECIFIED = address("0.0.0.0");
    private static final MacAddress MAC = MacAddress.getByName("52:54:00:12:34:56");
    private static final MacAddress HOST_MAC = MacAddress.getByName("52:55:0a:00:02:02");
    private static final int IPV6 = 0x86dd;
    private static final long MAX_LOG_BYTES = 16 << 20;
    private static final Duration RETRY = Duration.ofMillis(200);

    private final StreamSocket socket;
    private final FrameLog log = new FrameLog(MAX_LOG_BYTES);
    private final List<Received> pending = new ArrayList<>();

    private RawGuest(StreamSocket socket) {
        this.socket = socket;
    }

    /** Joins the network that listens on a unix socket. */
    public static RawGuest connect(Path socket) {
        return new RawGuest(StreamSocket.connect(socket));
    }

    /** An IPv4 address from its text. */
    public static Inet4Address address(String text) {
        try {
            return (Inet4Address) InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** Asks who has an address, as one that has the sender's address. */
    public void askWhoHas(Inet4Address target, Inet4Address sender) {
        send(
                arp(ArpOperation.REQUEST, sender, MacAddress.ETHER_BROADCAST_ADDRESS, target),
                EtherType.ARP,
                MacAddress.ETHER_BROADCAST_ADDRESS);
    }

    /** Asks who has the gateway's address and waits for the answer: now each knows the other. */
    public Received greet() {
        askWhoHas(HOST, GUEST);
        return await(received -> received.is(ArpPacket.class), "the gateway's answer to ARP");
    }

    /** Asks who has the gateway's address until it is answered: for a network that is still being joined. */
    public void greetUntilAnswered() {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        do {
            askWhoHas(HOST, GUEST);
        } while (find(received -> received.is(ArpPacket.class), RETRY).isEmpty() && System.nanoTime() - deadline < 0);
        greet();
        pending.removeIf(received -> received.is(ArpPacket.class));
    }

    /** Sends echo requests to the gateway until one is answered; nobody else on the network may use the identifier, nor may it have been used before. */
    public void pingUntilAnswered(int id) {
        long deadline = System.nanoTime() + 2 * LIMIT.toNanos();
        int sequence = 0;
        do {
            askWhoHas(HOST, GUEST);
            ping(HOST, id, sequence++, "are you there");
        } while (find(received -> isEcho(received, id), RETRY).isEmpty() && System.nanoTime() - deadline < 0);
        ping(HOST, id, sequence, "the last");
        awaitEcho(id, sequence);
    }

    private static boolean isEcho(Received received, int id) {
        return received.is(IcmpV4EchoReplyPacket.class)
                && received.get(IcmpV4EchoReplyPacket.class).getHeader().getIdentifierAsInt() == id;
    }

    /** Waits for the answer to an echo request. */
    public void awaitEcho(int id, int sequence) {
        await(
                received -> received.is(IcmpV4EchoReplyPacket.class)
                        && received.get(IcmpV4EchoReplyPacket.class).getHeader().getIdentifierAsInt() == id
                        && received.get(IcmpV4EchoReplyPacket.class).getHeader().getSequenceNumberAsInt() == sequence,
                "echo reply " + sequence);
    }

    /** Sends an echo request to an address. */
    public void ping(Inet4Address target, int id, int sequence, String data) {
        sendFrame(echo(target, id, sequence, data));
    }

    /** The same with another TTL. */
    public void pingWithTtl(Inet4Address target, int id, int sequence, String data, int ttl) {
        sendWithTtl(echo(target, id, sequence, data), ttl);
    }

    private static byte[] echo(Inet4Address target, int id, int sequence, String data) {
        IcmpV4EchoPacket.Builder echo = new IcmpV4EchoPacket.Builder()
                .identifier((short) id)
                .sequenceNumber((short) sequence)
                .payloadBuilder(payload(data.getBytes(StandardCharsets.ISO_8859_1)));
        Packet.Builder icmp = new IcmpV4CommonPacket.Builder()
                .type(IcmpV4Type.ECHO)
                .code(IcmpV4Code.NO_CODE)
                .payloadBuilder(echo)
                .correctChecksumAtBuild(true);
        return frame(ip(GUEST, target, IpNumber.ICMPV4, icmp), EtherType.IPV4, HOST_MAC)
                .build()
                .getRawData();
    }

    /** Sends a UDP datagram. */
    public void sendUdp(int port, Inet4Address target, int targetPort, byte[] data) {
        sendIp(target, IpNumber.UDP, udp(GUEST, port, target, targetPort, data));
    }

    /** Sends a DHCP message from port 68 to port 67: broadcast from nowhere, or to the gateway from the guest's address. */
    public void sendDhcp(DhcpMessage message, boolean unicast) {
        Inet4Address source = unicast ? GUEST : UNSPECIFIED;
        Inet4Address target = unicast ? HOST : BROADCAST;
        Packet.Builder udp = udp(source, 68, target, 67, message.encode());
        send(
                ip(source, target, IpNumber.UDP, udp),
                EtherType.IPV4,
                unicast ? HOST_MAC : MacAddress.ETHER_BROADCAST_ADDRESS);
    }

    /** The next frame received that carries a DHCP message. */
    public Received awaitDhcp() {
        return await(
                r -> r.is(UdpPacket.class)
                        && r.get(UdpPacket.class).getHeader().getDstPort().valueAsInt() == 68,
                "a DHCP message");
    }

    /** Keeps what passed so far as a capture, for a failed test; returns where. */
    public Path keepCapture() {
        try {
            Path file = Captures.newFile("raw");
            log.writePcap(file);
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends an IPv4 packet from the guest's address to the gateway's MAC address. */
    public void sendIp(Inet4Address target, IpNumber protocol, Packet.Builder payload) {
        send(ip(GUEST, target, protocol, payload), EtherType.IPV4, HOST_MAC);
    }

    /** Sends raw bytes as one frame. */
    public void sendFrame(byte[] frame) {
        log.add(System.nanoTime(), true, frame);
        socket.send(frame);
    }

    /** Sends raw bytes to the stream, framed or not. */
    public void sendRaw(byte[] bytes) {
        socket.sendRaw(ByteBuffer.wrap(bytes));
    }

    /** The bytes of a frame with a UDP datagram to the gateway, for a test to damage. */
    public byte[] udpFrame(int port, Inet4Address target, int targetPort, byte[] data) {
        Packet.Builder udp = udp(GUEST, port, target, targetPort, data);
        return frame(ip(GUEST, target, IpNumber.UDP, udp), EtherType.IPV4, HOST_MAC)
                .build()
                .getRawData();
    }

    /** Sends a frame's IPv4 packet with another TTL. */
    public void sendWithTtl(byte[] frame, int ttl) {
        byte[] changed = frame.clone();
        changed[22] = (byte) ttl;
        sendFrame(withHeaderChecksum(changed));
    }

    /** Sends a frame's IPv4 packet in fragments, in their order. */
    public void sendInFragments(byte[] frame, int payloadBytes) {
        fragments(frame, payloadBytes).forEach(this::sendFrame);
    }

    /** The fragments of a frame's IPv4 packet, in their order. */
    public static List<byte[]> fragments(byte[] frame, int payloadBytes) {
        List<byte[]> fragments = new ArrayList<>();
        int length = Bytes.u16(frame, 16) - 20;
        for (int at = 0; at < length; at += payloadBytes) {
            int part = Math.min(payloadBytes, length - at);
            byte[] fragment = new byte[Math.max(60, 34 + part)];
            System.arraycopy(frame, 0, fragment, 0, 34);
            System.arraycopy(frame, 34 + at, fragment, 34, part);
            Bytes.put16(fragment, 16, 20 + part);
            Bytes.put16(fragment, 20, (at + part < length ? 0x2000 : 0) | at / 8);
            fragments.add(withHeaderChecksum(fragment));
        }
        return fragments;
    }

    private static byte[] withHeaderChecksum(byte[] frame) {
        Bytes.put16(frame, 24, 0);
        Bytes.put16(frame, 24, InternetChecksum.finish(InternetChecksum.add(0, frame, 14, 20)));
        return frame;
    }

    /** The next frame, whatever it is. */
    public Received next() {
        return await(received -> true, "a frame");
    }

    /** The first frame, received already or yet to come, that is wanted; the others stay for later. */
    public Received await(Predicate<Received> wanted, String what) {
        return find(wanted, LIMIT)
                .orElseThrow(() -> new AssertionError(
                        "no " + what + " within " + LIMIT.toSeconds() + " s; other frames: " + pending));
    }

    private Optional<Received> find(Predicate<Received> wanted, Duration limit) {
        for (Iterator<Received> frames = pending.iterator(); frames.hasNext(); ) {
            Received received = frames.next();
            if (wanted.test(received)) {
                frames.remove();
                return Optional.of(received);
            }
        }
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            Optional<Received> received = receive(Duration.ofNanos(deadline - System.nanoTime()));
            if (received.isEmpty() || wanted.test(received.get())) {
                return received;
            }
            if (received.get().etherType() != IPV6 && !answered(received.get())) {
                pending.add(received.get());
            }
        }
    }

    private Optional<Received> receive(Duration limit) {
        return socket.receive(limit).map(bytes -> {
            log.add(System.nanoTime(), false, bytes);
            return Received.of(bytes);
        });
    }

    /**
     * Says that nothing was answered to all that was sent so far: two questions to the gateway, one after the other's
     * answer, bring these two answers and nothing else. For what a network answers at once or never.
     */
    public void expectSilence() {
        greet();
        greet();
        if (!pending.isEmpty()) {
            throw new AssertionError("not silent: " + pending);
        }
    }

    @Override
    public void close() {
        socket.close();
    }

    private boolean answered(Received received) {
        if (!received.is(ArpPacket.class)) {
            return false;
        }
        ArpPacket.ArpHeader arp = received.get(ArpPacket.class).getHeader();
        if (!arp.getOperation().equals(ArpOperation.REQUEST)
                || !arp.getDstProtocolAddr().equals(GUEST)) {
            return false;
        }
        send(
                arp(ArpOperation.REPLY, GUEST, arp.getSrcHardwareAddr(), (Inet4Address) arp.getSrcProtocolAddr()),
                EtherType.ARP,
                arp.getSrcHardwareAddr());
        return true;
    }

    private static Packet.Builder arp(
            ArpOperation operation, Inet4Address sender, MacAddress targetMac, Inet4Address target) {
        return new ArpPacket.Builder()
                .hardwareType(ArpHardwareType.ETHERNET)
                .protocolType(EtherType.IPV4)
                .hardwareAddrLength((byte) 6)
                .protocolAddrLength((byte) 4)
                .operation(operation)
                .srcHardwareAddr(MAC)
                .srcProtocolAddr(sender)
                .dstHardwareAddr(targetMac)
                .dstProtocolAddr(target);
    }

    private static Packet.Builder udp(Inet4Address source, int port, Inet4Address target, int targetPort, byte[] data) {
        return new UdpPacket.Builder()
                .srcAddr(source)
                .dstAddr(target)
                .srcPort(UdpPort.getInstance((short) port))
                .dstPort(UdpPort.getInstance((short) targetPort))
                .payloadBuilder(payload(data))
                .correctChecksumAtBuild(true)
                .correctLengthAtBuild(true);
    }

    private static Packet.Builder payload(byte[] data) {
        return new UnknownPacket.Builder().rawData(data);
    }

    private static Packet.Builder ip(
            Inet4Address source, Inet4Address target, IpNumber protocol, Packet.Builder payload) {
        return new IpV4Packet.Builder()
                .version(IpVersion.IPV4)
                .tos(IpV4Rfc791Tos.newInstance((byte) 0))
                .ttl((byte) 64)
                .protocol(protocol)
                .srcAddr(source)
                .dstAddr(target)
                .payloadBuilder(payload)
                .correctChecksumAtBuild(true)
                .correctLengthAtBuild(true);
    }

    private void send(Packet.Builder payload, EtherType type, MacAddress target) {
        sendFrame(frame(payload, type, target).build().getRawData());
    }

    private static EthernetPacket.Builder frame(Packet.Builder payload, EtherType type, MacAddress target) {
        return new EthernetPacket.Builder()
                .srcAddr(MAC)
                .dstAddr(target)
                .type(type)
                .payloadBuilder(payload)
                .paddingAtBuild(true);
    }
}
