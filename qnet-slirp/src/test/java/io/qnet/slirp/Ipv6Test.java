package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.host.HostError;
import io.qnet.testkit.Datagram;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestException;
import io.qnet.testkit.GuestListener;
import io.qnet.testkit.GuestTcp;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.IcmpError;
import io.qnet.testkit.RouterAdvertisement;
import io.qnet.testkit.codec.DnsMessage;
import io.qnet.testkit.host.HostConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest that makes itself an IPv6 address, and what it reaches: rows X10 to X21 of docs/compatibility.md. */
class Ipv6Test extends VirtualTimeTest {
    private static final String FAR = "2001:db8::7";
    private static final InetAddress FAR_ADDRESS = at(FAR, 0).getAddress();

    private FakeGuest slaac() {
        return slaac("guest");
    }

    private FakeGuest slaac(String name) {
        FakeGuest guest = net.guest(name);
        guest.slaac();
        return guest;
    }

    private static void assertUnreachable(FakeGuest guest, String target, String kind) {
        assertThatThrownBy(() -> guest.ping(target)).isInstanceOfSatisfying(GuestException.class, e -> {
            assertThat(e.icmp()).as("%s", e).isNotNull();
            assertThat(e.icmp().kind()).isEqualTo(kind);
        });
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void aGuestMakesItselfAnAddress() {
        host.resolvers(List.of(at("::1", 53)));
        user();
        FakeGuest guest = net.guest("guest");
        RouterAdvertisement advertised = guest.slaac();
        assertThat(advertised.router()).isEqualTo(address6("fe80::2"));
        assertThat(advertised.managed()).isFalse();
        assertThat(advertised.otherConfiguration()).isFalse();
        assertThat(advertised.lifetimeSeconds()).isEqualTo(1800);
        assertThat(advertised.nameServers()).containsExactly(address6("fec0::3"));
        assertThat(guest.address6()).isEqualTo(address6(RawFrames6.GUEST));
        assertThat(guest.neighbour("fe80::2")).contains("52:56:00:00:00:02");
        assertThat(guest.neighbour("fec0::3")).contains("52:56:00:00:00:03");
        assertThat(guest.neighbour("fec0::4")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"fec0::2", "fec0::3", "fe80::2", "fe80::3"})
    void itsOwnAddressesAnswerPings(String address) {
        user(options -> options.restrict(true));
        FakeGuest guest = slaac();
        assertThat(guest.ping(address).ttl()).isEqualTo(255);
        assertThat(guest.ping(address, 3000, 1).bytes())
                .as("in fragments, hop limit 1")
                .isEqualTo(3000);
    }

    @Test
    void elsewhereIsAskedByTheHost() {
        user();
        host.answersPing(FAR_ADDRESS, Duration.ofMillis(20));
        FakeGuest guest = slaac();
        assertThat(guest.ping(FAR).from()).isEqualTo(FAR_ADDRESS);
        assertThat(guest.ping(FAR, 3000, 0).time()).isEqualTo(Duration.ofMillis(20));
        assertThatThrownBy(() -> guest.ping(FAR, 8, 1)).hasMessageContaining("3/0 from fe80:0:0:0:0:0:0:2");
        host.unreachable(FAR_ADDRESS, HostError.NET_UNREACHABLE);
        assertUnreachable(guest, FAR, "1/0");
        host.unreachable(FAR_ADDRESS, HostError.HOST_UNREACHABLE);
        assertUnreachable(guest, FAR, "1/3");
        host.unreachable(FAR_ADDRESS, HostError.PROHIBITED);
        assertUnreachable(guest, FAR, "1/1");
    }

    @Test
    void anAddressOfThePrefixThatNobodyHasIsUnreachable() {
        user();
        FakeGuest guest = slaac();
        assertThat(guest.neighbour("fec0::99")).isEmpty();
        guest.sendFrame(RawFrames6.echoRequest(RawFrames6.GUEST, "fec0::99", 1, 1, new byte[8]));
        net.advance(MOMENT);
        assertThat(guest.icmpErrors()).extracting(IcmpError::kind).containsExactly("1/3");
    }

    @ParameterizedTest
    @CsvSource({"fec0::2, ::1", "fe80::2, ::1", "2001:db8::7, 2001:db8::7"})
    void datagramsGoToTheHostAndBack(String address, String hostAddress) {
        user();
        host.udp(at(hostAddress, 5000)).echo();
        FakeGuest guest = slaac();
        for (int length : new int[] {0, 1, 1452, 1453, 3000, 65_527}) {
            GuestUdp udp = guest.udp();
            udp.send(address, 5000, bytes(length));
            Datagram answer = udp.receive();
            assertThat(answer.from()).isEqualTo(at(address, 0).getAddress());
            assertThat(answer.data()).as("%d bytes", length).isEqualTo(bytes(length));
        }
        assertThat(guest.frames().received()).allMatch(frame -> frame.length <= 1514);
    }

    @ParameterizedTest
    @CsvSource({"NET_UNREACHABLE, 1/0", "HOST_UNREACHABLE, 1/3", "REFUSED, 1/4", "PROHIBITED, 1/1", "TTL_EXCEEDED, 3/0"
    })
    void datagramsThatDoNotArriveAreReported(HostError error, String kind) {
        user();
        host.unreachable(FAR_ADDRESS, error);
        FakeGuest guest = slaac();
        GuestUdp udp = guest.udp();
        udp.send(FAR, 5000, "x");
        net.advance(MOMENT);
        assertThat(udp.errors()).extracting(IcmpError::kind).containsExactly(kind);
    }

    @Test
    void thePathsMtuIsTold() {
        user();
        host.udp(at(FAR, 5000)).fails(HostError.MESSAGE_TOO_LARGE, 1400);
        GuestUdp udp = slaac().udp();
        udp.send(FAR, 5000, bytes(1452));
        net.advance(MOMENT);
        assertThat(udp.errors()).singleElement().satisfies(error -> {
            assertThat(error.kind()).isEqualTo("2/0");
            assertThat(error.mtu()).isEqualTo(1400);
        });
    }

    @Test
    void aClosedPortOfTheHostIsRefusedByTheHost() {
        user();
        FakeGuest guest = slaac();
        GuestUdp udp = guest.udp();
        udp.send("fec0::2", 5000, "x");
        net.advance(MOMENT);
        assertThat(udp.errors()).singleElement().satisfies(error -> {
            assertThat(error.kind()).isEqualTo("1/4");
            assertThat(error.from()).isEqualTo(address6("fec0::2"));
        });
        assertThatThrownBy(() -> guest.connect("fec0::2", 81)).hasMessageContaining("REFUSED");
    }

    @ParameterizedTest
    @ValueSource(strings = {"fec0::3", "fe80::3"})
    void namesAreResolvedByUdpAndTcp(String nameServer) {
        host.resolvers(List.of(at("127.0.0.1", 53)));
        host.udp(at("127.0.0.1", 53)).echo();
        host.server(at("127.0.0.1", 53)).echo();
        user();
        FakeGuest guest = slaac();
        byte[] query = DnsMessage.query(7, "example.org", DnsMessage.A);
        GuestUdp udp = guest.udp();
        udp.send(nameServer, 53, query);
        assertThat(udp.receive().data()).isEqualTo(query);
        GuestTcp tcp = guest.connect(nameServer, 53);
        tcp.write(query);
        assertThat(tcp.read(query.length)).isEqualTo(query);
        tcp.close();
        assertThatThrownBy(() -> guest.connect(nameServer, 54)).hasMessageContaining("1/0");
        udp.send(nameServer, 54, query);
        net.advance(MOMENT);
        assertThat(udp.errors()).extracting(IcmpError::kind).containsExactly("1/0");
    }

    @ParameterizedTest
    @CsvSource({"fec0::2, ::1", "fe80::2, ::1", "2001:db8::7, 2001:db8::7"})
    void connectionsCarryBytesBothWays(String address, String hostAddress) {
        user();
        host.server(at(hostAddress, 80)).echo();
        FakeGuest guest = slaac();
        GuestTcp connection = guest.connect(address, 80);
        byte[] data = bytes(300_000);
        connection.write(data);
        connection.shutdownOutput();
        assertThat(connection.readAll()).isEqualTo(data);
        assertThat(guest.frames().received()).allMatch(frame -> frame.length <= 1514);
        guest.assertNoViolations();
    }

    @ParameterizedTest
    @CsvSource({"NET_UNREACHABLE, 1/0", "HOST_UNREACHABLE, 1/3", "PROHIBITED, 1/1"})
    void connectionsThatCannotBeAreReported(HostError error, String kind) {
        user();
        host.unreachable(FAR_ADDRESS, error);
        FakeGuest guest = slaac();
        assertThatThrownBy(() -> guest.connect(FAR, 80)).isInstanceOf(GuestException.class);
        assertThat(guest.icmpErrors()).extracting(IcmpError::kind).contains(kind);
    }

    @ParameterizedTest
    @ValueSource(strings = {"::1", "::ffff:127.0.0.1", "::", "fe80::99", "ff02::1", "ff0e::1"})
    void whatIsNoHostOfTheWorldIsNotReached(String address) {
        host.server(at("::1", 81)).echo();
        host.udp(at("::1", 81)).echo();
        host.udp(at("127.0.0.1", 81)).echo();
        user();
        FakeGuest guest = slaac();
        received(guest);
        byte[] literal = new byte[16];
        byte[] parsed = RawFrames.address(address);
        System.arraycopy(parsed, 0, literal, 16 - parsed.length, parsed.length);
        if (parsed.length == 4) {
            literal[10] = literal[11] = -1;
        }
        byte[] frame = RawFrames6.udp(RawFrames6.GUEST, 4000, "fec0::2", 81, new byte[8]);
        System.arraycopy(literal, 0, frame, 38, 16);
        guest.sendFrame(RawFrames6.withRightChecksum(frame, 60));
        byte[] syn = RawFrames6.ipv6(RawFrames6.GUEST, "fec0::2", 6, 64, RawFrames6.syn(4000, 81));
        System.arraycopy(literal, 0, syn, 38, 16);
        guest.sendFrame(RawFrames6.withRightChecksum(syn, 70));
        byte[] echo = RawFrames6.echoRequest(RawFrames6.GUEST, "fec0::2", 1, 1, new byte[8]);
        System.arraycopy(literal, 0, echo, 38, 16);
        if (!address.equals("ff02::1")) {
            guest.sendFrame(RawFrames6.withRightChecksum(echo, 56));
        }
        net.advance(MOMENT);
        assertThat(received(guest)).isEmpty();
        assertThat(host.openCount()).isZero();
        guest.forgetViolations();
    }

    @Test
    void whatAGuestReportsIsHeeded() {
        host.server(at("::1", 80)).echo();
        user(options -> options.hostForward("udp:[::1]:5353-[fec0::15]:53"));
        FakeGuest guest = net.guest("guest").address6("fec0::15", 64, "fe80::2");
        GuestTcp connection = guest.connect("fec0::2", 80);
        connection.write(bytes(1000));
        connection.read(1000);
        byte[] segment = guest.frames().received().stream()
                .filter(frame -> frame.length > 1000 && frame[20] == 6)
                .findFirst()
                .orElseThrow();
        // its answer is on its way again when it is said to be too big
        guest.sendFrame(RawFrames6.icmp("fec0::15", "fec0::2", 2, 1300, Arrays.copyOfRange(segment, 14, 14 + 100)));
        guest.sendFrame(RawFrames6.icmp("fec0::15", "fec0::2", 1, 4, new byte[8]));
        host.udp(at("::1", 40_000)).send(at("::1", 5353), new byte[10]);
        net.advance(MOMENT);
        assertThat(count("icmp.guest-errors"))
                .as("too big; nobody listens at port 53")
                .isEqualTo(2);
        assertThat(count("drop.icmp-error-malformed")).isEqualTo(1);
        connection.close();
        guest.forgetViolations();
    }

    @Test
    void filesAreFetchedOverIpv6(@TempDir Path folder) throws IOException {
        Files.write(folder.resolve("boot"), bytes(300));
        user(options -> options.tftp(folder));
        GuestUdp udp = slaac().udp();
        udp.send("fec0::2", 69, "\0\1boot\0octet\0");
        assertThat(udp.receive().data()).hasSize(304);
    }

    @Test
    void allNodesAreTheRouterToo() {
        user();
        FakeGuest guest = slaac();
        assertThat(guest.ping("ff02::1").from()).isEqualTo(address6("fe80::2"));
    }

    @Test
    void restrictedGuestsReachNothing() {
        host.server(at("::1", 80)).echo();
        host.udp(at("::1", 80)).echo();
        user(options -> options.restrict(true));
        FakeGuest guest = slaac();
        assertThatThrownBy(() -> guest.connect("fec0::2", 80)).hasMessageContaining("REFUSED");
        GuestUdp udp = guest.udp();
        udp.send("fec0::2", 80, "x");
        udp.send("fec0::3", 53, "x");
        net.advance(Duration.ofSeconds(2));
        assertThat(udp.available()).isZero();
        assertThat(udp.errors()).isEmpty();
    }

    @Test
    void severalGuestsAreEachReached() {
        host.udp(at("::1", 5000)).echo();
        host.server(at("::1", 80)).echo();
        user(options -> options.hostForward("tcp:[::1]:2201-[fec0::5054:ff:fe00:1]:22")
                .hostForward("tcp:[::1]:2202-[fec0::5054:ff:fe00:2]:22"));
        for (String name : List.of("one", "two")) {
            FakeGuest guest = slaac(name);
            GuestUdp udp = guest.udp(4000);
            udp.send("fec0::2", 5000, name);
            assertThat(udp.receive().text()).isEqualTo(name);
            GuestListener listener = guest.listen(22);
            String port = name.equals("one") ? "2201" : "2202";
            HostConnection program = host.connect(at("::1", 40_000), at("::1", Integer.parseInt(port)));
            GuestTcp accepted = listener.accept();
            program.send(name);
            assertThat(accepted.readText(3)).isEqualTo(name);
            accepted.close();
        }
    }
}
