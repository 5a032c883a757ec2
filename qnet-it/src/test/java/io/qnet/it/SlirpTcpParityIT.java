package io.qnet.it;

import static io.qnet.it.raw.RawGuest.DNS;
import static io.qnet.it.raw.RawGuest.HOST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.it.raw.RawGuest;
import io.qnet.it.raw.RawTcp;
import io.qnet.it.raw.Received;
import io.qnet.it.support.Dnsmasq;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.Ports;
import io.qnet.it.support.ResolvConf;
import io.qnet.testkit.codec.DnsMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The same scripts of TCP segments against qnet and against QEMU's libslirp. Windows, the options beyond what is
 * offered, the number of acknowledgments and the cut into segments are free to differ.
 */
@EnabledIfRoot
@EnabledIfCommand({"qemu-system-x86_64", "unshare", "dnsmasq"})
class SlirpTcpParityIT {

    private static final int PORT = 40_000;
    private static final InetSocketAddress RESOLVER = new InetSocketAddress("127.53.0.3", 53);

    @TempDir
    private Path folder;

    private interface Script {
        void play(RawGuest guest, ServerSocket host) throws Exception;
    }

    /** Plays a script with a listener on the host's loopback interface. */
    private void play(Stack stack, String userOptions, Script script) throws Exception {
        Path socket = folder.resolve("hub");
        try (ServerSocket host = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                ResolvConf resolver = ResolvConf.of(RESOLVER.getAddress());
                Stack.Running running = stack.start(userOptions, socket, resolver);
                RawGuest guest = RawGuest.connect(socket)) {
            host.setSoTimeout((int) RawGuest.LIMIT.toMillis());
            try {
                guest.greet();
                script.play(guest, host);
            } catch (AssertionError | IOException e) {
                throw new AssertionError(
                        e.getMessage() + "\n" + running.process().describe() + "\n--- capture: " + guest.keepCapture(),
                        e);
            }
            assertThat(running.process().isAlive())
                    .as(running.process().describe())
                    .isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionIsAcceptedOnceTheHostHasAccepted(Stack stack) throws Exception {
        play(stack, "", (guest, host) -> {
            RawTcp tcp = new RawTcp(guest, PORT, HOST, host.getLocalPort());
            Received synAck = tcp.open();
            assertThat(synAck.toString())
                    .isEqualTo("52:55:0a:00:02:02 > 52:54:00:12:34:56 ttl 64 tcp 10.0.2.2:" + host.getLocalPort()
                            + " > 10.0.2.15:" + PORT + " SYN|ACK 0 bytes");
            assertThat(synAck.mss()).isEqualTo(1460);
            // Neither window scaling, nor SACK, nor timestamps: the guest offered none.
            assertThat(synAck.tcp().getOptions()).hasSize(1);
            try (Socket accepted = accept(host)) {
                assertThat(accepted.getInetAddress().isLoopbackAddress()).isTrue();
                tcp.send("from the guest");
                assertThat(read(accepted, 14)).isEqualTo("from the guest");
                tcp.awaitAcknowledged();
                write(accepted, "from the host");
                assertThat(tcp.awaitData(13)).isEqualTo("from the host");
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aRefusedConnectionIsReset(Stack stack) throws Exception {
        play(stack, "", (guest, host) -> {
            RawTcp tcp = new RawTcp(guest, PORT, HOST, Ports.free());
            tcp.syn();
            Received answer = tcp.next();
            assertThat(answer.toString()).contains(" ttl 64 tcp 10.0.2.2:").endsWith(" RST|ACK 0 bytes");
            assertThat(answer.tcp().getAcknowledgmentNumber()).isEqualTo(tcp.sndNxt());
            assertThat(answer.tcp().getSequenceNumber()).isZero();
        });
    }

    @ParameterizedTest
    @EnumSource
    void theHostAnswersAfterTheGuestsFin(Stack stack) throws Exception {
        play(stack, "", (guest, host) -> {
            RawTcp tcp = new RawTcp(guest, PORT, HOST, host.getLocalPort());
            tcp.open();
            try (Socket accepted = accept(host)) {
                tcp.send("question");
                tcp.fin();
                tcp.awaitAcknowledged();
                assertThat(readToEnd(accepted)).isEqualTo("question");
                write(accepted, "answer");
                assertThat(tcp.awaitData(6)).isEqualTo("answer");
                accepted.shutdownOutput();
                tcp.awaitFin();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void theGuestAnswersAfterTheHostsFin(Stack stack) throws Exception {
        play(stack, "", (guest, host) -> {
            RawTcp tcp = new RawTcp(guest, PORT, HOST, host.getLocalPort());
            tcp.open();
            try (Socket accepted = accept(host)) {
                write(accepted, "question");
                accepted.shutdownOutput();
                tcp.awaitFin();
                assertThat(tcp.awaitData(8)).isEqualTo("question");
                tcp.send("answer");
                tcp.fin();
                tcp.awaitAcknowledged();
                assertThat(readToEnd(accepted)).isEqualTo("answer");
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aResetOfTheHostReachesTheGuest(Stack stack) throws Exception {
        play(stack, "", (guest, host) -> {
            RawTcp tcp = new RawTcp(guest, PORT, HOST, host.getLocalPort());
            tcp.open();
            Socket accepted = accept(host);
            accepted.setSoLinger(true, 0);
            accepted.close();
            tcp.awaitRst();
        });
    }

    @ParameterizedTest
    @EnumSource
    void aResetOfTheGuestEndsTheHostsConnection(Stack stack) throws Exception {
        play(stack, "", (guest, host) -> {
            RawTcp tcp = new RawTcp(guest, PORT, HOST, host.getLocalPort());
            tcp.open();
            try (Socket accepted = accept(host)) {
                tcp.rst();
                if (stack == Stack.QNET) {
                    // libslirp closes the host's socket as if all had gone well.
                    assertThatThrownBy(() -> accepted.getInputStream().read()).hasMessageContaining("reset");
                } else {
                    assertThat(readToEnd(accepted)).isEmpty();
                }
                guest.expectSilence();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void segmentsOutOfOrderTwiceAndOverlappingMakeOneStream(Stack stack) throws Exception {
        play(stack, "", (guest, host) -> {
            RawTcp tcp = new RawTcp(guest, PORT, HOST, host.getLocalPort());
            tcp.open();
            try (Socket accepted = accept(host)) {
                tcp.sendAt(4, "efgh");
                tcp.sendAt(12, "mnop");
                tcp.sendAt(4, "efgh");
                tcp.sendAt(0, "abcdef");
                tcp.sendAt(6, "ghijkl");
                tcp.sendAt(2, "cdefghij");
                tcp.awaitAcknowledged();
                assertThat(read(accepted, 16)).isEqualTo("abcdefghijklmnop");
                tcp.fin();
                tcp.awaitAcknowledged();
                assertThat(readToEnd(accepted)).isEmpty();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aSegmentOfNoConnectionIsReset(Stack stack) throws Exception {
        play(stack, "", (guest, host) -> {
            RawTcp tcp = new RawTcp(guest, PORT, HOST, host.getLocalPort());
            tcp.ack();
            assertThat(tcp.next().toString()).endsWith(" RST 0 bytes");
            tcp.fin();
            assertThat(tcp.next().toString()).endsWith(" RST 0 bytes");
        });
    }

    @ParameterizedTest
    @EnumSource
    void muchDataPassesBothWays(Stack stack) throws Exception {
        play(stack, "", (guest, host) -> {
            RawTcp tcp = new RawTcp(guest, PORT, HOST, host.getLocalPort());
            tcp.open();
            String data = "0123456789abcdef".repeat(40_000);
            try (Socket accepted = accept(host)) {
                Thread writer = new Thread(() -> {
                    try {
                        write(accepted, data);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
                writer.start();
                assertThat(tcp.awaitData(data.length())).isEqualTo(data);
                writer.join();
                for (int at = 0; at < data.length(); at += 1000) {
                    tcp.send(data.substring(at, at + 1000));
                    tcp.awaitAcknowledged();
                    assertThat(read(accepted, 1000)).isEqualTo(data.substring(at, at + 1000));
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void dnsIsRelayedOverTcpToTheHostsResolver(Stack stack) throws Exception {
        try (Dnsmasq dns = Dnsmasq.start(RESOLVER)) {
            play(stack, "", (guest, host) -> {
                RawTcp tcp = new RawTcp(guest, PORT, DNS, 53);
                assertThat(tcp.open().toString()).contains(" tcp 10.0.2.3:53 > ");
                byte[] query = DnsMessage.query(1, "host.test", DnsMessage.A);
                tcp.send("\0" + (char) query.length + new String(query, StandardCharsets.ISO_8859_1));
                byte[] length = bytes(tcp.awaitData(2));
                int total = 2 + ((length[0] & 0xff) << 8 | (length[1] & 0xff));
                byte[] answer = bytes(tcp.awaitData(total));
                assertThat(DnsMessage.decode(Arrays.copyOfRange(answer, 2, total))
                                .answers())
                        .extracting(DnsMessage.Answer::address)
                        .containsExactly(RawGuest.address(Dnsmasq.ADDRESS));
                dns.awaitQuery("host.test");
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTcpForwardReachesTheGuestFromTheGateway(Stack stack) throws Exception {
        int port = Ports.free();
        play(stack, ",hostfwd=tcp:127.0.0.1:" + port + "-:8080", (guest, host) -> {
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
                client.setSoTimeout((int) RawGuest.LIMIT.toMillis());
                RawTcp tcp = RawTcp.accept(guest, 8080);
                assertThat(tcp.peerPort()).isEqualTo(client.getLocalPort());
                write(client, "request");
                assertThat(tcp.awaitData(7)).isEqualTo("request");
                tcp.send("response");
                tcp.fin();
                tcp.awaitAcknowledged();
                assertThat(readToEnd(client)).isEqualTo("response");
                client.shutdownOutput();
                tcp.awaitFin();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aForwardTheGuestRefusesIsClosed(Stack stack) throws Exception {
        int port = Ports.free();
        play(stack, ",hostfwd=tcp:127.0.0.1:" + port + "-:8080", (guest, host) -> {
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
                client.setSoTimeout((int) RawGuest.LIMIT.toMillis());
                RawTcp.refuse(guest, 8080);
                if (stack == Stack.QNET) {
                    // libslirp closes the client's connection as if all had gone well.
                    assertThatThrownBy(() -> client.getInputStream().read()).hasMessageContaining("reset");
                } else {
                    assertThat(readToEnd(client)).isEmpty();
                }
            }
        });
    }

    private static Socket accept(ServerSocket host) throws IOException {
        Socket accepted = host.accept();
        accepted.setSoTimeout((int) RawGuest.LIMIT.toMillis());
        return accepted;
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(bytes(text));
    }

    private static String read(Socket socket, int count) throws IOException {
        return new String(socket.getInputStream().readNBytes(count), StandardCharsets.ISO_8859_1);
    }

    private static String readToEnd(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
