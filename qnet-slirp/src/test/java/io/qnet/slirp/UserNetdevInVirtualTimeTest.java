package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.filter.ImpairmentConfig;
import io.qnet.host.HostError;
import io.qnet.testkit.CheckLeaks;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestException;
import io.qnet.testkit.GuestException.Reason;
import io.qnet.testkit.GuestTcp;
import io.qnet.testkit.IcmpError;
import io.qnet.testkit.VirtualNetwork;
import io.qnet.testkit.host.HostConnection;
import io.qnet.testkit.tcp.TcpFailure;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The whole user netdev between a guest and a simulated host: what the host does reaches the guest, and the other way round. */
@CheckLeaks
class UserNetdevInVirtualTimeTest {
    private static final String GATEWAY = "10.0.2.2";

    private final VirtualNetwork net = VirtualNetwork.open();

    @AfterEach
    void close() {
        net.close();
    }

    private FakeGuest guest() {
        net.add(UserNetdev.config("u0").hostForward("tcp:127.0.0.1:2222-:22"));
        FakeGuest guest = net.guest("guest");
        guest.dhcp();
        return guest;
    }

    @Test
    void bothHalvesEndByThemselves() {
        GuestTcp connection = connect(guest(), 80);
        HostConnection host = net.host().server(80).connection();
        connection.write("last words").shutdownOutput();
        net.settle();
        assertThat(host.receivedText()).isEqualTo("last words");
        assertThat(host.isEnded()).isTrue();
        host.send("and mine").finish();
        assertThat(connection.readText(8)).isEqualTo("and mine");
        assertThat(connection.read(new byte[1], 0, 1)).isEqualTo(-1);
        connection.awaitClosed();
        net.advance(Duration.ofMinutes(5));
        assertThat(net.host().openCount()).as("only the forward is open").isEqualTo(1);
    }

    @Test
    void aResetOfTheHostReachesTheGuest() {
        GuestTcp connection = connect(guest(), 80);
        net.host().server(80).connection().reset();
        assertThatThrownBy(() -> connection.read(1))
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.reason()).isEqualTo(Reason.RESET));
    }

    @Test
    void aResetOfTheGuestReachesTheHost() {
        GuestTcp connection = connect(guest(), 80);
        connection.abort();
        net.settle();
        assertThat(connection.failure()).isEqualTo(TcpFailure.ABORTED);
        assertThat(net.host().server(80).connection().isReset()).isTrue();
    }

    @Test
    void connectsAreRefusedOrUnreachable() throws Exception {
        FakeGuest guest = guest();
        assertThatThrownBy(() -> guest.connect(GATEWAY, 9))
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.reason()).isEqualTo(Reason.REFUSED));
        net.host().unreachable(InetAddress.getByName("192.0.2.1"), HostError.NET_UNREACHABLE);
        assertThatThrownBy(() -> guest.connect("192.0.2.1", 80))
                .isInstanceOfSatisfying(
                        GuestException.class,
                        e -> assertThat(e.icmp()).extracting(IcmpError::kind).isEqualTo("3/0"));
    }

    @Test
    void theHandshakeWaitsForTheHost() {
        FakeGuest guest = guest();
        net.host().server(80).answersAfter(Duration.ofMillis(700));
        Duration before = net.elapsed();
        guest.connect(GATEWAY, 80);
        assertThat(net.elapsed().minus(before)).isEqualTo(Duration.ofMillis(700));
    }

    @Test
    void aHostThatDoesNotReadStopsTheGuest() {
        GuestTcp connection = connect(guest(), 80);
        HostConnection host = net.host().server(80).connection().stopReading().countOnly();
        byte[] data = new byte[16 << 20];
        int written = connection.tryWrite(data, 0, data.length);
        for (int second = 0; second < 120; second++) {
            net.advance(Duration.ofSeconds(1));
            written += connection.tryWrite(data, written, data.length - written);
        }
        assertThat(host.receivedBytes()).isEqualTo(HostConnection.SOCKET_BUFFER);
        assertThat(written).as("what fits into all buffers").isLessThan(data.length);
        host.resumeReading();
        connection.write(data, written, data.length - written).shutdownOutput();
        net.runUntil(host::isEnded, Duration.ofMinutes(1));
        assertThat(host.receivedBytes()).isEqualTo(data.length);
    }

    @Test
    void aGuestThatDoesNotReadStopsTheHost() {
        FakeGuest guest = guest();
        byte[] data = random(32 << 20);
        net.host().server(80).sends(data);
        GuestTcp connection = guest.connect(GATEWAY, 80);
        net.advance(Duration.ofSeconds(60));
        long stopped = net.host().server(80).connection().readBytes();
        assertThat(stopped).isLessThan(data.length / 2);
        net.advance(Duration.ofSeconds(60));
        assertThat(net.host().server(80).connection().readBytes()).isEqualTo(stopped);
        assertThat(Arrays.mismatch(connection.readAll(), data)).isEqualTo(-1);
    }

    @Test
    void aForwardedConnectionReachesTheGuest() {
        FakeGuest guest = guest();
        guest.listen(
                22,
                connection -> connection.handle(readable -> {
                    byte[] bytes = new byte[100];
                    int length = readable.tryRead(bytes, 0, bytes.length);
                    if (length > 0) {
                        readable.tryWrite(bytes, 0, length);
                    }
                }));
        HostConnection program = net.host().connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), 2222));
        program.send("echo");
        net.settle();
        assertThat(program.receivedText()).isEqualTo("echo");
    }

    @Test
    void bytesSurviveABadLineAndTheSameSeedGivesTheSameRun() {
        guest();
        assertThat(lossyRun(5)).isEqualTo(lossyRun(5)).isNotEqualTo(lossyRun(6));
    }

    private static String lossyRun(long seed) {
        try (VirtualNetwork net = VirtualNetwork.open(seed)) {
            net.add(UserNetdev.config("u0"));
            FakeGuest guest = net.guest("guest", builder -> builder.patience(Duration.ofMinutes(10)));
            guest.dhcp();
            guest.ping(GATEWAY);
            net.impair(
                    guest,
                    ImpairmentConfig.NONE
                            .loss(0.03)
                            .duplicate(0.02)
                            .delay(Duration.ofMillis(10), Duration.ofMillis(3))
                            .reorder(0.03, Duration.ofMillis(5)));
            byte[] data = random(300_000);
            net.host().server(80).onAccept(connection -> connection.send(data).finish());
            GuestTcp connection = guest.connect(GATEWAY, 80);
            connection.write(data).shutdownOutput();
            assertThat(Arrays.mismatch(connection.readAll(), data)).isEqualTo(-1);
            HostConnection host = net.host().server(80).connection();
            net.runUntil(host::isEnded, Duration.ofMinutes(10));
            assertThat(Arrays.mismatch(host.received(), data)).isEqualTo(-1);
            return guest.frames().digest();
        }
    }

    private GuestTcp connect(FakeGuest guest, int port) {
        net.host().server(port);
        return guest.connect(GATEWAY, port);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
