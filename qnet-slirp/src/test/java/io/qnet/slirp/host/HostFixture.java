package io.qnet.slirp.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.qnet.loop.NettyLoop;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** A loop of one transport with a {@link RealHostNetwork} on it. Closing it checks that no buffer and no stream is left. */
final class HostFixture {
    static final Duration LIMIT = Duration.ofSeconds(30);

    final MultiThreadIoEventLoopGroup group;
    final NettyLoop loop;
    final RealHostNetwork network;
    /** True on the loop's thread while a call into the network is under way. */
    boolean inCall;

    HostFixture(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable(), () -> transport + " is not available");
        ThreadFactory threads = task -> new FastThreadLocalThread(task, "host-" + transport);
        group = new MultiThreadIoEventLoopGroup(1, threads, transport.handlers());
        loop = NettyLoop.given("test", group.next());
        network = loop.call(() -> new RealHostNetwork(loop));
    }

    /** Runs something on the loop and waits for it. */
    <T> T call(Callable<T> action) {
        try {
            return loop.call(() -> {
                inCall = true;
                try {
                    return action.call();
                } finally {
                    inCall = false;
                }
            });
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** As {@link #call}, without a result. */
    void run(Runnable action) {
        call(() -> {
            action.run();
            return true;
        });
    }

    /** Waits until something is true on the loop. */
    void until(Callable<Boolean> condition) {
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(2)).until(() -> loop.call(condition));
    }

    void close() throws Exception {
        loop.call(() -> {
            network.close();
            return true;
        });
        assertThat(network.openStreams()).as("open streams").isZero();
        assertThat(loop.counters().value("task.failed")).as("failed tasks").isZero();
        loop.close(() -> {});
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        assertThat(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory())
                .as("bytes in buffers that were not released")
                .isZero();
    }
}
