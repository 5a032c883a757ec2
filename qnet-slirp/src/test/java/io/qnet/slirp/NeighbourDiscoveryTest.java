package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.frame.FrameAssert;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Neighbour and router discovery: rows X1 to X8 of docs/compatibility.md. */
class NeighbourDiscoveryTest extends VirtualTimeTest {
    private static final byte[] OWN_MAC = RawFrames6.linkAddress(1, RawFrames.GUEST_MAC);

    private static void assertAddress(byte[] frame, int at, String address) {
        assertThat(Arrays.copyOfRange(frame, at, at + 16)).isEqualTo(RawFrames.address(address));
    }

    private byte[] answerTo(FakeGuest guest, byte[] frame) {
        received(guest);
        guest.sendFrame(frame);
        net.advance(MOMENT);
        List<byte[]> frames = received(guest);
        assertThat(frames).hasSize(1);
        FrameAssert.of(frames.get(0)).checksumsAreRight();
        return frames.get(0);
    }

    @ParameterizedTest
    @CsvSource({
        "fec0::2, 52:56:00:00:00:02",
        "fec0::3, 52:56:00:00:00:03",
        "fe80::2, 52:56:00:00:00:02",
        "fe80::3, 52:56:00:00:00:03"
    })
    void itsOwnAddressesAreAnsweredFor(String target, String mac) {
        user();
        byte[] answer = answerTo(guest(), RawFrames6.solicitation(RawFrames6.LINK_LOCAL, target, target, OWN_MAC));
        FrameAssert.of(answer)
                .ethernet(mac, "52:54:00:00:00:01")
                .ipv6(address(target), address(RawFrames6.LINK_LOCAL))
                .ttl(255)
                .length(86);
        assertThat(RawFrames6.kind(answer)).isEqualTo("136/0");
        assertThat(Bytes.u8(answer, 58)).as("router, solicited, override").isEqualTo(0xe0);
        assertAddress(answer, 62, target);
        assertThat(Bytes.u16(answer, 78)).isEqualTo(0x0201);
        assertThat(Bytes.u48(answer, 80)).isEqualTo(Bytes.u48(answer, 6));
    }

    @Test
    void whoLooksWhetherAnAddressIsTakenIsToldByAll() {
        user();
        byte[] answer = answerTo(guest(), RawFrames6.solicitation("::", "ff02::1:ff00:2", "fec0::2"));
        FrameAssert.of(answer)
                .ethernet("52:56:00:00:00:02", "33:33:00:00:00:01")
                .ipv6(address("fec0::2"), address("ff02::1"));
        assertThat(Bytes.u8(answer, 58)).as("router, override").isEqualTo(0xa0);
    }

    @Test
    void theRouterAnswersWhateverTheHostsAddressIs() {
        user(options -> options.ipv6Host(address6("fec0::fe")).ipv6Dns(address6("fec0::53")));
        FakeGuest guest = guest();
        for (String target : List.of("fe80::2", "fec0::fe", "fe80::fe", "fec0::53", "fe80::53")) {
            byte[] answer = answerTo(guest, RawFrames6.solicitation(RawFrames6.LINK_LOCAL, target, target, OWN_MAC));
            assertThat(RawFrames6.kind(answer)).as(target).isEqualTo("136/0");
        }
        guest.sendFrame(RawFrames6.solicitation(RawFrames6.LINK_LOCAL, "ff02::1:ff00:2", "fec0::2", OWN_MAC));
        net.advance(MOMENT);
        assertThat(received(guest)).as("not its address").isEmpty();
    }

