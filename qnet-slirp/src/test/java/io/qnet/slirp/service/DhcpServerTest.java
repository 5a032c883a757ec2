package io.qnet.slirp.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.stat.Counters;
import io.qnet.testkit.codec.DhcpMessage;
import io.qnet.wire.IpAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The server's answers, read by the testkit's codec: rows D1 to D16 of docs/compatibility.md. */
class DhcpServerTest {
    private static final int SERVER = 0x0a00_0202;
    private static final int DNS = 0x0a00_0203;
    private static final int START = 0x0a00_020f;
    private static final IpAddress NOBODY = IpAddress.ANY4;

    private final Counters counters = new Counters();
    private DhcpServer server = new DhcpServer(config(false, List.of(), null, 1500), counters);
    private final ByteBuf buffer = Unpooled.buffer(1000, 1000);
    private DhcpServer.Answer answer;
    private long now = 1;

    private static DhcpConfig config(boolean restricted, List<String> search, String bootfile, int mtu) {
        String text = search.isEmpty() ? null : "text";
        return new DhcpConfig(
                SERVER,
                0xffff_ff00,
                DNS,
                START,
                16,
                86_400,
                restricted,
                text,
                text,
                search,
                text,
                bootfile,
                mtu,
                List.of());
    }

    @Test
    void aGuestWithALeaseOfItsOwnGetsItAndItsName() {
        List<StaticLease> leases = List.of(
                StaticLease.parse("52:54:00:12:34:56=10.0.2.50/web"), StaticLease.parse("52-54-0-12-34-57=10.0.2.15"));
        server = new DhcpServer(
                new DhcpConfig(
                        SERVER,
                        0xffff_ff00,
                        DNS,
                        START,
                        16,
                        86_400,
                        false,
                        "all",
                        null,
                        List.of(),
                        null,
                        null,
                        1500,
                        leases),
                counters);
        DhcpMessage web = ask(request(1, 0x5254_0012_3456L), NOBODY);
        assertThat(web.yiaddr).isEqualTo(0x0a00_0232);
        assertThat(new String(web.options.get(12), StandardCharsets.US_ASCII)).isEqualTo("web");
        DhcpMessage other = ask(request(1, 0x5254_0012_3458L), NOBODY);
        assertThat(other.yiaddr).as("not what is kept for another").isEqualTo(START + 1);
        assertThat(new String(other.options.get(12), StandardCharsets.US_ASCII)).isEqualTo("all");
        assertThat(ask(request(1, 0x5254_0012_3457L), NOBODY).yiaddr).isEqualTo(START);
    }

    @Test
    void aGuestIsFoundByTheNameThatItTells() {
        DhcpMessage message = request(3, 0x5254_0012_3456L).option(12, "Alpha".getBytes(StandardCharsets.US_ASCII));
        assertThat(ask(message, NOBODY).yiaddr).isEqualTo(START);
        assertThat(server.macOf("alpha")).isEqualTo(0x5254_0012_3456L);
        assertThat(server.leases().addressOf(0x5254_0012_3456L, now)).isEqualTo(IpAddress.ofIpv4(START));
        DhcpMessage other = request(3, 0x5254_0012_3457L).option(12, "ALPHA".getBytes(StandardCharsets.US_ASCII));
        ask(other, NOBODY);
        assertThat(server.macOf("alpha")).as("the last one to say so").isEqualTo(0x5254_0012_3457L);
        assertThat(server.macOf("beta")).isNull();
    }

    private static DhcpMessage request(int type, long mac) {
        DhcpMessage message = new DhcpMessage();
        message.xid = 0x1234_5678;
        message.chaddr = mac;
        message.flags = 0x8000;
        return type == 0 ? message : message.option(53, (byte) type);
    }

    /** The decoded answer, or null. */
    private DhcpMessage ask(DhcpMessage message, IpAddress source) {
        byte[] bytes = message.encode();
        byte[] padded = Arrays.copyOf(bytes, Math.max(300, bytes.length));
        for (int i = 0; i < buffer.capacity(); i++) {
            buffer.setByte(i, 0xee);
        }
        answer = server.answer(Unpooled.wrappedBuffer(padded), 0, padded.length, source, buffer, 10, now);
        if (answer == null) {
            return null;
        }
        byte[] reply = new byte[DhcpServer.REPLY_LENGTH];
        buffer.getBytes(10, reply);
        assertThat(buffer.getByte(10 + reply.length))
                .as("nothing beyond the reply")
                .isEqualTo((byte) 0xee);
        return DhcpMessage.decode(reply);
    }

