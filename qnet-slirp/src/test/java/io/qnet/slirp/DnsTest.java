package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.host.HostError;
import io.qnet.testkit.Datagram;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestException;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.codec.DnsMessage;
import io.qnet.testkit.host.SimulatedUdp;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The name server's address, queries relayed to the resolvers: rows S1 to S7 of docs/compatibility.md. */
class DnsTest extends VirtualTimeTest {
    private static final InetAddress ANSWER = at("192.0.2.80", 0).getAddress();
    private static final InetSocketAddress FIRST = at("192.0.2.53", 53);
    private static final InetSocketAddress SECOND = at("198.51.100.53", 5353);

    private SimulatedUdp resolver(InetSocketAddress address) {
        return host.udp(address).answers((from, data) -> DnsMessage.respond(DnsMessage.decode(data), List.of(ANSWER)));
    }

    private static byte[] failure(byte[] query, int code) {
        byte[] answer = query.clone();
        answer[2] |= (byte) 0x80;
        answer[3] = (byte) code;
        return answer;
    }

    private FakeGuest twoResolvers() {
        user(options -> options.dnsUpstream("192.0.2.53").dnsUpstream("198.51.100.53:5353"));
        return guest().nameServers("10.0.2.3");
    }

    @Test
    void theHostsResolverIsAsked() {
        user();
        host.resolvers(List.of(FIRST));
        SimulatedUdp resolver = resolver(FIRST);
        assertThat(guest().nameServers("10.0.2.3").resolve("www.example")).contains(ANSWER);
        assertThat(resolver.received()).isNotEmpty();
    }

    @Test
    void resolversThatChangeAreUsedAtOnce() {
        user();
        FakeGuest guest = guest().nameServers("10.0.2.3");
        host.resolvers(List.of(FIRST));
        resolver(FIRST);
        guest.resolve("www.example");
        host.resolvers(List.of(SECOND));
        SimulatedUdp changed = resolver(SECOND);
        guest.resolve("www.example");
        assertThat(changed.received()).isNotEmpty();
    }

