package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.DhcpMessage;
import java.net.Inet4Address;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ethernet, ARP and DHCP over the wire: rows N1 to N10 and D15 of docs/compatibility.md. */
class NeighboursTest extends VirtualTimeTest {
    @Test
    void gatewayAndNameServerAnswerArp() {
        user();
        FakeGuest guest = guest();
        assertThat(guest.arp("10.0.2.2")).contains("52:55:0a:00:02:02");
        assertThat(guest.arp("10.0.2.3")).contains("52:55:0a:00:02:03");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.2.1", "10.0.2.4", "10.0.2.15", "10.0.2.16", "10.0.2.255", "192.0.2.1", "0.0.0.0"})
    void nobodyElseAnswersArp(String address) {
        user();
        FakeGuest guest = guest();
        guest.sendFrame(RawFrames.arp(1, "10.0.2.15", address));
        net.advance(MOMENT);
        assertThat(received(guest)).isEmpty();
    }

    @Test
    void aNameServerOutsideOfTheNetworkDoesNotAnswerArp() {
        user(options -> options.dns((Inet4Address) at("192.0.2.53", 0).getAddress()));
        FakeGuest guest = guest();
        assertThat(guest.arp("192.0.2.53")).isEmpty();
    }

    @Test
    void aProbeIsAnswered() {
        user();
        FakeGuest guest = guest();
        guest.sendFrame(RawFrames.arp(1, "0.0.0.0", "10.0.2.2"));
        net.advance(MOMENT);
        byte[] reply = received(guest).get(0);
        assertThat(Bytes.u16(reply, 20)).isEqualTo(2);
        assertThat(Bytes.i32(reply, 38)).isZero();
        assertThat(reply).hasSize(60);
    }

    @Test
    void whoClaimsOurAddressesIsNotBelieved() {
        user();
        FakeGuest guest = guest();
        guest.sendFrame(RawFrames.arp(2, "10.0.2.2", "10.0.2.15"));
        guest.sendFrame(RawFrames.arp(1, "10.0.2.3", "10.0.2.2"));
        net.advance(MOMENT);
        assertThat(count("arp.address-conflicts")).isEqualTo(2);
        assertThat(received(guest)).isEmpty();
        assertThat(guest.ping("10.0.2.2").ttl()).isEqualTo(255);
    }

    @Test
    void malformedArpIsDropped() {
        user();
        FakeGuest guest = guest();
        byte[] request = RawFrames.arp(1, "10.0.2.15", "10.0.2.2");
        for (int at : new int[] {14, 16, 18, 19}) {
            guest.sendFrame(RawFrames.spoiled(request, at));
        }
        guest.sendFrame(Arrays.copyOf(request, 41));
        net.advance(MOMENT);
        assertThat(received(guest)).isEmpty();
        assertThat(count("drop.arp-malformed")).isEqualTo(5);
    }

    @Test
    void framesBetweenGuestsAreLeftAlone() {
        user();
        FakeGuest one = net.guest("one");
        FakeGuest two = net.guest("two");
        one.dhcp();
        two.dhcp();
        assertThat(one.address().getHostAddress()).isEqualTo("10.0.2.15");
        assertThat(two.address().getHostAddress()).isEqualTo("10.0.2.16");
        assertThat(one.ping("10.0.2.16").ttl()).isEqualTo(64);
        assertThat(count("in.other-guests"))
                .as("ARP reply, echo request, echo reply")
                .isEqualTo(3);
        assertThat(one.icmpErrors()).isEmpty();
    }

    @Test
    void whatIsForAGuestThatIsAskedForWaits() {
        user(options -> options.hostForward("udp:127.0.0.1:7000-10.0.2.15:7"));
        FakeGuest guest = guest();
        guest.udp(7).echo();
        host.udp(5000).send(at("127.0.0.1", 7000), new byte[] {1, 2});
        net.advance(MOMENT);
        assertThat(host.udp(5000).received())
                .singleElement()
                .satisfies(datagram -> assertThat(datagram.data()).containsExactly(1, 2));
    }

    @Test
    void aGuestThatIsNotThereIsAskedForAgainAndGivenUpAfterASecond() {
        user(options -> options.hostForward("udp:127.0.0.1:7000-10.0.2.99:7"));
        FakeGuest guest = guest();
        host.udp(5000).send(at("127.0.0.1", 7000), new byte[] {1});
        host.udp(5000).send(at("127.0.0.1", 7000), new byte[] {2});
        net.advance(Duration.ofSeconds(2));
        List<byte[]> requests = received(guest);
        assertThat(requests).hasSize(4).allSatisfy(frame -> {
            assertThat(Bytes.u48(frame, 0)).isEqualTo(RawFrames.BROADCAST);
            assertThat(Bytes.u48(frame, 6)).isEqualTo(RawFrames.GATEWAY_MAC);
            assertThat(Bytes.i32(frame, 28)).isEqualTo(0x0a00_0202);
            assertThat(Bytes.i32(frame, 38)).isEqualTo(0x0a00_0263);
        });
        assertThat(count("drop.neighbour-unanswered")).isEqualTo(2);
    }

    @Test
    void whatWaitsForAGuestIsBounded() {
        user(options -> options.hostForward("udp:127.0.0.1:7000-10.0.2.99:7"));
        guest();
        for (int i = 0; i < 100; i++) {
            host.udp(5000).send(at("127.0.0.1", 7000), new byte[1000]);
        }
        net.advance(MOMENT);
        assertThat(count("drop.neighbour-queue-full")).isEqualTo(36);
        net.advance(Duration.ofSeconds(2));
        assertThat(count("drop.neighbour-unanswered")).isEqualTo(64);
    }

    @Test
    void aLeaseMakesAGuestKnown() {
        user(options -> options.hostForward("udp:127.0.0.1:7000-:7"));
        FakeGuest guest = net.guest("guest");
        DhcpMessage offer = guest.dhcpClient().discover();
        assertThat(offer.yiaddr).isEqualTo(0x0a00_020f);
        received(guest);
        host.udp(5000).send(at("127.0.0.1", 7000), new byte[] {1});
        net.advance(MOMENT);
        assertThat(received(guest))
                .singleElement()
                .satisfies(frame -> assertThat(Bytes.u16(frame, 12)).isEqualTo(0x0800));
    }

    @Test
    void dhcpIsForTheBroadcastAddressAndTheGateway() {
        user();
        FakeGuest guest = guest();
        byte[] discover =
                Arrays.copyOf(guest.dhcpClient().message(DhcpMessage.DISCOVER).encode(), 300);
        for (String to : List.of("255.255.255.255", "10.0.2.2", "10.0.2.3", "10.0.2.255")) {
            guest.sendFrame(RawFrames.udp("10.0.2.15", 68, to, 67, discover));
        }
        net.advance(MOMENT);
        assertThat(received(guest))
                .filteredOn(frame -> Bytes.u16(frame, 34) == 67)
                .hasSize(2);
    }

    @Test
    void withoutDhcpThereAreNoLeases() {
        user(options -> options.disableDhcp(true));
        FakeGuest guest = guest();
        assertThat(guest.dhcpClient().tryExchange(guest.dhcpClient().message(DhcpMessage.DISCOVER), MOMENT))
                .isNull();
    }

    @Test
    void otherProtocolsAreCountedAndIgnored() {
        user();
        FakeGuest guest = guest();
        byte[] frame = RawFrames.arp(1, "10.0.2.15", "10.0.2.2");
        for (int type : new int[] {0x8100, 0x8137}) {
            byte[] other = frame.clone();
            Bytes.put16(other, 12, type);
            guest.sendFrame(other);
        }
        guest.sendFrame(RawFrames.ipv4("10.0.2.15", "10.0.2.2", 47, new byte[8]));
        net.advance(MOMENT);
        assertThat(received(guest)).isEmpty();
        assertThat(count("drop.ethertype")).isEqualTo(2);
        assertThat(count("drop.protocol")).isEqualTo(1);
    }

    @Test
    void aGuestMayChangeItsMac() {
        user();
        FakeGuest guest = guest();
        GuestUdp udp = guest.udp().send("10.0.2.2", 5000, "x");
        host.udp(5000);
        net.advance(MOMENT);
        byte[] moved = RawFrames.udp("10.0.2.15", udp.port(), "10.0.2.2", 5000, new byte[] {1});
        Bytes.put48(moved, 6, 0x5254_0000_00aaL);
        guest.sendFrame(moved);
        net.advance(MOMENT);
        received(guest);
        host.udp(5000).send(host.datagramSockets().get(0), new byte[] {2});
        net.advance(MOMENT);
        assertThat(received(guest))
                .singleElement()
                .satisfies(frame -> assertThat(Bytes.u48(frame, 0)).isEqualTo(0x5254_0000_00aaL));
        guest.ping("10.0.2.2");
        host.udp(5000).send(host.datagramSockets().get(0), new byte[] {3});
        net.advance(MOMENT);
        assertThat(udp.receive().data()).containsExactly(3);
    }
}