    @Test
    void othersAddressesAndWhatIsWrongStayUnanswered() {
        user();
        FakeGuest guest = guest();
        String from = RawFrames6.LINK_LOCAL;
        byte[] right = RawFrames6.solicitation(from, "fec0::2", "fec0::2", OWN_MAC);
        guest.sendFrame(RawFrames6.solicitation(from, "ff02::1:ff00:9", "fec0::9", OWN_MAC));
        guest.sendFrame(RawFrames6.withHopLimit(right, 254));
        guest.sendFrame(RawFrames.spoiled(right, 70));
        guest.sendFrame(RawFrames6.solicitation("::", "fec0::2", "fec0::2"));
        guest.sendFrame(RawFrames6.solicitation("::", "ff02::1:ff00:2", "fec0::2", OWN_MAC));
        guest.sendFrame(RawFrames6.solicitation(from, "fec0::2", "fec0::2", new byte[8]));
        guest.sendFrame(RawFrames6.solicitation(from, "fec0::2", "fec0::2", (byte) 1, (byte) 9));
        guest.sendFrame(RawFrames6.solicitation(from, "fec0::2", "ff02::2", OWN_MAC));
        guest.sendFrame(RawFrames6.solicitation("fec0::3", "fec0::2", "fec0::2", OWN_MAC));
        guest.sendFrame(RawFrames6.advertisement(from, "ff02::1", 0x60, from, OWN_MAC));
        net.advance(MOMENT);
        assertThat(received(guest)).isEmpty();
        assertThat(count("drop.ndp-malformed")).isEqualTo(7);
        assertThat(count("drop.icmpv6-checksum")).isEqualTo(1);
        assertThat(count("drop.ipv6-source")).isEqualTo(1);
    }

    @Test
    void aGuestThatClaimsItsAddressesIsNotBelieved() {
        user();
        FakeGuest guest = guest();
        byte[] option = RawFrames6.linkAddress(2, 0x5254_0000_0066L);
        guest.sendFrame(RawFrames6.advertisement(RawFrames6.LINK_LOCAL, "ff02::1", 0x20, "fec0::2", option));
        net.advance(MOMENT);
        assertThat(count("ndp.address-conflicts")).isEqualTo(1);
    }

    @Test
    void aRouterSolicitationIsAnsweredAtOnceToAll() {
        host.resolvers(List.of(new InetSocketAddress("127.0.0.1", 53)));
        user();
        byte[] answer = answerTo(guest(), RawFrames6.routerSolicitation("::"));
        FrameAssert.of(answer)
                .ethernet("52:56:00:00:00:02", "33:33:00:00:00:01")
                .ipv6(address("fe80::2"), address("ff02::1"))
                .ttl(255)
                .length(54 + 16 + 8 + 32);
        assertThat(RawFrames6.kind(answer)).isEqualTo("134/0");
        assertThat(Bytes.i32(answer, 58)).as("hop limit 64, no flags, 1800 s").isEqualTo(64 << 24 | 1800);
        assertThat(Bytes.i64(answer, 62))
                .as("reachable and retransmission time")
                .isZero();
        assertThat(Bytes.i64(answer, 70)).as("our MAC").isEqualTo(0x0101_5256_0000_0002L);
        assertThat(Bytes.i32(answer, 78)).as("prefix, /64, on link, autonomous").isEqualTo(0x0304_40c0);
        assertThat(Bytes.i32(answer, 82)).isEqualTo(86_400);
        assertThat(Bytes.i32(answer, 86)).isEqualTo(14_400);
        assertAddress(answer, 94, "fec0::");
    }

