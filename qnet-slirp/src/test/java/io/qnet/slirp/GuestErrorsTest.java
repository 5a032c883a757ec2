package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.TcpDialogue;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.host.SimulatedUdp;
import io.qnet.testkit.tcp.Segment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What guests say by ICMP about what they were sent: rows E1 to E6 of docs/compatibility.md. */
class GuestErrorsTest extends VirtualTimeTest {
    private static final String GUEST = "10.0.2.15";
    private static final int PORT_UNREACHABLE = 3;
    private static final int FRAGMENTATION_NEEDED = 4;

    /** An ICMP message of type 3 about a frame that the guest was sent. */
    private static byte[] unreachable(int code, int mtu, byte[] about) {
        byte[] quote = Arrays.copyOfRange(about, 14, Math.min(about.length, 14 + 28));
        byte[] frame = RawFrames.icmp(GUEST, "10.0.2.2", 3, mtu, quote);
        Bytes.put8(frame, 35, code);
        return RawFrames.withIcmpChecksum(frame);
    }

    /** A flow that was answered, and the frame that brought the answer. */
    private byte[] answered(FakeGuest guest, GuestUdp udp) {
        guest.frames().clear();
        udp.send("10.0.2.2", 5000, "x").receive();
        return received(guest).stream()
                .filter(frame -> Bytes.u16(frame, 12) == 0x0800)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aPortThatTheGuestHasClosedClosesTheHosts() {
        user();
        SimulatedUdp service = host.udp(5000);
        FakeGuest guest = guest();
        GuestUdp udp = guest.udp().send("10.0.2.2", 5000, "x");
        net.advance(MOMENT);
        InetSocketAddress mapped = service.received().get(0).from();
        assertThat(host.datagramSockets()).containsExactly(mapped);
        udp.close();
        service.send(mapped, new byte[] {1});
        net.advance(MOMENT);
        assertThat(host.datagramSockets()).isEmpty();
        assertThat(count("udp.flows-closed-by-guest")).isEqualTo(1);
        assertThat(count("icmp.guest-errors")).isEqualTo(1);
        guest.udp(udp.port()).send("10.0.2.2", 5000, "again");
        net.advance(MOMENT);
        assertThat(service.received()).as("a new flow").hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "13, who complains is not who was sent it",
        "26, another source address",
        "30, another destination",
        "35, another source port",
        "37, another port of the guest"
    })
    void aQuoteOfWhatWasNotSentIsNotBelieved(int quotedAt, String why) {
        user();
        host.udp(5000).echo();
        FakeGuest guest = guest();
        byte[] answer = answered(guest, guest.udp(4000));
        byte[] error = unreachable(PORT_UNREACHABLE, 0, answer);
        error[42 + quotedAt - 14] ^= 1;
        if (quotedAt == 13) {
            error = RawFrames.icmp("10.0.2.16", "10.0.2.2", 3, 0, Arrays.copyOfRange(answer, 14, 42));
            Bytes.put8(error, 35, PORT_UNREACHABLE);
        }
        guest.sendFrame(RawFrames.withIcmpChecksum(error));
        net.advance(MOMENT);
        assertThat(host.datagramSockets()).as(why).hasSize(1);
        assertThat(count("icmp.guest-errors")).isZero();
        assertThat(count("drop.icmp-error-malformed") + count("drop.icmp-error-unknown-flow"))
                .isEqualTo(1);
        assertThat(received(guest)).isEmpty();
    }

