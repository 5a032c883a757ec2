package io.qnet.testkit.frame;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import io.qnet.testkit.tcp.Segment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IcmpV6CommonPacket;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.IpPacket;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.IpV6Packet;
import org.pcap4j.packet.Packet;
import org.pcap4j.packet.TcpPacket;
import org.pcap4j.packet.UdpPacket;

/**
 * What is expected of one frame. Fields are read by pcap4j, checksums are computed over the raw bytes; nothing of qnet's own codec takes part. Each expectation that fails throws an {@link AssertionError} that
 * says what was expected, what is there, and shows the frame with all its layers.
 *
 * <pre>{@code
 * FrameAssert.of(frame).ipv4("10.0.2.2", "10.0.2.15").ttl(255).icmp(0, 0).checksumsAreRight();
 * }</pre>
 */
public final class FrameAssert {
    private final byte[] bytes;
    private final EthernetPacket packet;

    private FrameAssert(byte[] bytes, EthernetPacket packet) {
        this.bytes = bytes;
        this.packet = packet;
    }

    /** Begins with a frame, which must be readable. */
    public static FrameAssert of(byte[] frame) {
        try {
            return new FrameAssert(frame, EthernetPacket.newPacket(frame, 0, frame.length));
        } catch (IllegalRawDataException e) {
            throw new AssertionError("unreadable frame: " + Dissect.line(frame), e);
        }
    }

    /**
     * The first frame of a list that satisfies a condition.
     *
     * @throws AssertionError with all frames as text if none does
     */
    public static FrameAssert first(List<byte[]> frames, String what, Predicate<byte[]> condition) {
        return frames.stream()
                .filter(condition)
                .findFirst()
                .map(FrameAssert::of)
                .orElseThrow(() -> {
                    StringBuilder all = new StringBuilder("no " + what + " among " + frames.size() + " frames:");
                    frames.forEach(frame -> all.append("\n  ").append(Dissect.line(frame)));
                    return new AssertionError(all.toString());
                });
    }

    /** The frame. */
    public byte[] bytes() {
        return bytes;
    }

    // ---- Ethernet, ARP

    /** The source and destination MAC addresses. */
    public FrameAssert ethernet(String source, String destination) {
        expect("source MAC", source, packet.getHeader().getSrcAddr().toString());
        return expect(
                "destination MAC", destination, packet.getHeader().getDstAddr().toString());
    }

    /** The EtherType. */
    public FrameAssert etherType(int type) {
        return expect("EtherType", Integer.toHexString(type), Integer.toHexString(Bytes.u16(bytes, 12)));
    }

    /** The length of the whole frame without FCS. */
    public FrameAssert length(int length) {
        return expect("length", length, bytes.length);
    }

    /** An ARP request for an address. */
    public FrameAssert arpRequest(String sender, String target) {
        ArpPacket.ArpHeader arp = layer(ArpPacket.class, "ARP").getHeader();
        expect("ARP operation", 1, (int) arp.getOperation().value());
        expect("ARP sender", sender, arp.getSrcProtocolAddr().getHostAddress());
        return expect("ARP target", target, arp.getDstProtocolAddr().getHostAddress());
    }

    /** An ARP reply that tells an address's MAC. */
    public FrameAssert arpReply(String address, String mac) {
        ArpPacket.ArpHeader arp = layer(ArpPacket.class, "ARP").getHeader();
        expect("ARP operation", 2, (int) arp.getOperation().value());
        expect("ARP sender", address, arp.getSrcProtocolAddr().getHostAddress());
        return expect("ARP sender's MAC", mac, arp.getSrcHardwareAddr().toString());
    }

    // ---- IP

    /** The addresses of an IPv4 packet. */
    public FrameAssert ipv4(String source, String destination) {
        layer(IpV4Packet.class, "IPv4");
        return addresses(source, destination);
    }

    /** The addresses of an IPv6 packet. */
    public FrameAssert ipv6(String source, String destination) {
        layer(IpV6Packet.class, "IPv6");
        return addresses(source, destination);
    }

