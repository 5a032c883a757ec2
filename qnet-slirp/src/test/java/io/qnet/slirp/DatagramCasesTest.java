package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.filter.ImpairmentConfig;
import io.qnet.host.HostError;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.IcmpError;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.host.SimulatedUdp;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Cases that other user networks have failed at, as dialogues: expiry, sleep, networks that come and go, guests that move, several guests on one network. */
class DatagramCasesTest extends VirtualTimeTest {
    private static List<byte[]> ipv4(FakeGuest guest) {
        return received(guest).stream()
                .filter(frame -> Bytes.u16(frame, 12) == 0x0800)
                .toList();
    }

    private FakeGuest guest(String name, String address) {
        return net.guest(name).address(address, 24, "10.0.2.2");
    }

    @Test
    void anAnswerAfterTheFlowsEndReachesNobody() {
        user();
        SimulatedUdp service = host.udp(5000);
        FakeGuest guest = guest();
        GuestUdp udp = guest.udp().send("10.0.2.2", 5000, "x");
        net.advance(Duration.ofSeconds(241));
        InetSocketAddress old = service.received().get(0).from();
        ipv4(guest);
        service.send(old, new byte[] {1});
        net.advance(MOMENT);
        assertThat(ipv4(guest)).isEmpty();
        udp.send("10.0.2.2", 5000, "y");
        net.advance(MOMENT);
        service.send(service.received().get(1).from(), new byte[] {2});
        assertThat(udp.receive().data()).containsExactly(2);
    }

    @Test
    void anHoursSleepEndsFlowsAndNothingElseHappens() {
        user();
        host.udp(5000).echo();
        host.answersPing(at("192.0.2.7", 0).getAddress(), Duration.ZERO);
        FakeGuest guest = guest();
        GuestUdp udp = guest.udp().send("10.0.2.2", 5000, "x");
        udp.receive();
        guest.ping("192.0.2.7");
        byte[] half = RawFrames.fragment(RawFrames.udp("10.0.2.15", 1, "10.0.2.2", 2, new byte[100]), 48, 60, false);
        guest.sendFrame(half);
        ipv4(guest);
        net.advance(Duration.ofHours(1));
        assertThat(ipv4(guest)).isEmpty();
        assertThat(host.openCount()).isZero();
        assertThat(udp.send("10.0.2.2", 5000, "again").receive().text()).isEqualTo("again");
        assertThat(guest.ping("192.0.2.7").bytes()).isEqualTo(56);
    }

    @Test
    void aNetworkThatGoesAwayIsToldOnceADatagramAndComesBack() {
        user();
        InetAddress far = at("192.0.2.7", 0).getAddress();
        host.udp(at("192.0.2.7", 5000)).echo();
        FakeGuest guest = guest();
        GuestUdp udp = guest.udp();
        udp.send("192.0.2.7", 5000, "x").receive();
        host.unreachable(far, HostError.NET_UNREACHABLE);
        for (int i = 0; i < 3; i++) {
            udp.send("192.0.2.7", 5000, "x");
        }
        net.advance(Duration.ofMinutes(1));
        assertThat(guest.icmpErrors()).hasSize(3).extracting(IcmpError::kind).containsOnly("3/0");
        host.unreachable(far, null);
        assertThat(guest.udp().send("192.0.2.7", 5000, "back").receive().text()).isEqualTo("back");
    }

    @Test
    void aForwardWaitsForTheGuestThatHasItsAddress() {
        user(options -> options.hostForward("udp:127.0.0.1:7000-10.0.2.15:7"));
        FakeGuest guest = guest("mover", "10.0.2.16");
        guest.udp(7).echo();
        SimulatedUdp client = host.udp(6000);
        client.send(at("127.0.0.1", 7000), new byte[] {1});
        net.advance(Duration.ofSeconds(2));
        assertThat(client.received()).isEmpty();
        assertThat(count("drop.neighbour-unanswered")).isEqualTo(1);
        guest.address("10.0.2.15", 24, "10.0.2.2");
        client.send(at("127.0.0.1", 7000), new byte[] {2});
        net.advance(MOMENT);
        assertThat(client.received())
                .singleElement()
                .satisfies(datagram -> assertThat(datagram.data()).containsExactly(2));
    }

