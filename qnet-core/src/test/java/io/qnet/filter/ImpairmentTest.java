package io.qnet.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.qnet.Frame;
import io.qnet.FrameFilter.Direction;
import io.qnet.NetdevException;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.Offload;
import io.qnet.wire.Ethernet;
import io.qnet.wire.Ip;
import io.qnet.wire.Ipv4;
import io.qnet.wire.Tcp;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Numbered frames over a bad line, in virtual time. */
@Timeout(60)
class ImpairmentTest {
    private static final int LENGTH = 125;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    private final List<Integer> received = new ArrayList<>();
    private final List<byte[]> frames = new ArrayList<>();
    private Network network;
    private Nic sender;
    private Nic receiver;
    private Impairment line;

    @BeforeEach
    void open() {
        openNetwork();
    }

    @AfterEach
    void close() {
        network.close();
        assertThat(allocator.metric().usedDirectMemory()).isZero();
        assertThat(network.loop().counters().value("task.failed")).isZero();
    }

    private void openNetwork() {
        network = Network.builder().virtualTime().allocator(allocator).open();
        sender = network.hub(0).add(Nic.config());
        receiver = network.hub(0).add(Nic.config());
        receiver.onFrame(frame -> {
            byte[] bytes = new byte[frame.length()];
            frame.getBytes(bytes, 0);
            frames.add(bytes);
            received.add(ByteBuffer.wrap(bytes).getInt(14));
        });
        network.poll();
    }

    private void bad(ImpairmentConfig config) {
        line = new Impairment(network.loop(), config);
        network.addFilter("bad", "hub0port0", line, Direction.RX);
    }

    private void send(int from, int to) {
        for (int i = from; i < to; i++) {
            sender.send(ByteBuffer.allocate(LENGTH).putInt(14, i).array());
        }
        network.poll();
    }

    private void after(long duration, TimeUnit unit) {
        network.advance(unit.toNanos(duration));
        network.poll();
    }

