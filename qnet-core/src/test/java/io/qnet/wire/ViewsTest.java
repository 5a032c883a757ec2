package io.qnet.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Frames of other stacks read, what is written read back, and bytes that lie refused. */
class ViewsTest {
    /** A SYN that Linux sent, checksums as Linux computed them. */
    private static final String SYN = "4500003c1c4640004006b1e6ac100a63ac100a0c"
            + "9c400050a1b2c3d400000000a002faf000000000020405b40402080a" + "0011223300000000" + "01030307";

    @Test
    void readsASegmentWithOptions() {
        ByteBuf packet = hex(SYN);
        Ipv4View ip = new Ipv4View();
        assertThat(ip.wrap(packet, 0, packet.readableBytes())).isTrue();
        assertThat(ip.isChecksumValid()).isTrue();
        assertThat(ip.totalLength()).isEqualTo(60);
        assertThat(ip.isDontFragment()).isTrue();
        assertThat(ip.isFragment()).isFalse();
        assertThat(ip.ttl()).isEqualTo(64);
        assertThat(ip.protocol()).isEqualTo(Ip.TCP);
        assertThat(IpAddress.ofIpv4(ip.source())).hasToString("172.16.10.99");
        TcpView tcp = new TcpView();
        assertThat(tcp.wrap(packet, ip.payloadIndex(), ip.payloadHere())).isTrue();
        assertThat(tcp.sourcePort()).isEqualTo(40000);
        assertThat(tcp.destinationPort()).isEqualTo(80);
        assertThat(tcp.sequence()).isEqualTo(0xa1b2c3d4);
        assertThat(tcp.has(Tcp.SYN)).isTrue();
        assertThat(tcp.has(Tcp.SYN | Tcp.ACK)).isFalse();
        assertThat(tcp.window()).isEqualTo(64240);
        assertThat(tcp.mss()).isEqualTo(1460);
        assertThat(tcp.windowScale()).isEqualTo(7);
        assertThat(tcp.isSackPermitted()).isTrue();
        assertThat(tcp.timestampValue()).isEqualTo(0x00112233);
        assertThat(tcp.timestampEcho()).isZero();
        assertThat(tcp.payloadLength()).isZero();
    }

    @Test
    void readsSackBlocks() {
        ByteBuf segment = hex("00010002" + "00000005" + "00000006" + "a010ffff" + "00000000" + "0101" + "0512"
                + "7fffffff80000010" + "0000000a0000000b");
        TcpView tcp = new TcpView();
        assertThat(tcp.wrap(segment, 0, segment.readableBytes())).isTrue();
        assertThat(tcp.sackCount()).isEqualTo(2);
        assertThat(tcp.sackLeft(0)).isEqualTo(0x7fffffff);
        assertThat(tcp.sackRight(0)).isEqualTo(0x80000010);
        assertThat(tcp.sackLeft(1)).isEqualTo(10);
        assertThat(tcp.hasTimestamps()).isFalse();
        assertThat(tcp.mss()).isEqualTo(-1);
    }

    @Test
    void optionsThatLieAreIgnoredFromThereOn() {
        for (String options :
                new String[] {"020405b400000000", "020405b402000000", "020405b408ff0000", "020405b401010108"}) {
            ByteBuf segment = hex("00010002" + "00000005" + "00000006" + "7010ffff" + "00000000" + options);
            TcpView tcp = new TcpView();
            assertThat(tcp.wrap(segment, 0, segment.readableBytes()))
                    .as(options)
                    .isTrue();
            assertThat(tcp.mss()).as(options).isEqualTo(1460);
            assertThat(tcp.hasTimestamps()).as(options).isFalse();
        }
    }

    @Test
    void aRefusedWrapLeavesTheViewAsItWas() {
        ByteBuf packet = hex(SYN);
        Ipv4View ip = new Ipv4View();
        assertThat(ip.wrap(packet, 0, 60)).isTrue();
        assertThat(ip.wrap(packet, 0, 59)).as("total length beyond the bytes").isFalse();
        assertThat(ip.wrap(packet, 0, 40, 20)).as("the rest is elsewhere").isTrue();
        assertThat(ip.payloadHere()).isEqualTo(20);
        assertThat(ip.payloadLength()).isEqualTo(40);
        assertThat(ip.wrap(packet, 1, 59)).isFalse();
        assertThat(ip.source()).isEqualTo(0xac100a63);
    }

