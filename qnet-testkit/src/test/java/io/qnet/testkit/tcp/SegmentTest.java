package io.qnet.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pcap4j.packet.TcpMaximumSegmentSizeOption;
import org.pcap4j.packet.TcpPacket;
import org.pcap4j.packet.TcpTimestampsOption;
import org.pcap4j.packet.TcpWindowScaleOption;

/** The guest's header code against pcap4j's. */
class SegmentTest {
    @Test
    void pcap4jReadsWhatIsWritten() throws Exception {
        Segment segment = sample();
        byte[] bytes = new byte[200];
        int length = segment.write(bytes, 10);
        assertThat(length).isEqualTo(segment.headerLength());
        TcpPacket.TcpHeader read = TcpPacket.newPacket(bytes, 10, length).getHeader();
        assertThat(read.getSrcPort().valueAsInt()).isEqualTo(40_000);
        assertThat(read.getDstPort().valueAsInt()).isEqualTo(80);
        assertThat(read.getSequenceNumber()).isEqualTo(0xffff_fff0);
        assertThat(read.getAcknowledgmentNumber()).isEqualTo(0x7fff_fffe);
        assertThat(read.getWindowAsInt()).isEqualTo(65_000);
        assertThat(read.getSyn() && read.getAck()).isTrue();
        assertThat(read.getFin() || read.getRst() || read.getPsh() || read.getUrg())
                .isFalse();
        assertThat(read.getOptions())
                .hasAtLeastOneElementOfType(TcpMaximumSegmentSizeOption.class)
                .hasAtLeastOneElementOfType(TcpWindowScaleOption.class)
                .hasAtLeastOneElementOfType(TcpTimestampsOption.class)
                .anyMatch(option -> option.getKind().value() == 4);
    }

    @Test
    void readsWhatItWrote() {
        Segment segment = sample();
        segment.sackCount = 1;
        segment.sackStart[0] = 5;
        segment.sackEnd[0] = 9;
        segment.mss = 0;
        byte[] bytes = new byte[200];
        int length = segment.write(bytes, 0);
        Segment read = new Segment();
        assertThat(read.parse(bytes, 0, length + 3)).isTrue();
        assertThat(read.dataAt).isEqualTo(length);
        assertThat(read.dataLength).isEqualTo(3);
        assertThat(read.windowScale).isEqualTo(7);
        assertThat(read.tsval).isEqualTo(123);
        assertThat(read.tsecr).isEqualTo(456);
        assertThat(read.sackCount).isOne();
        assertThat(read.sackEnd[0]).isEqualTo(9);
        assertThat(read).hasToString("SYN|ACK seq=4294967280 ack=2147483646 win=65000 len=3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0201", "02", "0300", "05ff", "0801"})
    void optionsThatLieAreRefused(String hex) {
        byte[] bytes = new byte[24];
        bytes[12] = 0x60;
        byte[] option = HexFormat.of().parseHex(hex);
        System.arraycopy(option, 0, bytes, 24 - option.length, option.length);
        Arrays.fill(bytes, 20, 24 - option.length, (byte) 1);
        assertThat(new Segment().parse(bytes, 0, 24)).isFalse();
    }

    @Test
    void noBytesWhateverMakeItThrow() {
        Random random = new Random(1);
        Segment segment = new Segment();
        for (int i = 0; i < 100_000; i++) {
            byte[] bytes = new byte[random.nextInt(80)];
            random.nextBytes(bytes);
            if (segment.parse(bytes, 0, bytes.length)) {
                assertThat(segment.dataAt + segment.dataLength).isEqualTo(bytes.length);
            }
        }
    }

    private static Segment sample() {
        Segment segment = new Segment();
        segment.sourcePort = 40_000;
        segment.destinationPort = 80;
        segment.seq = 0xffff_fff0;
        segment.ack = 0x7fff_fffe;
        segment.flags = Segment.SYN | Segment.ACK;
        segment.window = 65_000;
        segment.mss = 1460;
        segment.windowScale = 7;
        segment.sackPermitted = true;
        segment.hasTimestamps = true;
        segment.tsval = 123;
        segment.tsecr = 456;
        return segment;
    }
}
