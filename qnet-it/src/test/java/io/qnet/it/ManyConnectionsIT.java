package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.UnixOperatingSystemMXBean;
import io.netty.buffer.PooledByteBufAllocator;
import io.qnet.Hub;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.Offload;
import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.FarEnd;
import io.qnet.slirp.UserNetdev;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/**
 * Ten thousand connections of one guest at once, 64 of them busy, and guests that mean no good: what they need in memory, that nobody else waits for them, and that nothing is left of them. The far end is another process; if the limit
 * of descriptors is below some 17 000, as many connections as it allows.
 */
class ManyConnectionsIT {
    private static final int WANTED = 10_000;
    private static final int BUSY = 64;
    private static final long MIB = 1 << 20;
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private final PooledByteBufAllocator allocator = new PooledByteBufAllocator(true);
    private final UnixOperatingSystemMXBean system =
            (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    /** What qnet leaves of the limit to others: three eighths, and a little. */
    private final int idle = (int) Math.min(WANTED, (system.getMaxFileDescriptorCount() - 512) * 5 / 8 - BUSY);

    private final long heapBefore = heapBytes();
    private ManyFlowsGuest guest;
    private UserNetdev user;

    @Test
    void tenThousandConnections() {
        try (ChildProcess farEnd = FarEnd.start();
                Network network = Network.builder().allocator(allocator).open()) {
            join(network, FarEnd.port(farEnd), BUSY + idle, BUSY, 'i');
            long descriptors = system.getOpenFileDescriptorCount();
            long pinned = allocator.pinnedDirectMemory();

            open(0, BUSY);
            moveOn(64 * MIB);
            assertBelow(BUSY + " busy", 64 * MIB);
            openIdle();
            moveOn(16 * MIB);
            assertBelow(idle + " idle and " + BUSY + " busy", 128 * MIB);
            assertThat(user.usernet().rows()).hasSizeGreaterThanOrEqualTo(BUSY + idle);
            assertThat(user.counters().value("tcp.evicted")).isZero();
            assertThat(guest.resets).hasValue(0);
            farEnd.awaitOut(line -> line.equals("open " + (BUSY + idle) / 1000 * 1000), LIMIT);

            end();
            farEnd.awaitOut(line -> line.equals("open 0"), LIMIT);
            eventually(() -> system.getOpenFileDescriptorCount() <= descriptors);
            eventually(() -> allocator.pinnedDirectMemory() <= pinned + MIB / 4);
            ping();
        }
        eventually(() -> allocator.pinnedDirectMemory() == 0);
    }

    @Test
    void aMillionOneByteSegmentsIntoASocketThatDoesNotRead() {
        try (ChildProcess farEnd = FarEnd.start();
                Network network = Network.builder().allocator(allocator).open()) {
            join(network, FarEnd.port(farEnd), 2, 0, 'n');
            open(0, 2);
            for (int i = 0; i < 1_000_000; i++) {
                // one connection in order, one with gaps
                while (!guest.sendByte(i & 1, (i & 1) == 0 ? i / 2 : i)) {
                    Thread.onSpinWait();
                }
            }
            ping();
            assertBelow("a million one-byte segments", 32 * MIB);
            assertThat(user.counters().value("tcp.segments-in")).isGreaterThan(900_000);
        }
    }

    @Test
    void guestsThatNeverAcknowledge() {
        int flows = Math.min(500, idle);
        try (ChildProcess farEnd = FarEnd.start();
                Network network = Network.builder().allocator(allocator).open()) {
            join(network, FarEnd.port(farEnd), flows + 1, flows, 'i');
            guest.acknowledges = false;
            open(0, flows);
            eventually(() -> user.counters().value("tcp.timeouts") > flows);
            assertBelow(flows + " connections that acknowledge nothing", 64 * MIB);
            guest.open(flows);
            eventually(() -> guest.idleAnswered.get() == 1);
            ping();
        }
        eventually(() -> allocator.pinnedDirectMemory() == 0);
    }

    private void join(Network network, int port, int flows, int busy, char request) {
        Hub lan = network.hub(0);
        user = lan.add(UserNetdev.config("u0"));
        Nic nic = lan.add(Nic.config().takes(Offload.TAKES_ALL));
        guest = new ManyFlowsGuest(nic, port, flows, busy, request);
        nic.onFrame(guest);
        ping();
    }

    private void openIdle() {
        int step = 250;
        for (int from = BUSY; from < BUSY + idle; from += step) {
            open(from, Math.min(from + step, BUSY + idle));
            ping();
        }
        int all = idle;
        eventually(() -> guest.idleAnswered.get() == all);
    }

    /** Opens connections and waits for them. */
    private void open(int from, int to) {
        for (int flow = from; flow < to; flow++) {
            guest.open(flow);
        }
        eventually(() -> guest.established.get() >= to);
    }

    private void ping() {
        int before = guest.pings.get();
        guest.ping();
        eventually(() -> guest.pings.get() > before);
    }

    private void moveOn(long more) {
        long goal = guest.bytes.get() + more;
        eventually(() -> guest.bytes.get() >= goal);
    }

    private void end() {
        // a reset must have the exact number, and the mailbox room
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(200))
                .pollDelay(Duration.ZERO)
                .until(() -> {
                    if (user.usernet().rows().isEmpty()) {
                        return true;
                    }
                    for (int flow = 0; flow < BUSY + idle; flow++) {
                        guest.reset(flow);
                    }
                    return false;
                });
    }

    private static void eventually(BooleanSupplier condition) {
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(20)).until(condition::getAsBoolean);
    }

    private void assertBelow(String what, long most) {
        long heap = heapBytes() - heapBefore;
        long direct = directBytes();
        System.out.printf("%s: heap %.1f MiB, direct %.1f MiB%n", what, heap / (double) MIB, direct / (double) MIB);
        assertThat(heap + direct)
                .as("%s: heap %d, direct %d", what, heap, direct)
                .isLessThanOrEqualTo(most);
    }

    private static long heapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /** Whole chunks, as the allocator has them from the system. */
    private long directBytes() {
        return allocator.metric().usedDirectMemory();
    }
}
