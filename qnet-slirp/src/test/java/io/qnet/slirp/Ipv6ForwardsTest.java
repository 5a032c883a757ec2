package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.testkit.Datagram;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestListener;
import io.qnet.testkit.GuestTcp;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.host.HostConnection;
import io.qnet.testkit.host.SimulatedUdp;
import io.qnet.wire.IpAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Forwards whose host's side, or guest's side, is IPv6: rows X35 to X38 of docs/compatibility.md. */
class Ipv6ForwardsTest extends VirtualTimeTest {
    private static final int PROGRAM_PORT = 40_000;

    private FakeGuest guest6() {
        return guest().address6("fec0::15", 64, "fe80::2");
    }

    @ParameterizedTest
    @CsvSource({
        "tcp:[::1]:2222-[fec0::15]:22, ::1, ::1, fec0::2",
        "tcp:[::]:2222-[fec0::15]:22, ::, 2001:db8::7, 2001:db8::7",
        "tcp:[::]:2222-[fec0::15]:22, ::, fe80::7, fec0::2",
        "tcp:[::]:2222-[fec0::15]:22, ::, fec0::99, fec0::2",
        "tcp:127.0.0.1:2222-[fec0::15]:22, 127.0.0.1, 127.0.0.1, fec0::2",
        "tcp:[::1]:2222-:22, ::1, ::1, 10.0.2.2",
        "tcp:[::]:2222-:22, ::, 2001:db8::7, 10.0.2.2"
    })
    void connectionsArriveFromWhomTheGuestCanAnswer(String rule, String listening, String program, String visible) {
        user(options -> options.restrict(true).hostForward(rule));
        GuestListener listener = guest6().listen(22);
        HostConnection connection = host.connect(at(program, PROGRAM_PORT), at(listening, 2222));
        GuestTcp accepted = listener.accept();
        assertThat(accepted.peerAddress()).isEqualTo(at(visible, 0).getAddress().getHostAddress());
        assertThat(accepted.peerPort()).isEqualTo(PROGRAM_PORT);
        connection.send("hello");
        assertThat(accepted.readText(5)).isEqualTo("hello");
        accepted.write("world");
        net.advance(MOMENT);
        assertThat(connection.receivedText()).isEqualTo("world");
        accepted.close();
    }

    @Test
    void datagramsGoBothWays() {
        user(options -> options.restrict(true).hostForward("udp:[::1]:5353-[fec0::15]:53"));
        GuestUdp udp = guest6().udp(53);
        SimulatedUdp program = host.udp(at("::1", PROGRAM_PORT));
        program.send(at("::1", 5353), new byte[3000]);
        Datagram asked = udp.receive();
        assertThat(asked.from()).isEqualTo(address6("fec0::2"));
        assertThat(asked.data()).hasSize(3000);
        udp.send(asked.from(), asked.port(), new byte[2000], 0);
        net.advance(MOMENT);
        assertThat(program.received()).singleElement().satisfies(answer -> {
            assertThat(answer.from()).isEqualTo(at("::1", 5353));
            assertThat(answer.data()).hasSize(2000);
        });
    }

    @Test
    void theyComeAndGoByTheirAddress() {
        user();
        user.hostForwardAdd("tcp:[::1]:2222-[fec0::15]:22");
        assertThat(user.hostForwardRemove("tcp::2222")).isFalse();
        assertThat(user.hostForwardRemove("tcp:[::1]:2222")).isTrue();
        assertThat(user.forwards()).isEmpty();
    }

    @Test
    void anAddressOfTheirNetworkLeadsToTheHost() {
        host.server(at("127.0.0.1", 8080)).echo();
        user(options -> options.restrict(true).guestForward("tcp:[fec0::64]:80-tcp:127.0.0.1:8080"));
        FakeGuest guest = guest6();
        assertThat(guest.neighbour("fec0::64")).contains("52:56:00:00:00:02");
        GuestTcp connection = guest.connect("fec0::64", 80);
        connection.write("hello");
        assertThat(connection.readText(5)).isEqualTo("hello");
        connection.close();
        assertThat(guest.ping("fec0::64").ttl()).isEqualTo(255);
    }

    @ParameterizedTest
    @CsvSource({"fec0::2, true", "fec0::3, true", "fec1::64, true", "fec0::64, false"})
    void onlyAnAddressThatIsFreeLeadsToTheHost(String address, boolean ipv6) {
        String rule = "tcp:[" + address + "]:80-tcp:127.0.0.1:8080";
        assertThatThrownBy(() -> user(options -> options.ipv4(true).ipv6(ipv6).guestForward(rule)))
                .hasMessageContaining("Conflicting/invalid host:port in guest forwarding rule '" + rule + "'");
    }

    @ParameterizedTest
    @CsvSource({"tcp:[::1]:2222-[fec0::15]:22, true, false", "tcp::2222-10.0.2.15:22, false, true"})
    void aGuestOfAFamilyThatIsOffIsRefused(String rule, boolean ipv4, boolean ipv6) {
        assertThatThrownBy(() -> user(options -> options.ipv4(ipv4).ipv6(ipv6).hostForward(rule)))
                .hasMessageContaining("Invalid host forwarding rule '" + rule + "' (Bad guest address)");
    }

    @Test
    void withIpv6AloneTheGuestIsWhoIsThere() {
        user(options -> options.ipv6(true).hostForward("tcp:127.0.0.1:2222-:22"));
        assertThat(user.forwards().get(0).guest()).isEqualTo(IpAddress.ANY6);
        FakeGuest guest = net.guest("guest");
        guest.slaac();
        guest.ping("fec0::2");
        GuestListener listener = guest.listen(22);
        HostConnection connection = host.connect(at("127.0.0.1", PROGRAM_PORT), at("127.0.0.1", 2222));
        GuestTcp accepted = listener.accept();
        connection.send("hello");
        assertThat(accepted.readText(5)).isEqualTo("hello");
        accepted.close();
    }
}
