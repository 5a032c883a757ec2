package io.qnet.it;

import static io.qnet.it.raw.RawGuest.DNS;
import static io.qnet.it.raw.RawGuest.HOST;
import static io.qnet.it.raw.RawGuest.address;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.qnet.it.raw.RawGuest;
import io.qnet.it.raw.Received;
import io.qnet.it.support.Dnsmasq;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.NetNamespace;
import io.qnet.it.support.Ports;
import io.qnet.it.support.ResolvConf;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.DnsMessage;
import io.qnet.testkit.codec.InternetChecksum;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The same scripts against qnet and against QEMU's libslirp: what IP, ICMP, UDP and DNS answer, by the rows of
 * docs/compatibility.md that say "same"; and against qnet alone what it answers better.
 */
@EnabledIfRoot
@EnabledIfCommand({"qemu-system-x86_64", "unshare", "dnsmasq"})
class SlirpDatagramParityIT {
    private static final InetSocketAddress RESOLVER = new InetSocketAddress("127.53.0.6", 53);
    private static final InetSocketAddress OTHER_RESOLVER = new InetSocketAddress("127.53.0.7", 53);
    private static final int UDP_AT = 34;

    @TempDir
    private Path folder;

    private interface Script {
        void play(RawGuest guest, ResolvConf resolver) throws Exception;
    }

    private void play(Stack stack, Script script) throws Exception {
        try (ResolvConf resolver = ResolvConf.of(RESOLVER.getAddress())) {
            play(stack, resolver, script);
        }
    }

    private void play(Stack stack, ResolvConf resolver, Script script) throws Exception {
        Path socket = folder.resolve("hub");
        try (Stack.Running running = stack.start("", socket, resolver);
                RawGuest guest = RawGuest.connect(socket)) {
            guest.greet();
            try {
                script.play(guest, resolver);
            } catch (AssertionError e) {
                throw new AssertionError(
                        e.getMessage() + "\n" + running.process().describe() + "\n--- capture: " + guest.keepCapture(),
                        e);
            }
            assertThat(running.process().isAlive())
                    .as(running.process().describe())
                    .isTrue();
        }
    }

    private static DatagramSocket hostSocket() throws Exception {
        DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        socket.setSoTimeout((int) RawGuest.LIMIT.toMillis());
        return socket;
    }

