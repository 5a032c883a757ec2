package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.host.HostError;
import io.qnet.testkit.Datagram;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestException;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.IcmpError;
import io.qnet.testkit.codec.DnsMessage;
import io.qnet.testkit.host.SimulatedUdp;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Datagrams between guests and the host: rows U1 to U15 of docs/compatibility.md. */
class UdpTest extends VirtualTimeTest {
    private static String text(InetAddress address) {
        return address.getHostAddress();
    }

    private static void assertRefused(GuestUdp udp, String from, String kind) {
        assertThatThrownBy(udp::receive).isInstanceOfSatisfying(GuestException.class, e -> {
            assertThat(e.icmp()).as("%s", e).isNotNull();
            assertThat(e.icmp().kind()).isEqualTo(kind);
            assertThat(text(e.icmp().from())).isEqualTo(from);
            assertThat(e.icmp().guestPort()).isEqualTo(udp.port());
        });
    }

    @Test
    void theGatewayStandsForTheHostsLoopback() {
        user();
        SimulatedUdp service = host.udp(5000).echo();
        GuestUdp udp = guest().udp().send("10.0.2.2", 5000, "hello");
        Datagram answer = udp.receive();
        assertThat(answer.text()).isEqualTo("hello");
        assertThat(text(answer.from())).isEqualTo("10.0.2.2");
        assertThat(answer.port()).isEqualTo(5000);
        assertThat(answer.ttl()).isEqualTo(64);
        assertThat(service.received())
                .singleElement()
                .satisfies(datagram -> assertThat(datagram.ttl()).isEqualTo(63));
    }

    @Test
    void aClosedPortIsToldByTheGatewayNotByLoopback() {
        user();
        GuestUdp udp = guest().udp().send("10.0.2.2", 5000, "hello");
        assertRefused(udp, "10.0.2.2", "3/3");
    }

    @ParameterizedTest
    @CsvSource({
        "REFUSED, 3/3, 192.0.2.7",
        "HOST_UNREACHABLE, 3/1, 10.0.2.2",
        "NET_UNREACHABLE, 3/0, 10.0.2.2",
        "PROHIBITED, 3/13, 192.0.2.7",
        "TTL_EXCEEDED, 11/0, 192.0.2.7"
    })
    void errorsOfTheHostReachTheGuest(HostError error, String kind, String from) {
        user();
        host.unreachable(at("192.0.2.7", 0).getAddress(), error);
        GuestUdp udp = guest().udp().send("192.0.2.7", 5000, "hello");
        assertRefused(udp, from, kind);
    }

    @Test
    void aPathsMtuReachesTheGuest() {
        user();
        host.udp(at("192.0.2.7", 5000)).fails(HostError.MESSAGE_TOO_LARGE, 1280);
        GuestUdp udp = guest().udp().send("192.0.2.7", 5000, new byte[1400]);
        assertThatThrownBy(udp::receive).isInstanceOfSatisfying(GuestException.class, e -> {
            assertThat(e.icmp().kind()).isEqualTo("3/4");
            assertThat(e.icmp().mtu()).isEqualTo(1280);
        });
    }

    @Test
    void aLateAnswerIsAttributedToWhomItComesFrom() {
        user(options -> options.dnsUpstream("192.0.2.53"));
        host.udp(at("192.0.2.1", 5005)).echo().answersAfter(Duration.ofSeconds(2));
        host.udp(at("192.0.2.53", 53))
                .answers((from, data) -> DnsMessage.respond(
                        DnsMessage.decode(data), List.of(at("192.0.2.80", 0).getAddress())));
        GuestUdp udp = guest().udp().send("192.0.2.1", 5005, "late");
        udp.send("10.0.2.3", 53, DnsMessage.query(7, "a.example", DnsMessage.A));
        Datagram dns = udp.receive();
        Datagram late = udp.receive();
        assertThat(text(dns.from()) + ":" + dns.port()).isEqualTo("10.0.2.3:53");
        assertThat(text(late.from()) + ":" + late.port()).isEqualTo("192.0.2.1:5005");
    }

    @Test
    void whoeverKnowsThePortMayAnswer() {
        user();
        SimulatedUdp service = host.udp(5000);
        GuestUdp udp = guest().udp().send("10.0.2.2", 5000, "hello");
        net.advance(MOMENT);
        InetSocketAddress mapped = service.received().get(0).from();
        service.send(mapped, new byte[] {1});
        service.send(mapped, new byte[] {2});
        service.sendFrom(at("127.0.0.1", 6000), mapped, new byte[] {3});
        service.sendFrom(at("192.0.2.9", 6000), mapped, new byte[] {4});
        assertThat(udp.receive().port()).isEqualTo(5000);
        assertThat(udp.receive().data()).containsExactly(2);
        Datagram third = udp.receive();
        assertThat(text(third.from()) + ":" + third.port()).isEqualTo("10.0.2.2:6000");
        assertThat(text(udp.receive().from())).isEqualTo("192.0.2.9");
    }

