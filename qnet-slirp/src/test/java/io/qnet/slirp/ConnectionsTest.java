package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.host.HostError;
import io.qnet.slirp.forward.ForwardInfo;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestException;
import io.qnet.testkit.GuestListener;
import io.qnet.testkit.GuestTcp;
import io.qnet.testkit.host.HostConnection;
import io.qnet.testkit.host.SimulatedUdp;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where connections of guests lead, and where forwards lead to: rows C1 to C13 of docs/compatibility.md. What TCP does on the way is tested with its engine. */
class ConnectionsTest extends VirtualTimeTest {
    private static void assertFails(FakeGuest guest, String address, int port, String how) {
        assertThatThrownBy(() -> guest.connect(address, port)).isInstanceOfSatisfying(GuestException.class, e -> {
            String seen = e.icmp() == null ? e.reason().toString() : e.icmp().kind();
            assertThat(seen).as("%s", e).isEqualTo(how);
        });
    }

    @Test
    void theGatewayStandsForTheHostsLoopback() {
        user();
        host.server(8080).echo();
        GuestTcp connection = guest().connect("10.0.2.2", 8080);
        connection.write("hello").shutdownOutput();
        assertThat(new String(connection.readAll(), StandardCharsets.UTF_8)).isEqualTo("hello");
        HostConnection accepted = host.server(8080).connection();
        assertThat(((InetSocketAddress) accepted.peerAddress()).getAddress().isLoopbackAddress())
                .isTrue();
    }

