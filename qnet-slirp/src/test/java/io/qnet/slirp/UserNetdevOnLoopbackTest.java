package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.Hub;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.slirp.forward.ForwardInfo;
import io.qnet.testkit.Datagram;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestException;
import io.qnet.testkit.GuestListener;
import io.qnet.testkit.GuestTcp;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.IcmpError;
import io.qnet.testkit.Lease;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A guest behind a user netdev with real sockets on loopback. */
@Timeout(60)
class UserNetdevOnLoopbackTest {
    private final Network net = Network.open();
    private final Hub lan = net.hub(0);

    @AfterEach
    void close() {
        net.close();
    }

    private FakeGuest guest(String id) {
        return FakeGuest.on(net, lan.add(Nic.config().id(id)));
    }

    private UserNetdev user(UnaryOperator<UserNetdevConfig> options) {
        return lan.add(options.apply(UserNetdev.config("u0")));
    }

    private static DatagramSocket hostSocket() throws Exception {
        DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static DatagramPacket receive(DatagramSocket socket) throws Exception {
        DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        socket.receive(packet);
        return packet;
    }

    private static String text(DatagramPacket packet) {
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
    }

    @Test
    void aGuestGetsAnAddressAndPingsTheGateway() {
        user(options -> options);
        FakeGuest guest = guest("g1");
        Lease lease = guest.dhcp();
        assertThat(lease.address().getHostAddress()).isEqualTo("10.0.2.15");
        assertThat(lease.prefixLength()).isEqualTo(24);
        assertThat(guest.ping("10.0.2.2").ttl()).isEqualTo(255);
        assertThat(guest.ping("10.0.2.3").ttl()).isEqualTo(255);
        assertThat(guest.ping("10.0.2.2", 20_000, 0).bytes()).isEqualTo(20_000);
        guest.close();
    }

    @Test
    void datagramsReachTheHostAndComeBack() throws Exception {
        user(options -> options);
        FakeGuest guest = guest("g1").address("10.0.2.15", 24, "10.0.2.2");
        try (DatagramSocket host = hostSocket()) {
            GuestUdp udp = guest.udp().send("10.0.2.2", host.getLocalPort(), "hello");
            DatagramPacket asked = receive(host);
            assertThat(text(asked)).isEqualTo("hello");
            byte[] answer = new byte[60_000];
            new Random(1).nextBytes(answer);
            host.send(new DatagramPacket(answer, answer.length, asked.getSocketAddress()));
            Datagram answered = udp.receive();
            assertThat(answered.data()).isEqualTo(answer);
            assertThat(answered.from().getHostAddress()).isEqualTo("10.0.2.2");
            assertThat(answered.port()).isEqualTo(host.getLocalPort());
        }
        guest.close();
    }

    @Test
    void aClosedPortOfTheHostIsAnsweredByTheGateway() throws Exception {
        user(options -> options);
        FakeGuest guest = guest("g1").address("10.0.2.15", 24, "10.0.2.2");
        int port;
        try (DatagramSocket host = hostSocket()) {
            port = host.getLocalPort();
        }
        GuestUdp udp = guest.udp().send("10.0.2.2", port, "hello");
        assertThatThrownBy(udp::receive).isInstanceOfSatisfying(GuestException.class, e -> {
            IcmpError error = e.icmp();
            if ("nio".equals(System.getProperty("qnet.transport"))) { // where the host's errors are not told
                assertThat(error).isNull();
                return;
            }
            assertThat(error.kind()).isEqualTo("3/3");
            assertThat(error.from().getHostAddress()).isEqualTo("10.0.2.2");
        });
        guest.close();
    }

    @Test
    void udpForwardsGiveEachPeerItsOwnAnswers() throws Exception {
        UserNetdev user = user(options -> options.restrict(true).hostForward("udp:127.0.0.1:0-10.0.2.15:7"));
        FakeGuest guest = guest("g1").address("10.0.2.15", 24, "10.0.2.2");
        guest.udp(7).echo();
        ForwardInfo forward = user.forwards().get(0);
        try (DatagramSocket one = hostSocket();
                DatagramSocket two = hostSocket()) {
            one.send(new DatagramPacket(new byte[] {'1'}, 1, forward.listen()));
            two.send(new DatagramPacket(new byte[] {'2'}, 1, forward.listen()));
            assertThat(text(receive(one))).isEqualTo("1");
            assertThat(text(receive(two))).isEqualTo("2");
        }
        guest.close();
    }

    @Test
    void connectionsReachTheHostAndCarryDataBothWays() throws Exception {
        user(options -> options);
        FakeGuest guest = guest("g1").address("10.0.2.15", 24, "10.0.2.2");
        byte[] data = new byte[3_000_000];
        new Random(2).nextBytes(data);
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            GuestTcp connection = guest.connect("10.0.2.2", server.getLocalPort());
            try (Socket accepted = server.accept()) {
                CompletableFuture<byte[]> uploaded = CompletableFuture.supplyAsync(() -> readAll(accepted));
                connection.write(data).shutdownOutput();
                assertThat(uploaded.get(20, TimeUnit.SECONDS)).isEqualTo(data);
                CompletableFuture<Void> download = CompletableFuture.runAsync(() -> writeAll(accepted, data));
                assertThat(connection.readAll()).isEqualTo(data);
                download.get(20, TimeUnit.SECONDS);
            }
        }
        guest.close();
    }

