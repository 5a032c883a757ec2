package io.qnet.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.Endpoint;
import io.qnet.Hub;
import io.qnet.Nic;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Several clients of one listener, each with a port of its own on the hub. */
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
class StreamClientsTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @Parameter
    Transport transport;

    private SocketLab lab;
    private Hub hub;
    private Nic nic;
    private StreamNetdev server;
    private final List<byte[]> frames = new CopyOnWriteArrayList<>();

    @BeforeEach
    void open() {
        lab = new SocketLab(transport);
        hub = lab.network.hub(0);
        nic = hub.add(Nic.config().id("guest"));
        nic.onFrame(frame -> {
            byte[] bytes = new byte[frame.length()];
            frame.getBytes(bytes, 0);
            frames.add(bytes);
        });
        server = hub.add(StreamConfig.listen("s0", ANY_PORT).clients(2));
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    @Test
    void clientsSeeEachOtherAndEachHasCountersOfItsOwn() throws Exception {
        try (FramePeer one = connect();
                FramePeer other = connect()) {
            lab.untilEvent("NETDEV_STREAM_CONNECTED", 2);
            one.send(frame(60));
            assertThat(other.receive()).isEqualTo(frame(60));
            lab.until(() -> frames.size() == 1);
            nic.send(frame(61));
            assertThat(one.receive()).isEqualTo(frame(61));
            assertThat(other.receive()).isEqualTo(frame(61));
            Endpoint second = endpoint("s0.1");
            assertThat(second.type()).isEqualTo("stream");
            assertThat(lab.info(second)).startsWith("tcp:127.0.0.1:");
            assertThat(lab.counter(server, "out.frames") + lab.counter(second, "out.frames"))
                    .isEqualTo(1);
            assertThat(lab.counter(server, "in.frames") + lab.counter(second, "in.frames"))
                    .isEqualTo(3);
            assertThat(lab.network.info().toText()).contains("hub0port2: s0.1: index=0,type=stream,tcp:127.0.0.1:");
        }
        lab.untilEvent("NETDEV_STREAM_DISCONNECTED", 2);
        assertThat(lab.network.endpoint("s0.1")).isNull();
        assertThat(lab.network.info().hubs().get(0).ports()).hasSize(2);
    }

    @Test
    void aThirdClientWaitsUntilOneHasLeft() throws Exception {
        try (FramePeer one = connect();
                FramePeer two = connect();
                FramePeer three = connect()) {
            lab.untilEvent("NETDEV_STREAM_CONNECTED", 2);
            three.send(frame(62));
            two.send(frame(60));
            lab.until(() -> frames.size() == 1);
            one.channel.close();
            lab.until(() -> frames.size() == 2);
            assertThat(frames.get(1)).isEqualTo(frame(62));
        }
    }

    @Test
    void aSlowClientHoldsUpNoOtherAndLosesFramesInItsOwnPort() throws Exception {
        try (FramePeer reader = connect()) {
            lab.untilEvent("NETDEV_STREAM_CONNECTED", 1);
            try (FramePeer sleeper = connect()) {
                lab.untilEvent("NETDEV_STREAM_CONNECTED", 2);
                Endpoint slow = endpoint("s0.1");
                for (int i = 0; lab.counter(slow, "drop.queue-full") == 0; i++) {
                    assertThat(nic.send(numbered(i))).isTrue();
                    assertThat(reader.receive()).isEqualTo(numbered(i));
                }
                assertThat(lab.counter(server, "drop.queue-full")).isZero();
                assertThat(sleeper.receive()).isEqualTo(numbered(0));
                assertThat(sleeper.receive()).isEqualTo(numbered(1));
            }
        }
    }

    @Test
    void withoutAHubAFurtherClientWaits() throws Exception {
        StreamNetdev cabled = lab.join(StreamConfig.listen("c0", ANY_PORT).clients(2));
        try (FramePeer one = FramePeer.connect(cabled.localAddress());
                FramePeer two = FramePeer.connect(cabled.localAddress())) {
            two.send(frame(61));
            one.send(frame(60));
            lab.untilFrames(1);
            assertThat(lab.frames.get(0)).isEqualTo(frame(60));
            one.channel.close();
            lab.untilFrames(2);
        }
    }

    @Test
    void whatIsTakenOutOfTheNetworkIsClosedAndItsPlaceIsFree() throws Exception {
        try (FramePeer one = connect()) {
            lab.untilEvent("NETDEV_STREAM_CONNECTED", 1);
            try (FramePeer two = connect()) {
                lab.untilEvent("NETDEV_STREAM_CONNECTED", 2);
                lab.network.delete("s0.1");
                assertThat(two.isEnded()).isTrue();
            }
            try (FramePeer three = connect()) {
                lab.untilEvent("NETDEV_STREAM_CONNECTED", 3);
                three.send(frame(60));
                assertThat(one.receive()).isEqualTo(frame(60));
                lab.network.delete("s0");
                assertThat(three.isEnded()).isTrue();
                assertThat(one.isEnded()).isTrue();
            }
        }
        assertThat(lab.network.endpoint("s0.1")).isNull();
    }

    private FramePeer connect() throws IOException {
        return FramePeer.connect(Objects.requireNonNull(server.localAddress()));
    }

    private Endpoint endpoint(String name) {
        return Objects.requireNonNull(lab.network.endpoint(name));
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
