package io.qnet.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.qnet.Endpoint;
import io.qnet.EndpointConfig;
import io.qnet.Network;
import io.qnet.NetworkEvent;
import io.qnet.NetworkListener;
import io.qnet.Nic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** A network on one transport with a NIC that a netdev is joined to. Records frames, events and warnings. */
final class SocketLab {
    static final Duration LIMIT = Duration.ofSeconds(30);

    private final MultiThreadIoEventLoopGroup group;
    final Network network;
    final Nic nic;
    final List<byte[]> frames = Collections.synchronizedList(new ArrayList<>());
    final List<NetworkEvent> events = new CopyOnWriteArrayList<>();
    final List<String> warnings = new CopyOnWriteArrayList<>();

    SocketLab(Transport transport) {
        assumeTrue(transport.isAvailable(), () -> transport + " is not available");
        ThreadFactory threads = task -> new FastThreadLocalThread(task, "lab-" + transport);
        group = new MultiThreadIoEventLoopGroup(1, threads, transport.handlers());
        network = Network.builder()
                .eventLoop(group.next())
                .listener(new NetworkListener() {
                    @Override
                    public void onEvent(NetworkEvent event) {
                        events.add(event);
                    }

                    @Override
                    public void onWarning(String endpoint, String message) {
                        warnings.add(endpoint + ": " + message);
                    }
                })
                .open();
        nic = network.add(Nic.config().id("nic").inbox(64 << 20, 100_000));
        nic.onFrame(frame -> {
            byte[] bytes = new byte[frame.length()];
            frame.getBytes(bytes, 0);
            frames.add(bytes);
        });
    }

    /** A second network on the same transport. */
    Network another() {
        return Network.builder().eventLoop(group.next()).open();
    }

    /** Adds a netdev and joins it to the NIC. */
    <E extends Endpoint> E join(EndpointConfig<E> config) {
        E endpoint = network.add(config);
        network.connect(nic, endpoint);
        return endpoint;
    }

    List<String> eventNames() {
        return events.stream().map(NetworkEvent::name).toList();
    }

    void until(Callable<Boolean> condition) {
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(2)).until(condition);
    }

    void untilFrames(int count) {
        until(() -> frames.size() >= count);
    }

    void untilEvent(String name, int count) {
        until(() -> eventNames().stream().filter(name::equals).count() >= count);
    }

    long counter(Endpoint endpoint, String name) {
        return endpoint.port().counters().value(name);
    }

    String info(Endpoint endpoint) {
        return network.call(endpoint::info);
    }

    void close() throws Exception {
        long failed = network.loop().counters().value("task.failed");
        network.close();
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        assertThat(failed).as("failed tasks").isZero();
        assertThat(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory())
                .as("bytes in buffers that were not released")
                .isZero();
    }
}