    @Test
    void aClosedPortOfTheHostRefusesConnections() throws Exception {
        user(options -> options);
        FakeGuest guest = guest("g1").address("10.0.2.15", 24, "10.0.2.2");
        int port;
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            port = server.getLocalPort();
        }
        assertThatThrownBy(() -> guest.connect("10.0.2.2", port))
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.reason()).isEqualTo(GuestException.Reason.REFUSED));
        guest.close();
    }

    @Test
    void forwardsLeadFromTheHostToAGuest() throws Exception {
        UserNetdev user = user(options -> options.hostForward("tcp:127.0.0.1:0-:80"));
        FakeGuest guest = guest("g1").address("10.0.2.15", 24, "10.0.2.2");
        GuestListener listener = guest.listen(80);
        InetSocketAddress listen = (InetSocketAddress) user.forwards().get(0).listen();
        try (Socket host = new Socket(listen.getAddress(), listen.getPort())) {
            GuestTcp accepted = listener.accept();
            host.getOutputStream().write("question".getBytes(StandardCharsets.UTF_8));
            assertThat(accepted.readText(8)).isEqualTo("question");
            accepted.write("answer").shutdownOutput();
            assertThat(new String(readAll(host), StandardCharsets.UTF_8)).isEqualTo("answer");
        }
        assertThat(user.hostForwardRemove("tcp:127.0.0.1:" + listen.getPort())).isTrue();
        assertThat(user.hostForwardRemove("tcp:127.0.0.1:" + listen.getPort())).isFalse();
        assertThat(user.forwards()).isEmpty();
        guest.close();
    }

    @Test
    void forwardsFollowAGuestByItsNameOrMac() throws Exception {
        UserNetdev user = user(options -> options.lease("52:54:00:12:34:77=10.0.2.77/web")
                .hostForward("tcp:127.0.0.1:0-@WEB:80")
                .hostForward("tcp:127.0.0.1:0-@52:54:00:12:34:77:80"));
        FakeGuest guest = FakeGuest.on(net, lan.add(Nic.config().id("g1").mac("52:54:00:12:34:77")));
        assertThat(user.forwards()).hasSize(2);
        InetSocketAddress early = (InetSocketAddress) user.forwards().get(0).listen();
        try (Socket host = new Socket(early.getAddress(), early.getPort())) {
            assertThatThrownBy(() -> readAll(host)).as("nobody there yet").isInstanceOf(UncheckedIOException.class);
        }
        assertThat(guest.dhcp().address().getHostAddress()).isEqualTo("10.0.2.77");
        GuestListener listener = guest.listen(80);
        for (ForwardInfo forward : user.forwards()) {
            InetSocketAddress listen = (InetSocketAddress) forward.listen();
            try (Socket host = new Socket(listen.getAddress(), listen.getPort())) {
                GuestTcp accepted = listener.accept();
                accepted.write("here").shutdownOutput();
                assertThat(new String(readAll(host), StandardCharsets.UTF_8)).isEqualTo("here");
            }
        }
        guest.close();
    }

    private static byte[] readAll(Socket socket) {
        try {
            return socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void writeAll(Socket socket, byte[] data) {
        try {
            socket.getOutputStream().write(data);
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
