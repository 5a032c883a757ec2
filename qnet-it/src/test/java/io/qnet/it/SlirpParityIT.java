package io.qnet.it;

import static io.qnet.it.raw.RawGuest.DNS;
import static io.qnet.it.raw.RawGuest.GUEST;
import static io.qnet.it.raw.RawGuest.HOST;
import static io.qnet.it.raw.RawGuest.address;
import static io.qnet.testkit.codec.DhcpMessage.DISCOVER;
import static io.qnet.testkit.codec.DhcpMessage.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.raw.RawGuest;
import io.qnet.it.raw.Received;
import io.qnet.it.support.Dnsmasq;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.Ports;
import io.qnet.it.support.ResolvConf;
import io.qnet.testkit.codec.DhcpMessage;
import io.qnet.testkit.codec.DnsMessage;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The same scripts against qnet and against QEMU's libslirp: ARP, DHCP, echo, UDP, DNS. Both must meet one expectation,
 * so a script that qnet alone passes shows a difference that nobody decided. TCP is in {@link SlirpTcpParityIT}.
 */
@EnabledIfRoot
@EnabledIfCommand({"qemu-system-x86_64", "unshare", "dnsmasq"})
class SlirpParityIT {

    private static final String MAC = "525400123456";
    private static final int XID = 0x1badcafe;
    private static final InetSocketAddress RESOLVER = new InetSocketAddress("127.53.0.2", 53);

    @TempDir
    private Path folder;

    private interface Script {
        void play(RawGuest guest) throws Exception;
    }