    @Test
    void aPortOfAGuestIsOnePortOfTheHostWhateverItTalksTo() {
        user();
        SimulatedUdp one = host.udp(at("192.0.2.1", 1000));
        SimulatedUdp two = host.udp(at("192.0.2.2", 2000));
        GuestUdp udp = guest().udp().send("192.0.2.1", 1000, "x").send("192.0.2.2", 2000, "x");
        net.advance(MOMENT);
        assertThat(one.received().get(0).from()).isEqualTo(two.received().get(0).from());
        assertThat(udp.port()).isPositive();
        assertThat(host.datagramSockets()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 1", "1472, 1", "1473, 2", "65507, 45"})
    void answersOfAnyLengthArriveInFragmentsOfTheMtu(int length, int frames) {
        user();
        byte[] data = new byte[length];
        new Random(length).nextBytes(data);
        host.udp(5000).answers((from, asked) -> data);
        FakeGuest guest = guest();
        guest.ping("10.0.2.2");
        received(guest);
        GuestUdp udp = guest.udp().send("10.0.2.2", 5000, "x");
        assertThat(udp.receive().data()).isEqualTo(data);
        assertThat(received(guest)).hasSize(frames).allMatch(frame -> frame.length >= 60 && frame.length <= 1514);
    }

    @ParameterizedTest
    @ValueSource(ints = {68, 576, 1280, 9000, 65_521})
    void theMtuIsAnOption(int mtu) {
        user(options -> options.mtu(mtu));
        FakeGuest guest = net.guest("guest", builder -> builder.mtu(mtu)).address("10.0.2.15", 24, "10.0.2.2");
        host.udp(5000).echo();
        guest.ping("10.0.2.2");
        byte[] data = new byte[20_000];
        new Random(mtu).nextBytes(data);
        assertThat(guest.udp().send("10.0.2.2", 5000, data).receive().data()).isEqualTo(data);
    }

    @Test
    void fragmentsFromAGuestAreOneDatagramToTheHost() {
        user();
        byte[] data = new byte[4000];
        new Random(1).nextBytes(data);
        SimulatedUdp service = host.udp(5000);
        guest().udp().send("10.0.2.2", 5000, data);
        net.advance(MOMENT);
        assertThat(service.received())
                .singleElement()
                .satisfies(datagram -> assertThat(datagram.data()).isEqualTo(data));
    }

    @Test
    void aFlowEndsFourMinutesAfterItsLastDatagram() {
        user();
        SimulatedUdp service = host.udp(5000);
        GuestUdp udp = guest().udp().send("10.0.2.2", 5000, "x");
        net.advance(Duration.ofSeconds(200));
        service.send(service.received().get(0).from(), new byte[] {1});
        udp.receive();
        net.advance(Duration.ofSeconds(239));
        assertThat(host.datagramSockets()).hasSize(1);
        assertThat(user.usernet().toText(-1)).contains("UDP[1 sec]");
        net.advance(Duration.ofSeconds(2));
        assertThat(host.datagramSockets()).isEmpty();
        assertThat(user.usernet().toText(-1)).as("info usernet").doesNotContain("UDP[");
        assertThat(count("udp.flows-timed-out")).isEqualTo(1);
        udp.send("10.0.2.2", 5000, "again");
        net.advance(MOMENT);
        assertThat(service.received()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.1.2.3", "0.0.0.0", "224.0.0.251", "10.0.2.255"})
    void addressesThatAreNobodysAreNotReached(String address) {
        user();
        host.udp(at("127.0.0.1", 5000));
        FakeGuest guest = guest();
        guest.sendFrame(RawFrames.udp("10.0.2.15", 4000, address, 5000, new byte[4]));
        net.advance(MOMENT);
        assertThat(host.datagramSockets()).isEmpty();
        assertThat(host.udp(5000).received()).isEmpty();
        assertThat(received(guest)).isEmpty();
        assertThat(count("egress.dropped")).isEqualTo(1);
    }

    @Test
    void aBroadcastReachesTheHostsLoopbackAndIsAnsweredByTheGateway() {
        user();
        host.udp(5000).echo();
        FakeGuest guest = guest();
        GuestUdp udp = guest.udp(4000);
        guest.sendFrame(RawFrames.udp("10.0.2.15", 4000, "255.255.255.255", 5000, new byte[] {7}));
        assertThat(text(udp.receive().from())).isEqualTo("10.0.2.2");
    }

    @Test
    void portsOfTheNameServerThatAreNotDnsAreUnreachable() {
        user();
        assertRefused(guest().udp().send("10.0.2.3", 54, "x"), "10.0.2.2", "3/0");
    }

    @Test
    void portZeroIsUnreachable() {
        user();
        FakeGuest guest = guest();
        guest.sendFrame(RawFrames.udp("10.0.2.15", 4000, "10.0.2.2", 0, new byte[4]));
        net.advance(MOMENT);
        assertThat(guest.icmpErrors()).extracting(IcmpError::kind).containsExactly("3/0");
    }

    @Test
    void aTtlOfOneEndsAtTheGateway() {
        user();
        host.udp(at("192.0.2.7", 5000));
        host.udp(5000).echo();
        FakeGuest guest = guest();
        GuestUdp udp = guest.udp().send(at("192.0.2.7", 0).getAddress(), 5000, new byte[1], 1);
        assertRefused(udp, "10.0.2.2", "11/0");
        GuestUdp near = guest.udp().send(at("10.0.2.2", 0).getAddress(), 5000, new byte[1], 1);
        assertThat(near.receive().data()).hasSize(1);
    }

    @Test
    void withoutHostLoopbackTheGatewayLeadsNowhereAndTheRestGoesOn() {
        user(options -> options.hostLoopback(false));
        host.udp(5000).echo();
        host.udp(at("192.0.2.7", 5000)).echo();
        FakeGuest guest = guest();
        assertRefused(guest.udp().send("10.0.2.2", 5000, "x"), "10.0.2.2", "3/0");
        assertThat(guest.udp().send("192.0.2.7", 5000, "x").receive().text()).isEqualTo("x");
        guest.sendFrame(RawFrames.udp("10.0.2.15", 4000, "255.255.255.255", 5000, new byte[] {7}));
        net.advance(MOMENT);
        assertThat(host.udp(5000).received()).isEmpty();
    }

    @Test
    void restrictedGuestsReachNobody() {
        user(options -> options.restrict(true));
        host.udp(5000).echo();
        FakeGuest guest = guest();
        guest.udp().send("10.0.2.2", 5000, "x").send("192.0.2.7", 5000, "x").send("10.0.2.3", 53, "x");
        guest.udp().send(at("192.0.2.7", 0).getAddress(), 5000, new byte[1], 1);
        guest.ping("10.0.2.2");
        received(guest);
        net.advance(Duration.ofSeconds(5));
        assertThat(received(guest)).isEmpty();
        assertThat(host.datagramSockets()).isEmpty();
        assertThat(count("egress.restricted")).isEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource({"65536, 28232, 4096", "2000, 28232, 218", "65536, 1000, 500"})
    void everyPortOfAGuestInTurnIsServedAndTheyAreBounded(int descriptors, int ports, int most) {
        host.descriptorLimit(descriptors).ephemeralPorts(ports);
        user();
        SimulatedUdp service = host.udp(5000).echo();
        FakeGuest guest =
                net.guest("guest", builder -> builder.lenient().record(0)).address("10.0.2.15", 24, "10.0.2.2");
        guest.silent(true);
        int asked = most == 4096 ? 65_000 : 5000;
        for (int port = 1; port <= asked; port++) {
            guest.sendFrame(RawFrames.udp("10.0.2.15", port, "10.0.2.2", 5000, new byte[] {1}));
            if (port % 50 == 0) {
                net.settle();
            }
        }
        net.advance(MOMENT);
        assertThat(service.received()).hasSize(asked);
        assertThat(host.datagramSockets()).hasSize(most);
        assertThat(count("udp.flows-evicted")).isEqualTo(asked - most);
        assertThat(guest.ping("10.0.2.2").ttl()).isEqualTo(255);
        net.advance(Duration.ofSeconds(241));
        assertThat(host.datagramSockets()).isEmpty();
        assertThat(count("udp.flows-timed-out")).isEqualTo(most);
    }

    @Test
    void aFullQueueOfTheHostDropsAndTellsNobody() {
        user();
        host.unreachable(at("192.0.2.7", 0).getAddress(), HostError.NO_RESOURCES);
        FakeGuest guest = guest();
        guest.udp().send("192.0.2.7", 5000, "hello");
        net.advance(MOMENT);
        assertThat(guest.icmpErrors()).isEmpty();
        assertThat(count("drop.udp-host-full")).isEqualTo(1);
    }

    @Test
    void withoutDescriptorsOneFlowMakesRoomForAnother() {
        user();
        host.descriptorLimit(3);
        SimulatedUdp service = host.udp(5000).echo();
        FakeGuest guest = guest();
        for (int i = 0; i < 6; i++) {
            assertThat(guest.udp().send("10.0.2.2", 5000, "x").receive().text()).isEqualTo("x");
        }
        assertThat(service.received()).hasSize(6);
        assertThat(host.datagramSockets()).hasSize(3);
        host.descriptorLimit(0);
        net.advance(Duration.ofSeconds(241));
        assertRefused(guest.udp().send("10.0.2.2", 5000, "x"), "10.0.2.2", "3/0");
    }
}
