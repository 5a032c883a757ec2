package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.codec.DnsMessage;
import io.qnet.testkit.host.SimulatedUdp;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where flows leave the host: rows O1 to O3 of docs/compatibility.md. */
class OutboundTest extends VirtualTimeTest {
    private static String from(SimulatedUdp service) {
        return service.received()
                .get(service.received().size() - 1)
                .from()
                .getAddress()
                .getHostAddress();
    }

    @Test
    void datagramsLeaveByTheAddressAndTheHostItselfIsReachedWithoutIt() {
        user(options -> options.outbound(at("192.0.2.200", 0).getAddress()).outboundInterface("tun0"));
        SimulatedUdp near = host.udp(5000).echo();
        SimulatedUdp far = host.udp(at("198.51.100.1", 5000)).echo();
        GuestUdp udp = guest().udp();
        udp.send("10.0.2.2", 5000, "x").receive();
        assertThat(from(near)).isEqualTo("0.0.0.0");
        assertThat(host.devices()).isEmpty();
        udp.send("198.51.100.1", 5000, "x").receive();
        assertThat(from(far)).isEqualTo("192.0.2.200");
        assertThat(host.devices()).containsExactly("tun0");
        udp.send("10.0.2.2", 5000, "x").send("198.51.100.1", 5000, "x").receive();
        udp.receive();
        assertThat(host.datagramSockets()).as("one to each side").hasSize(2);
        net.advance(Duration.ofSeconds(241));
        assertThat(host.datagramSockets()).isEmpty();
    }

    @Test
    void withoutTheOptionsOnePortReachesBothSides() {
        user();
        host.udp(5000).echo();
        host.udp(at("198.51.100.1", 5000)).echo();
        GuestUdp udp = guest().udp();
        udp.send("10.0.2.2", 5000, "x").receive();
        udp.send("198.51.100.1", 5000, "x").receive();
        assertThat(host.datagramSockets()).hasSize(1);
    }

    @Test
    void queriesReachAResolverOnTheHostAndOneElsewhere() {
        user(options -> options.outboundInterface("tun0"));
        SimulatedUdp stub = host.udp(at("127.0.0.53", 53));
        SimulatedUdp other = host.udp(at("198.51.100.53", 53));
        host.resolvers(List.of(at("127.0.0.53", 53), at("198.51.100.53", 53)));
        FakeGuest guest = guest();
        guest.udp().send("10.0.2.3", 53, DnsMessage.query(1, "a.example", DnsMessage.A));
        net.advance(Duration.ofSeconds(2));
        assertThat(stub.received()).hasSize(1);
        assertThat(other.received()).hasSize(1);
        assertThat(host.devices()).containsExactly("tun0");
    }

    @Test
    void connectionsAndEchoesLeaveByTheInterface() {
        user(options ->
                options.outboundInterface("tun0").outbound(at("192.0.2.200", 0).getAddress()));
        InetSocketAddress far = at("198.51.100.1", 80);
        host.server(far);
        host.server(80);
        host.answersPing(far.getAddress(), Duration.ZERO);
        FakeGuest guest = guest();
        guest.connect("10.0.2.2", 80).close();
        assertThat(host.devices()).isEmpty();
        guest.connect("198.51.100.1", 80).close();
        assertThat(host.devices()).containsExactly("tun0");
        guest.ping("198.51.100.1");
        assertThat(host.devices()).containsExactly("tun0", "tun0");
    }
}
