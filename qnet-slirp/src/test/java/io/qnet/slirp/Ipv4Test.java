package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.IcmpError;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import io.qnet.testkit.host.SimulatedUdp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** IPv4 as a guest may send it, and when nothing is said about it: rows I2, I3, I8, I10, I13 to I17 of docs/compatibility.md. */
class Ipv4Test extends VirtualTimeTest {
    private static final String GUEST = "10.0.2.15";
    private static final String GATEWAY = "10.0.2.2";

    /** Every order of three, each with one of them twice, at every place. */
    private static List<List<Integer>> ordersWithOneTwice() {
        Set<List<Integer>> orders = new HashSet<>();
        int[][] permutations = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        for (int[] permutation : permutations) {
            for (int twice = 0; twice < 3; twice++) {
                for (int place = 0; place <= 3; place++) {
                    List<Integer> order = new ArrayList<>();
                    Arrays.stream(permutation).forEach(order::add);
                    order.add(place, twice);
                    orders.add(order);
                }
            }
        }
        return List.copyOf(orders);
    }

    @Test
    void aLargeEchoIsAnsweredInEveryOrderOfItsFragmentsWithDuplicates() {
        user();
        FakeGuest guest = guest();
        byte[] data = new byte[3080];
        new Random(1).nextBytes(data);
        int identification = 0;
        for (List<Integer> order : ordersWithOneTwice()) {
            byte[] whole = RawFrames.echoRequest(GUEST, GATEWAY, 77, 1, data);
            Bytes.put16(whole, 18, identification++);
            List<byte[]> fragments = List.of(
                    RawFrames.fragment(whole, 0, 1480, true),
                    RawFrames.fragment(whole, 1480, 1480, true),
                    RawFrames.fragment(whole, 2960, 128, false));
            received(guest);
            order.forEach(i -> guest.sendFrame(fragments.get(i)));
            net.settle();
            byte[] answer = new byte[data.length];
            for (byte[] frame : received(guest)) {
                int offset = (Bytes.u16(frame, 20) & 0x1fff) * 8;
                int skip = offset == 0 ? 8 : 0;
                int length = Bytes.u16(frame, 16) - 20 - skip;
                System.arraycopy(frame, 34 + skip, answer, offset + skip - 8, length);
            }
            assertThat(answer).as("%s", order).isEqualTo(data);
        }
        net.advance(Duration.ofSeconds(31));
        forgetUnaskedEchoes(guest);
    }

    @ParameterizedTest
    @ValueSource(strings = {"240.0.0.1", "250.1.2.3", "255.255.255.254", "127.0.0.1", "0.1.2.3", "239.255.255.250"})
    void addressesThatAreNobodysAreDroppedAndCounted(String address) {
        user();
        FakeGuest guest = guest();
        guest.sendFrame(RawFrames.udp(GUEST, 4000, address, 5000, new byte[4]));
        guest.sendFrame(RawFrames.echoRequest(GUEST, address, 1, 1, new byte[4]));
        net.advance(Duration.ofSeconds(1));
        assertThat(received(guest)).isEmpty();
        assertThat(host.openCount()).isZero();
        assertThat(count("egress.dropped")).isEqualTo(2);
    }

    @Test
    void aSourceThatIsNobodysIsNeitherBelievedNorAnswered() {
        user();
        FakeGuest guest = guest();
        for (String source :
                List.of("240.0.0.1", "255.255.255.255", "10.0.2.255", "127.0.0.1", "224.0.0.1", "0.0.0.9")) {
            guest.sendFrame(RawFrames.echoRequest(source, GATEWAY, 1, 1, new byte[8]));
            guest.sendFrame(RawFrames.arp(2, source, GATEWAY));
        }
        net.advance(Duration.ofSeconds(1));
        assertThat(received(guest)).isEmpty();
        assertThat(count("drop.ipv4-source")).isEqualTo(6);
    }

    @Test
    void aMacThatIsNobodysIsNotLearned() {
        user(options -> options.hostForward("udp:127.0.0.1:7000-10.0.2.99:7"));
        FakeGuest guest = guest();
        for (long mac : new long[] {0, 0x0100_5e00_0001L, RawFrames.BROADCAST}) {
            byte[] claim = RawFrames.arp(2, "10.0.2.99", GATEWAY);
            Bytes.put48(claim, 22, mac);
            guest.sendFrame(claim);
        }
        host.udp(5000).send(at("127.0.0.1", 7000), new byte[] {1});
        net.advance(MOMENT);
        assertThat(received(guest))
                .as("still asked for")
                .singleElement()
                .satisfies(frame -> assertThat(Bytes.u16(frame, 12)).isEqualTo(0x0806));
    }

    @Test
    void nothingIsSaidAboutLaterFragmentsGroupsErrorsAndFramesToAll() {
        user();
        FakeGuest guest = guest();
        byte[] udp = RawFrames.udp(GUEST, 4000, "10.0.2.3", 54, new byte[1000]);
        byte[] later = RawFrames.withTtl(RawFrames.fragment(udp, 504, 504, false), 0);
        guest.sendFrame(later);
        byte[] toAll = udp.clone();
        Bytes.put48(toAll, 0, RawFrames.BROADCAST);
        guest.sendFrame(toAll);
        byte[] toGroup = udp.clone();
        Bytes.put48(toGroup, 0, 0x0100_5e00_0001L);
        guest.sendFrame(toGroup);
        guest.sendFrame(RawFrames.withTtl(RawFrames.udp(GUEST, 4000, "10.0.2.255", 54, new byte[4]), 0));
        guest.sendFrame(RawFrames.withTtl(RawFrames.udp(GUEST, 4000, "224.0.0.1", 54, new byte[4]), 0));
        guest.sendFrame(RawFrames.withTtl(RawFrames.icmp(GUEST, GATEWAY, 3, 0, new byte[28]), 0));
        guest.sendFrame(RawFrames.withTtl(RawFrames.icmp(GUEST, GATEWAY, 5, 0, new byte[28]), 0));
        guest.sendFrame(RawFrames.withTtl(RawFrames.udp("0.0.0.0", 4000, GATEWAY, 54, new byte[4]), 0));
        net.advance(Duration.ofSeconds(1));
        assertThat(received(guest)).isEmpty();
        assertThat(count("icmp.errors")).isZero();
        assertThat(count("drop.ipv4-ttl")).isEqualTo(6);
        guest.sendFrame(udp);
        net.advance(MOMENT);
        assertThat(guest.icmpErrors()).extracting(IcmpError::kind).containsExactly("3/0");
    }

