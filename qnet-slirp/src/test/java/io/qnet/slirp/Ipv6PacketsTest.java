package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.IcmpError;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.frame.FrameAssert;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers, extension headers, fragments and errors of IPv6, byte by byte: rows X22 to X34 of docs/compatibility.md. */
class Ipv6PacketsTest extends VirtualTimeTest {
    private static final String GUEST = RawFrames6.GUEST;
    private static final String HOST = RawFrames6.HOST;
    private static final byte[] ECHO = RawFrames6.echoRequest(GUEST, HOST, 7, 1, new byte[64]);
    /** Six bytes of padding, which fill a header of options up. */
    private static final byte[] PADDING = {1, 4, 0, 0, 0, 0};

    /** A guest that takes IPv6 and does not mind answers to what is written by hand. */
    private FakeGuest guest6() {
        return net.guest("guest", builder -> builder.lenient())
                .address6(GUEST, 64, "fe80::2")
                .silent(true);
    }

    private List<byte[]> answersTo(FakeGuest guest, byte[]... frames) {
        received(guest);
        for (byte[] frame : frames) {
            guest.sendFrame(frame);
        }
        net.advance(MOMENT);
        List<byte[]> answers = received(guest);
        // pcap4j does not read errors that quote extension headers
        assertThat(answers).allMatch(RawFrames6::isChecksumRight);
        return answers;
    }

    private List<String> kinds(FakeGuest guest, byte[]... frames) {
        return answersTo(guest, frames).stream().map(RawFrames6::kind).toList();
    }

    private static byte[] option(int type) {
        return new byte[] {(byte) type, 2, 0, 0, 1, 0};
    }

    @Test
    void headersThatAreKnownArePassedOver() {
        user();
        FakeGuest guest = guest6();
        byte[] routed = RawFrames6.withHeader(
                ECHO, RawFrames6.ROUTING, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 0);
        assertThat(kinds(guest, RawFrames6.withHeader(ECHO, RawFrames6.DESTINATION_OPTIONS, PADDING)))
                .containsExactly("129/0");
        assertThat(kinds(
                        guest,
                        RawFrames6.withHeader(
                                ECHO, RawFrames6.HOP_BY_HOP, (byte) 5, (byte) 2, (byte) 0, (byte) 0, (byte) 1, (byte)
                                        0)))
                .as("router alert")
                .containsExactly("129/0");
        assertThat(kinds(guest, routed)).as("no hop left").containsExactly("129/0");
        byte[] all = RawFrames6.withHeader(
                RawFrames6.withHeader(routed, RawFrames6.DESTINATION_OPTIONS, PADDING), RawFrames6.HOP_BY_HOP, PADDING);
        assertThat(kinds(guest, all)).containsExactly("129/0");
    }

    @ParameterizedTest
    @CsvSource({
        "0x3e, fec0::2, 129/0",
        "0x7e, fec0::2, ''",
        "0xbe, fec0::2, 4/2",
        "0xfe, fec0::2, 4/2",
        "0x7e, ff02::1, ''",
        "0xbe, ff02::1, 4/2",
        "0xfe, ff02::1, ''"
    })
    void anUnknownOptionSaysWhatBecomesOfThePacket(int type, String to, String answer) {
        user();
        byte[] echo = RawFrames6.echoRequest(GUEST, to, 7, 1, new byte[8]);
        FakeGuest guest = guest6();
        for (int header : new int[] {RawFrames6.HOP_BY_HOP, RawFrames6.DESTINATION_OPTIONS}) {
            List<byte[]> answers = answersTo(guest, RawFrames6.withHeader(echo, header, option(type)));
            assertThat(answers.stream().map(RawFrames6::kind).toList())
                    .isEqualTo(answer.isEmpty() ? List.of() : List.of(answer));
            if (answer.equals("4/2")) {
                assertThat(Bytes.i32(answers.get(0), 58))
                        .as("where the option stands")
                        .isEqualTo(42);
            }
        }
    }

