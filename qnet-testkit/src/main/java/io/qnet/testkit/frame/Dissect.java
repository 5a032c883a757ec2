package io.qnet.testkit.frame;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IcmpV4EchoPacket;
import org.pcap4j.packet.IcmpV4EchoReplyPacket;
import org.pcap4j.packet.IcmpV6CommonPacket;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.IpPacket;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.Packet;
import org.pcap4j.packet.TcpMaximumSegmentSizeOption;
import org.pcap4j.packet.TcpPacket;
import org.pcap4j.packet.TcpTimestampsOption;
import org.pcap4j.packet.TcpWindowScaleOption;
import org.pcap4j.packet.UdpPacket;
import org.pcap4j.packet.namednumber.ArpOperation;

/**
 * Frames as text for people, in the manner of tcpdump: one line a frame, or everything that pcap4j finds in it. Any bytes give a text; what cannot be read says so.
 */
public final class Dissect {
    private Dissect() {}

    /** One line. */
    public static String line(byte[] frame) {
        try {
            return ethernet(EthernetPacket.newPacket(frame, 0, frame.length), frame.length);
        } catch (IllegalRawDataException | RuntimeException e) {
            return "unreadable frame of " + frame.length + " bytes (" + e.getMessage() + "): " + hex(frame, 64);
        }
    }

    /** All layers and fields, several lines. */
    public static String full(byte[] frame) {
        try {
            return EthernetPacket.newPacket(frame, 0, frame.length).toString();
        } catch (IllegalRawDataException | RuntimeException e) {
            return line(frame);
        }
    }

    private static String ethernet(EthernetPacket packet, int length) {
        Packet payload = packet.getPayload();
        if (payload instanceof ArpPacket arp) {
            return arp(arp.getHeader());
        }
        if (payload instanceof IpPacket ip) {
            return ip(ip);
        }
        EthernetPacket.EthernetHeader header = packet.getHeader();
        return String.format(
                Locale.ROOT,
                "%s > %s, ethertype 0x%04x, length %d",
                header.getSrcAddr(),
                header.getDstAddr(),
                header.getType().value() & 0xffff,
                length);
    }

    private static String arp(ArpPacket.ArpHeader arp) {
        String target = arp.getDstProtocolAddr().getHostAddress();
        String source = arp.getSrcProtocolAddr().getHostAddress();
        return arp.getOperation().equals(ArpOperation.REQUEST)
                ? "ARP who-has " + target + " tell " + source
                : "ARP " + source + " is-at " + arp.getSrcHardwareAddr() + " to " + target;
    }

    private static String ip(IpPacket ip) {
        String source = ip.getHeader().getSrcAddr().getHostAddress();
        String destination = ip.getHeader().getDstAddr().getHostAddress();
        Packet payload = ip.getPayload();
        String fragment = fragment(ip);
        if (payload instanceof TcpPacket tcp && fragment.isEmpty()) {
            TcpPacket.TcpHeader header = tcp.getHeader();
            return source + "." + header.getSrcPort().valueAsInt() + " > " + destination + "."
                    + header.getDstPort().valueAsInt() + ": " + tcp(tcp);
        }
        if (payload instanceof UdpPacket udp && fragment.isEmpty()) {
            UdpPacket.UdpHeader header = udp.getHeader();
            return source + "." + header.getSrcPort().valueAsInt() + " > " + destination + "."
                    + header.getDstPort().valueAsInt() + ": UDP, length " + (header.getLengthAsInt() - 8);
        }
        String what = payload instanceof IcmpV4CommonPacket icmp
                ? icmp(icmp)
                : payload instanceof IcmpV6CommonPacket icmp6
                        ? icmp6.getHeader().getType().toString()
                        : ip.getHeader().getProtocol() + ", length " + (payload == null ? 0 : payload.length());
        return source + " > " + destination + ": " + (fragment.isEmpty() ? what : fragment);
    }

