package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.host.HostError;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestException;
import io.qnet.testkit.IcmpError;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** ICMP, and what IPv4 says to packets that are wrong: rows I1 to I12 of docs/compatibility.md. */
class EchoTest extends VirtualTimeTest {
    private static final InetAddress FAR = at("192.0.2.7", 0).getAddress();

    private static void assertUnreachable(FakeGuest guest, String target, String kind) {
        assertThatThrownBy(() -> guest.ping(target)).isInstanceOfSatisfying(GuestException.class, e -> {
            assertThat(e.icmp()).as("%s", e).isNotNull();
            assertThat(e.icmp().kind()).isEqualTo(kind);
        });
    }

    @Test
    void gatewayAndNameServerAnswerAlsoWhenRestricted() {
        user(options -> options.restrict(true));
        FakeGuest guest = guest();
        assertThat(guest.ping("10.0.2.2").ttl()).isEqualTo(255);
        assertThat(guest.ping("10.0.2.3").ttl()).isEqualTo(255);
        assertThat(guest.ping("10.0.2.2", 56, 1).bytes()).as("with TTL 1").isEqualTo(56);
        assertThatThrownBy(() -> guest.ping("192.0.2.7"))
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.reason()).isEqualTo(GuestException.Reason.TIMED_OUT));
    }

    @Test
    void fragmentsInAnyOrderAndTwiceAreAnsweredInFragments() {
        user(options -> options.ipv6(false));
        FakeGuest guest = guest();
        byte[] data = new byte[3080];
        new Random(1).nextBytes(data);
        byte[] whole = RawFrames.echoRequest("10.0.2.15", "10.0.2.2", 77, 1, data);
        for (int round = 0; round < 30; round++) {
            List<byte[]> fragments = new ArrayList<>(List.of(
                    RawFrames.fragment(whole, 0, 1480, true),
                    RawFrames.fragment(whole, 1480, 1480, true),
                    RawFrames.fragment(whole, 2960, 128, false)));
            fragments.add(fragments.get(round % 3));
            Collections.shuffle(fragments, new Random(round));
            received(guest);
            fragments.forEach(guest::sendFrame);
            net.advance(Duration.ofSeconds(31));
            assertThat(received(guest)).hasSize(3).allMatch(frame -> frame.length <= 1514);
        }
        guest.assertNoViolations();
    }

    @Test
    void elsewhereIsAskedByTheHost() {
        user();
        host.answersPing(FAR, Duration.ofMillis(20));
        FakeGuest guest = guest();
        assertThat(guest.ping("192.0.2.7").from()).isEqualTo(FAR);
        assertThat(guest.ping("192.0.2.7", 3000, 0).time()).isEqualTo(Duration.ofMillis(20));
        assertThat(host.openCount()).isEqualTo(1);
        net.advance(Duration.ofSeconds(61));
        assertThat(host.openCount()).as("forgotten after a minute").isZero();
    }

    @Test
    void aHostThatForbidsEchoSaysSo() {
        user();
        host.allowEcho(false);
        assertUnreachable(guest(), "192.0.2.7", "3/13");
    }

    @Test
    void unreachablePlacesAreToldAsSuch() {
        user();
        FakeGuest guest = guest();
        host.unreachable(FAR, HostError.HOST_UNREACHABLE);
        assertUnreachable(guest, "192.0.2.7", "3/1");
        host.unreachable(FAR, HostError.NET_UNREACHABLE);
        assertUnreachable(guest, "192.0.2.7", "3/0");
    }

    @Test
    void oneTooFarIsToldByTheGateway() {
        user();
        host.answersPing(FAR, Duration.ZERO);
        FakeGuest guest = guest();
        guest.sendFrame(RawFrames.withTtl(RawFrames.echoRequest("10.0.2.15", "192.0.2.7", 1, 1, new byte[8]), 1));
        guest.sendFrame(RawFrames.withTtl(RawFrames.echoRequest("10.0.2.15", "10.0.2.2", 1, 1, new byte[8]), 0));
        net.advance(MOMENT);
        assertThat(guest.icmpErrors()).extracting(IcmpError::kind).containsExactly("11/0", "11/0");
        assertThat(guest.icmpErrors())
                .allMatch(error -> error.from().getHostAddress().equals("10.0.2.2"));
        assertThat(received(guest)).allSatisfy(frame -> {
            assertThat(Bytes.u8(frame, 15)).as("TOS").isEqualTo(0xc0);
            assertThat(Bytes.u8(frame, 22)).as("TTL").isEqualTo(255);
        });
    }

    @Test
    void anAddressOfTheNetworkThatNobodyHasIsUnreachable() {
        user();
        FakeGuest guest = guest();
        guest.sendFrame(RawFrames.echoRequest("10.0.2.15", "10.0.2.99", 1, 1, new byte[8]));
        net.advance(MOMENT);
        assertThat(guest.icmpErrors()).extracting(IcmpError::kind).containsExactly("3/1");
    }

    @Test
    void whatIsWrongIsAnsweredBySilence() {
        user();
        FakeGuest guest = guest();
        byte[] echo = RawFrames.echoRequest("10.0.2.15", "10.0.2.2", 1, 1, new byte[100]);
        byte[] udp = RawFrames.udp("10.0.2.15", 1, "10.0.2.2", 5000, new byte[100]);
        guest.sendFrame(RawFrames.spoiled(echo, 18));
        guest.sendFrame(RawFrames.spoiled(echo, 60));
        guest.sendFrame(RawFrames.spoiled(udp, 60));
        guest.sendFrame(RawFrames.icmp("10.0.2.15", "10.0.2.2", 13, 0, new byte[12]));
        guest.sendFrame(RawFrames.echoRequest("10.0.2.3", "10.0.2.2", 1, 1, new byte[8]));
        guest.sendFrame(RawFrames.echoRequest("127.0.0.1", "10.0.2.2", 1, 1, new byte[8]));
        guest.sendFrame(RawFrames.echoRequest("224.0.0.1", "10.0.2.2", 1, 1, new byte[8]));
        byte[] tooLong = echo.clone();
        Bytes.put16(tooLong, 16, 1400);
        guest.sendFrame(RawFrames.withHeaderChecksum(tooLong));
        guest.sendFrame(Arrays.copyOf(echo, 30));
        guest.sendFrame(new byte[5]);
        net.advance(MOMENT);
        assertThat(received(guest)).isEmpty();
        assertThat(count("drop.ipv4-checksum")).isEqualTo(1);
        assertThat(count("drop.icmp-checksum")).isEqualTo(1);
        assertThat(count("drop.udp-checksum")).isEqualTo(1);
        assertThat(count("drop.icmp-type")).isEqualTo(1);
        assertThat(count("drop.ipv4-source")).isEqualTo(3);
        assertThat(count("drop.ipv4-malformed")).isEqualTo(2);
        assertThat(guest.ping("10.0.2.2").bytes()).isEqualTo(56);
    }

    @Test
    void optionsOfIpAreSkipped() {
        user();
        FakeGuest guest = guest();
        byte[] plain = RawFrames.echoRequest("10.0.2.15", "10.0.2.2", 9, 1, new byte[60]);
        byte[] options = new byte[plain.length + 4];
        System.arraycopy(plain, 0, options, 0, 34);
        System.arraycopy(plain, 34, options, 38, plain.length - 34);
        Arrays.fill(options, 34, 38, (byte) 1);
        Bytes.put8(options, 14, 0x46);
        Bytes.put16(options, 16, options.length - 14);
        Bytes.put16(options, 24, 0);
        int sum = InternetChecksum.finish(InternetChecksum.add(0, options, 14, 24));
        Bytes.put16(options, 24, sum);
        guest.sendFrame(options);
        net.advance(MOMENT);
        assertThat(received(guest)).singleElement().satisfies(frame -> {
            assertThat(Bytes.u8(frame, 14)).isEqualTo(0x45);
            assertThat(Bytes.u8(frame, 34)).isZero();
        });
        forgetUnaskedEchoes(guest);
    }

    @Test
    void errorsAreLimitedInRate() {
        user();
        FakeGuest guest = guest();
        for (int i = 0; i < 1000; i++) {
            guest.sendFrame(RawFrames.withTtl(RawFrames.echoRequest("10.0.2.15", "10.0.2.2", 1, i, new byte[8]), 0));
        }
        net.advance(MOMENT);
        assertThat(count("icmp.errors")).isEqualTo(250);
        assertThat(count("drop.icmp-error-rate")).isEqualTo(750);
        net.advance(Duration.ofSeconds(1));
        assertThat(guest.ping("10.0.2.2").bytes()).isEqualTo(56);
    }

    @Test
    void identifiersAreBoundedAndTheOldestMakesRoom() {
        user(options -> options.maxUdp(10));
        host.answersPing(FAR, Duration.ZERO);
        FakeGuest guest = guest();
        for (int i = 0; i < 50; i++) {
            guest.sendFrame(RawFrames.echoRequest("10.0.2.15", "192.0.2.7", i, 1, new byte[8]));
            net.advance(Duration.ofMillis(1));
        }
        assertThat(received(guest)).hasSize(50);
        assertThat(host.openCount()).isEqualTo(10);
        assertThat(count("icmp.flows-evicted")).isEqualTo(40);
        forgetUnaskedEchoes(guest);
    }
}