    private DhcpMessage ask(DhcpMessage message) {
        return ask(message, NOBODY);
    }

    @Test
    void anOfferHasTheFormOfLibslirps() {
        DhcpMessage offer = ask(request(DhcpMessage.DISCOVER, 0x5254_0012_3456L));
        assertThat(offer.op).isEqualTo(2);
        assertThat(offer.xid).isEqualTo(0x1234_5678);
        assertThat(offer.chaddr).isEqualTo(0x5254_0012_3456L);
        assertThat(offer.yiaddr).isEqualTo(START);
        assertThat(offer.siaddr).isEqualTo(SERVER);
        assertThat(offer.ciaddr).isZero();
        assertThat(offer.flags).isZero();
        assertThat(offer.options.keySet()).containsExactly(53, 54, 1, 3, 6, 51);
        assertThat(offer.type()).isEqualTo(DhcpMessage.OFFER);
        assertThat(offer.intOption(54)).isEqualTo(SERVER);
        assertThat(offer.intOption(1)).isEqualTo(0xffff_ff00);
        assertThat(offer.intOption(3)).isEqualTo(SERVER);
        assertThat(offer.intOption(6)).isEqualTo(DNS);
        assertThat(offer.intOption(51)).isEqualTo(86_400);
        assertThat(answer.destination()).isEqualTo(IpAddress.BROADCAST4);
        assertThat(answer.leased()).isEqualTo(IpAddress.ofIpv4(START));
    }

    @Test
    void offersTheAddressThatIsAskedFor() {
        DhcpMessage discover = request(DhcpMessage.DISCOVER, 1).optionInts(50, SERVER + 18);
        assertThat(ask(discover).yiaddr).isEqualTo(SERVER + 18);
    }

    @Test
    void refusesWhatCannotBeHad() {
        DhcpMessage nak = ask(request(DhcpMessage.REQUEST, 1).optionInts(50, SERVER + 97));
        assertThat(nak.type()).isEqualTo(DhcpMessage.NAK);
        assertThat(nak.text(56)).isEqualTo("requested address not available");
        assertThat(nak.yiaddr).isZero();
        assertThat(nak.options.keySet()).containsExactly(53, 56);
        assertThat(answer.leased()).isNull();
        ask(request(DhcpMessage.REQUEST, 1).optionInts(50, START));
        assertThat(ask(request(DhcpMessage.REQUEST, 2).optionInts(50, START)).type())
                .isEqualTo(DhcpMessage.NAK);
    }

    @Test
    void renewsByTheClientsAddress() {
        ask(request(DhcpMessage.REQUEST, 1).optionInts(50, START));
        DhcpMessage renewal = request(DhcpMessage.REQUEST, 1);
        renewal.ciaddr = START;
        DhcpMessage ack = ask(renewal);
        assertThat(ack.type()).isEqualTo(DhcpMessage.ACK);
        assertThat(ack.yiaddr).isEqualTo(START);
    }

    @Test
    void answersBootp() {
        DhcpMessage reply = ask(request(0, 1));
        assertThat(reply.yiaddr).isEqualTo(START);
        assertThat(reply.type()).isEqualTo(DhcpMessage.ACK);
    }

    @Test
    void thePoolEndsAfterSixteen() {
        for (int i = 1; i <= 16; i++) {
            assertThat(ask(request(DhcpMessage.DISCOVER, i)).yiaddr).isEqualTo(START + i - 1);
        }
        assertThat(ask(request(DhcpMessage.DISCOVER, 17))).isNull();
        assertThat(counters.value("drop.dhcp-pool-used-up")).isEqualTo(1);
    }

    @Test
    void aReleasedAddressGoesToAnother() {
        ask(request(DhcpMessage.REQUEST, 1).optionInts(50, START));
        DhcpMessage release = request(DhcpMessage.RELEASE, 1);
        release.ciaddr = START;
        assertThat(ask(release)).isNull();
        assertThat(ask(request(DhcpMessage.REQUEST, 2).optionInts(50, START)).type())
                .isEqualTo(DhcpMessage.ACK);
    }

