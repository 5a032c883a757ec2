package io.qnet.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.NetdevException;
import io.qnet.option.OptionException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The bytes of the header both ways, and what is refused, on each transport. */
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
class L2tpv3NetdevTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final String FRAME = "aa".repeat(14);

    @Parameter
    Transport transport;

    private SocketLab lab;
    private DatagramSocket peer;

    @BeforeEach
    void open() throws Exception {
        lab = new SocketLab(transport);
        peer = new DatagramSocket(0, LOOPBACK);
    }

    @AfterEach
    void close() throws Exception {
        peer.close();
        lab.close();
    }

    /** Options; the header of the first frame sent, of the second, and one that is taken. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            txsession=0x11223344                                   |0003000011223344                |0003000011223344                |0003000011223344
            txsession=1,rxsession=0xfffffffe                       |0003000000000001                |0003000000000001                |00030000fffffffe
            txsession=1,counter=on                                 |000300000000000100000001        |000300000000000100000002        |000300000000000112345678
            txsession=1,counter=on,pincounter=on                   |000300000000000100000000        |000300000000000100000000        |000300000000000100000007
            txsession=1,pincounter=on                              |0003000000000001                |0003000000000001                |0003000000000001
            txsession=1,txcookie=0x01020304,rxcookie=0x05060708    |000300000000000101020304        |000300000000000101020304        |000300000000000105060708
            txsession=1,txcookie=0x0102030405060708,rxcookie=9,cookie64=on|00030000000000010102030405060708|00030000000000010102030405060708|00030000000000010000000000000009
            txsession=1,txcookie=0x01020304,rxcookie=9,cookie64=off|000300000000000101020304        |000300000000000101020304        |000300000000000100000009
            txsession=1,offset=5                                   |00030000000000010000000000      |00030000000000010000000000      |0003000000000001ffffffffff
            txsession=1,txcookie=2,rxcookie=3,counter=on,offset=2  |0003000000000001000000020000000100 00|0003000000000001000000020000000200 00|0003000000000001000000030000000100 00
            """)
    void headersAreQemus(String options, String first, String second, String received) throws Exception {
        L2tpv3Netdev netdev = add(options);
        assertThat(lab.info(netdev)).isEqualTo("l2tpv3: connected");
        lab.nic.send(bytes(FRAME));
        assertThat(receive()).isEqualTo(first.replace(" ", "") + FRAME);
        lab.nic.send(bytes(FRAME));
        assertThat(receive()).isEqualTo(second.replace(" ", "") + FRAME);
        send(netdev, received.replace(" ", "") + FRAME);
        lab.untilFrames(1);
        assertThat(HexFormat.of().formatHex(lab.frames.get(0))).isEqualTo(FRAME);
    }

    @Test
    void whatDoesNotBelongIsDroppedAndTheNextPasses() throws Exception {
        L2tpv3Netdev netdev = add("txsession=1,txcookie=2,rxcookie=3");
        send(netdev, "000300000000000200000003" + FRAME); // another session
        send(netdev, "000300000000000100000004" + FRAME); // another cookie
        send(netdev, "0003000000000001000000"); // too short
        send(netdev, "000300000000000100000003"); // without a frame
        send(netdev, "");
        send(netdev, "000300000000000100000003" + FRAME);
        lab.untilFrames(1);
        assertThat(lab.frames).hasSize(1);
        assertThat(lab.counter(netdev, "in.bad-session")).isEqualTo(1);
        assertThat(lab.counter(netdev, "in.bad-cookie")).isEqualTo(1);
        assertThat(lab.counter(netdev, "in.short")).isEqualTo(2);
        assertThat(lab.counter(netdev, "in.empty")).isEqualTo(1);
        assertThat(lab.warnings).containsExactly("l0: l2tpv3 header verification failed: session mismatch");
    }

    @Test
    void overIpv6() throws Exception {
        try (DatagramSocket peer6 = new DatagramSocket(0, InetAddress.getByName("::1"))) {
            lab.join(L2tpv3Config.udp(
                    "l0", new InetSocketAddress("::1", 0), (InetSocketAddress) peer6.getLocalSocketAddress(), 7));
            lab.nic.send(bytes(FRAME));
            DatagramPacket packet = new DatagramPacket(new byte[100], 100);
            peer6.receive(packet);
            assertThat(packet.getLength()).isEqualTo(22);
        }
    }

    @Test
    void longFramesPassWhereQemuCutsThem() throws Exception {
        L2tpv3Netdev netdev = add("txsession=1");
        send(netdev, "0003000000000001" + "bb".repeat(60_000));
        lab.untilFrames(1);
        assertThat(lab.frames.get(0)).hasSize(60_000);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            src=127.0.0.1,dst=nix.invalid,txsession=1,udp=on,srcport=1000,dstport=1001|could not resolve dst, error = Name or service not known
            src=nix.invalid,dst=127.0.0.1,txsession=1,udp=on,srcport=1000,dstport=1001|could not resolve src, errno = Name or service not known
            src=127.0.0.1,dst=127.0.0.1,txsession=1,udp=on,srcport=1000|need both src and dst port for udp
            src=10.9.9.9,dst=127.0.0.1,txsession=1,udp=on,srcport=1000,dstport=1001|could not bind socket err=99
            """)
    void isRefusedInQemusWords(String options, String message) {
        String expected =
                transport == Transport.EPOLL ? message : message.replace("99", "Cannot assign requested address");
        assertThatThrownBy(() -> lab.network.addNetdev("l2tpv3,id=l0," + options))
                .isInstanceOfAny(OptionException.class, NetdevException.class)
                .hasMessage(expected);
    }

    private L2tpv3Netdev add(String options) {
        L2tpv3Netdev netdev = (L2tpv3Netdev) lab.network.addNetdev("l2tpv3,id=l0,src=127.0.0.1,dst=127.0.0.1,udp=on,"
                + "srcport=0,dstport=" + peer.getLocalPort() + "," + options.strip());
        lab.network.connect(lab.nic, netdev);
        return netdev;
    }

    private void send(L2tpv3Netdev to, String hex) throws IOException {
        byte[] data = bytes(hex);
        peer.send(new DatagramPacket(data, data.length, Objects.requireNonNull(to.localAddress())));
    }

    private String receive() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[70_000], 70_000);
        peer.receive(packet);
        return HexFormat.of().formatHex(Arrays.copyOf(packet.getData(), packet.getLength()));
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
