package io.qnet;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The rules of delivery over one cable. */
class PortTest extends CoreFixture {
    private Probe one;
    private Probe other;

    @BeforeEach
    void connect() {
        one = probe("one");
        other = probe("other");
        network.connect(one, other);
    }

    @Test
    void delivers() {
        assertThat(one.send(1)).isTrue();
        assertThat(other.send(2)).isTrue();
        assertThat(other.received).containsExactly(1);
        assertThat(one.received).containsExactly(2);
        assertThat(one.count("out.frames")).isEqualTo(1);
        assertThat(one.count("out.bytes")).isEqualTo(18);
        assertThat(one.count("in.bytes")).isEqualTo(18);
    }

    @Test
    void aRefusalChangesNothingAndTheSenderIsToldOnce() {
        other.notReady();
        assertThat(one.send(1)).isFalse();
        assertThat(one.send(1)).as("not asked again").isFalse();
        assertThat(other.refusals).isEqualTo(1);
        assertThat(one.count("out.frames")).isZero();
        other.readyAgain();
        assertThat(one.sendables).isEqualTo(1);
        assertThat(one.send(1)).isTrue();
        other.readyAgain();
        assertThat(one.sendables).as("it was not waiting any more").isEqualTo(1);
        assertThat(other.received).containsExactly(1);
    }

    @Test
    void whatCannotWaitIsQueuedInOrderAndBeforeWhatComesLater() {
        other.notReady();
        one.sendOrQueue(1);
        one.sendOrQueue(2);
        one.sendOrQueue(3);
        assertThat(one.send(4)).as("behind the queue").isFalse();
        other.readyFor(1);
        assertThat(other.received).containsExactly(1);
        assertThat(one.send(4)).isFalse();
        assertThat(one.sendables).isZero();
        other.readyAgain();
        assertThat(other.received).containsExactly(1, 2, 3);
        assertThat(one.sendables).isEqualTo(1);
        one.sendOrQueue(4);
        assertThat(other.received).containsExactly(1, 2, 3, 4);
        assertThat(one.count("out.frames")).isEqualTo(4);
    }

    @Test
    void theQueueIsBoundedInFrames() {
        other.notReady();
        for (int i = 0; i < Port.QUEUE_FRAMES + 5; i++) {
            one.sendOrQueue(i);
        }
        assertThat(other.count("drop.queue-full")).isEqualTo(5);
        other.readyAgain();
        for (int i = 0; i < 20; i++) {
            network.poll();
        }
        assertThat(other.received)
                .isEqualTo(IntStream.range(0, Port.QUEUE_FRAMES).boxed().toList());
    }

    @Test
    void theQueueIsBoundedInBytes() {
        other.notReady();
        Frame large = new Frame().head(Unpooled.buffer(65536), 0, 65536);
        for (int i = 0; i < 300; i++) {
            one.port().sendOrQueue(large);
        }
        assertThat(other.count("drop.queue-full")).isEqualTo(300 - Port.QUEUE_BYTES / 65536);
    }

    @Test
    void framesOfNoLengthOrTooLongAreSwallowed() {
        assertThat(one.port().send(new Frame().head(Unpooled.buffer(1), 0, 0))).isTrue();
        Frame long1 = new Frame().head(Unpooled.buffer(70000), 0, Port.MAX_FRAME_BYTES + 1);
        assertThat(one.port().send(long1)).isTrue();
        one.port().sendOrQueue(long1);
        assertThat(one.count("drop.bad-length")).isEqualTo(3);
        assertThat(other.received).isEmpty();
        one.send(1);
        assertThat(other.received).as("nothing is stuck").containsExactly(1);
    }

    @Test
    void aDeliveryIsNotReentered() {
        // Each answers what it gets, up to a number; the other's answer must wait for its delivery to end.
        one.onReceive = number -> {
            if (number < 10) {
                one.send(number + 1);
                one.send(number + 100);
            }
        };
        other.onReceive = number -> {
            if (number < 10) {
                other.send(number + 1);
            }
        };
        one.send(1);
        network.poll();
        assertThat(other.received.subList(0, 4)).containsExactly(1, 3, 102, 5);
        assertThat(one.received).startsWith(2, 4);
        assertThat(one.count("drop.failed") + other.count("drop.failed")).isZero();
    }