    @Test
    void everythingElseIsReachedAsItIs() {
        user();
        host.server(at("192.0.2.7", 80)).echo();
        GuestTcp connection = guest().connect("192.0.2.7", 80);
        connection.write("hello");
        assertThat(connection.readText(5)).isEqualTo("hello");
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.2.2, 81, REFUSED",
        "10.0.2.3, 54, 3/0",
        "10.0.2.99, 80, 3/1",
        "192.0.2.1, 80, 3/0",
        "192.0.2.2, 80, 3/1",
        "192.0.2.3, 80, 3/13"
    })
    void whatCannotBeIsTold(String address, int port, String how) {
        user();
        host.unreachable(at("192.0.2.1", 0).getAddress(), HostError.NET_UNREACHABLE);
        host.unreachable(at("192.0.2.2", 0).getAddress(), HostError.HOST_UNREACHABLE);
        host.unreachable(at("192.0.2.3", 0).getAddress(), HostError.PROHIBITED);
        FakeGuest guest = guest();
        if (address.equals("10.0.2.99")) {
            // With a narrower idea of its network, or it would ask for the address itself.
            guest.address("10.0.2.15", 28, "10.0.2.2");
        }
        assertFails(guest, address, port, how);
    }

    @Test
    void restrictedGuestsAreRefused() {
        user(options -> options.restrict(true));
        host.server(8080).echo();
        FakeGuest guest = guest();
        assertFails(guest, "10.0.2.2", 8080, "REFUSED");
        assertFails(guest, "192.0.2.7", 80, "REFUSED");
        assertFails(guest, "10.0.2.3", 53, "REFUSED");
        assertThat(host.server(8080).attempts()).isZero();
    }

    @Test
    void withoutHostLoopbackTheGatewayLeadsNowhereAndTheRestGoesOn() {
        user(options -> options.hostLoopback(false));
        host.server(8080).echo();
        host.server(at("192.0.2.7", 80)).echo();
        FakeGuest guest = guest();
        assertFails(guest, "10.0.2.2", 8080, "3/0");
        assertThat(guest.connect("192.0.2.7", 80).peerPort()).isEqualTo(80);
    }

    @Test
    void aForwardShowsLoopbackAsTheGateway() {
        user(options -> options.hostForward("tcp:127.0.0.1:2222-:22"));
        GuestListener listener = guest().listen(22);
        HostConnection one = host.connect(at("127.0.0.1", 40_000), at("127.0.0.1", 2222));
        GuestTcp accepted = listener.accept();
        assertThat(accepted.peerAddress() + ":" + accepted.peerPort()).isEqualTo("10.0.2.2:40000");
        one.send("question");
        assertThat(accepted.readText(8)).isEqualTo("question");
        host.connect(at("127.0.0.2", 40_000), at("127.0.0.1", 2222));
        GuestTcp other = listener.accept();
        assertThat(other.peerAddress()).isEqualTo("10.0.2.2");
        assertThat(other.peerPort()).as("not the same flow").isGreaterThanOrEqualTo(49_152);
    }

    @ParameterizedTest
    @CsvSource({"192.0.2.9, 192.0.2.9", "10.0.2.15, 10.0.2.2", "0.0.0.0, 10.0.2.2", "2001:db8::1, 10.0.2.2"})
    void aForwardShowsOthersAsThemselvesIfTheyCanBeAnswered(String peer, String seen) {
        user(options -> options.hostForward("tcp::2222-:22"));
        GuestListener listener = guest().listen(22);
        host.connect(at(peer, 40_000), at("0.0.0.0", 2222));
        GuestTcp accepted = listener.accept();
        assertThat(accepted.peerAddress()).isEqualTo(seen);
        assertThat(accepted.peerPort()).isEqualTo(40_000);
    }

    @Test
    void aGuestThatRefusesResetsTheHost() {
        user(options -> options.hostForward("tcp:127.0.0.1:2222-:22"));
        guest();
        HostConnection connection = host.connect(at("127.0.0.1", 2222));
        net.advance(Duration.ofSeconds(1));
        assertThat(connection.isReset()).isTrue();
    }

    @Test
    void forwardsComeAndGoAndTheirConnectionsLiveOn() {
        UserNetdev user = user();
        GuestListener listener = guest().listen(22);
        ForwardInfo info = user.hostForwardAdd("tcp:127.0.0.1:0-:22").get(0);
        InetSocketAddress listen = (InetSocketAddress) info.listen();
        assertThat(listen.getPort()).as("the port that the host chose").isPositive();
        HostConnection connection = host.connect(listen);
        GuestTcp accepted = listener.accept();
        assertThat(user.hostForwardRemove("udp:127.0.0.1:" + listen.getPort())).isFalse();
        assertThat(user.hostForwardRemove("tcp::" + listen.getPort())).isFalse();
        assertThat(user.hostForwardRemove(":127.0.0.1:" + listen.getPort())).isTrue();
        assertThat(user.hostForwardRemove("tcp:127.0.0.1:" + listen.getPort())).isFalse();
        assertThat(host.listening()).isEmpty();
        connection.send("still here");
        assertThat(accepted.readText(10)).isEqualTo("still here");
    }

    @Test
    void aRuleForManyPortsOpensAllOrNone() {
        UserNetdev user = user();
        assertThat(user.hostForwardAdd("tcp:127.0.0.1:8000+3-:9000"))
                .extracting(ForwardInfo::guestPort)
                .containsExactly(9000, 9001, 9002);
        assertThatThrownBy(() -> user.hostForwardAdd("tcp:127.0.0.1:7999+3-:9000"))
                .hasMessage("Could not set up host forwarding rule 'tcp:127.0.0.1:7999+3-:9000'");
        assertThat(user.forwards()).hasSize(3);
        assertThat(host.listening()).hasSize(3);
        assertThat(user.hostForwardRemove("tcp:127.0.0.1:8001")).isTrue();
        assertThat(user.forwards()).extracting(ForwardInfo::guestPort).containsExactly(9000, 9002);
    }

    @Test
    void udpForwardsGiveEachPeerItsOwnAnswersAlsoWhenRestricted() {
        user(options -> options.restrict(true).hostForward("udp:127.0.0.1:7000-:7"));
        guest().udp(7).echo();
        SimulatedUdp one = host.udp(at("127.0.0.1", 5000));
        SimulatedUdp two = host.udp(at("127.0.0.2", 5000));
        SimulatedUdp far = host.udp(at("192.0.2.9", 5000));
        one.send(at("127.0.0.1", 7000), new byte[] {1});
        two.send(at("127.0.0.1", 7000), new byte[] {2});
        far.send(at("127.0.0.1", 7000), new byte[] {3});
        net.advance(MOMENT);
        assertThat(one.received().get(0).data()).containsExactly(1);
        assertThat(two.received().get(0).data()).containsExactly(2);
        assertThat(far.received().get(0).data()).containsExactly(3);
        assertThat(one.received().get(0).from()).isEqualTo(at("127.0.0.1", 7000));
        assertThat(count("forward.udp-sessions-opened")).isEqualTo(3);
        net.advance(Duration.ofSeconds(241));
        one.send(at("127.0.0.1", 7000), new byte[] {4});
        net.advance(MOMENT);
        assertThat(count("forward.udp-sessions-opened"))
                .as("after four minutes a new one")
                .isEqualTo(4);
    }

    @Test
    void aPortInUseRefusesTheNetdev() {
        host.server(2222);
        assertThatThrownBy(() -> net.add(UserNetdev.config("u1").hostForward("tcp:127.0.0.1:2222-:22")))
                .hasMessage("Could not set up host forwarding rule 'tcp:127.0.0.1:2222-:22'");
        assertThatThrownBy(() -> net.add(UserNetdev.config("u1")
                        .hostForward("tcp:127.0.0.1:3333-:22")
                        .hostForward("tcp:127.0.0.1:3333-:23")))
                .hasMessage("Could not set up host forwarding rule 'tcp:127.0.0.1:3333-:22'");
        assertThat(host.openCount()).isZero();
    }

    @Test
    void aNetdevThatIsRemovedLeavesNothing() {
        UserNetdev user = user(options -> options.hostForward("tcp:127.0.0.1:2222-:22"));
        FakeGuest guest = guest();
        host.server(8080).echo();
        host.udp(5000).echo();
        host.answersPing(at("192.0.2.7", 0).getAddress(), Duration.ZERO);
        guest.connect("10.0.2.2", 8080);
        guest.udp().send("10.0.2.2", 5000, "x").receive();
        guest.ping("192.0.2.7");
        HostConnection connection = host.server(8080).connection();
        assertThat(host.openCount()).isEqualTo(4);
        net.network().delete(user.id());
        net.settle();
        assertThat(host.openCount()).isZero();
        assertThat(connection.isReset()).isTrue();
        assertThat(host.listening()).isEmpty();
        this.user = null;
    }

    @Test
    void informationIsInQemusWords() {
        assertThat(user(options -> options.net("192.168.76.0/24").restrict(true))
                        .info())
                .isEqualTo("net=192.168.76.0,restrict=on");
        assertThat(user.type()).isEqualTo("user");
    }

    @Test
    void whatIsOpenIsListedAsInQemu() {
        UserNetdev user = user(options -> options.hostForward("tcp::2222-:22").hostForward("udp:127.0.0.1:7000-:7"));
        FakeGuest guest = guest();
        host.server(8080).echo();
        host.udp(5000).echo();
        host.answersPing(at("192.0.2.7", 0).getAddress(), Duration.ZERO);
        GuestTcp connection = guest.connect("10.0.2.2", 8080);
        int udpPort = guest.udp().send("10.0.2.2", 5000, "x").receive().port();
        guest.ping("192.0.2.7");
        net.advance(Duration.ofMillis(1));
        String text = user.usernet().toText(0);
        assertThat(udpPort).isEqualTo(5000);
        assertThat(text.lines().limit(2))
                .containsExactly(
                        "Hub 0 (u0):",
                        "  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ");
        assertThat(text)
                .contains(
                        "  TCP[HOST_FORWARD]  -1               *  2222       10.0.2.15    22     0     0\n",
                        "  UDP[HOST_FORWARD]  -1       127.0.0.1  7000       10.0.2.15     7     0     0\n",
                        String.format(
                                "  TCP[ESTABLISHED]   -1       10.0.2.15 %5d        10.0.2.2  8080",
                                connection.guestPort()),
                        "  UDP[239 sec]       -1       10.0.2.15",
                        "  ICMP[59 sec]       -1       10.0.2.15  -          192.0.2.7  -        0     0\n");
    }

    @Test
    void aGuestForwardLeadsToTheHostAlsoWhenRestricted() {
        user(options -> options.restrict(true)
                .guestForward("tcp:10.0.2.100:80-tcp:127.0.0.1:8080")
                .guestForward("tcp::81-tcp:127.0.0.1:8080"));
        host.server(8080).echo();
        FakeGuest guest = guest();
        assertThat(guest.arp("10.0.2.100")).contains("52:55:0a:00:02:64");
        assertThat(guest.arp("10.0.2.101")).isEmpty();
        for (GuestTcp connection : List.of(guest.connect("10.0.2.100", 80), guest.connect("10.0.2.4", 81))) {
            connection.write("hello");
            assertThat(connection.readText(5)).isEqualTo("hello");
        }
        assertThat(host.server(8080).connections()).hasSize(2);
        assertFails(guest, "10.0.2.100", 82, "REFUSED");
    }

    @ParameterizedTest
    @CsvSource({"10.0.2.2", "10.0.2.3", "10.0.3.1", "192.0.2.1"})
    void aGuestForwardNeedsAFreeAddressOfTheNetwork(String address) {
        String rule = "tcp:" + address + ":80-tcp:127.0.0.1:8080";
        assertThatThrownBy(() -> net.add(UserNetdev.config("u1").guestForward(rule)))
                .hasMessage("Conflicting/invalid host:port in guest forwarding rule '" + rule + "'");
    }

    @Test
    void twoGuestForwardsMustDiffer() {
        assertThatThrownBy(() -> net.add(UserNetdev.config("u1")
                        .guestForward("tcp::80-tcp:127.0.0.1:1")
                        .guestForward("tcp::80-tcp:127.0.0.1:2")))
                .hasMessage("Conflicting/invalid host:port in guest forwarding rule 'tcp::80-tcp:127.0.0.1:1'");
        assertThatThrownBy(() -> net.add(UserNetdev.config("u1").guestForward("tcp::80-nosuch")))
                .hasMessage("Could not open guest forwarding device 'guestfwd.tcp.80'");
        assertThat(host.openCount()).isZero();
    }
}