    @Test
    void aDatagramWhoseRestDoesNotComeIsReportedIfItsBeginningCame() {
        user();
        FakeGuest guest = guest();
        byte[] udp = RawFrames.udp(GUEST, 4000, GATEWAY, 5000, new byte[1000]);
        guest.sendFrame(RawFrames.fragment(udp, 0, 504, true));
        byte[] other = udp.clone();
        Bytes.put16(other, 18, 0x4321);
        guest.sendFrame(RawFrames.fragment(other, 504, 504, false));
        byte[] error = RawFrames.icmp(GUEST, GATEWAY, 3, 0, new byte[100]);
        guest.sendFrame(RawFrames.fragment(error, 0, 56, true));
        net.advance(Duration.ofSeconds(29));
        assertThat(guest.icmpErrors()).isEmpty();
        net.advance(Duration.ofSeconds(2));
        assertThat(count("drop.fragments-timed-out")).isEqualTo(3);
        assertThat(guest.icmpErrors()).singleElement().satisfies(e -> {
            assertThat(e.kind()).isEqualTo("11/1");
            assertThat(e.from().getHostAddress()).isEqualTo(GATEWAY);
            assertThat(e.guestPort()).isEqualTo(4000);
            assertThat(e.peerPort()).isEqualTo(5000);
        });
        byte[] frame = received(guest).get(0);
        assertThat(Bytes.u16(frame, 16)).as("header, 8, first fragment").isEqualTo(20 + 8 + 20 + 504);
    }

    @Test
    void optionsAreSkippedAndTheirLengthIsChecked() {
        user();
        FakeGuest guest = guest();
        byte[] echo = RawFrames.echoRequest(GUEST, GATEWAY, 9, 1, new byte[60]);
        for (int words = 6; words <= 15; words++) {
            int extra = words * 4 - 20;
            byte[] frame = new byte[echo.length + extra];
            System.arraycopy(echo, 0, frame, 0, 34);
            System.arraycopy(echo, 34, frame, 34 + extra, echo.length - 34);
            // a record route whose length lies: options are not looked into
            Bytes.put16(frame, 34, 0x07ff);
            Bytes.put8(frame, 14, 0x40 | words);
            Bytes.put16(frame, 16, frame.length - 14);
            Bytes.put16(frame, 24, 0);
            Bytes.put16(frame, 24, InternetChecksum.finish(InternetChecksum.add(0, frame, 14, words * 4)));
            guest.sendFrame(frame);
            net.settle();
            assertThat(received(guest))
                    .as("%s words", words)
                    .singleElement()
                    .satisfies(answer -> assertThat(Bytes.u8(answer, 14)).isEqualTo(0x45));
            Bytes.put16(frame, 16, words * 4 - 1);
            Bytes.put16(frame, 24, 0);
            Bytes.put16(frame, 24, InternetChecksum.finish(InternetChecksum.add(0, frame, 14, words * 4)));
            guest.sendFrame(frame);
        }
        net.settle();
        assertThat(received(guest)).isEmpty();
        assertThat(count("drop.ipv4-malformed")).isEqualTo(10);
        forgetUnaskedEchoes(guest);
    }

    @Test
    void everyDatagramInFragmentsHasAnIdentificationOfItsOwn() {
        user();
        host.udp(5000).echo();
        FakeGuest guest = guest();
        GuestUdp udp = guest.udp();
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            received(guest);
            udp.send(GATEWAY, 5000, new byte[3000]).receive();
            Set<Integer> ids = new HashSet<>();
            received(guest).stream()
                    .filter(frame -> Bytes.u16(frame, 12) == 0x0800)
                    .forEach(frame -> ids.add(Bytes.u16(frame, 18)));
            assertThat(ids).as("of one datagram").hasSize(1);
            seen.addAll(ids);
        }
        assertThat(seen).hasSize(200);
    }

    @Test
    void aNameServerThatIsAskedDirectlyKeepsItsFlowForTenSecondsAfterAnAnswer() {
        user();
        host.udp(at("192.0.2.53", 53)).echo();
        SimulatedUdp other = host.udp(at("192.0.2.54", 5353)).echo();
        FakeGuest guest = guest();
        GuestUdp udp = guest.udp().send("192.0.2.53", 53, "x");
        udp.receive();
        net.advance(Duration.ofSeconds(9));
        assertThat(host.datagramSockets()).hasSize(1);
        net.advance(Duration.ofSeconds(2));
        assertThat(host.datagramSockets()).isEmpty();
        udp.send("192.0.2.53", 53, "x").receive();
        udp.send("192.0.2.54", 5353, "x").receive();
        net.advance(Duration.ofSeconds(239));
        assertThat(host.datagramSockets()).as("used for something else").hasSize(1);
        assertThat(other.received()).hasSize(1);
    }
}