    @Test
    void endlessAnswersDoNotHoldTheLoop() {
        one.onReceive = one::send;
        other.onReceive = other::send;
        one.send(1);
        int before = other.received.size();
        network.poll();
        network.poll();
        assertThat(other.received.size()).as("it goes on, turn by turn").isGreaterThan(before);
        one.onReceive = null;
        network.poll();
    }

    /** As a device whose buffer is emptied by another thread while it says no. */
    @Test
    void wakingWithinARefusedDeliveryIsNotLost() {
        other.notReady();
        other.onRefuse = () -> {
            other.onRefuse = null;
            other.readyAgain();
        };
        one.onSendable = () -> one.send(1);
        assertThat(one.send(1)).isFalse();
        network.poll();
        assertThat(other.received).containsExactly(1);
    }

    @Test
    void aDeviceThatWakesAndRefusesForEverDoesNotHoldTheLoop() {
        other.notReady();
        other.onRefuse = () -> other.port().wake();
        one.onSendable = () -> one.send(1);
        assertThat(one.send(1)).isFalse();
        network.poll();
        network.poll();
        assertThat(other.refusals).isBetween(2, 10);
    }

    @Test
    void aLinkThatIsDownSwallowsBothWays() {
        network.setLink("other", false);
        assertThat(one.send(1)).isTrue();
        assertThat(other.send(2)).isTrue();
        assertThat(one.received).isEmpty();
        assertThat(other.received).isEmpty();
        assertThat(other.count("drop.link-down")).isEqualTo(2);
        assertThat(other.links).isEqualTo(1);
        network.setLink("other", true);
        one.send(3);
        assertThat(other.received).containsExactly(3);
    }

    @Test
    void aLinkGoingDownFreesWhoWaits() {
        other.notReady();
        one.sendOrQueue(1);
        assertThat(one.send(2)).isFalse();
        network.setLink("other", false);
        assertThat(one.sendables).isEqualTo(1);
        assertThat(one.send(2)).isTrue();
        assertThat(other.count("drop.purged")).isEqualTo(1);
    }

    @Test
    void withoutAPeerFramesAreCounted() {
        other.notReady();
        one.sendOrQueue(1);
        assertThat(one.send(2)).isFalse();
        network.remove(other);
        assertThat(one.sendables).as("it goes on").isEqualTo(1);
        assertThat(one.send(2)).isTrue();
        assertThat(one.count("drop.no-peer")).isEqualTo(1);
        assertThat(other.closed).isTrue();
    }

    @Test
    void whatADeviceThrowsIsCountedAndTheNextFrameArrives() {
        expectedFailures = 2;
        other.onReceive = number -> {
            throw new IllegalStateException("a bug that a test made");
        };
        assertThat(one.send(1)).isTrue();
        other.onReceive = null;
        one.onSendable = () -> {
            throw new IllegalStateException("another");
        };
        other.notReady();
        assertThat(one.send(2)).isFalse();
        other.readyAgain();
        assertThat(one.send(3)).isTrue();
        assertThat(other.received).containsExactly(1, 3);
        assertThat(other.count("drop.failed")).isEqualTo(1);
    }

    @Test
    void aPauseKeepsEverythingInOrder() {
        network.pause();
        assertThat(one.send(1)).isFalse();
        one.sendOrQueue(2);
        one.sendOrQueue(3);
        assertThat(other.received).isEmpty();
        one.onSendable = () -> one.send(4);
        network.resume();
        assertThat(other.received).containsExactly(2, 3, 4);
        network.resume();
        assertThat(one.sendables).isEqualTo(1);
    }

    @Test
    void aReceiverThatLeavesWhileItIsDeliveredTo() {
        other.onReceive = number -> network.remove(other);
        other.notReady();
        one.sendOrQueue(1);
        one.sendOrQueue(2);
        other.readyAgain();
        assertThat(other.received).containsExactly(1);
        assertThat(one.send(3)).isTrue();
    }

    @Test
    void payloadSlicesAreNotPinnedByTheQueue() {
        ByteBuf slice = Unpooled.directBuffer(5000, 5000);
        Frame frame = Probe.frame(7).addSlice(slice, 0, 5000);
        other.notReady();
        one.port().sendOrQueue(frame);
        assertThat(slice.refCnt()).isEqualTo(1);
        slice.release();
        other.readyAgain();
        assertThat(other.received).isEqualTo(List.of(7));
        assertThat(other.count("in.bytes")).isEqualTo(5018);
    }
}
