package io.qnet.testkit.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.DnsPacket;
import org.pcap4j.util.ByteArrays;

/** The guest's byte code, against examples of the RFCs, pcap4j and slow arithmetic. */
class CodecTest {
    @Test
    void sumsTheExampleOfRfc1071() {
        byte[] data = HexFormat.of().parseHex("0001f203f4f5f6f7");
        assertThat(InternetChecksum.fold(InternetChecksum.add(0, data, 0, 8))).isEqualTo(0xddf2);
    }

    @Test
    void sumsAsPcap4jDoes() {
        Random random = new Random(1);
        for (int length = 0; length < 200; length++) {
            byte[] data = new byte[length + 5];
            random.nextBytes(data);
            byte[] part = Arrays.copyOfRange(data, 5, 5 + length);
            int expected = ByteArrays.calcChecksum(part) & 0xffff;
            assertThat(InternetChecksum.finish(InternetChecksum.add(0, data, 5, length)))
                    .as("length %d", length)
                    .isEqualTo(expected);
        }
    }

    @Test
    void macAddresses() {
        assertThat(Mac.parse("52:54:00:12:34:56")).isEqualTo(0x5254_0012_3456L);
        assertThat(Mac.text(0x0a00_0000_0001L)).isEqualTo("0a:00:00:00:00:01");
        assertThatThrownBy(() -> Mac.parse("52:54:00:12:34")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void pcap4jReadsADnsQuery() throws Exception {
        byte[] query = DnsMessage.query(0x1234, "www.host.test", DnsMessage.AAAA);
        DnsPacket.DnsHeader header = DnsPacket.newPacket(query, 0, query.length).getHeader();
        assertThat(header.getId()).isEqualTo((short) 0x1234);
        assertThat(header.isRecursionDesired()).isTrue();
        assertThat(header.getQuestions()).singleElement().satisfies(question -> {
            assertThat(question.getQName().getName()).isEqualTo("www.host.test");
            assertThat(question.getQType().value()).isEqualTo((short) 28);
        });
    }

    @Test
    void readsCompressedNamesAndChains() {
        // alias.test CNAME www.test, www.test A 192.0.2.1, names compressed
        byte[] message = HexFormat.of()
                .parseHex("000781800001000200000000"
                        + "05616c69617304746573740000010001"
                        + "c00c000500010000003c000603777777c012"
                        + "c028000100010000003c0004c0000201");
        DnsMessage answer = DnsMessage.decode(message);
        assertThat(answer.name()).isEqualTo("alias.test");
        assertThat(answer.answers()).extracting(DnsMessage.Answer::name).containsExactly("alias.test", "www.test");
        assertThat(answer.answers()).extracting(DnsMessage.Answer::text).containsExactly("www.test", "192.0.2.1");
    }

    @Test
    void respondsAsAServer() throws Exception {
        DnsMessage query = DnsMessage.decode(DnsMessage.query(9, "a.test", DnsMessage.A));
        DnsMessage answer = DnsMessage.decode(DnsMessage.respond(
                query, List.of(InetAddress.getByName("192.0.2.9"), InetAddress.getByName("2001:db8::1"))));
        assertThat(answer.isResponse()).isTrue();
        assertThat(answer.answers()).extracting(DnsMessage.Answer::text).containsExactly("192.0.2.9");
        assertThat(DnsMessage.decode(DnsMessage.respond(query, List.of())).responseCode())
                .isEqualTo(3);
    }

    @Test
    void namesThatLeadInACircleAreRefused() {
        byte[] message = DnsMessage.query(1, "a", DnsMessage.A);
        Bytes.put16(message, 12, 0xc00c);
        assertThat(DnsMessage.decode(message)).isNull();
    }

    @Test
    void dhcpMessagesReadWhatTheyWrite() {
        DhcpMessage message = new DhcpMessage();
        message.xid = 77;
        message.chaddr = 0x5254_0012_3456L;
        message.ciaddr = 0x0a00_020f;
        message.file = "boot.img";
        message.option(53, (byte) DhcpMessage.REQUEST)
                .optionInts(50, 0x0a00_0214)
                .option(12, "x".repeat(300));
        DhcpMessage read = DhcpMessage.decode(message.encode());
        assertThat(read.type()).isEqualTo(DhcpMessage.REQUEST);
        assertThat(read.xid).isEqualTo(77);
        assertThat(read.chaddr).isEqualTo(0x5254_0012_3456L);
        assertThat(read.ciaddr).isEqualTo(0x0a00_020f);
        assertThat(read.file).isEqualTo("boot.img");
        assertThat(read.addresses(50)).extracting(InetAddress::getHostAddress).containsExactly("10.0.2.20");
        assertThat(read.text(12)).hasSize(300);
    }

    @Test
    void bootpHasNoOptions() {
        byte[] bytes = new DhcpMessage().encode();
        assertThat(bytes).hasSize(300);
        assertThat(DhcpMessage.decode(bytes).type()).isZero();
    }

    @Test
    void noBytesWhateverMakeADecoderThrow() {
        Random random = new Random(1);
        byte[] dhcp = new DhcpMessage().option(53, (byte) 1).option(12, "abc").encode();
        byte[] dns = DnsMessage.respond(
                DnsMessage.decode(DnsMessage.query(9, "a.test", DnsMessage.A)),
                List.of(InetAddress.getLoopbackAddress()));
        for (int i = 0; i < 20_000; i++) {
            DhcpMessage.decode(mutated(dhcp, random));
            DnsMessage.decode(mutated(dns, random));
        }
        assertThat(DnsMessage.decode(dns)).isNotNull();
    }

    private static byte[] mutated(byte[] bytes, Random random) {
        byte[] copy = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
        for (int i = random.nextInt(8); i > 0 && copy.length > 0; i--) {
            copy[random.nextInt(copy.length)] = (byte) random.nextInt();
        }
        return copy;
    }
}
