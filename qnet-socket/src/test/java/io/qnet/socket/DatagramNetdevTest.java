package io.qnet.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.NetdevException;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.option.OptionException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Frames as datagrams, against sockets of the JDK's and against a second netdev, on each transport. */
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
class DatagramNetdevTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final int MAX_UDP_PAYLOAD = 65_507;

    @Parameter
    Transport transport;

    @TempDir
    private Path folder;

    private SocketLab lab;

    @BeforeEach
    void open() {
        lab = new SocketLab(transport);
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    @Test
    void framesPassBothWaysFromWhateverPort() throws Exception {
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK);
                DatagramSocket stranger = new DatagramSocket(0, LOOPBACK)) {
            DatagramNetdev netdev = lab.join(DatagramConfig.udp("d0", anyPort(), address(peer)));
            int count = 0;
            for (int size : new int[] {1, 13, 14, 60, 1514, 9018, MAX_UDP_PAYLOAD}) {
                send(count % 2 == 0 ? peer : stranger, netdev, frame(size));
                lab.untilFrames(++count);
                assertThat(lab.frames.get(count - 1)).isEqualTo(frame(size));
                assertThat(lab.nic.send(frame(size))).isTrue();
                assertThat(receive(peer)).isEqualTo(frame(size));
            }
        }
    }

    @Test
    void aFrameTooLongForUdpIsDroppedAndTheNextPasses() throws Exception {
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            DatagramNetdev netdev = lab.join(DatagramConfig.udp("d0", anyPort(), address(peer)));
            lab.nic.send(frame(MAX_UDP_PAYLOAD + 1));
            lab.nic.send(frame(60));
            assertThat(receive(peer)).isEqualTo(frame(60));
            assertThat(lab.counter(netdev, "drop.too-large")).isEqualTo(1);
        }
    }

    @Test
    void anEmptyDatagramIsPassedOver() throws Exception {
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            DatagramNetdev netdev = lab.join(DatagramConfig.udp("d0", anyPort(), address(peer)));
            for (int i = 0; i < 200; i++) {
                send(peer, netdev, new byte[0]);
            }
            send(peer, netdev, frame(60));
            lab.untilFrames(1);
            assertThat(lab.frames.get(0)).isEqualTo(frame(60));
            assertThat(lab.counter(netdev, "in.empty")).isEqualTo(200);
        }
    }

    @Test
    void portUnreachablesHarmNothing() throws Exception {
        InetSocketAddress address;
        try (DatagramSocket gone = new DatagramSocket(0, LOOPBACK)) {
            address = address(gone);
        }
        DatagramNetdev netdev = lab.join(DatagramConfig.udp("d0", anyPort(), address));
        for (int i = 0; i < 100; i++) {
            lab.nic.send(frame(60));
        }
        lab.until(() -> lab.counter(netdev, "in.frames") == 100);
        try (DatagramSocket peer = new DatagramSocket(address)) {
            lab.nic.send(frame(61));
            assertThat(receive(peer)).isEqualTo(frame(61));
            send(peer, netdev, frame(62));
            lab.untilFrames(1);
        }
    }

    @Test
    void unixFramesPassAndThePeerMayComeLateAndComeBack() throws Exception {
        Path here = folder.resolve("here");
        Path there = folder.resolve("there");
        DatagramNetdev netdev = lab.join(DatagramConfig.unix("d0", here, there));
        lab.nic.send(frame(60));
        lab.until(() -> lab.counter(netdev, "drop.unreachable") == 1);
        for (int round = 0; round < 2; round++) {
            int before = lab.frames.size();
            try (Network other = lab.another()) {
                Nic nic = other.add(Nic.config().id("n"));
                List<byte[]> received = collect(nic);
                other.connect(nic, other.add(DatagramConfig.unix("d1", there, here)));
                lab.nic.send(frame(1514));
                lab.until(() -> received.size() == 1);
                assertThat(received.get(0)).isEqualTo(frame(1514));
                nic.send(frame(69_632));
                lab.untilFrames(before + 1);
                assertThat(lab.frames.get(before)).isEqualTo(frame(69_632));
            }
        }
        lab.network.delete("d0");
        assertThat(here).doesNotExist();
    }

    @Test
    void aSlowUnixReaderGetsEverything() throws Exception {
        Path here = folder.resolve("here");
        Path there = folder.resolve("there");
        lab.join(DatagramConfig.unix("d0", here, there));
        try (Network other = lab.another()) {
            Nic nic = other.add(Nic.config().id("n"));
            DatagramNetdev slow = other.add(DatagramConfig.unix("d1", there, here));
            other.connect(nic, slow);
            List<byte[]> received = collect(nic);
            other.pause();
            int sent = 0;
            while (lab.nic.send(numbered(sent))) {
                sent++; // until the NIC's mailbox is full too
            }
            assertThat(received.size()).isLessThan(sent);
            other.resume();
            int count = sent;
            lab.until(() -> received.size() == count);
            for (int i = 0; i < count; i++) {
                assertThat(received.get(i)).isEqualTo(numbered(i));
            }
        }
    }

    @Test
    void aSocketFileThatWasLeftIsReplacedAndAnotherFileIsNot() throws Exception {
        Path here = folder.resolve("here");
        lab.network.add(DatagramConfig.unix("d0", here, folder.resolve("x")));
        lab.network.add(DatagramConfig.unix("d1", here, folder.resolve("x")));
        lab.network.delete("d0");
        assertThat(here).as("the file of the one that is left").exists();
        lab.network.delete("d1");
        Files.createFile(here);
        assertThatThrownBy(() -> lab.network.add(DatagramConfig.unix("d2", here, folder.resolve("x"))))
                .hasMessage("can't bind unix=" + here + " to socket: Address already in use");
        assertThat(here).exists();
    }

    @Test
    void aGroupDoesNotHearItself() throws Exception {
        InetSocketAddress group = group();
        DatagramNetdev one = lab.join(DatagramConfig.multicast("m0", group, (Inet4Address) LOOPBACK));
        try (Network other = lab.another()) {
            Nic nic = other.add(Nic.config().id("n"));
            List<byte[]> received = collect(nic);
            other.connect(nic, other.add(DatagramConfig.multicast("m1", group, (Inet4Address) LOOPBACK)));
            lab.nic.send(frame(60));
            lab.until(() -> received.size() == 1);
            nic.send(frame(60)); // the same bytes: nothing compares frames
            lab.untilFrames(1);
            lab.until(() -> lab.counter(one, "in.own") == 1);
            lab.nic.send(frame(61));
            lab.until(() -> received.size() == 2);
            assertThat(lab.frames).hasSize(1);
        }
    }

    @Test
    void twoMembersOnOneHubDoNotStorm() throws Exception {
        InetSocketAddress group = group();
        DatagramNetdev one = lab.network.hub(0).add(DatagramConfig.multicast("m0", group, (Inet4Address) LOOPBACK));
        DatagramNetdev two = lab.network.hub(0).add(DatagramConfig.multicast("m1", group, (Inet4Address) LOOPBACK));
        Nic nic = lab.network.hub(0).add(Nic.config().id("n0"));
        List<byte[]> received = collect(nic);
        for (int i = 0; i < 10; i++) {
            nic.send(numbered(i));
        }
        lab.until(() -> lab.counter(one, "in.own-hub") == 10 && lab.counter(two, "in.own-hub") == 10);
        lab.until(() -> lab.counter(one, "in.own") == 10 && lab.counter(two, "in.own") == 10);
        assertThat(received).isEmpty();
        // on different hubs they join them
        Nic far = lab.network.hub(1).add(Nic.config().id("n1"));
        List<byte[]> farReceived = collect(far);
        lab.network.hub(1).add(DatagramConfig.multicast("m2", group, (Inet4Address) LOOPBACK));
        nic.send(frame(60));
        lab.until(() -> farReceived.size() == 2); // one from each of the two
    }

    @Test
    void infoIsQemus() throws Exception {
        assertThat(info("dgram,id=d0,local.type=inet,local.host=127.0.0.1,local.port=0,remote.type=inet,"
                        + "remote.host=127.1,remote.port=9"))
                .isEqualTo("udp=127.0.0.1:0/127.0.0.1:9");
        assertThat(info("dgram,id=d0,remote.type=inet,remote.host=230.0.0.1,remote.port=7003,"
                        + "local.type=inet,local.host=127.0.0.1,local.port=1"))
                .isEqualTo("mcast=230.0.0.1:7003");
        assertThat(info("socket,id=d0,mcast=230.0.0.1:7003,localaddr=127.0.0.1"))
                .isEqualTo("socket: mcast=230.0.0.1:7003");
        assertThat(info("socket,id=d0,udp=127.0.0.1:7004,localaddr=127.0.0.1:0"))
                .isEqualTo("socket: udp=127.0.0.1:7004");
        String local = folder.resolve("l").toString();
        assertThat(info("dgram,id=d0,local.type=unix,local.path=" + local + ",remote.type=unix,remote.path=/r"))
                .isEqualTo("udp=" + local + ":/r");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            dgram,id=s|dgram requires local= parameter
            dgram,id=s,remote.type=unix,remote.path=/y|dgram requires local= parameter
            dgram,id=s,remote.type=inet,remote.host=127.0.0.1,remote.port=9|dgram requires local= parameter
            dgram,id=s,local.type=unix,local.path=/y|type=inet or type=unix requires remote parameter
            dgram,id=s,local.type=inet,local.host=1x,local.port=9,remote.type=inet,remote.host=127.0.0.1,remote.port=9|host address '1x' is not a valid IPv4 address
            dgram,id=s,local.type=inet,local.host=127.0.0.1,local.port=99999,remote.type=inet,remote.host=127.0.0.1,remote.port=9|port number '99999' is invalid
            dgram,id=s,local.type=inet,local.host=10.9.9.9,local.port=9,remote.type=inet,remote.host=127.0.0.1,remote.port=9|can't bind ip=10.9.9.9 to socket: Cannot assign requested address
            dgram,id=s,local.type=unix,local.path=/y,remote.type=inet,remote.host=127.0.0.1,remote.port=9|remote and local types must be the same
            dgram,id=s,local.type=fd,local.str=5,remote.type=inet,remote.host=127.0.0.1,remote.port=9|don't set remote with local.fd
            dgram,id=s,local.type=fd,local.str=foo|Invalid file descriptor number 'foo'
            dgram,id=s,local.type=vsock,local.cid=1,local.port=1,remote.type=vsock,remote.cid=1,remote.port=1|only support inet or fd type for local
            dgram,id=s,remote.type=inet,remote.host=230.0.0.1,remote.port=9,local.type=unix,local.path=/y|only support inet or fd type for local
            dgram,id=s,remote.type=inet,remote.host=230.0.0.1,remote.port=9,local.type=inet,local.host=1x,local.port=1|localaddr '1x' is not a valid IPv4 address
            socket,id=s,fd=foo|Invalid file descriptor number 'foo'
            socket,id=s,mcast=127.0.0.1:1|specified mcastaddr 127.0.0.1 (0x7f000001) does not contain a multicast address
            socket,id=s,mcast=230.0.0.1:1,localaddr=x|localaddr 'x' is not a valid IPv4 address
            socket,id=s,mcast=230.0.0.1:1,localaddr=10.9.9.9|can't add socket to multicast group 230.0.0.1: No such device
            socket,id=s,udp=127.0.0.1:1234,localaddr=10.9.9.9:55|can't bind ip=10.9.9.9 to socket: Cannot assign requested address
            """)
    void isRefusedInQemusWords(String options, String message) {
        assertThatThrownBy(() -> lab.network.addNetdev(options))
                .isInstanceOfAny(OptionException.class, NetdevException.class)
                .hasMessage(message);
    }

    @Test
    void aUnixPathThatIsTooLongIsRefused() {
        String path = "/" + "x".repeat(108);
        assertThatThrownBy(() -> lab.network.addNetdev(
                        "dgram,id=s,local.type=unix,local.path=" + path + ",remote.type=unix,remote.path=/y"))
                .hasMessage("UNIX socket path '" + path + "' is too long");
    }

    private String info(String options) {
        DatagramNetdev netdev = (DatagramNetdev) lab.network.addNetdev(options);
        String info = lab.info(netdev);
        lab.network.delete(netdev.id());
        return info;
    }

    private static InetSocketAddress group() throws IOException {
        try (DatagramSocket free = new DatagramSocket(0, LOOPBACK)) {
            return new InetSocketAddress("230.0.0.1", free.getLocalPort());
        }
    }

    private static List<byte[]> collect(Nic nic) {
        List<byte[]> frames = new CopyOnWriteArrayList<>();
        nic.onFrame(frame -> {
            byte[] bytes = new byte[frame.length()];
            frame.getBytes(bytes, 0);
            frames.add(bytes);
        });
        return frames;
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(LOOPBACK, 0);
    }

    private static InetSocketAddress address(DatagramSocket socket) {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    private static void send(DatagramSocket from, DatagramNetdev to, byte[] data) throws IOException {
        from.send(new DatagramPacket(data, data.length, to.localAddress()));
    }

    private static byte[] receive(DatagramSocket socket) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[70_000], 70_000);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    private static byte[] frame(int length) {
        byte[] frame = new byte[length];
        new Random(length).nextBytes(frame);
        return frame;
    }

    private static byte[] numbered(int number) {
        byte[] frame = new byte[1000];
        ByteBuffer.wrap(frame).putInt(996, number);
        return frame;
    }
}
