package io.qnet.testkit.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostEcho;
import io.qnet.host.HostError;
import io.qnet.host.HostException;
import io.qnet.host.HostListener;
import io.qnet.host.HostStream;
import io.qnet.testkit.VirtualNetwork;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The contracts of {@code io.qnet.host}, on the simulated host. */
class SimulatedHostTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final InetSocketAddress WEB = new InetSocketAddress(LOOPBACK, 80);
    private static final long SECOND = 1_000_000_000L;

    private final VirtualNetwork net = VirtualNetwork.open();
    private final SimulatedHost host = net.host();
    private final Recorder told = new Recorder();

    @AfterEach
    void close() {
        assertThat(host.openCount()).as("what is open at the end").isZero();
        net.close();
    }

    @Test
    void connectsAndCarriesBytesBothWays() {
        host.server(80).onAccept(connection -> connection.send("welcome"));
        HostStream stream = host.connect(WEB, null, SECOND, told);
        assertThat(told.events).as("before the call has returned").isEmpty();
        net.settle();
        assertThat(told.events).containsExactly("connected");
        stream.setReadCredit(100);
        assertThat(told.events).hasSize(1);
        net.settle();
        assertThat(told.data).hasToString("welcome");
        Recorder.write(stream, "thanks");
        assertThat(stream.pendingBytes()).isEqualTo(6);
        net.settle();
        assertThat(stream.pendingBytes()).isZero();
        assertThat(told.events).endsWith("written 0");
        assertThat(host.server(80).connection().receivedText()).isEqualTo("thanks");
        stream.close();
        net.settle();
        assertThat(host.server(80).connection().isEnded()).isTrue();
    }

    @Test
    void nothingIsReadWithoutCredit() {
        host.server(80).sends(new byte[200_000]);
        HostStream stream = host.connect(WEB, null, SECOND, told);
        net.settle();
        stream.setReadCredit(1);
        net.settle();
        assertThat(told.events).containsExactly("connected", "data 65536");
        stream.setReadCredit(1 << 20);
        net.settle();
        assertThat(told.events)
                .containsExactly("connected", "data 65536", "data 65536", "data 65536", "data 3392", "eof");
        assertThat(host.server(80).connection().readBytes()).isEqualTo(200_000);
        stream.close();
    }

    @Test
    void anEndIsToldWithoutCreditWhenNothingIsBeforeIt() {
        host.server(80).onAccept(HostConnection::finish);
        HostStream stream = host.connect(WEB, null, SECOND, told);
        net.settle();
        assertThat(told.events).containsExactly("connected", "eof");
        Recorder.write(stream, "still");
        stream.shutdownOutput();
        net.settle();
        HostConnection peer = host.server(80).connection();
        assertThat(peer.receivedText()).isEqualTo("still");
        assertThat(peer.isEnded()).isTrue();
        stream.close();
    }

    @Test
    void aProgramThatDoesNotReadFillsItsSocket() {
        host.server(80).stalls();
        HostStream stream = host.connect(WEB, null, SECOND, told);
        net.settle();
        Recorder.write(stream, "x".repeat(300_000));
        net.settle();
        long stuck = 300_000 - HostConnection.SOCKET_BUFFER;
        assertThat(stream.pendingBytes()).isEqualTo(stuck);
        assertThat(told.events).containsExactly("connected", "written " + stuck);
        stream.shutdownOutput();
        net.settle();
        assertThat(host.server(80).connection().isEnded()).isFalse();
        host.server(80).connection().resumeReading();
        net.settle();
        assertThat(stream.pendingBytes()).isZero();
        assertThat(host.server(80).connection().receivedText()).hasSize(300_000);
        assertThat(host.server(80).connection().isEnded()).isTrue();
        stream.close();
    }

    @Test
    void connectsAreRefusedLateUnansweredOrUnreachable() throws Exception {
        host.connect(WEB, null, SECOND, told);
        net.settle();
        assertThat(told.events).containsExactly("failed REFUSED");

        Recorder late = new Recorder();
        host.server(81).answersAfter(Duration.ofMillis(300)).refuses();
        host.connect(new InetSocketAddress(LOOPBACK, 81), null, SECOND, late);
        net.advance(Duration.ofMillis(299));
        assertThat(late.events).isEmpty();
        net.advance(Duration.ofMillis(1));
        assertThat(late.events).containsExactly("failed REFUSED");

        Recorder never = new Recorder();
        host.server(82).neverAnswers();
        host.connect(new InetSocketAddress(LOOPBACK, 82), null, SECOND, never);
        net.advance(Duration.ofMillis(999));
        assertThat(never.events).isEmpty();
        net.advance(Duration.ofMillis(1));
        assertThat(never.events).containsExactly("failed TIMED_OUT");

        Recorder far = new Recorder();
        InetAddress address = InetAddress.getByName("192.0.2.1");
        host.unreachable(address, HostError.HOST_UNREACHABLE);
        host.connect(new InetSocketAddress(address, 80), null, SECOND, far);
        net.settle();
        assertThat(far.events).containsExactly("failed HOST_UNREACHABLE");
    }

    @Test
    void aConnectThatIsGivenUpTellsNothing() {
        host.server(80).answersAfter(Duration.ofSeconds(2));
        host.connect(WEB, null, 10 * SECOND, told).close();
        net.advance(Duration.ofSeconds(20));
        assertThat(told.events).isEmpty();
        assertThat(host.server(80).connections()).isEmpty();
    }

    @Test
    void resetsGoBothWaysAndNothingFollows() {
        host.server(80).onAccept(connection -> connection.send("lost").reset());
        HostStream stream = host.connect(WEB, null, SECOND, told);
        net.settle();
        stream.setReadCredit(100);
        net.settle();
        assertThat(told.events).containsExactly("connected", "failed RESET");

        Recorder second = new Recorder();
        host.server(81).onAccept(connection -> {});
        HostStream other = host.connect(new InetSocketAddress(LOOPBACK, 81), null, SECOND, second);
        net.settle();
        other.setReadCredit(100);
        host.server(81).connection().send("too late");
        other.reset();
        net.settle();
        assertThat(second.events).containsExactly("connected");
        assertThat(host.server(81).connection().isReset()).isTrue();
    }

    @Test
    void programsConnectToListeners() throws Exception {
        List<HostStream> accepted = new ArrayList<>();
        HostListener listener = host.listen(new InetSocketAddress(LOOPBACK, 0), stream -> {
            accepted.add(stream);
            return accepted.size() == 1 ? told : null;
        });
        assertThatThrownBy(() -> host.listen(listener.localAddress(), stream -> null))
                .isInstanceOfSatisfying(
                        HostException.class, e -> assertThat(e.error()).isEqualTo(HostError.ADDRESS_IN_USE));
        HostConnection program = host.connect(listener.localAddress()).send("hello");
        net.settle();
        accepted.get(0).setReadCredit(100);
        net.settle();
        assertThat(told.events).containsExactly("data 5");
        assertThat(accepted.get(0).remoteAddress()).isEqualTo(program.address());
        Recorder.write(accepted.get(0), "back");
        net.settle();
        assertThat(program.receivedText()).isEqualTo("back");
        HostConnection refused = host.connect(listener.localAddress());
        net.settle();
        assertThat(refused.isReset()).isTrue();
        accepted.get(0).close();
        listener.close();
    }

    @Test
    void datagramsAreAnsweredRefusedAndSentUnasked() throws Exception {
        List<String> events = new ArrayList<>();
        HostDatagrams socket = host.openDatagrams(new InetSocketAddress(LOOPBACK, 0), new HostDatagrams.Handler() {
            @Override
            public void onDatagram(ByteBuf data, InetSocketAddress from) {
                events.add(data.toString(StandardCharsets.UTF_8) + " from " + from.getPort());
            }

            @Override
            public void onError(HostError error, InetSocketAddress to, InetSocketAddress offender, int mtu) {
                events.add(error + " to " + to.getPort());
            }
        });
        host.udp(7).echo();
        assertThat(socket.send(Recorder.bytes("ping"), 0, 4, new InetSocketAddress(LOOPBACK, 7), 0))
                .isNull();
        assertThat(socket.send(Recorder.bytes("ping"), 0, 4, new InetSocketAddress(LOOPBACK, 8), 0))
                .isNull();
        assertThat(events).isEmpty();
        net.settle();
        assertThat(events).containsExactly("REFUSED to 8", "ping from 7");
        host.udp(9).send(socket.localAddress(), new byte[] {'x'});
        socket.setReading(false);
        net.settle();
        assertThat(events).hasSize(2);
        socket.setReading(true);
        net.settle();
        assertThat(events).endsWith("x from 9");
        socket.close();
        host.udp(9).send(socket.localAddress(), new byte[] {'y'});
        net.settle();
        assertThat(events).hasSize(3);
    }

    @Test
    void pingsAreAnsweredWhereSomebodyIs() throws Exception {
        List<String> events = new ArrayList<>();
        HostEcho echo = host.openEcho(false, new HostEcho.Handler() {
            @Override
            public void onReply(InetAddress from, int sequence, ByteBuf payload) {
                events.add(sequence + " " + payload.toString(StandardCharsets.UTF_8));
            }

            @Override
            public void onError(HostError error, InetAddress to, InetAddress offender, int sequence, int mtu) {
                events.add(sequence + " " + error);
            }
        });
        InetAddress far = InetAddress.getByName("192.0.2.1");
        host.answersPing(far, Duration.ofMillis(20));
        echo.send(far, 1, Recorder.bytes("abc"), 0, 3, 0);
        echo.send(InetAddress.getByName("192.0.2.2"), 2, Recorder.bytes("abc"), 0, 3, 0);
        echo.send(LOOPBACK, 3, Recorder.bytes("abc"), 0, 3, 0);
        net.advance(Duration.ofMillis(20));
        assertThat(events).containsExactly("3 abc", "1 abc");
        echo.close();
        host.allowEcho(false);
        assertThatThrownBy(() -> host.openEcho(false, null))
                .isInstanceOfSatisfying(
                        HostException.class, e -> assertThat(e.error()).isEqualTo(HostError.PROHIBITED));
    }

    @Test
    void wholeNetworksAreUnreachable() throws Exception {
        host.unreachable(InetAddress.getByName("198.51.100.0"), 25, HostError.NET_UNREACHABLE);
        InetSocketAddress inside = new InetSocketAddress(InetAddress.getByName("198.51.100.127"), 80);
        InetSocketAddress outside = new InetSocketAddress(InetAddress.getByName("198.51.100.128"), 80);
        host.connect(inside, null, SECOND, told);
        net.settle();
        host.connect(outside, null, SECOND, told);
        net.settle();
        assertThat(told.events).containsExactly("failed NET_UNREACHABLE", "failed REFUSED");
    }

    @Test
    void whatIsLeftOpenIsFound() {
        VirtualNetwork other = VirtualNetwork.open();
        other.host().server(80);
        other.host().connect(WEB, null, SECOND, told);
        assertThatThrownBy(other::close).hasMessageContaining("left open on the host: [stream ");
    }

    @Test
    void descriptorsAreLimited() throws Exception {
        host.descriptorLimit(1);
        HostListener listener = host.listen(WEB, stream -> null);
        HostStream.Handler handler = told;
        host.connect(WEB, null, SECOND, handler);
        net.settle();
        assertThat(told.events).containsExactly("failed NO_RESOURCES");
        listener.close();
    }
}
