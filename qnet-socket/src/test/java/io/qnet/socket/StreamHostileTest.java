package io.qnet.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.Hub;
import io.qnet.Nic;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that mean no good, or know no better: whoever comes next, or is beside them, is served (K3 to K6, K9, K12, K14). */
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
class StreamHostileTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @Parameter
    Transport transport;

    @TempDir
    private Path folder;

    private SocketLab lab;
    private final List<byte[]> frames = new CopyOnWriteArrayList<>();

    @BeforeEach
    void open() {
        lab = new SocketLab(transport);
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    /** What is said before each end is random bytes, or the beginning of a stream that is right, of every length. */
    @Test
    void endsAtEveryByteAndGarbageLeaveNothingBehind() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        Random random = new Random(5);
        byte[] right = ByteBuffer.allocate(200)
                .put(FramePeer.framed(new byte[60]))
                .put(FramePeer.framed(new byte[70]))
                .array();
        for (int cut = 0; cut <= 138; cut++) {
            byte[] said = Arrays.copyOf(right, cut);
            if (cut % 3 == 0) {
                random.nextBytes(said);
            }
            try (FramePeer peer = connect(server)) {
                peer.sendRaw(said);
            } catch (IOException e) {
                assertThat(cut % 3)
                        .as("garbage alone is cut off before all is said")
                        .isZero();
            }
        }
        lab.until(() -> lab.info(server).isEmpty());
        int before = lab.frames.size();
        try (FramePeer peer = connect(server)) {
            peer.send(new byte[61]);
            lab.untilFrames(before + 1);
        }
        assertThat(lab.network.call(() -> lab.network.loop().timers().armedCount()))
                .isZero();
    }

    @Test
    void oneThatSaysAByteAtATimeAndOneThatReadsNothingHoldUpNobody() throws Exception {
        Hub hub = lab.network.hub(0);
        Nic nic = hub.add(Nic.config().id("guest"));
        nic.onFrame(frame -> {
            byte[] bytes = new byte[frame.length()];
            frame.getBytes(bytes, 0);
            frames.add(bytes);
        });
        StreamNetdev server = hub.add(StreamConfig.listen("s0", ANY_PORT).clients(3));
        byte[] slowly = FramePeer.framed(new byte[60]);
        try (FramePeer slow = connect(server);
                FramePeer deaf = connect(server);
                FramePeer good = connect(server)) {
            lab.untilEvent("NETDEV_STREAM_CONNECTED", 3);
            assertThat(deaf.channel.isOpen()).isTrue();
            for (int i = 0; i < slowly.length; i++) {
                slow.sendRaw(slowly[i]);
                byte[] big = new byte[60_000];
                big[0] = (byte) i;
                good.send(big);
                int count = i + 1;
                lab.until(() ->
                        frames.stream().filter(each -> each.length == 60_000).count() == count);
                nic.send(big);
                byte[] received = good.receive();
                assertThat(received.length == 60 ? good.receive()[0] : received[0])
                        .isEqualTo((byte) i); // the slow one's comes last
            }
            lab.until(() -> frames.stream().anyMatch(each -> each.length == 60));
        }
    }

    /** A backlog of 8, more than that at the door, and all of them leave again. */
    @Test
    void manyAtTheDoorAreServedOneAfterTheOther() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        for (int i = 1; i <= 100; i++) {
            try (FramePeer peer = connect(server)) {
                peer.send(new byte[60]);
            }
        }
        lab.untilFrames(100);
        lab.untilEvent("NETDEV_STREAM_DISCONNECTED", 100);
        assertThat(lab.eventNames().stream().filter(name -> name.endsWith("ED")).toList())
                .as("each comes after the one before has gone")
                .isEqualTo(IntStream.range(0, 200)
                        .mapToObj(i -> i % 2 == 0 ? "NETDEV_STREAM_CONNECTED" : "NETDEV_STREAM_DISCONNECTED")
                        .toList());
    }

    @Test
    void aLinkThatWasSetOffStaysOffWhenAClientComesBack() throws Exception {
        StreamNetdev server = lab.join(StreamConfig.listen("s0", ANY_PORT));
        lab.network.setLink("s0", false);
        for (int i = 0; i < 2; i++) {
            try (FramePeer peer = connect(server)) {
                int connected = i + 1;
                lab.untilEvent("NETDEV_STREAM_CONNECTED", connected);
                peer.send(new byte[60]);
                lab.until(() -> lab.counter(server, "drop.link-down") >= connected);
            }
            lab.untilEvent("NETDEV_STREAM_DISCONNECTED", i + 1);
        }
        assertThat(lab.frames).isEmpty();
        lab.network.setLink("s0", true);
        try (FramePeer peer = connect(server)) {
            peer.send(new byte[60]);
            lab.untilFrames(1);
        }
    }

    @Test
    void aPathOfAsManyBytesAsNettyAndTheJdkTake() throws Exception {
        int most = transport == Transport.EPOLL ? 107 : 106;
        String path = folder + "/" + "x".repeat(most - folder.toString().length() - 1);
        StreamNetdev server =
                (StreamNetdev) lab.network.addNetdev("stream,id=s0,server=on,addr.type=unix,addr.path=" + path);
        lab.network.connect(lab.nic, server);
        lab.network.addNetdev("stream,id=c0,addr.type=unix,addr.path=" + path);
        lab.until(() ->
                lab.info(Objects.requireNonNull(lab.network.endpoint("c0"))).equals("unix:" + path));
        lab.network.delete("s0");
        assertThat(Path.of(path)).doesNotExist();
    }

    private static FramePeer connect(StreamNetdev server) throws IOException {
        return FramePeer.connect(Objects.requireNonNull(server.localAddress()));
    }
}
