package io.qnet.it.raw;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IcmpV4EchoReplyPacket;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.Packet;
import org.pcap4j.packet.TcpMaximumSegmentSizeOption;
import org.pcap4j.packet.TcpPacket;
import org.pcap4j.packet.UdpPacket;

/**
 * One frame that the guest received, its checksums verified. Its text says what matters to a guest and leaves out what
 * is free to differ between two good networks: identifiers, sequence numbers, windows, times.
 */
public final class Received {

    private static final int IPV4 = 0x0800;

    private final byte[] bytes;
    private final EthernetPacket frame;

    private Received(byte[] bytes, EthernetPacket frame) {
        this.bytes = bytes;
        this.frame = frame;
    }

    static Received of(byte[] bytes) {
        try {
            Received received = new Received(bytes, EthernetPacket.newPacket(bytes, 0, bytes.length));
            if (received.etherType() == IPV4 && !Checksums.hold(bytes)) {
                throw new AssertionError("a checksum is wrong in " + received.frame);
            }
            return received;
        } catch (IllegalRawDataException e) {
            throw new AssertionError("not a frame", e);
        }
    }

    int etherType() {
        return frame.getHeader().getType().value() & 0xffff;
    }

    /** Length of the frame in bytes, its Ethernet header included. */
    public int length() {
        return bytes.length;
    }

    /** Whether the frame contains such a packet; one that an ICMP error quotes does not count. */
    public boolean is(Class<? extends Packet> type) {
        return find(type) != null;
    }

    /** The packet of this class inside; fails if there is none. */
    public <T extends Packet> T get(Class<T> type) {
        T packet = find(type);
        if (packet == null) {
            throw new AssertionError("no " + type.getSimpleName() + " in " + this);
        }
        return packet;
    }

    private <T extends Packet> @Nullable T find(Class<T> type) {
        Packet packet = frame;
        while (packet != null && !type.isInstance(packet)) {
            packet = packet instanceof IcmpV4CommonPacket && !(packet.getPayload() instanceof IcmpV4EchoReplyPacket)
                    ? null
                    : packet.getPayload();
        }
        return type.cast(packet);
    }

    /** The TCP segment inside. */
    public TcpPacket.TcpHeader tcp() {
        return get(TcpPacket.class).getHeader();
    }

    /** What the UDP datagram or the TCP segment carries. */
    public byte[] payload() {
        Packet packet = is(TcpPacket.class) ? get(TcpPacket.class) : get(UdpPacket.class);
        return packet.getPayload() == null ? new byte[0] : packet.getPayload().getRawData();
    }

    /** The maximum segment size that a SYN offers, or 0. */
    public int mss() {
        return tcp().getOptions().stream()
                .filter(TcpMaximumSegmentSizeOption.class::isInstance)
                .mapToInt(option -> ((TcpMaximumSegmentSizeOption) option).getMaxSegSizeAsInt())
                .findFirst()
                .orElse(0);
    }

    @Override
    public String toString() {
        String link = frame.getHeader().getSrcAddr() + " > " + frame.getHeader().getDstAddr() + " ";
        if (is(ArpPacket.class)) {
            return link + arp(get(ArpPacket.class).getHeader());
        }
        if (!is(IpV4Packet.class)) {
            return link + "type " + Integer.toHexString(etherType());
        }
        IpV4Packet.IpV4Header ip = get(IpV4Packet.class).getHeader();
        return link + "ttl " + ip.getTtlAsInt() + " " + transport(ip);
    }

    private static String arp(ArpPacket.ArpHeader arp) {
        return "arp " + arp.getOperation().name().toLowerCase(Locale.ROOT) + " "
                + arp.getSrcProtocolAddr().getHostAddress() + " is " + arp.getSrcHardwareAddr() + ", to "
                + arp.getDstProtocolAddr().getHostAddress() + " " + arp.getDstHardwareAddr();
    }

    private String transport(IpV4Packet.IpV4Header ip) {
        String source = ip.getSrcAddr().getHostAddress();
        String target = ip.getDstAddr().getHostAddress();
        if (is(TcpPacket.class)) {
            TcpPacket.TcpHeader tcp = tcp();
            return "tcp " + source + ":" + tcp.getSrcPort().valueAsInt() + " > " + target + ":"
                    + tcp.getDstPort().valueAsInt() + " " + flags(tcp) + " " + payload().length + " bytes";
        }
        if (is(UdpPacket.class)) {
            UdpPacket.UdpHeader udp = get(UdpPacket.class).getHeader();
            return "udp " + source + ":" + udp.getSrcPort().valueAsInt() + " > " + target + ":"
                    + udp.getDstPort().valueAsInt() + " " + new String(payload(), StandardCharsets.ISO_8859_1);
        }
        if (is(IcmpV4EchoReplyPacket.class)) {
            IcmpV4EchoReplyPacket echo = get(IcmpV4EchoReplyPacket.class);
            return "icmp " + source + " > " + target + " echo reply id "
                    + echo.getHeader().getIdentifierAsInt() + " seq "
                    + echo.getHeader().getSequenceNumberAsInt() + " "
                    + new String(echo.getPayload().getRawData(), StandardCharsets.ISO_8859_1);
        }
        if (is(IcmpV4CommonPacket.class)) {
            IcmpV4CommonPacket.IcmpV4CommonHeader icmp =
                    get(IcmpV4CommonPacket.class).getHeader();
            return "icmp " + source + " > " + target + " " + icmp.getType().value() + "/"
                    + icmp.getCode().value();
        }
        return "protocol " + ip.getProtocol().value() + " " + source + " > " + target;
    }

    /** The flags of a segment, as in {@code SYN|ACK}; PSH is left out, it is free to differ. */
    static String flags(TcpPacket.TcpHeader tcp) {
        List<String> flags = new ArrayList<>();
        if (tcp.getSyn()) {
            flags.add("SYN");
        }
        if (tcp.getFin()) {
            flags.add("FIN");
        }
        if (tcp.getRst()) {
            flags.add("RST");
        }
        if (tcp.getUrg()) {
            flags.add("URG");
        }
        if (tcp.getAck()) {
            flags.add("ACK");
        }
        StringJoiner joined = new StringJoiner("|");
        flags.forEach(joined::add);
        return joined.toString();
    }
}