    @Test
    void bytesPassAsTheyAre() {
        FakeGuest guest = twoResolvers();
        byte[] odd = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, (byte) 0xc0, 0x0c, 9, 9, 9};
        host.udp(FIRST).answers((from, data) -> data);
        GuestUdp udp = guest.udp().send("10.0.2.3", 53, odd);
        assertThat(udp.receive().data()).isEqualTo(odd);
        udp.send("10.0.2.3", 53, new byte[] {5});
        assertThat(udp.receive().data()).containsExactly(5);
    }

    @Test
    void aSilentResolverIsFollowedByTheNextAndAskedLastForAWhile() {
        FakeGuest guest = twoResolvers();
        SimulatedUdp silent = host.udp(FIRST);
        resolver(SECOND);
        GuestUdp udp = guest.udp().send("10.0.2.3", 53, DnsMessage.query(1, "a.example", DnsMessage.A));
        net.advance(Duration.ofMillis(1400));
        assertThat(udp.poll()).isNull();
        net.advance(Duration.ofMillis(200));
        assertThat(DnsMessage.decode(udp.receive().data()).answers()).isNotEmpty();
        udp.send("10.0.2.3", 53, DnsMessage.query(2, "a.example", DnsMessage.A));
        net.advance(MOMENT);
        assertThat(udp.available()).isEqualTo(1);
        assertThat(silent.received()).hasSize(1);
        net.advance(Duration.ofSeconds(31));
        udp.send("10.0.2.3", 53, DnsMessage.query(3, "a.example", DnsMessage.A));
        net.advance(MOMENT);
        assertThat(silent.received()).hasSize(2);
    }

    @Test
    void aSlowAnswerIsStillGood() {
        FakeGuest guest = twoResolvers();
        resolver(FIRST).answersAfter(Duration.ofSeconds(4));
        host.udp(SECOND);
        GuestUdp udp = guest.udp().send("10.0.2.3", 53, DnsMessage.query(1, "a.example", DnsMessage.A));
        Datagram answer = udp.receive();
        assertThat(DnsMessage.decode(answer.data()).answers()).isNotEmpty();
        assertThat(answer.from().getHostAddress()).isEqualTo("10.0.2.3");
    }

    @Test
    void aResolverThatRefusesIsFollowedByTheNextAtOnce() {
        FakeGuest guest = twoResolvers();
        for (int code : new int[] {2, 4, 5}) {
            host.udp(FIRST).answers((from, data) -> failure(data, code));
            resolver(SECOND);
            DnsMessage answer = guest.query("a.example", DnsMessage.A);
            assertThat(answer.responseCode()).isZero();
            net.advance(Duration.ofSeconds(31));
        }
        host.udp(FIRST).fails(HostError.REFUSED);
        assertThat(guest.query("a.example", DnsMessage.A).responseCode()).isZero();
    }

    @Test
    void whenAllRefuseTheGuestIsToldSo() {
        FakeGuest guest = twoResolvers();
        host.udp(FIRST).answers((from, data) -> failure(data, 5));
        host.udp(SECOND).answers((from, data) -> failure(data, 5));
        assertThat(guest.query("a.example", DnsMessage.A).responseCode()).isEqualTo(5);
        host.udp(FIRST).fails(HostError.REFUSED);
        host.unreachable(SECOND.getAddress(), HostError.NET_UNREACHABLE);
        DnsMessage answer = guest.query("a.example", DnsMessage.A);
        assertThat(answer.responseCode()).as("SERVFAIL").isEqualTo(2);
        assertThat(answer.isResponse()).isTrue();
    }

    @Test
    void strangersAreNotBelieved() {
        FakeGuest guest = twoResolvers();
        SimulatedUdp asked = host.udp(FIRST);
        GuestUdp udp = guest.udp().send("10.0.2.3", 53, DnsMessage.query(1, "a.example", DnsMessage.A));
        net.advance(MOMENT);
        InetSocketAddress socket = asked.received().get(0).from();
        byte[] query = asked.received().get(0).data();
        asked.sendFrom(at("203.0.113.1", 53), socket, DnsMessage.respond(DnsMessage.decode(query), List.of(ANSWER)));
        net.advance(MOMENT);
        assertThat(udp.available()).isZero();
        assertThat(count("drop.dns-stranger")).isEqualTo(1);
    }

    @Test
    void aFlowEndsTenSecondsAfterItsAnswer() {
        FakeGuest guest = twoResolvers();
        resolver(FIRST);
        guest.query("a.example", DnsMessage.A);
        net.advance(Duration.ofSeconds(9));
        assertThat(host.datagramSockets()).hasSize(1);
        net.advance(Duration.ofMillis(1100));
        assertThat(host.datagramSockets()).isEmpty();
    }

    @Test
    void queriesGoByTcpToo() {
        FakeGuest guest = twoResolvers();
        byte[] answer = DnsMessage.respond(
                DnsMessage.decode(DnsMessage.query(1, "big.example", DnsMessage.A)), List.of(ANSWER));
        host.server(FIRST).refuses();
        host.server(SECOND)
                .onAccept(connection -> connection.onData(data -> {
                    byte[] framed = new byte[2 + answer.length];
                    framed[1] = (byte) answer.length;
                    System.arraycopy(answer, 0, framed, 2, answer.length);
                    framed[2] = data[2];
                    framed[3] = data[3];
                    connection.send(framed);
                }));
        assertThat(guest.queryByTcp("big.example", DnsMessage.A).answers()).hasSize(1);
        assertThat(host.server(FIRST).attempts()).isEqualTo(1);
        guest.queryByTcp("big.example", DnsMessage.A);
        assertThat(host.server(FIRST).attempts()).as("asked last for a while").isEqualTo(1);
    }

    @Test
    void whenNoResolverAcceptsTheGuestIsRefused() {
        FakeGuest guest = twoResolvers();
        host.server(FIRST).refuses();
        host.server(SECOND).refuses();
        assertThatThrownBy(() -> guest.connect("10.0.2.3", 53))
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.reason()).isEqualTo(GuestException.Reason.REFUSED));
    }

    @Test
    void withoutResolversOrSwitchedOffTheNameServerIsUnreachable() {
        user();
        host.resolvers(List.of());
        FakeGuest guest = guest();
        GuestUdp udp = guest.udp().send("10.0.2.3", 53, new byte[20]);
        assertThatThrownBy(udp::receive)
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.icmp().kind()).isEqualTo("3/0"));
        assertThatThrownBy(() -> guest.connect("10.0.2.3", 53))
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.icmp().kind()).isEqualTo("3/0"));
    }

    @Test
    void dnsCanBeSwitchedOff() {
        user(options -> options.disableDns(true));
        GuestUdp udp = guest().udp().send("10.0.2.3", 53, new byte[20]);
        assertThatThrownBy(udp::receive)
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.icmp().kind()).isEqualTo("3/0"));
    }

    @Test
    void manyFlowsAreBounded() {
        FakeGuest guest = twoResolvers();
        host.udp(FIRST);
        for (int port = 1; port <= 1500; port++) {
            guest.sendFrame(RawFrames.udp("10.0.2.15", port, "10.0.2.3", 53, new byte[20]));
            if (port % 50 == 0) {
                net.settle();
            }
        }
        assertThat(host.datagramSockets()).hasSize(1024);
        assertThat(count("dns.flows-evicted")).isEqualTo(476);
    }
}