    @Test
    void whatIsWrittenIsReadBackAndNoByteIsLeftOver() {
        ByteBuf buffer = Unpooled.buffer(128).setIndex(0, 128);
        for (int i = 0; i < 128; i++) {
            buffer.setByte(i, 0xee);
        }
        Ipv4.write(buffer, 0, 0x10, 48, 0x1234, Ipv4.DONT_FRAGMENT, 63, Ip.UDP, 0x0a000202, 0x0a00020f);
        Ipv4View four = new Ipv4View();
        assertThat(four.wrap(buffer, 0, 48)).isTrue();
        assertThat(four.isChecksumValid()).isTrue();
        assertThat(four.typeOfService()).isEqualTo(0x10);
        assertThat(four.identification()).isEqualTo(0x1234);
        assertThat(four.destination()).isEqualTo(0x0a00020f);
        Udp.write(buffer, 20, 67, 68, 28, 0xbeef);
        UdpView udp = new UdpView();
        assertThat(udp.wrap(buffer, 20, 28)).isTrue();
        assertThat(udp.payloadLength()).isEqualTo(20);
        assertThat(udp.checksum()).isEqualTo(0xbeef);
        Ipv6.write(buffer, 0, 0xb8, 0xabcde, 60, Ip.TCP, 255, IpAddress.parse("fec0::2"), IpAddress.parse("fec0::f"));
        Ipv6View six = new Ipv6View();
        assertThat(six.wrap(buffer, 0, 128)).isTrue();
        assertThat(six.trafficClass()).isEqualTo(0xb8);
        assertThat(six.flowLabel()).isEqualTo(0xabcde);
        assertThat(six.hopLimit()).isEqualTo(255);
        assertThat(six.payloadLength()).isEqualTo(60);
        assertThat(six.destinationLow()).isEqualTo(15);
        Tcp.write(buffer, 40, 1, 2, 3, 4, 24, Tcp.ACK | Tcp.PSH, 5, 6);
        buffer.setInt(60, 0x01010101);
        TcpView tcp = new TcpView();
        assertThat(tcp.wrap(buffer, six.payloadIndex(), six.payloadHere())).isTrue();
        assertThat(tcp.headerLength()).isEqualTo(24);
        assertThat(tcp.flags()).isEqualTo(Tcp.ACK | Tcp.PSH);
        assertThat(tcp.urgentPointer()).isZero();
        assertThat(tcp.payloadLength()).isEqualTo(36);
        Arp.write(buffer, 0, Arp.REPLY, 0x525400123456L, 0x0a000202, 0x525400123457L, 0x0a00020f);
        ArpView arp = new ArpView();
        assertThat(arp.wrap(buffer, 0, 28)).isTrue();
        assertThat(arp.operation()).isEqualTo(Arp.REPLY);
        assertThat(arp.senderMac()).isEqualTo(0x525400123456L);
        assertThat(arp.targetAddress()).isEqualTo(0x0a00020f);
        Icmp.write(buffer, 0, Icmp.ECHO_REQUEST, 0, 0x00010002);
        Icmp.writeChecksum(buffer, 0, 20, 0);
        assertThat(Checksum.sum(buffer, 0, 20)).isEqualTo(0xffff);
        IcmpView icmp = new IcmpView();
        assertThat(icmp.wrap(buffer, 0, 20)).isTrue();
        assertThat(icmp.sequence()).isEqualTo(2);
        assertThat(icmp.dataLength()).isEqualTo(12);
        Ethernet.write(buffer, 0, Ethernet.BROADCAST, 0x525400123456L, Ethernet.TYPE_ARP);
        EthernetView ethernet = new EthernetView();
        assertThat(ethernet.wrap(buffer, 0, 60)).isTrue();
        assertThat(ethernet.destination()).isEqualTo(Ethernet.BROADCAST);
        assertThat(ethernet.source()).isEqualTo(0x525400123456L);
        assertThat(ethernet.type()).isEqualTo(Ethernet.TYPE_ARP);
    }

    @Test
    void passesOverExtensionHeaders() {
        ByteBuf packet = Unpooled.buffer(128).setIndex(0, 128);
        Ipv6.write(packet, 0, 0, 0, 32, Ip.HOP_BY_HOP, 1, IpAddress.ANY6, IpAddress.ANY6);
        packet.setLong(40, 0x3c00_0502_0000_0000L);
        packet.setLong(48, 0x3a00_0104_0000_0000L);
        Ipv6View six = new Ipv6View();
        assertThat(six.wrap(packet, 0, 72)).isTrue();
        assertThat(six.protocol()).isEqualTo(Ip.ICMPV6);
        assertThat(six.hasHopByHop()).isTrue();
        assertThat(six.payloadIndex()).isEqualTo(56);
        assertThat(six.payloadLength()).isEqualTo(16);
        packet.setByte(49, 200);
        assertThat(six.wrap(packet, 0, 72))
                .as("an extension longer than the packet")
                .isFalse();
    }

    /** After true no accessor throws, whatever the bytes are. */
    @Test
    void randomBytesNeverThrow() {
        Random random = new Random(4);
        Ipv4View four = new Ipv4View();
        Ipv6View six = new Ipv6View();
        TcpView tcp = new TcpView();
        UdpView udp = new UdpView();
        long read = 0;
        for (int round = 0; round < 100_000; round++) {
            byte[] bytes = new byte[random.nextInt(90)];
            random.nextBytes(bytes);
            if (bytes.length > 13) {
                bytes[0] = (byte) (random.nextBoolean() ? 0x45 + random.nextInt(3) : 0x60);
                bytes[2] = 0;
                bytes[3] = (byte) random.nextInt(90);
                bytes[4] = 0;
                bytes[5] = (byte) random.nextInt(50);
            }
            ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
            if (four.wrap(buffer, 0, bytes.length)) {
                Checksum.sum(buffer, four.payloadIndex(), four.payloadHere());
                read += four.destination() + four.pseudoHeader();
            }
            if (six.wrap(buffer, 0, bytes.length)) {
                Checksum.sum(buffer, six.payloadIndex(), six.payloadHere());
            }
            if (tcp.wrap(buffer, 0, bytes.length)) {
                Checksum.sum(buffer, tcp.payloadIndex(), tcp.payloadHere());
                for (int i = 0; i < tcp.sackCount(); i++) {
                    read += tcp.sackLeft(i) ^ tcp.sackRight(i);
                }
                read += tcp.timestampEcho() ^ tcp.timestampValue();
            }
            if (udp.wrap(buffer, 0, bytes.length)) {
                Checksum.sum(buffer, udp.payloadIndex(), udp.payloadHere());
            }
        }
        assertThat(read).isNotZero();
    }

    private static ByteBuf hex(String text) {
        return Unpooled.wrappedBuffer(HexFormat.of().parseHex(text));
    }
}