    @Test
    void quotesThatAreCutOrLieAreCountedAndNothingElse() {
        user();
        host.udp(5000).echo();
        FakeGuest guest = guest();
        byte[] answer = answered(guest, guest.udp(4000));
        byte[] error = unreachable(PORT_UNREACHABLE, 0, answer);
        for (int quoted = 0; quoted < 28; quoted++) {
            byte[] quote = Arrays.copyOfRange(answer, 14, 14 + quoted);
            byte[] cut = RawFrames.icmp(GUEST, "10.0.2.2", 3, 0, quote);
            Bytes.put8(cut, 35, PORT_UNREACHABLE);
            guest.sendFrame(RawFrames.withIcmpChecksum(cut));
        }
        for (int[] lie : new int[][] {{42, 0x65}, {42, 0x44}, {42, 0x4f}, {44, 0}, {48, 0x20}, {51, 1}, {51, 6}}) {
            byte[] lying = error.clone();
            Bytes.put8(lying, lie[0], lie[1]);
            if (lie[0] == 44) {
                Bytes.put8(lying, 45, 27);
            }
            if (lie[0] == 48) {
                Bytes.put8(lying, 49, 1);
            }
            guest.sendFrame(RawFrames.withIcmpChecksum(lying));
        }
        guest.sendFrame(RawFrames.spoiled(error, 36));
        net.advance(MOMENT);
        assertThat(host.datagramSockets()).hasSize(1);
        assertThat(count("udp.flows-closed-by-guest")).isZero();
        assertThat(count("drop.icmp-error-malformed")).isEqualTo(28 + 6);
        assertThat(count("drop.icmp-checksum")).isEqualTo(1);
        assertThat(received(guest)).as("an error is not answered by an error").isEmpty();
        guest.sendFrame(error);
        net.advance(MOMENT);
        assertThat(count("udp.flows-closed-by-guest"))
                .as("the same without a lie")
                .isEqualTo(1);
    }

    @Test
    void errorsThatDoNotConcernThePortLeaveTheFlow() {
        user();
        host.udp(5000).echo();
        FakeGuest guest = guest();
        byte[] answer = answered(guest, guest.udp(4000));
        for (int code : new int[] {0, 1, 4, 5, 13}) {
            guest.sendFrame(unreachable(code, 0, answer));
        }
        net.advance(MOMENT);
        assertThat(count("icmp.guest-errors")).isEqualTo(5);
        assertThat(host.datagramSockets()).hasSize(1);
    }

    @Test
    void aForwardToAClosedPortForgetsWhoAskedAndGoesOn() {
        user(options -> options.hostForward("udp:127.0.0.1:7000-:7"));
        FakeGuest guest = guest();
        SimulatedUdp client = host.udp(6000);
        client.send(at("127.0.0.1", 7000), new byte[] {1});
        net.advance(MOMENT);
        assertThat(count("forward.udp-refused-by-guest")).isEqualTo(1);
        guest.udp(7).echo();
        client.send(at("127.0.0.1", 7000), new byte[] {2});
        net.advance(MOMENT);
        assertThat(client.received())
                .singleElement()
                .satisfies(datagram -> assertThat(datagram.data()).containsExactly(2));
    }

    @ParameterizedTest
    @CsvSource({"600, 560", "0, 1452"})
    void aGuestBehindANarrowPathIsSentSmallerSegments(int mtu, int payload) {
        user();
        host.server(80);
        FakeGuest guest = guest();
        TcpDialogue connection = guest.dialogue("10.0.2.2", 80)
                .sendSyn(1460)
                .expect(Segment.SYN | Segment.ACK, 0, 1)
                .send(Segment.ACK, 1, 1);
        net.settle();
        guest.frames().clear();
        host.server(80).connections().get(0).send(new byte[20_000]);
        net.settle();
        byte[] full = received(guest).stream()
                .filter(frame -> frame.length > 1400)
                .findFirst()
                .orElseThrow();
        guest.sendFrame(unreachable(FRAGMENTATION_NEEDED, mtu, full));
        net.settle();
        assertThat(count("tcp.path-mtus")).isEqualTo(1);
        net.advance(Duration.ofSeconds(1));
        assertThat(received(guest)).isNotEmpty().allMatch(frame -> frame.length <= 54 + payload);
        connection.send(Segment.RST, 1, 0);
        net.settle();
    }

    @Test
    void otherTypesAreDropped() {
        user();
        FakeGuest guest = guest();
        for (int type : new int[] {4, 5, 9, 10, 13, 15, 17, 18}) {
            guest.sendFrame(RawFrames.icmp(GUEST, "10.0.2.2", type, 0, new byte[28]));
        }
        net.advance(Duration.ofSeconds(1));
        assertThat(received(guest)).isEmpty();
        assertThat(count("drop.icmp-type")).isEqualTo(8);
    }
}