    private static DatagramPacket receive(DatagramSocket socket) throws Exception {
        DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        socket.receive(packet);
        return packet;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** I8, U11. */
    @ParameterizedTest
    @EnumSource
    void aTtlThatIsUsedUpIsReportedByTheGateway(Stack stack) throws Exception {
        play(stack, (guest, resolver) -> {
            guest.sendWithTtl(guest.udpFrame(4000, HOST, Ports.free(), bytes("x")), 0);
            assertThat(guest.next().toString()).endsWith("ttl 255 icmp 10.0.2.2 > 10.0.2.15 11/0");
            Inet4Address far = address("192.0.2.7");
            guest.sendWithTtl(guest.udpFrame(4000, far, 33_434, bytes("x")), 1);
            assertThat(guest.next().toString()).endsWith("ttl 255 icmp 10.0.2.2 > 10.0.2.15 11/0");
            guest.expectSilence();
        });
    }

    /** I9. */
    @ParameterizedTest
    @EnumSource
    void lengthsAndVersionsThatLieAreAnsweredBySilence(Stack stack) throws Exception {
        play(stack, (guest, resolver) -> {
            byte[] frame = guest.udpFrame(4000, HOST, Ports.free(), new byte[100]);
            for (int[] lie : new int[][] {{14, 0x44}, {14, 0x55}, {14, 0x65}, {17, 19}, {16, 0x05}}) {
                byte[] lying = frame.clone();
                Bytes.put8(lying, lie[0], lie[1]);
                guest.sendWithTtl(lying, 64);
            }
            byte[] udpTooLong = frame.clone();
            Bytes.put16(udpTooLong, UDP_AT + 4, 200);
            guest.sendFrame(udpTooLong);
            for (int length = 15; length < 42; length++) {
                guest.sendFrame(Arrays.copyOf(frame, length));
            }
            guest.expectSilence();
        });
    }

    /** I11. */
    @ParameterizedTest
    @EnumSource
    void otherProtocolsAndTypesOfIcmpAreAnsweredBySilence(Stack stack) throws Exception {
        play(stack, (guest, resolver) -> {
            for (int protocol : new int[] {2, 47, 50, 132}) {
                byte[] frame = guest.udpFrame(4000, HOST, 9, new byte[20]);
                Bytes.put8(frame, 23, protocol);
                guest.sendWithTtl(frame, 64);
            }
            for (int type : new int[] {4, 5, 13, 17}) {
                byte[] frame = guest.udpFrame(4000, HOST, 9, new byte[20]);
                Bytes.put8(frame, 23, 1);
                Arrays.fill(frame, UDP_AT, UDP_AT + 28, (byte) 0);
                Bytes.put8(frame, UDP_AT, type);
                int sum = InternetChecksum.finish(InternetChecksum.add(0, frame, UDP_AT, 28));
                Bytes.put16(frame, UDP_AT + 2, sum);
                guest.sendWithTtl(frame, 64);
            }
            guest.expectSilence();
        });
    }

    /** U5. */
    @ParameterizedTest
    @EnumSource
    void severalAnswersAndThoseOfOthersAreDelivered(Stack stack) throws Exception {
        try (DatagramSocket host = hostSocket();
                DatagramSocket other = hostSocket()) {
            play(stack, (guest, resolver) -> {
                guest.sendUdp(4005, HOST, host.getLocalPort(), bytes("question"));
                DatagramPacket question = receive(host);
                for (String answer : List.of("one", "two", "three")) {
                    host.send(new DatagramPacket(bytes(answer), answer.length(), question.getSocketAddress()));
                    assertThat(guest.next().toString())
                            .endsWith("udp 10.0.2.2:" + host.getLocalPort() + " > 10.0.2.15:4005 " + answer);
                }
                other.send(new DatagramPacket(bytes("other"), 5, question.getSocketAddress()));
                assertThat(guest.next().toString())
                        .endsWith("udp 10.0.2.2:" + other.getLocalPort() + " > 10.0.2.15:4005 other");
            });
        }
    }

    /** U7. */
    @ParameterizedTest
    @EnumSource
    void fragmentsInTheirOrderAreOneDatagram(Stack stack) throws Exception {
        try (DatagramSocket host = hostSocket()) {
            play(stack, (guest, resolver) -> {
                byte[] data = new byte[4000];
                new Random(1).nextBytes(data);
                guest.sendInFragments(guest.udpFrame(4006, HOST, host.getLocalPort(), data), 1480);
                DatagramPacket whole = receive(host);
                assertThat(Arrays.copyOf(whole.getData(), whole.getLength())).isEqualTo(data);
            });
        }
    }

    /** U12. */
    @ParameterizedTest
    @EnumSource
    void portZeroCannotBeReached(Stack stack) throws Exception {
        play(stack, (guest, resolver) -> {
            guest.sendUdp(4007, HOST, 0, bytes("x"));
            assertThat(guest.next().toString()).endsWith("icmp 10.0.2.2 > 10.0.2.15 3/0");
        });
    }

    /** A datagram without a checksum, and one from port 0, are datagrams. */
    @ParameterizedTest
    @EnumSource
    void aDatagramWithoutAChecksumIsDelivered(Stack stack) throws Exception {
        try (DatagramSocket host = hostSocket()) {
            play(stack, (guest, resolver) -> {
                byte[] frame = guest.udpFrame(0, HOST, host.getLocalPort(), bytes("plain"));
                Bytes.put16(frame, UDP_AT + 6, 0);
                guest.sendFrame(frame);
                assertThat(receive(host).getLength()).isEqualTo(5);
            });
        }
    }

    /** I4: an address of the host's that is not its loopback. */
    @ParameterizedTest
    @EnumSource
    void anEchoElsewhereIsAnsweredFromThere(Stack stack) throws Exception {
        try (NetNamespace namespace = NetNamespace.create().withRoute();
                ResolvConf resolver = ResolvConf.of(RESOLVER.getAddress()).inside(namespace)) {
            play(stack, resolver, (guest, same) -> {
                Inet4Address there = address("10.9.0.2");
                guest.ping(there, 4711, 3, "to somewhere else");
                assertThat(guest.next().toString())
                        .endsWith("icmp 10.9.0.2 > 10.0.2.15 echo reply id 4711 seq 3 to somewhere else");
                guest.expectSilence();
            });
        }
    }

    /** S2. */
    @ParameterizedTest
    @EnumSource
    void anotherResolverIsAskedWhenResolvConfHasChanged(Stack stack) throws Exception {
        try (Dnsmasq first = Dnsmasq.start(RESOLVER);
                Dnsmasq second = Dnsmasq.start(OTHER_RESOLVER)) {
            play(stack, (guest, resolver) -> {
                query(guest, 1);
                first.awaitQuery("host.test");
                resolver.rename(OTHER_RESOLVER.getAddress());
                int[] id = {2};
                Awaitility.await().atMost(RawGuest.LIMIT).untilAsserted(() -> {
                    query(guest, id[0]++);
                    assertThat(second.hasBeenAsked("host.test")).isTrue();
                });
            });
        }
    }

    private static void query(RawGuest guest, int id) {
        guest.sendUdp(4100 + id, DNS, 53, DnsMessage.query(id, "host.test", DnsMessage.A));
        Received answer = guest.next();
        assertThat(answer.toString()).contains("udp 10.0.2.3:53 > 10.0.2.15:" + (4100 + id) + " ");
    }

    /** U2: libslirp's error comes from 127.0.0.1. */
    @Test
    void aClosedPortIsReportedByTheGateway() throws Exception {
        play(Stack.QNET, (guest, resolver) -> {
            int port = Ports.free();
            guest.sendUdp(4008, HOST, port, bytes("anybody"));
            assertThat(guest.next().toString()).endsWith("icmp 10.0.2.2 > 10.0.2.15 3/3");
        });
    }

    /** I2: libslirp 4.7 dies of two of the orders. */
    @Test
    void fragmentsOfAnEchoInEveryOrderAreAnswered() throws Exception {
        play(Stack.QNET, (guest, resolver) -> {
            List<List<Integer>> orders = List.of(
                    List.of(0, 1, 2),
                    List.of(0, 2, 1),
                    List.of(1, 0, 2),
                    List.of(1, 2, 0),
                    List.of(2, 0, 1),
                    List.of(2, 1, 0));
            for (List<Integer> order : orders) {
                byte[] frame = guest.udpFrame(4009, HOST, 9, new byte[3080]);
                Bytes.put8(frame, 23, 1);
                Bytes.put16(frame, UDP_AT, 0x0800);
                Bytes.put16(frame, UDP_AT + 2, 0);
                Bytes.put16(
                        frame,
                        UDP_AT + 2,
                        InternetChecksum.finish(InternetChecksum.add(0, frame, UDP_AT, frame.length - UDP_AT)));
                List<byte[]> fragments = RawGuest.fragments(frame, 1480);
                order.forEach(i -> guest.sendFrame(fragments.get(i)));
                guest.sendFrame(fragments.get(order.get(0)));
                for (int i = 0; i < 3; i++) {
                    assertThat(guest.next().length()).as("%s", order).isLessThanOrEqualTo(1514);
                }
            }
        });
    }

    /** I13: libslirp's guests reach the host's loopback by its own address. */
    @Test
    void theHostsLoopbackIsNotReachedByItsOwnAddress() throws Exception {
        try (DatagramSocket host = hostSocket()) {
            play(Stack.QNET, (guest, resolver) -> {
                guest.sendUdp(4010, address("127.0.0.1"), host.getLocalPort(), bytes("x"));
                guest.sendUdp(4010, address("0.0.0.0"), host.getLocalPort(), bytes("x"));
                guest.sendUdp(4010, HOST, host.getLocalPort(), bytes("gateway"));
                assertThatCode(() -> assertThat(receive(host).getLength()).isEqualTo(7))
                        .doesNotThrowAnyException();
                guest.expectSilence();
            });
        }
    }
}