    @ParameterizedTest
    @CsvSource({
        "'', 127.0.0.1, false",
        "'', ::1, true",
        "'', , false",
        "1.1.1.1, 127.0.0.1, true",
        "'restrict', ::1, false",
        "'disabled', ::1, false",
        "'ipv6 only', 127.0.0.1, true",
        "'ipv6 only', , false"
    })
    void theNameServerIsToldWhereItIsOfUse(String what, String resolver, boolean told) {
        host.resolvers(resolver == null ? List.of() : List.of(new InetSocketAddress(resolver, 53)));
        user(options -> switch (what) {
            case "restrict" -> options.restrict(true);
            case "disabled" -> options.disableDns(true);
            case "ipv6 only" -> options.ipv6(true);
            case "" -> options;
            default -> options.dnsUpstream(what);
        });
        byte[] answer = answerTo(guest(), RawFrames6.routerSolicitation(RawFrames6.LINK_LOCAL, OWN_MAC));
        assertThat(answer).hasSize(110 + (told ? 24 : 0));
        if (told) {
            assertThat(Bytes.i32(answer, 110)).isEqualTo(0x1903_0000);
            assertThat(Bytes.i32(answer, 114)).as("seconds").isEqualTo(1200);
            assertAddress(answer, 118, "fec0::3");
        }
    }

    @Test
    void anotherMtuAndPrefixAreTold() {
        user(options -> options.mtu(1400).ipv6Prefix(address6("2001:db8:1::"), 48));
        byte[] answer = answerTo(guest(), RawFrames6.routerSolicitation("::"));
        assertThat(Bytes.u8(answer, 80)).isEqualTo(48);
        assertAddress(answer, 94, "2001:db8:1::");
        assertThat(Bytes.i64(answer, 110)).isEqualTo(0x0501_0000_0000_0000L | 1400);
    }

    @Test
    void itAdvertisesItselfEveryFewMinutes() {
        user();
        FakeGuest guest = guest();
        net.advance(Duration.ofSeconds(199));
        assertThat(received(guest)).isEmpty();
        net.advance(Duration.ofHours(1));
        assertThat(received(guest)).allMatch(frame -> RawFrames6.kind(frame).equals("134/0"));
        assertThat(count("ndp.router-advertisements")).isBetween(6L, 18L);
    }

    @Test
    void wrongSolicitationsAndTooManyStayUnanswered() {
        user();
        FakeGuest guest = guest();
        byte[] right = RawFrames6.routerSolicitation("::");
        guest.sendFrame(RawFrames6.withHopLimit(right, 64));
        guest.sendFrame(RawFrames6.routerSolicitation("::", OWN_MAC));
        guest.sendFrame(RawFrames6.routerSolicitation(RawFrames6.LINK_LOCAL, new byte[8]));
        net.advance(MOMENT);
        assertThat(received(guest)).isEmpty();
        assertThat(count("drop.ndp-malformed")).isEqualTo(3);
        for (int i = 0; i < 100; i++) {
            guest.sendFrame(right);
        }
        net.advance(MOMENT);
        assertThat(received(guest)).hasSize(50);
        assertThat(count("drop.router-solicitation-rate")).isEqualTo(50);
    }

    @Test
    void withoutIpv6NobodyAnswers() {
        user(options -> options.ipv6(false));
        FakeGuest guest = guest();
        guest.sendFrame(RawFrames6.routerSolicitation("::"));
        guest.sendFrame(RawFrames6.solicitation(RawFrames6.LINK_LOCAL, "fe80::2", "fe80::2", OWN_MAC));
        net.advance(Duration.ofHours(1));
        assertThat(received(guest)).isEmpty();
        assertThat(count("drop.ipv6-off")).isEqualTo(2);
    }

    @Test
    void withoutIpv4NobodyAnswersArp() {
        user(options -> options.ipv4(false));
        FakeGuest guest = guest();
        guest.sendFrame(RawFrames.arp(1, "10.0.2.15", "10.0.2.2"));
        guest.sendFrame(RawFrames.echoRequest("10.0.2.15", "10.0.2.2", 1, 1, new byte[8]));
        net.advance(MOMENT);
        assertThat(received(guest)).isEmpty();
        assertThat(count("drop.ipv4-off")).isEqualTo(2);
        byte[] answer = answerTo(guest, RawFrames6.echoRequest(RawFrames6.GUEST, "fec0::2", 1, 1, new byte[8]));
        assertThat(RawFrames6.kind(answer)).isEqualTo("129/0");
    }
}