    private static List<Integer> range(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    @Test
    void aPerfectLineChangesNothing() {
        bad(ImpairmentConfig.NONE);
        send(0, 100);
        assertThat(received).isEqualTo(range(0, 100));
        assertThat(line.counters().value("delayed")).isZero();
    }

    @Test
    void losesTheShareThatItIsTold() {
        bad(ImpairmentConfig.NONE.loss(0.1).seed(1));
        send(0, 2000);
        send(2000, 4000);
        assertThat(received.size() / 4000.0).isCloseTo(0.9, within(0.02));
        assertThat(received).isSorted();
        assertThat(line.counters().value("drop.lost")).isEqualTo(4000 - received.size());
    }

    @Test
    void losesInBurstsOfTheLengthThatItIsTold() {
        bad(ImpairmentConfig.NONE.loss(0.1, 5).seed(2));
        for (int i = 0; i < 10; i++) {
            send(i * 2000, i * 2000 + 2000);
        }
        int bursts = 0;
        for (int i = 1; i < received.size(); i++) {
            bursts += received.get(i) - received.get(i - 1) > 1 ? 1 : 0;
        }
        int lost = 20_000 - received.size();
        assertThat(lost / 20_000.0).isCloseTo(0.1, within(0.02));
        assertThat(lost / (double) bursts).isCloseTo(5, within(0.8));
    }

    @Test
    void delaysAndKeepsTheOrder() {
        bad(ImpairmentConfig.NONE.delay(Duration.ofMillis(20)));
        send(0, 5);
        after(10, TimeUnit.MILLISECONDS);
        send(5, 10);
        assertThat(received).isEmpty();
        after(10, TimeUnit.MILLISECONDS);
        assertThat(received).isEqualTo(range(0, 5));
        after(9_999_999, TimeUnit.NANOSECONDS);
        assertThat(received).hasSize(5);
        after(1, TimeUnit.NANOSECONDS);
        assertThat(received).isEqualTo(range(0, 10));
    }

    @Test
    void jitterSpreadsButDoesNotReorder() {
        bad(ImpairmentConfig.NONE
                .delay(Duration.ofMillis(20), Duration.ofMillis(10))
                .seed(3));
        send(0, 1);
        after(9_990, TimeUnit.MICROSECONDS);
        assertThat(received).isEmpty();
        after(20_020, TimeUnit.MICROSECONDS);
        assertThat(received).hasSize(1);
        send(1, 200);
        after(31, TimeUnit.MILLISECONDS);
        assertThat(received).isEqualTo(range(0, 200));
    }

    @Test
    void doublesFrames() {
        bad(ImpairmentConfig.NONE.duplicate(0.5).seed(4));
        send(0, 1000);
        assertThat(received).isSorted();
        assertThat(received.stream().distinct().toList()).isEqualTo(range(0, 1000));
        assertThat(received).hasSizeBetween(1400, 1600);
    }

    @Test
    void holdsFramesBackSoThatOthersOvertake() {
        bad(ImpairmentConfig.NONE.reorder(0.1, Duration.ofMillis(1)).seed(5));
        for (int i = 0; i < 100; i++) {
            send(i, i + 1);
            after(100, TimeUnit.MICROSECONDS);
        }
        after(2, TimeUnit.MILLISECONDS);
        assertThat(received).containsExactlyInAnyOrderElementsOf(range(0, 100));
        assertThat(received).isNotEqualTo(range(0, 100));
        assertThat(line.counters().value("reordered")).isBetween(3L, 20L);
    }

    @Test
    void flipsOneBit() {
        bad(ImpairmentConfig.NONE.corrupt(1).seed(6));
        send(0, 50);
        assertThat(frames).hasSize(50);
        for (int i = 0; i < 50; i++) {
            byte[] sent = ByteBuffer.allocate(LENGTH).putInt(14, i).array();
            int different = 0;
            for (int at = 0; at < LENGTH; at++) {
                different += Integer.bitCount((sent[at] ^ frames.get(i)[at]) & 0xff);
            }
            assertThat(different).isEqualTo(1);
        }
    }

    @Test
    void limitsTheRateAndWhatWaits() {
        // 125 bytes at 1 Mbit/s: one frame a millisecond; ten may wait.
        bad(ImpairmentConfig.NONE.rate(1_000_000, 10 * LENGTH));
        send(0, 25);
        assertThat(received).isEmpty();
        for (int i = 1; i <= 10; i++) {
            after(1, TimeUnit.MILLISECONDS);
            assertThat(received).hasSize(i);
        }
        after(100, TimeUnit.MILLISECONDS);
        assertThat(received).isEqualTo(range(0, 10));
        assertThat(line.counters().value("drop.rate-limit")).isEqualTo(15);
        send(25, 26);
        after(1, TimeUnit.MILLISECONDS);
        assertThat(received).endsWith(25);
    }

    @Test
    void theSameSeedIsTheSameFate() {
        List<List<Integer>> runs = new ArrayList<>();
        for (int seed : new int[] {7, 7, 8}) {
            received.clear();
            network.close();
            openNetwork();
            bad(ImpairmentConfig.NONE
                    .loss(0.2, 3)
                    .delay(Duration.ofMillis(5), Duration.ofMillis(4))
                    .reorder(0.2, Duration.ofMillis(2))
                    .duplicate(0.1)
                    .seed(seed));
            for (int i = 0; i < 100; i++) {
                send(i * 5, i * 5 + 5);
                after(700, TimeUnit.MICROSECONDS);
            }
            after(50, TimeUnit.MILLISECONDS);
            runs.add(List.copyOf(received));
        }
        assertThat(runs.get(1)).isEqualTo(runs.get(0));
        assertThat(runs.get(2)).isNotEqualTo(runs.get(0));
    }

    @Test
    void canBeChangedWhileFramesAreUnderWay() {
        bad(ImpairmentConfig.NONE.delay(Duration.ofMillis(20)));
        send(0, 1);
        line.configure(ImpairmentConfig.NONE);
        send(1, 2);
        assertThat(received).as("it does not overtake").isEmpty();
        after(20, TimeUnit.MILLISECONDS);
        assertThat(received).containsExactly(0, 1);
        send(2, 3);
        assertThat(received).containsExactly(0, 1, 2);
    }

    @Test
    void takenOffItLetsGoWhatItHolds() {
        bad(ImpairmentConfig.NONE.delay(Duration.ofSeconds(20)));
        send(0, 3);
        network.removeFilter("bad");
        assertThat(received).containsExactly(0, 1, 2);
        bad(ImpairmentConfig.NONE.delay(Duration.ofSeconds(20)));
        send(3, 5);
        network.close();
        assertThat(received).containsExactly(0, 1, 2);
        openNetwork();
    }

    @Test
    void superFramesAreCutAndCorruptionIsSeen() {
        bad(ImpairmentConfig.NONE.corrupt(1).seed(9));
        ByteBuf head = Unpooled.buffer(10_054).writeZero(10_054);
        Ethernet.write(head, 0, 1, 2, Ethernet.TYPE_IPV4);
        Ipv4.write(head, 14, 0, 10_040, 1, 0, 64, Ip.TCP, 3, 4);
        Tcp.write(head, 34, 1, 2, 3, 4, 20, Tcp.ACK, 5, 0);
        Frame frame = new Frame().head(head, 0, 10_054).needsChecksum(34, 16).gso(Offload.GSO_TCPV4, 1000, 54);
        sender.send(frame);
        network.poll();
        assertThat(frames).hasSize(10).allMatch(each -> each.length == 1054);
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> ImpairmentConfig.NONE.loss(1.5))
                .isInstanceOf(NetdevException.class)
                .hasMessage("Parameter 'loss' expects a probability from 0 to 1");
        assertThatThrownBy(() -> ImpairmentConfig.NONE.delay(Duration.ofMillis(-1)))
                .hasMessageContaining("'delay'");
    }
}