    @Test
    void wrongHeadersAreTold() {
        user();
        FakeGuest guest = guest6();
        byte[] source = RawFrames6.withHeader(
                ECHO, RawFrames6.ROUTING, (byte) 0, (byte) 1, (byte) 0, (byte) 0, (byte) 0, (byte) 0);
        List<byte[]> answers = answersTo(
                guest,
                source,
                RawFrames6.withHeader(
                        RawFrames6.withHeader(ECHO, RawFrames6.HOP_BY_HOP, PADDING),
                        RawFrames6.DESTINATION_OPTIONS,
                        PADDING),
                RawFrames6.ipv6(GUEST, HOST, 132, 64, new byte[16]));
        assertThat(answers).extracting(RawFrames6::kind).containsExactly("4/0", "4/1", "4/1");
        assertThat(answers).extracting(frame -> Bytes.i32(frame, 58)).containsExactly(42, 40, 6);
        FrameAssert.of(answers.get(2)).ipv6(address(HOST), address(GUEST)).ttl(255);
        assertThat(kinds(guest, RawFrames6.ipv6(GUEST, "2001:db8::1", 132, 64, new byte[16])))
                .isEmpty();
        assertThat(kinds(guest, RawFrames6.ipv6(GUEST, HOST, 59, 64, new byte[0])))
                .isEmpty();
    }

