package io.qnet;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.qnet.wire.Ethernet;
import io.qnet.wire.Ip;
import io.qnet.wire.Ipv4;
import io.qnet.wire.Tcp;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Under one byte a frame on the loop's thread, over a million frames, with the JVM's default flags. */
@Timeout(300)
class AllocationTest {
    private static final int FRAMES = 1_000_000;
    private static final int A_TURN = 50;
    private static final int WARM_UP = 200_000;
    private static final int SEGMENTS = 40;
    private static final int MSS = 1460;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** What is done in one turn. */
    private interface Turn {
        /** Answers how many frames it moved. */
        int run();
    }

    @Test
    void aHubAndItsPorts() {
        try (Network network = Network.open()) {
            Probe sender = network.hub(0).add(Probe.config("sender"));
            for (int i = 0; i < 3; i++) {
                network.hub(0).add(Nic.config()).onFrame(frame -> {});
            }
            Frame frame = Probe.frame(1);
            measure(network, () -> {
                for (int i = 0; i < A_TURN; i++) {
                    sender.port().send(frame);
                }
                return A_TURN;
            });
        }
    }

    @Test
    void aNicThatSendsAndIsPolled() {
        try (Network network = Network.open()) {
            Nic sender = network.hub(0).add(Nic.config());
            Nic receiver = network.hub(0).add(Nic.config());
            byte[] bytes = new byte[1514];
            byte[] target = new byte[2000];
            measure(network, () -> {
                for (int i = 0; i < A_TURN; i++) {
                    sender.send(bytes, 0, bytes.length);
                    receiver.pollInto(target);
                }
                return A_TURN;
            });
        }
    }

    @Test
    void softwareOffload() {
        try (Network network = Network.open()) {
            Probe sender = network.add(Probe.config("sender"));
            Nic receiver = network.add(Nic.config());
            network.connect(sender, receiver);
            int[] frames = {0};
            receiver.onFrame(frame -> frames[0]++);
            ByteBuf head = PooledByteBufAllocator.DEFAULT.directBuffer(54, 54).writeZero(54);
            ByteBuf payload = PooledByteBufAllocator.DEFAULT.directBuffer(SEGMENTS * MSS, SEGMENTS * MSS);
            payload.writeZero(SEGMENTS * MSS);
            Ethernet.write(head, 0, 1, 2, Ethernet.TYPE_IPV4);
            Ipv4.write(head, 14, 0, 40 + SEGMENTS * MSS, 1, 0, 64, Ip.TCP, 3, 4);
            Tcp.write(head, 34, 1, 2, 3, 4, 20, Tcp.ACK, 5, 0);
            Frame frame = new Frame().head(head, 0, 54).addSlice(payload, 0, SEGMENTS * MSS);
            frame.needsChecksum(34, 16).gso(Offload.GSO_TCPV4, MSS, 54);
            measure(network, () -> {
                frames[0] = 0;
                sender.port().send(frame);
                return frames[0];
            });
            head.release();
            payload.release();
        }
    }

    /** Moves frames on the loop until enough have passed, and asks what that thread has allocated. */
    private static void measure(Network network, Turn turn) {
        Turns turns = new Turns(network, turn);
        turns.run(WARM_UP);
        long before = turns.allocated();
        long frames = turns.run(FRAMES);
        long bytes = turns.allocated() - before;
        assertThat((double) bytes / frames)
                .as("%s bytes for %s frames", bytes, frames)
                .isLessThan(1);
    }

    private static final class Turns {
        private final Network network;
        private final Turn turn;

        Turns(Network network, Turn turn) {
            this.network = network;
            this.turn = turn;
        }

        long run(int least) {
            return network.call(() -> {
                long frames = 0;
                while (frames < least) {
                    frames += turn.run();
                }
                return frames;
            });
        }

        long allocated() {
            return network.call(
                    () -> THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()));
        }
    }
}