    @Test
    void informIsAnsweredWithoutALease() {
        DhcpMessage inform = request(DhcpMessage.INFORM, 1);
        inform.ciaddr = SERVER + 40;
        DhcpMessage ack = ask(inform);
        assertThat(ack.type()).isEqualTo(DhcpMessage.ACK);
        assertThat(ack.yiaddr).isZero();
        assertThat(ack.ciaddr).isEqualTo(SERVER + 40);
        assertThat(ack.options.keySet()).containsExactly(53, 54, 1, 3, 6);
        assertThat(answer.destination()).isEqualTo(IpAddress.ofIpv4(SERVER + 40));
        assertThat(server.leases().leases(now)).isEmpty();
        ask(request(DhcpMessage.INFORM, 1), IpAddress.parse("10.0.2.77"));
        assertThat(answer.destination()).isEqualTo(IpAddress.parse("10.0.2.77"));
    }

    @Test
    void aGuestThatChoseAnotherServerIsLeftToIt() {
        ask(request(DhcpMessage.DISCOVER, 1));
        DhcpMessage chosen = request(DhcpMessage.REQUEST, 1).optionInts(50, 0x0a00_0263);
        assertThat(ask(chosen.optionInts(54, 0x0a00_0201))).isNull();
        assertThat(ask(request(DhcpMessage.REQUEST, 2).optionInts(50, START)).type())
                .isEqualTo(DhcpMessage.ACK);
    }

    @Test
    void tellsAllThatIsConfigured() {
        server = new DhcpServer(
                config(false, List.of("a.dom.example", "b.dom.example"), "http://10.0.2.2/x", 1400), counters);
        DhcpMessage offer = ask(request(DhcpMessage.DISCOVER, 1));
        assertThat(offer.options.keySet()).containsExactly(53, 54, 1, 3, 6, 51, 12, 15, 66, 119, 60, 26);
        assertThat(offer.text(12)).isEqualTo("text");
        assertThat(offer.text(15)).isEqualTo("text");
        assertThat(offer.text(66)).isEqualTo("text");
        assertThat(offer.text(60)).isEqualTo("HTTPClient");
        assertThat(offer.file).isEqualTo("http://10.0.2.2/x");
        assertThat(offer.options.get(26)).containsExactly(0x05, 0x78);
        assertThat(HexFormat.of().formatHex(offer.options.get(119)))
                .isEqualTo("016103646f6d076578616d706c65000162c002");
    }

    @Test
    void restrictedGuestsAreToldNoRouterAndNoNameServer() {
        server = new DhcpServer(config(true, List.of(), null, 1500), counters);
        assertThat(ask(request(DhcpMessage.DISCOVER, 1)).options.keySet()).containsExactly(53, 54, 1, 51);
    }

    @Test
    void whatDoesNotFitIsLeftOut() {
        List<String> long1 =
                List.of("a".repeat(60) + "." + "b".repeat(60) + "." + "c".repeat(60) + "." + "d".repeat(60));
        List<String> long2 = List.of(long1.get(0), "e".repeat(60) + "." + "f".repeat(60));
        server = new DhcpServer(config(false, long2, null, 1500), counters);
        DhcpMessage offer = ask(request(DhcpMessage.DISCOVER, 1));
        assertThat(offer.options).doesNotContainKey(119).containsKey(66);
        assertThat(counters.value("dhcp.options-left-out")).isEqualTo(1);
        server = new DhcpServer(config(false, List.of("a..b"), null, 1500), counters);
        assertThat(ask(request(DhcpMessage.DISCOVER, 1)).options).doesNotContainKey(119);
    }

    @Test
    void truncatedAndLyingRequestsAreSurvived() {
        byte[] whole = request(DhcpMessage.DISCOVER, 1).optionInts(50, START).encode();
        for (int length = 0; length < whole.length; length++) {
            ByteBuf cut = Unpooled.wrappedBuffer(Arrays.copyOf(whole, length));
            DhcpServer.Answer given = server.answer(cut, 0, length, NOBODY, buffer, 0, now);
            assertThat(given == null).as("%d bytes", length).isEqualTo(length < 236);
        }
        byte[] lying = Arrays.copyOf(whole, 300);
        lying[240 + 1] = (byte) 255;
        assertThat(server.answer(Unpooled.wrappedBuffer(lying), 0, 300, NOBODY, buffer, 0, now))
                .isNotNull();
        lying[0] = 2;
        assertThat(server.answer(Unpooled.wrappedBuffer(lying), 0, 300, NOBODY, buffer, 0, now))
                .isNull();
    }
}