    /** The TTL or hop limit. */
    public FrameAssert ttl(int ttl) {
        IpPacket ip = layer(IpPacket.class, "IP");
        int actual = ip instanceof IpV4Packet v4
                ? v4.getHeader().getTtlAsInt()
                : ((IpV6Packet) ip).getHeader().getHopLimitAsInt();
        return expect("TTL", ttl, actual);
    }

    /** The place of an IPv4 fragment in its packet. */
    public FrameAssert fragment(int offset, boolean more) {
        IpV4Packet.IpV4Header header = layer(IpV4Packet.class, "IPv4").getHeader();
        expect("fragment offset", offset, header.getFragmentOffset() * 8);
        return expect("more fragments", more, header.getMoreFragmentFlag());
    }

    // ---- ICMP, UDP, TCP

    /** Type and code of an ICMP message. */
    public FrameAssert icmp(int type, int code) {
        IcmpV4CommonPacket.IcmpV4CommonHeader header =
                layer(IcmpV4CommonPacket.class, "ICMP").getHeader();
        expect("ICMP type", type, header.getType().value() & 0xff);
        return expect("ICMP code", code, header.getCode().value() & 0xff);
    }

    /** Type and code of an ICMPv6 message. */
    public FrameAssert icmp6(int type, int code) {
        IcmpV6CommonPacket.IcmpV6CommonHeader header =
                layer(IcmpV6CommonPacket.class, "ICMPv6").getHeader();
        expect("ICMPv6 type", type, header.getType().value() & 0xff);
        return expect("ICMPv6 code", code, header.getCode().value() & 0xff);
    }

    /** The ports of a UDP datagram. */
    public FrameAssert udp(int source, int destination) {
        UdpPacket.UdpHeader header = layer(UdpPacket.class, "UDP").getHeader();
        expect("UDP source port", source, header.getSrcPort().valueAsInt());
        return expect("UDP destination port", destination, header.getDstPort().valueAsInt());
    }

    /** The ports of a TCP segment. */
    public FrameAssert tcp(int source, int destination) {
        TcpPacket.TcpHeader header = tcpHeader();
        expect("TCP source port", source, header.getSrcPort().valueAsInt());
        return expect("TCP destination port", destination, header.getDstPort().valueAsInt());
    }

    /** The flags of a TCP segment, a set of {@link Segment#SYN} and so on. */
    public FrameAssert flags(int flags) {
        TcpPacket.TcpHeader header = tcpHeader();
        int actual = (header.getFin() ? Segment.FIN : 0)
                | (header.getSyn() ? Segment.SYN : 0)
                | (header.getRst() ? Segment.RST : 0)
                | (header.getPsh() ? Segment.PSH : 0)
                | (header.getAck() ? Segment.ACK : 0)
                | (header.getUrg() ? Segment.URG : 0);
        return expect("TCP flags", Segment.flagNames(flags), Segment.flagNames(actual));
    }

    /** The sequence number of a TCP segment. */
    public FrameAssert seq(int seq) {
        return expect("TCP seq", seq & 0xffff_ffffL, tcpHeader().getSequenceNumberAsLong());
    }

    /** The acknowledgement number of a TCP segment. */
    public FrameAssert ack(int ack) {
        return expect("TCP ack", ack & 0xffff_ffffL, tcpHeader().getAcknowledgmentNumberAsLong());
    }

