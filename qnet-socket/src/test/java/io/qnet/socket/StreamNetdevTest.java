package io.qnet.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The stream netdev against a plain socket, on each transport. */
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
class StreamNetdevTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(LOOPBACK, 0);
    private static final int[] SIZES = {1, 13, 14, 42, 59, 60, 64, 1514, 1518, 9018, 65535, 65536, 65550, 69631, 69632};

    @Parameter
    Transport transport;

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
    void framesOfAllSizesPassUnchangedBothWays() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        try (FramePeer peer = connect(server)) {
            for (int size : SIZES) {
                peer.send(frame(size));
            }
            lab.untilFrames(SIZES.length);
            for (int i = 0; i < SIZES.length; i++) {
                assertThat(lab.frames.get(i)).isEqualTo(frame(SIZES[i]));
            }
            for (int size : SIZES) {
                assertThat(lab.nic.send(frame(size))).isTrue();
                assertThat(peer.receive()).isEqualTo(frame(size));
            }
        }
        lab.untilEvent("NETDEV_STREAM_DISCONNECTED", 1);
        assertThat(lab.frames).hasSize(SIZES.length);
    }

    @Test
    void framesOneByteAtATime() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        try (FramePeer peer = connect(server)) {
            for (byte each : FramePeer.framed(frame(60))) {
                peer.sendRaw(each);
            }
            for (byte each : FramePeer.framed(frame(61))) {
                peer.sendRaw(each);
            }
            lab.untilFrames(2);
            assertThat(lab.frames.get(0)).isEqualTo(frame(60));
            assertThat(lab.frames.get(1)).isEqualTo(frame(61));
        }
    }

    @Test
    void manyFramesInOneWrite() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        ByteBuffer all = ByteBuffer.allocate(4 << 20);
        for (int i = 0; i < 500; i++) {
            all.put(FramePeer.framed(frame(14 + i * 7)));
        }
        try (FramePeer peer = connect(server)) {
            peer.channel.write(all.flip());
            lab.untilFrames(500);
            for (int i = 0; i < 500; i++) {
                assertThat(lab.frames.get(i)).isEqualTo(frame(14 + i * 7));
            }
        }
    }

    @Test
    void anOversizedFrameEndsTheConnectionAndTheNextClientIsServed() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        for (int length : new int[] {69633, -1, Integer.MIN_VALUE}) {
            try (FramePeer peer = connect(server)) {
                peer.sendRaw(ByteBuffer.allocate(4).putInt(length).array());
                assertThat(peer.isEnded()).isTrue();
            }
        }
        assertThat(lab.counter(server, "in.oversized")).isEqualTo(3);
        assertThat(lab.warnings)
                .hasSize(3)
                .contains("s0: serious error: oversized packet received,connection terminated.");
        try (FramePeer peer = connect(server)) {
            peer.send(frame(60));
            lab.untilFrames(1);
        }
    }

    @Test
    void aFrameWithoutBytesIsPassedOver() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        try (FramePeer peer = connect(server)) {
            peer.send(new byte[0]);
            peer.send(frame(60));
            lab.untilFrames(1);
            assertThat(lab.frames.get(0)).isEqualTo(frame(60));
        }
        assertThat(lab.counter(server, "in.zero-length")).isEqualTo(1);
    }

    @Test
    void afterAnEndWithinAFrameTheNextClientStartsClean() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        byte[] framed = FramePeer.framed(frame(60));
        for (int cut : new int[] {1, 3, 4, 5, framed.length - 1}) {
            int before = lab.frames.size();
            try (FramePeer peer = connect(server)) {
                peer.channel.write(ByteBuffer.wrap(framed, 0, cut));
            }
            try (FramePeer peer = connect(server)) {
                peer.send(frame(61));
                lab.untilFrames(before + 1);
                assertThat(lab.frames.get(before)).isEqualTo(frame(61));
            }
        }
    }

    @Test
    void aSecondClientWaitsForTheFirstToLeave() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        FramePeer second;
        try (FramePeer first = connect(server)) {
            first.send(frame(60));
            lab.untilFrames(1);
            second = connect(server);
            second.send(frame(61));
            first.send(frame(62));
            lab.untilFrames(2);
            assertThat(lab.frames.get(1)).isEqualTo(frame(62));
        }
        try (second) {
            lab.untilFrames(3);
            assertThat(lab.frames.get(2)).isEqualTo(frame(61));
            assertThat(lab.eventNames())
                    .containsExactly(
                            "NETDEV_STREAM_LISTENING",
                            "NETDEV_STREAM_CONNECTED",
                            "NETDEV_STREAM_DISCONNECTED",
                            "NETDEV_STREAM_CONNECTED");
        }
    }

    @Test
    void eventsAndInfoNameTheClient() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        assertThat(lab.info(server)).isEmpty();
        try (FramePeer peer = connect(server)) {
            lab.untilEvent("NETDEV_STREAM_CONNECTED", 1);
            int port = ((InetSocketAddress) peer.channel.getLocalAddress()).getPort();
            assertThat(lab.info(server)).isEqualTo("tcp:127.0.0.1:" + port);
            assertThat(lab.events.get(1).endpoint()).isEqualTo("s0");
            assertThat(lab.events.get(1).data())
                    .isEqualTo(Map.of(
                            "addr",
                            Map.of("type", "inet", "host", "127.0.0.1", "port", Integer.toString(port), "ipv4", true)));
        }
        lab.untilEvent("NETDEV_STREAM_DISCONNECTED", 1);
        assertThat(lab.info(server)).isEmpty();
    }

    @Test
    void whatIsSentWithoutAClientIsDroppedAndCounted() {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        lab.nic.send(frame(60));
        lab.until(() -> lab.counter(server, "drop.disconnected") == 1);
    }

    @Test
    void aClientThatDoesNotReadIsWaitedForWithoutLoss() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        try (FramePeer peer = connect(server)) {
            lab.untilEvent("NETDEV_STREAM_CONNECTED", 1);
            int sent = 0;
            while (lab.nic.canSend() && sent < 1_000_000) {
                assertThat(lab.nic.send(numbered(sent++))).isTrue();
            }
            assertThat(sent).isLessThan(1_000_000);
            assertThat(lab.info(server)).startsWith("tcp:");
            for (int i = 0; i < sent; i++) {
                assertThat(peer.receive()).isEqualTo(numbered(i));
            }
            lab.nic.send(frame(60));
            assertThat(peer.receive()).isEqualTo(frame(60));
        }
        assertThat(lab.counter(server, "drop.queue-full")).isZero();
    }

    @Test
    void aNetworkThatTakesNothingMakesTheClientWait() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        try (FramePeer peer = connect(server)) {
            lab.untilEvent("NETDEV_STREAM_CONNECTED", 1);
            lab.network.pause();
            List<ByteBuffer> unsent = new ArrayList<>();
            for (int i = 0; i < 50_000; i++) {
                unsent.add(ByteBuffer.wrap(FramePeer.framed(numbered(i))));
            }
            peer.channel.configureBlocking(false);
            int sent = sendUntilFull(peer, unsent);
            assertThat(sent).isLessThan(50_000);
            assertThat(lab.frames).isEmpty();
            lab.network.resume();
            peer.channel.configureBlocking(true);
            for (ByteBuffer each : unsent.subList(sent, unsent.size())) {
                while (each.hasRemaining()) {
                    peer.channel.write(each);
                }
            }
            lab.untilFrames(50_000);
        }
        for (int i = 0; i < 50_000; i++) {
            assertThat(lab.frames.get(i)).isEqualTo(numbered(i));
        }
    }

    @Test
    void aListenerIsDrainedEvenIfTheNetworkTakesNothing() throws Exception {
        try (ServerSocketChannel listener = ServerSocketChannel.open().bind(ANY_PORT)) {
            StreamNetdev client = lab.join(StreamConfig.connect("c0", listener.getLocalAddress()));
            try (FramePeer peer = new FramePeer(listener.accept())) {
                lab.untilEvent("NETDEV_STREAM_CONNECTED", 1);
                lab.network.pause();
                for (int i = 0; i < 30_000; i++) {
                    peer.send(numbered(i));
                }
                lab.until(() -> lab.counter(lab.nic, "drop.queue-full") > 0);
                lab.network.resume();
                lab.untilFrames(1);
                assertThat(lab.frames.get(0)).isEqualTo(numbered(0));
            }
            lab.untilEvent("NETDEV_STREAM_DISCONNECTED", 1);
            assertThat(lab.counter(client, "out.frames")).isEqualTo(30_000);
        }
    }

    @Test
    void aLinkThatIsDownStaysDownThroughAReconnect() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        lab.network.setLink("s0", false);
        for (int reconnect = 1; reconnect <= 2; reconnect++) {
            int dropped = reconnect;
            try (FramePeer peer = connect(server)) {
                peer.send(frame(60));
                lab.until(() -> lab.counter(server, "drop.link-down") >= dropped);
                lab.nic.send(frame(61));
            }
            lab.untilEvent("NETDEV_STREAM_DISCONNECTED", reconnect);
            assertThat(lab.frames).isEmpty();
        }
        lab.network.setLink("s0", true);
        try (FramePeer peer = connect(server)) {
            peer.send(frame(62));
            lab.untilFrames(1);
            assertThat(lab.frames.get(0)).isEqualTo(frame(62));
            assertThat(lab.nic.send(frame(63))).isTrue();
            assertThat(peer.receive()).as("nothing from before").isEqualTo(frame(63));
        }
    }

    @Test
    void aClientConnectsAgain() throws Exception {
        try (ServerSocketChannel listener = ServerSocketChannel.open().bind(ANY_PORT)) {
            StreamNetdev client = lab.join(
                    StreamConfig.connect("c0", listener.getLocalAddress()).reconnectMillis(20));
            for (int round = 0; round < 3; round++) {
                try (FramePeer peer = new FramePeer(listener.accept())) {
                    lab.untilEvent("NETDEV_STREAM_CONNECTED", round + 1);
                    assertThat(lab.info(client))
                            .isEqualTo(
                                    StreamAddress.of(listener.getLocalAddress()).uri());
                    lab.nic.send(frame(60));
                    assertThat(peer.receive()).isEqualTo(frame(60));
                    peer.sendRaw((byte) 0, (byte) 0);
                }
                lab.untilEvent("NETDEV_STREAM_DISCONNECTED", round + 1);
            }
        }
        assertThat(lab.warnings.size()).isLessThanOrEqualTo(1);
    }

    @Test
    void aRefusedConnectIsToldOnceAndTriedAgain() throws Exception {
        InetSocketAddress address;
        try (ServerSocketChannel listener = ServerSocketChannel.open().bind(ANY_PORT)) {
            address = (InetSocketAddress) listener.getLocalAddress();
        }
        StreamNetdev client = lab.join(StreamConfig.connect("c0", address).reconnectMillis(10));
        lab.until(() -> !lab.warnings.isEmpty());
        assertThat(lab.info(client)).isEqualTo("connection error");
        try (ServerSocketChannel listener = ServerSocketChannel.open().bind(address);
                FramePeer peer = new FramePeer(listener.accept())) {
            peer.send(frame(60));
            lab.untilFrames(1);
        }
        assertThat(lab.warnings)
                .first()
                .isEqualTo("c0: can't connect to tcp:127.0.0.1:" + address.getPort()
                        + ": Connection refused, trying again");
        assertThat(lab.warnings.size()).isLessThanOrEqualTo(2);
    }

    @Test
    void withoutReconnectAClientStaysAway() throws Exception {
        try (ServerSocketChannel listener = ServerSocketChannel.open().bind(ANY_PORT)) {
            StreamNetdev client = lab.join(
                    StreamConfig.connect("c0", listener.getLocalAddress()).reconnectMillis(0));
            listener.accept().close();
            lab.untilEvent("NETDEV_STREAM_DISCONNECTED", 1);
            assertThat(lab.info(client)).isEmpty();
            assertThat(lab.network.call(() -> lab.network.loop().timers().armedCount()))
                    .isZero();
        }
    }

    @Test
    void closingTheNetworkEndsTheConnection() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        try (FramePeer peer = connect(server)) {
            lab.untilEvent("NETDEV_STREAM_CONNECTED", 1);
            lab.network.delete("s0");
            assertThat(peer.isEnded()).isTrue();
        }
    }

    private static FramePeer connect(StreamNetdev server) throws IOException {
        return FramePeer.connect(server.localAddress());
    }

    private static int sendUntilFull(FramePeer peer, List<ByteBuffer> frames) throws IOException {
        int sent = 0;
        for (ByteBuffer each : frames) {
            for (int tries = 0; each.hasRemaining(); tries++) {
                if (peer.channel.write(each) == 0 && tries > 1000) {
                    return sent;
                }
            }
            sent++;
        }
        return sent;
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