    private void play(Stack stack, String userOptions, Script script) throws Exception {
        Path socket = folder.resolve("hub");
        try (ResolvConf resolver = ResolvConf.of(RESOLVER.getAddress());
                Stack.Running running = stack.start(userOptions, socket, resolver);
                RawGuest guest = RawGuest.connect(socket)) {
            try {
                script.play(guest);
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

    @ParameterizedTest
    @EnumSource
    void arpIsAnsweredForTheGatewayAndTheNameServer(Stack stack) throws Exception {
        play(stack, "", guest -> {
            guest.askWhoHas(HOST, GUEST);
            assertThat(guest.next())
                    .hasToString("52:55:0a:00:02:02 > 52:54:00:12:34:56 arp reply 10.0.2.2 is 52:55:0a:00:02:02,"
                            + " to 10.0.2.15 52:54:00:12:34:56");
            guest.askWhoHas(DNS, GUEST);
            assertThat(guest.next())
                    .hasToString("52:55:0a:00:02:03 > 52:54:00:12:34:56 arp reply 10.0.2.3 is 52:55:0a:00:02:03,"
                            + " to 10.0.2.15 52:54:00:12:34:56");
        });
    }

    @ParameterizedTest
    @EnumSource
    void arpIsSilentForEveryOtherAddress(Stack stack) throws Exception {
        play(stack, "", guest -> {
            for (String other : List.of("10.0.2.1", "10.0.2.4", "10.0.2.16", "10.0.2.255", "192.0.2.1")) {
                guest.askWhoHas(address(other), GUEST);
            }
            guest.expectSilence();
        });
    }

    @ParameterizedTest
    @EnumSource
    void anArpProbeForTheGatewayIsAnswered(Stack stack) throws Exception {
        play(stack, "", guest -> {
            guest.askWhoHas(HOST, address("0.0.0.0"));
            assertThat(guest.next())
                    .hasToString("52:55:0a:00:02:02 > 52:54:00:12:34:56 arp reply 10.0.2.2 is 52:55:0a:00:02:02,"
                            + " to 0.0.0.0 52:54:00:12:34:56");
        });
    }

    @ParameterizedTest
    @EnumSource
    void discoverIsOfferedTheFirstAddress(Stack stack) throws Exception {
        play(stack, "", guest -> {
            guest.sendDhcp(request(DISCOVER, MAC), false);
            Received frame = guest.next();
            assertThat(frame.toString())
                    .startsWith("52:55:0a:00:02:02 > ff:ff:ff:ff:ff:ff ttl 64 udp 10.0.2.2:67 > 255.255.255.255:68 ");
            assertThat(frame.payload()).hasSize(548);
            DhcpMessage offer = dhcp(frame);
            assertThat(offer.op).isEqualTo(2);
            assertThat(offer.xid).isEqualTo(XID);
            assertThat(yiaddr(offer)).isEqualTo("10.0.2.15");
            assertThat(DhcpMessage.address(offer.siaddr)).isEqualTo(HOST);
            assertThat(offer.chaddr).isEqualTo(Long.parseLong(MAC, 16));
            assertThat(options(offer))
                    .containsEntry(53, "02")
                    .containsEntry(54, "0a000202")
                    .containsEntry(1, "ffffff00")
                    .containsEntry(3, "0a000202")
                    .containsEntry(6, "0a000203")
                    .containsEntry(51, "00015180");
        });
    }

    @ParameterizedTest
    @EnumSource
    void discoverIsOfferedTheFreeAddressItAsksFor(Stack stack) throws Exception {
        play(stack, "", guest -> {
            guest.sendDhcp(
                    request(DISCOVER, MAC).option(50, address("10.0.2.20").getAddress()), false);
            assertThat(yiaddr(awaitDhcp(guest))).isEqualTo("10.0.2.20");
        });
    }

    @ParameterizedTest
    @EnumSource
    void aRequestIsAcknowledgedAndRenewed(Stack stack) throws Exception {
        play(stack, "", guest -> {
            guest.sendDhcp(request(REQUEST, MAC).option(50, address("10.0.2.15").getAddress()), false);
            assertThat(options(awaitDhcp(guest))).containsEntry(53, "05");
            guest.greet();
            DhcpMessage renewal = request(REQUEST, MAC);
            renewal.ciaddr = ByteBuffer.wrap(GUEST.getAddress()).getInt();
            guest.sendDhcp(renewal, true);
            DhcpMessage ack = awaitDhcp(guest);
            assertThat(options(ack)).containsEntry(53, "05").containsEntry(51, "00015180");
            assertThat(yiaddr(ack)).isEqualTo("10.0.2.15");
        });
    }

    @ParameterizedTest
    @EnumSource
    void aRequestForAForeignAddressIsRefused(Stack stack) throws Exception {
        play(stack, "", guest -> {
            String text = "7265717565737465642061646472657373206e6f7420617661696c61626c65";
            guest.sendDhcp(request(REQUEST, MAC).option(50, address("10.0.2.99").getAddress()), false);
            assertThat(options(awaitDhcp(guest))).containsEntry(53, "06").containsEntry(56, text);

            guest.sendDhcp(
                    request(REQUEST, "525400000001")
                            .option(50, address("10.0.2.15").getAddress()),
                    false);
            assertThat(options(awaitDhcp(guest))).containsEntry(53, "05");
            guest.sendDhcp(request(REQUEST, MAC).option(50, address("10.0.2.15").getAddress()), false);
            assertThat(options(awaitDhcp(guest))).containsEntry(53, "06").containsEntry(56, text);
        });
    }

    @ParameterizedTest
    @EnumSource
    void bootpGetsAnAddress(Stack stack) throws Exception {
        play(stack, "", guest -> {
            guest.sendDhcp(request(0, MAC), false);
            DhcpMessage reply = awaitDhcp(guest);
            assertThat(reply.op).isEqualTo(2);
            assertThat(yiaddr(reply)).isEqualTo("10.0.2.15");
        });
    }

    @ParameterizedTest
    @EnumSource
    void sixteenGuestsGetAnAddressAndTheNextNone(Stack stack) throws Exception {
        play(stack, "", guest -> {
            for (int i = 0; i < 16; i++) {
                guest.sendDhcp(request(DISCOVER, String.format("5254000000%02x", i)), false);
                assertThat(yiaddr(awaitDhcp(guest))).isEqualTo("10.0.2." + (15 + i));
            }
            guest.sendDhcp(request(DISCOVER, "525400000010"), false);
            guest.expectSilence();
        });
    }

    @ParameterizedTest
    @EnumSource
    void dhcpGivesTheNamesThatTheOptionsSay(Stack stack) throws Exception {
        String options = ",hostname=vm,domainname=dom.example,dnssearch=a.dom.example,dnssearch=b.dom.example"
                + ",bootfile=pxelinux.0,tftp-server-name=boot";
        play(stack, options, guest -> {
            guest.sendDhcp(request(DISCOVER, MAC), false);
            DhcpMessage offer = awaitDhcp(guest);
            assertThat(options(offer))
                    .containsEntry(12, "766d")
                    .containsEntry(15, "646f6d2e6578616d706c65")
                    .containsEntry(66, "626f6f74")
                    .containsEntry(119, "016103646f6d076578616d706c6500" + "0162c002");
            assertThat(offer.file).isEqualTo("pxelinux.0");
        });
    }

    @ParameterizedTest
    @EnumSource
    void aRestrictedGuestGetsNoRouterAndNoNameServer(Stack stack) throws Exception {
        play(stack, ",restrict=on", guest -> {
            guest.sendDhcp(request(DISCOVER, MAC), false);
            assertThat(options(awaitDhcp(guest))).containsKey(1).doesNotContainKeys(3, 6);
        });
    }

    @ParameterizedTest
    @EnumSource
    void echoToTheGatewayAndTheNameServerIsReflected(Stack stack) throws Exception {
        play(stack, "", guest -> {
            guest.greet();
            guest.ping(HOST, 7, 1, "hello");
            assertThat(guest.next())
                    .hasToString("52:55:0a:00:02:02 > 52:54:00:12:34:56 ttl 255 icmp 10.0.2.2 > 10.0.2.15"
                            + " echo reply id 7 seq 1 hello");
            guest.ping(DNS, 7, 2, "hello");
            assertThat(guest.next())
                    .hasToString("52:55:0a:00:02:02 > 52:54:00:12:34:56 ttl 255 icmp 10.0.2.3 > 10.0.2.15"
                            + " echo reply id 7 seq 2 hello");
        });
    }

    @ParameterizedTest
    @EnumSource
    void udpReachesTheHostsLoopbackAndBack(Stack stack) throws Exception {
        try (DatagramSocket host = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            host.setSoTimeout((int) RawGuest.LIMIT.toMillis());
            play(stack, "", guest -> {
                guest.greet();
                guest.sendUdp(4000, HOST, host.getLocalPort(), bytes("question"));
                DatagramPacket question = receive(host);
                assertThat(text(question)).isEqualTo("question");
                assertThat(question.getAddress().isLoopbackAddress()).isTrue();
                host.send(new DatagramPacket(bytes("answer"), 6, question.getSocketAddress()));
                assertThat(guest.next().toString())
                        .endsWith("udp 10.0.2.2:" + host.getLocalPort() + " > 10.0.2.15:4000 answer");
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void emptyAndLargeDatagramsPass(Stack stack) throws Exception {
        try (DatagramSocket host = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            host.setSoTimeout((int) RawGuest.LIMIT.toMillis());
            play(stack, "", guest -> {
                guest.greet();
                for (String data : List.of("", "x".repeat(1472))) {
                    guest.sendUdp(4001, HOST, host.getLocalPort(), bytes(data));
                    DatagramPacket question = receive(host);
                    assertThat(text(question)).isEqualTo(data);
                    host.send(question);
                    assertThat(guest.next().payload()).isEqualTo(bytes(data));
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void wrongChecksumsAreDroppedInSilence(Stack stack) throws Exception {
        play(stack, "", guest -> {
            guest.greet();
            for (int damaged : new int[] {14 + 10, 14 + 20 + 6}) {
                byte[] frame = guest.udpFrame(4002, HOST, Ports.free(), bytes("damaged"));
                frame[damaged] ^= 0x55;
                guest.sendFrame(frame);
            }
            guest.expectSilence();
        });
    }

    @ParameterizedTest
    @EnumSource
    void dnsIsRelayedOverUdpToTheHostsResolver(Stack stack) throws Exception {
        try (Dnsmasq dns = Dnsmasq.start(RESOLVER)) {
            play(stack, "", guest -> {
                guest.greet();
                guest.sendUdp(4003, DNS, 53, DnsMessage.query(1, "host.test", DnsMessage.A));
                Received answer = guest.next();
                assertThat(answer.toString()).contains("udp 10.0.2.3:53 > 10.0.2.15:4003 ");
                assertThat(DnsMessage.decode(answer.payload()).answers())
                        .extracting(DnsMessage.Answer::address)
                        .containsExactly(address(Dnsmasq.ADDRESS));
                dns.awaitQuery("host.test");
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void otherPortsOfTheNameServerAreUnreachable(Stack stack) throws Exception {
        play(stack, "", guest -> {
            guest.greet();
            guest.sendUdp(4004, DNS, 54, bytes("nobody"));
            assertThat(guest.next().toString()).endsWith("icmp 10.0.2.2 > 10.0.2.15 3/0");
        });
    }

    @ParameterizedTest
    @EnumSource
    void aUdpForwardAnswersEachOfItsClients(Stack stack) throws Exception {
        int port = Ports.free();
        play(stack, ",hostfwd=udp:127.0.0.1:" + port + "-:5000", guest -> {
            guest.greet();
            InetSocketAddress forward = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            try (DatagramSocket first = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                    DatagramSocket second = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
                List<DatagramSocket> clients = List.of(first, second);
                for (DatagramSocket client : clients) {
                    client.setSoTimeout((int) RawGuest.LIMIT.toMillis());
                    client.send(new DatagramPacket(bytes("in"), 2, forward));
                    assertThat(guest.next().toString())
                            .endsWith("udp 10.0.2.2:" + client.getLocalPort() + " > 10.0.2.15:5000 in");
                }
                for (DatagramSocket client : clients) {
                    byte[] answer = bytes("out to " + client.getLocalPort());
                    guest.sendUdp(5000, HOST, client.getLocalPort(), answer);
                    DatagramPacket received = receive(client);
                    assertThat(received.getSocketAddress()).isEqualTo(forward);
                    assertThat(text(received)).isEqualTo("out to " + client.getLocalPort());
                }
            }
        });
    }

    /** A request of this type for a guest with this MAC address; of type 0: BOOTP, without any option. */
    private static DhcpMessage request(int type, String mac) {
        DhcpMessage message = new DhcpMessage();
        message.xid = XID;
        message.chaddr = Long.parseLong(mac, 16);
        return type == 0 ? message : message.option(53, (byte) type);
    }

    private static DhcpMessage awaitDhcp(RawGuest guest) {
        return dhcp(guest.awaitDhcp());
    }

    private static DhcpMessage dhcp(Received frame) {
        return Objects.requireNonNull(DhcpMessage.decode(frame.payload()), "a DHCP message that can be read");
    }

    private static String yiaddr(DhcpMessage message) {
        return DhcpMessage.address(message.yiaddr).getHostAddress();
    }

    private static Map<Integer, String> options(DhcpMessage message) {
        Map<Integer, String> options = new HashMap<>();
        message.options.forEach(
                (code, value) -> options.put(code, HexFormat.of().formatHex(value)));
        return options;
    }

    private static DatagramPacket receive(DatagramSocket socket) throws Exception {
        DatagramPacket packet = new DatagramPacket(new byte[65536], 65536);
        socket.receive(packet);
        return packet;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String text(DatagramPacket packet) {
        return new String(packet.getData(), packet.getOffset(), packet.getLength(), StandardCharsets.ISO_8859_1);
    }
}