    /** The payload of UDP or TCP, as UTF-8 text. */
    public FrameAssert payload(String text) {
        return payload(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The payload of UDP or TCP. */
    public FrameAssert payload(byte[] payload) {
        byte[] actual = payload();
        if (!Arrays.equals(payload, actual)) {
            int at = Arrays.mismatch(payload, actual);
            throw failed("payload of " + payload.length + " bytes, but it has " + actual.length
                    + ", the first difference at " + at + "\n  expected " + hex(payload) + "\n  is       "
                    + hex(actual));
        }
        return this;
    }

    // ---- checks without a value

    /** The checksums of IPv4's header and of a whole ICMP, UDP or TCP message are right. A UDP checksum of 0 over IPv4 counts as right. */
    public FrameAssert checksumsAreRight() {
        boolean v4 = Bytes.u16(bytes, 12) == 0x0800;
        if (!v4 && Bytes.u16(bytes, 12) != 0x86dd) {
            return this;
        }
        int headerLength = v4 ? (bytes[14] & 0xf) * 4 : 40;
        if (v4 && !InternetChecksum.isRight(0, bytes, 14, headerLength)) {
            throw failed("a right IPv4 header checksum");
        }
        boolean fragment = v4 && (Bytes.u16(bytes, 20) & 0x3fff) != 0;
        if (!fragment && !transportIsRight(v4, headerLength)) {
            throw failed("a right checksum of the " + (v4 ? "IPv4" : "IPv6") + " packet's payload");
        }
        return this;
    }

    /** What follows the packet up to the frame's end is zero. */
    public FrameAssert paddingIsZero() {
        boolean v4 = Bytes.u16(bytes, 12) == 0x0800;
        int end = v4 ? 14 + Bytes.u16(bytes, 16) : bytes.length;
        for (int i = end; i < bytes.length; i++) {
            if (bytes[i] != 0) {
                throw failed("padding of zeros, but byte " + i + " is " + (bytes[i] & 0xff));
            }
        }
        return this;
    }

    private boolean transportIsRight(boolean v4, int headerLength) {
        int at = 14 + headerLength;
        int length = v4 ? Bytes.u16(bytes, 16) - headerLength : Bytes.u16(bytes, 18);
        int protocol = Bytes.u8(bytes, v4 ? 23 : 20);
        if (protocol == 17 && v4 && Bytes.u16(bytes, at + 6) == 0) {
            return true;
        }
        byte[] source = Arrays.copyOfRange(bytes, v4 ? 26 : 22, v4 ? 30 : 38);
        byte[] destination = Arrays.copyOfRange(bytes, v4 ? 30 : 38, v4 ? 34 : 54);
        long pseudo = protocol == 1 ? 0 : InternetChecksum.pseudoHeader(source, destination, protocol, length);
        boolean known = protocol == 1 || protocol == 6 || protocol == 17 || protocol == 58;
        return !known || InternetChecksum.isRight(pseudo, bytes, at, length);
    }

    private byte[] payload() {
        Packet transport = packet.get(TcpPacket.class);
        if (transport == null) {
            transport = layer(UdpPacket.class, "UDP or TCP");
        }
        Packet payload = transport.getPayload();
        return payload == null ? new byte[0] : rawPayload(payload.length());
    }

    /** The payload as it stands in the frame: pcap4j would read and write it again. */
    private byte[] rawPayload(int length) {
        int ip = 14;
        int end = Bytes.u16(bytes, 12) == 0x0800 ? ip + Bytes.u16(bytes, ip + 2) : ip + 40 + Bytes.u16(bytes, ip + 4);
        return Arrays.copyOfRange(bytes, end - length, end);
    }

    private FrameAssert addresses(String source, String destination) {
        IpPacket.IpHeader header = layer(IpPacket.class, "IP").getHeader();
        expect("source", source, header.getSrcAddr().getHostAddress());
        return expect("destination", destination, header.getDstAddr().getHostAddress());
    }

    private TcpPacket.TcpHeader tcpHeader() {
        return layer(TcpPacket.class, "TCP").getHeader();
    }

    private <T extends Packet> T layer(Class<T> type, String name) {
        T layer = packet.get(type);
        if (layer == null) {
            throw failed(name);
        }
        return layer;
    }

    private FrameAssert expect(String field, @Nullable Object wanted, @Nullable Object actual) {
        if (!Objects.equals(wanted, actual)) {
            throw failed(field + " " + wanted + ", but it is " + actual);
        }
        return this;
    }

    private AssertionError failed(String what) {
        return new AssertionError("expected " + what + "\nin " + Dissect.line(bytes) + "\n" + Dissect.full(bytes));
    }

    private static String hex(byte[] bytes) {
        int most = Math.min(64, bytes.length);
        return HexFormat.of().formatHex(bytes, 0, most) + (most < bytes.length ? "…" : "");
    }
}