    @Test
    void twoGuestsWithTheSamePortsAreToldApartAndEachIsReached() {
        user(options ->
                options.hostForward("udp:127.0.0.1:7001-10.0.2.15:7").hostForward("udp:127.0.0.1:7002-10.0.2.16:7"));
        host.udp(5000).echo();
        FakeGuest one = guest("one", "10.0.2.15");
        FakeGuest two = guest("two", "10.0.2.16");
        GuestUdp first = one.udp(4000).send("10.0.2.2", 5000, "one");
        GuestUdp second = two.udp(4000).send("10.0.2.2", 5000, "two");
        assertThat(first.receive().text()).isEqualTo("one");
        assertThat(second.receive().text()).isEqualTo("two");
        assertThat(host.datagramSockets()).hasSize(2 + 2);
        one.udp(7).onDatagram(datagram -> {});
        two.udp(7).echo();
        SimulatedUdp client = host.udp(6000);
        client.send(at("127.0.0.1", 7001), new byte[] {1}).send(at("127.0.0.1", 7002), new byte[] {2});
        net.advance(MOMENT);
        assertThat(client.received())
                .singleElement()
                .satisfies(datagram -> assertThat(datagram.data()).containsExactly(2));
        assertThat(one.ping("10.0.2.2").ttl()).isEqualTo(255);
        assertThat(two.ping("10.0.2.2").ttl()).isEqualTo(255);
    }

    @Test
    void aSlowGuestDoesNotStallAnother() {
        user();
        SimulatedUdp service = host.udp(5000);
        FakeGuest slow = net.guest("slow", builder -> builder.lenient()).address("10.0.2.15", 24, "10.0.2.2");
        FakeGuest quick = guest("quick", "10.0.2.16");
        slow.udp().send("10.0.2.2", 5000, "x");
        quick.ping("10.0.2.2");
        net.advance(MOMENT);
        net.impair(slow, ImpairmentConfig.NONE.rate(10_000, 1 << 20));
        for (int i = 0; i < 500; i++) {
            service.send(service.received().get(0).from(), new byte[1400]);
        }
        assertThat(quick.ping("10.0.2.2").time()).isLessThan(Duration.ofMillis(1));
        host.udp(5001).echo();
        assertThat(quick.udp().send("10.0.2.2", 5001, "quick").receive().text()).isEqualTo("quick");
    }

    @Test
    void framesOfVlansPassTheHubAsTheyAreAndMeanNothingToTheGateway() {
        user();
        FakeGuest one = guest("one", "10.0.2.15");
        FakeGuest two = guest("two", "10.0.2.16");
        byte[] inner = RawFrames.arp(1, "10.0.2.15", "10.0.2.2");
        byte[] tagged = new byte[inner.length + 4];
        System.arraycopy(inner, 0, tagged, 0, 12);
        Bytes.put32(tagged, 12, 0x8100_0064);
        System.arraycopy(inner, 12, tagged, 16, inner.length - 12);
        net.settle();
        received(one);
        received(two);
        one.sendFrame(tagged);
        net.settle();
        assertThat(received(two)).containsExactly(tagged);
        assertThat(received(one)).isEmpty();
        assertThat(count("drop.ethertype")).isEqualTo(1);
    }

    @Test
    void aDatagramWithoutAChecksumIsTakenAndItsAnswerHasOne() {
        user();
        SimulatedUdp service = host.udp(5000).echo();
        FakeGuest guest = guest();
        GuestUdp udp = guest.udp(4000);
        byte[] frame = RawFrames.udp("10.0.2.15", 4000, "10.0.2.2", 5000, new byte[] {1, 2, 3});
        Bytes.put16(frame, 40, 0);
        received(guest);
        guest.sendFrame(frame);
        assertThat(udp.receive().data()).containsExactly(1, 2, 3);
        assertThat(service.received()).hasSize(1);
        assertThat(ipv4(guest)).allMatch(answer -> Bytes.u16(answer, 40) != 0);
    }

    @Test
    void aGuestThatRebootsFreesWhatItsFormerLifeHeld() {
        user();
        SimulatedUdp service = host.udp(5000);
        FakeGuest guest = guest();
        for (int i = 0; i < 10; i++) {
            guest.udp().send("10.0.2.2", 5000, "x").close();
        }
        net.advance(MOMENT);
        List<InetSocketAddress> mapped = host.datagramSockets();
        assertThat(mapped).hasSize(10);
        mapped.forEach(port -> service.send(port, new byte[1]));
        net.advance(MOMENT);
        assertThat(host.datagramSockets()).isEmpty();
    }
}