    private static String fragment(IpPacket ip) {
        if (!(ip instanceof IpV4Packet v4)) {
            return "";
        }
        IpV4Packet.IpV4Header header = v4.getHeader();
        int offset = header.getFragmentOffset() * 8;
        if (offset == 0 && !header.getMoreFragmentFlag()) {
            return "";
        }
        return header.getProtocol().name() + " fragment, id " + header.getIdentificationAsInt() + ", offset " + offset
                + ", length " + (header.getTotalLengthAsInt() - header.length())
                + (header.getMoreFragmentFlag() ? ", more" : ", last");
    }

    private static String tcp(TcpPacket tcp) {
        TcpPacket.TcpHeader header = tcp.getHeader();
        String flags = (header.getSyn() ? "S" : "")
                + (header.getFin() ? "F" : "")
                + (header.getRst() ? "R" : "")
                + (header.getPsh() ? "P" : "")
                + (header.getUrg() ? "U" : "")
                + (header.getAck() ? "." : "");
        int length = tcp.getPayload() == null ? 0 : tcp.getPayload().length();
        String options = header.getOptions().isEmpty() ? "" : ", options [" + options(header.getOptions()) + "]";
        return "Flags [" + flags + "], seq " + header.getSequenceNumberAsLong()
                + (header.getAck() ? ", ack " + header.getAcknowledgmentNumberAsLong() : "") + ", win "
                + header.getWindowAsInt() + options + ", length " + length;
    }

    private static String options(List<TcpPacket.TcpOption> options) {
        return options.stream().map(Dissect::option).collect(Collectors.joining(","));
    }

    private static String option(TcpPacket.TcpOption option) {
        if (option instanceof TcpMaximumSegmentSizeOption mss) {
            return "mss " + mss.getMaxSegSizeAsInt();
        }
        if (option instanceof TcpWindowScaleOption scale) {
            return "wscale " + scale.getShiftCountAsInt();
        }
        if (option instanceof TcpTimestampsOption stamps) {
            return "TS val " + stamps.getTsValueAsLong() + " ecr " + stamps.getTsEchoReplyAsLong();
        }
        return switch (option.getKind().value()) {
            case 0 -> "eol";
            case 1 -> "nop";
            case 4 -> "sackOK";
            case 5 -> "sack " + sackBlocks(option.getRawData());
            default -> "option " + option.getKind().valueAsString();
        };
    }

    private static String sackBlocks(byte[] raw) {
        ByteBuffer blocks = ByteBuffer.wrap(raw).position(2);
        StringBuilder text = new StringBuilder();
        while (blocks.remaining() >= 8) {
            text.append('{').append(blocks.getInt() & 0xffff_ffffL).append(':');
            text.append(blocks.getInt() & 0xffff_ffffL).append('}');
        }
        return text.toString();
    }

    private static String icmp(IcmpV4CommonPacket icmp) {
        Packet body = icmp.getPayload();
        if (body instanceof IcmpV4EchoPacket || body instanceof IcmpV4EchoReplyPacket) {
            return "ICMP echo " + echo(body) + ", length " + icmp.length();
        }
        return "ICMP " + (icmp.getHeader().getType().value() & 0xff) + "/"
                + (icmp.getHeader().getCode().value() & 0xff) + " "
                + icmp.getHeader().getType().name() + ", length " + icmp.length();
    }

    private static String echo(Packet body) {
        if (body instanceof IcmpV4EchoPacket request) {
            IcmpV4EchoPacket.IcmpV4EchoHeader header = request.getHeader();
            return "request, id " + header.getIdentifierAsInt() + ", seq " + header.getSequenceNumberAsInt();
        }
        IcmpV4EchoReplyPacket.IcmpV4EchoReplyHeader header = ((IcmpV4EchoReplyPacket) body).getHeader();
        return "reply, id " + header.getIdentifierAsInt() + ", seq " + header.getSequenceNumberAsInt();
    }

    private static String hex(byte[] bytes, int most) {
        String text = HexFormat.of().formatHex(bytes, 0, Math.min(most, bytes.length));
        return bytes.length > most ? text + "…" : text;
    }
}
