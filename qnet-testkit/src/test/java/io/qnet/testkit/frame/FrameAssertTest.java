package io.qnet.testkit.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.VirtualNetwork;
import io.qnet.testkit.tcp.Segment;
import io.qnet.testkit.tcp.TcpSettings;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pcap4j.packet.EthernetPacket;

/** Frames of two guests, looked at. */
class FrameAssertTest {
    private final VirtualNetwork net = VirtualNetwork.open();
    private final FakeGuest one = net.guest("one").address("10.0.0.1", 24);
    private final FakeGuest two = net.guest("two").address("10.0.0.2", 24);

    @AfterEach
    void close() {
        net.close();
    }

    @Test
    void arpAndEcho() {
        one.ping("10.0.0.2");
        List<byte[]> frames =
                one.frames().frames().stream().map(LoggedFrame::bytes).toList();
        FrameAssert.of(frames.get(0))
                .ethernet(one.mac(), "ff:ff:ff:ff:ff:ff")
                .etherType(0x0806)
                .length(60)
                .arpRequest("10.0.0.1", "10.0.0.2");
        FrameAssert.of(frames.get(1)).ethernet(two.mac(), one.mac()).arpReply("10.0.0.2", two.mac());
        FrameAssert.of(frames.get(2))
                .ipv4("10.0.0.1", "10.0.0.2")
                .ttl(64)
                .icmp(8, 0)
                .checksumsAreRight();
        FrameAssert.of(frames.get(3))
                .icmp(0, 0)
                .fragment(0, false)
                .paddingIsZero()
                .checksumsAreRight();
        assertThat(one.frames().tail(4))
                .contains("> ARP who-has 10.0.0.2 tell 10.0.0.1")
                .contains("< ARP 10.0.0.2 is-at 52:54:00:00:00:02 to 10.0.0.1")
                .contains("> 10.0.0.1 > 10.0.0.2: ICMP echo request, id ")
                .contains("< 10.0.0.2 > 10.0.0.1: ICMP echo reply, id ");
    }

    @Test
    void datagramsAndSegments() {
        GuestUdp socket = two.udp(5000);
        one.udp(4000).send("10.0.0.2", 5000, "hello");
        socket.receive();
        FrameAssert udp = FrameAssert.first(two.frames().received(), "datagram", frame -> frame[23] == 17)
                .udp(4000, 5000)
                .payload("hello")
                .checksumsAreRight()
                .paddingIsZero();
        assertThatThrownBy(() -> udp.payload("hallo")).hasMessageContaining("the first difference at 1");
        two.listen(80);
        one.connect("10.0.0.2", 80, 3000, TcpSettings.OLD);
        FrameAssert.first(two.frames().received(), "SYN", frame -> frame[23] == 6)
                .tcp(3000, 80)
                .flags(Segment.SYN)
                .ack(0)
                .checksumsAreRight();
    }

    @Test
    void aDifferenceIsExplained() {
        one.ping("10.0.0.2");
        byte[] echo = one.frames().received().get(1);
        assertThatThrownBy(() -> FrameAssert.of(echo).ttl(255))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("expected TTL 255, but it is 64")
                .hasMessageContaining("10.0.0.2 > 10.0.0.1: ICMP echo reply")
                .hasMessageContaining("Header checksum:");
        assertThatThrownBy(() -> FrameAssert.of(echo).tcp(1, 2)).hasMessageContaining("expected TCP");
        assertThatThrownBy(() -> FrameAssert.first(List.of(echo), "datagram", frame -> false))
                .hasMessageContaining("no datagram among 1 frames:\n  10.0.0.2 > 10.0.0.1");
    }

    @Test
    void wrongBytesAreFound() {
        one.ping("10.0.0.2");
        byte[] echo = one.frames().received().get(1).clone();
        echo[50] ^= 1;
        assertThatThrownBy(() -> FrameAssert.of(echo).checksumsAreRight()).hasMessageContaining("right checksum");
        byte[] header = one.frames().received().get(1).clone();
        header[22]++;
        assertThatThrownBy(() -> FrameAssert.of(header).checksumsAreRight()).hasMessageContaining("header checksum");
    }

    @Test
    void anyBytesAreAText() {
        assertThat(Dissect.line(new byte[3])).startsWith("unreadable frame of 3 bytes");
        byte[] ipx = new byte[60];
        ipx[12] = (byte) 0x81;
        ipx[13] = 0x37;
        assertThat(Dissect.line(ipx)).isEqualTo("00:00:00:00:00:00 > 00:00:00:00:00:00, ethertype 0x8137, length 60");
    }

    @Test
    void framesAreKeptAsPcap(@TempDir Path folder) throws Exception {
        one.ping("10.0.0.2");
        Path file = folder.resolve("frames.pcap");
        one.frames().writePcap(file);
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer pcap = ByteBuffer.wrap(bytes);
        assertThat(pcap.getInt(0)).isEqualTo(0xa1b23c4d);
        assertThat(pcap.getInt(20)).isEqualTo(1);
        int at = 24;
        for (LoggedFrame frame : one.frames().frames()) {
            int length = pcap.getInt(at + 8);
            assertThat(length).isEqualTo(frame.bytes().length);
            EthernetPacket.newPacket(bytes, at + 16, length);
            at += 16 + length;
        }
        assertThat(at).isEqualTo(bytes.length);
    }
}