    @Test
    void lengthsThatLieAndChainsWithoutEndAreDropped() {
        user();
        FakeGuest guest = guest6();
        byte[] tooLong = ECHO.clone();
        Bytes.put16(tooLong, 18, 65_535);
        assertThat(kinds(guest, tooLong)).as("CVE-2020-10756").isEmpty();
        for (int length = 14; length < ECHO.length; length++) {
            assertThat(kinds(guest, Arrays.copyOf(ECHO, length))).isEmpty();
        }
        byte[] chain = RawFrames6.withHeader(
                RawFrames6.withHeader(ECHO, RawFrames6.DESTINATION_OPTIONS, PADDING), RawFrames6.HOP_BY_HOP, PADDING);
        for (int payload = 0; payload < 16; payload++) {
            byte[] cut = chain.clone();
            Bytes.put16(cut, 18, payload);
            assertThat(kinds(guest, cut)).as("%d bytes of headers", payload).isEmpty();
        }
        byte[] endless = ECHO;
        for (int i = 0; i < 150; i++) {
            endless = RawFrames6.withHeader(endless, RawFrames6.DESTINATION_OPTIONS, PADDING);
        }
        assertThat(kinds(guest, endless)).isEmpty();
        byte[] option = RawFrames6.withHeader(
                ECHO, RawFrames6.HOP_BY_HOP, (byte) 1, (byte) 200, (byte) 0, (byte) 0, (byte) 0, (byte) 0);
        assertThat(kinds(guest, option)).as("an option longer than its header").isEmpty();
        byte[] version = ECHO.clone();
        version[14] = 0x50;
        assertThat(kinds(guest, version, RawFrames.spoiled(ECHO, 60))).isEmpty();
        assertThat(count("drop.icmpv6-checksum")).isEqualTo(1);
        assertThat(count("drop.ipv6-malformed")).isPositive();
        assertThat(kinds(guest, ECHO)).containsExactly("129/0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"::1", "ff02::1", "fec0::2", "fe80::2", "fec0::3"})
    void whoCannotBeASourceIsNotAnswered(String source) {
        user();
        assertThat(kinds(guest6(), RawFrames6.echoRequest(source, HOST, 7, 1, new byte[8])))
                .isEmpty();
        assertThat(count("drop.ipv6-source")).isEqualTo(1);
    }

    @Test
    void whoHasNoAddressIsAnsweredByNobody() {
        host.udp(at("::1", 81)).echo();
        user();
        byte[] syn = RawFrames6.ipv6("::", HOST, 6, 64, RawFrames6.syn(4000, 80));
        FakeGuest guest = guest6();
        assertThat(kinds(
                        guest,
                        RawFrames6.udp("::", 1000, HOST, 81, new byte[8]),
                        RawFrames6.withRightChecksum(syn, 70)))
                .isEmpty();
        assertThat(kinds(guest, RawFrames6.echoRequest("::", HOST, 7, 1, new byte[8])))
                .isEmpty();
        assertThat(host.openCount()).isZero();
    }

    @Test
    void datagramsMustHaveAChecksum() {
        host.udp(at("::1", 81)).echo();
        user();
        byte[] datagram = RawFrames6.udp(GUEST, 1000, HOST, 81, new byte[8]);
        byte[] without = datagram.clone();
        Bytes.put16(without, 60, 0);
        FakeGuest guest = guest6();
        assertThat(answersTo(guest, without, RawFrames.spoiled(datagram, 63))).isEmpty();
        assertThat(count("drop.udp-checksum")).isEqualTo(2);
        assertThat(answersTo(guest, datagram)).hasSize(1);
    }

    @Test
    void aPacketLargerThanTheMtuIsTooBig() {
        user();
        FakeGuest guest = guest6();
        byte[] tooBig = RawFrames6.echoRequest(GUEST, HOST, 7, 1, new byte[1453]);
        List<byte[]> answers = answersTo(guest, tooBig);
        assertThat(answers).hasSize(1);
        FrameAssert.of(answers.get(0))
                .icmp6(2, 0)
                .ipv6(address("fe80::2"), address(GUEST))
                .ttl(255)
                .length(14 + 1280);
        assertThat(Bytes.i32(answers.get(0), 58)).as("MTU").isEqualTo(1500);
        assertThat(Arrays.copyOfRange(answers.get(0), 62, 62 + 1232))
                .isEqualTo(Arrays.copyOfRange(tooBig, 14, 14 + 1232));
        assertThat(kinds(guest, RawFrames6.echoRequest(GUEST, HOST, 7, 1, new byte[1452])))
                .containsExactly("129/0");
    }

    @Test
    void hopLimitsEnd() {
        user();
        FakeGuest guest = guest6();
        byte[] far = RawFrames6.udp(GUEST, 4000, "2001:db8::1", 33434, new byte[8]);
        assertThat(kinds(guest, RawFrames6.withHopLimit(ECHO, 0))).containsExactly("3/0");
        assertThat(kinds(guest, RawFrames6.withHopLimit(far, 1))).containsExactly("3/0");
        assertThat(kinds(guest, RawFrames6.withHopLimit(ECHO, 1))).containsExactly("129/0");
        assertThat(guest.icmpErrors()).allMatch(error -> error.from().equals(address6("fe80::2")));
    }

    @Test
    void errorsAreNotAboutErrorsOrGroupsAndLimitedInRate() {
        user();
        FakeGuest guest = guest6();
        byte[] error = RawFrames6.icmp(GUEST, "2001:db8::1", 1, 0, new byte[48]);
        byte[] group = RawFrames6.udp(GUEST, 1, "ff02::fb", 5353, new byte[8]);
        byte[] redirect = RawFrames6.icmp(GUEST, HOST, 137, 0, new byte[32]);
        assertThat(kinds(guest, RawFrames6.withHopLimit(group, 0), RawFrames6.withHopLimit(error, 0), redirect, group))
                .as("an error whose headers nobody has read yet")
                .containsExactly("3/0");
        byte[][] many = new byte[1000][];
        Arrays.fill(many, RawFrames6.ipv6(GUEST, HOST, 132, 64, new byte[16]));
        net.advance(Duration.ofSeconds(1));
        assertThat(answersTo(guest, many)).hasSize(250);
        assertThat(count("drop.icmp-error-rate")).isEqualTo(750);
    }

    @Test
    void listenersOfGroupsAreTakenInSilence() {
        user();
        byte[] report = RawFrames6.withHeader(
                RawFrames6.icmp(RawFrames6.LINK_LOCAL, "ff02::16", 143, 1, new byte[20]),
                RawFrames6.HOP_BY_HOP,
                (byte) 5,
                (byte) 2,
                (byte) 0,
                (byte) 0,
                (byte) 1,
                (byte) 0);
        assertThat(answersTo(guest6(), RawFrames6.withHopLimit(report, 1))).isEmpty();
        assertThat(count("icmpv6.multicast-listeners")).isEqualTo(1);
    }

    // ---- fragments

    private static List<byte[]> fragments(byte[] whole, int id) {
        return new ArrayList<>(List.of(
                RawFrames6.fragment(whole, id, 0, 1448, true),
                RawFrames6.fragment(whole, id, 1448, 1448, true),
                RawFrames6.fragment(whole, id, 2896, whole.length - 54 - 2896, false)));
    }

    private static byte[] largeEcho() {
        byte[] data = new byte[3080];
        new Random(1).nextBytes(data);
        return RawFrames6.echoRequest(GUEST, HOST, 77, 1, data);
    }

    @Test
    void fragmentsInAnyOrderAndTwiceAreAnsweredInFragments() {
        user();
        FakeGuest guest = guest6();
        for (int round = 0; round < 30; round++) {
            List<byte[]> fragments = fragments(largeEcho(), round);
            fragments.add(1, fragments.get(round % 3));
            Collections.shuffle(fragments.subList(0, 3), new Random(round));
            assertThat(answersTo(guest, fragments.toArray(byte[][]::new)))
                    .as("round %d, %s", round, user.counters())
                    .filteredOn(frame -> Bytes.u8(frame, 20) == RawFrames6.FRAGMENT)
                    .hasSize(3)
                    .allMatch(frame -> frame.length <= 1514);
            net.advance(Duration.ofSeconds(31));
        }
        assertThat(guest.violations()).allMatch(text -> text.startsWith("echo reply for identifier"));
    }

    @Test
    void anOverlapEndsTheDatagram() {
        user();
        FakeGuest guest = guest6();
        List<byte[]> fragments = fragments(largeEcho(), 5);
        byte[] overlap =
                RawFrames6.fragment(RawFrames6.echoRequest(GUEST, HOST, 77, 1, new byte[3080]), 5, 1440, 1448, true);
        assertThat(answersTo(guest, fragments.get(0), fragments.get(1), overlap, fragments.get(2)))
                .isEmpty();
        assertThat(count("drop.fragments-overlapping")).isEqualTo(1);
    }

    @Test
    void anAtomicFragmentIsWhole() {
        user();
        FakeGuest guest = guest6();
        byte[] first = RawFrames6.fragment(largeEcho(), 9, 0, 1448, true);
        byte[] atomic = RawFrames6.fragment(ECHO, 9, 0, ECHO.length - 54, false);
        assertThat(kinds(guest, first, atomic))
                .as("beside a datagram with its identification")
                .containsExactly("129/0");
    }

    @Test
    void wrongFragmentsAreTold() {
        user();
        FakeGuest guest = guest6();
        byte[] echo = largeEcho();
        byte[] odd = RawFrames6.fragment(echo, 1, 0, 1001, true);
        byte[] beyond = RawFrames6.fragment(echo, 2, 1448, 1448, true);
        Bytes.put16(beyond, 56, 0xfff9);
        byte[] headless = RawFrames6.fragment(
                RawFrames6.withHeader(ECHO, RawFrames6.DESTINATION_OPTIONS, PADDING), 3, 0, 8, true);
        List<byte[]> answers = answersTo(guest, odd, beyond, headless);
        assertThat(answers).extracting(RawFrames6::kind).containsExactly("4/0", "4/0", "4/3");
        assertThat(answers).extracting(frame -> Bytes.i32(frame, 58)).containsExactly(4, 42, 0);
    }

    @Test
    void aDatagramWithoutItsRestIsTold() {
        user();
        FakeGuest guest = guest6();
        guest.sendFrame(RawFrames6.fragment(largeEcho(), 1, 0, 1448, true));
        guest.sendFrame(RawFrames6.fragment(largeEcho(), 2, 1448, 1448, true));
        net.advance(Duration.ofSeconds(31));
        assertThat(guest.icmpErrors()).extracting(IcmpError::kind).containsExactly("3/1");
        assertThat(count("drop.fragments-timed-out")).isEqualTo(2);
    }

    @Test
    void randomBytesDoNoHarm() {
        user();
        FakeGuest guest = guest6();
        Random random = new Random(6);
        int[] kinds = {0, 6, 17, 43, 44, 58, 60, 99};
        for (int i = 0; i < 6000; i++) {
            byte[] payload = new byte[random.nextInt(1440)];
            random.nextBytes(payload);
            if (payload.length > 1 && random.nextBoolean()) {
                payload[0] = (byte) kinds[random.nextInt(kinds.length)];
                payload[1] = (byte) random.nextInt(4);
            }
            guest.sendFrame(RawFrames6.ipv6(GUEST, HOST, kinds[random.nextInt(kinds.length)], 255, payload));
        }
        net.advance(Duration.ofSeconds(61));
        assertThat(count("bug.frames")).isZero();
        assertThat(kinds(guest, ECHO)).containsExactly("129/0");
        assertThat(guest.ping(HOST).ttl()).isEqualTo(255);
    }
}
