package io.qnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The three ways to run a network, and virtual time: two NICs on a hub exchange a frame in each. */
@Timeout(60)
class NetworkModesTest {
    private static final byte[] FRAME = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 42};

    @Test
    void ownThread() {
        try (Network network = Network.builder().name("modes").open()) {
            Nic one = network.hub(0).add(Nic.config());
            Nic other = network.hub(0).add(Nic.config());
            assertThat(one.send(FRAME)).isTrue();
            await().untilAsserted(() -> assertThat(other.pollBytes()).isEqualTo(FRAME));
            String thread = network.call(() -> Thread.currentThread().getName());
            assertThat(thread).isEqualTo("qnet-modes");
        }
    }

    @Test
    void drivenByItsCaller() {
        try (Network network = Network.builder().manual().open()) {
            exchange(network);
        }
    }

    @Test
    void virtualTime() {
        try (Network network = Network.builder().virtualTime().open()) {
            exchange(network);
        }
    }

    @Test
    void givenEventLoopOutlivesTheNetwork() throws Exception {
        MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try {
            IoEventLoop eventLoop = group.next();
            try (Network network = Network.builder().eventLoop(eventLoop).open()) {
                Nic one = network.hub(0).add(Nic.config());
                Nic other = network.hub(0).add(Nic.config());
                one.send(FRAME);
                await().untilAsserted(() -> assertThat(other.pollBytes()).isEqualTo(FRAME));
            }
            assertThat(eventLoop.submit(() -> "alive").get()).isEqualTo("alive");
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    @Test
    void anotherThreadMayNotDriveAndIsToldWhatServes() throws Exception {
        try (Network network = Network.builder().manual().open()) {
            network.poll();
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread other = new Thread(() -> {
                try {
                    network.poll();
                } catch (IllegalStateException e) {
                    thrown.set(e);
                }
            });
            other.start();
            other.join();
            assertThat(thrown.get()).hasMessageContaining("Network.open()").hasMessageContaining("Nic.poll()");
        }
    }

    @Test
    void aCallFromAnotherThreadWaitsForTheNextPoll() throws Exception {
        try (Network network = Network.builder().manual().open()) {
            network.poll();
            AtomicReference<Nic> added = new AtomicReference<>();
            Thread other = new Thread(() -> added.set(network.add(Nic.config())));
            other.start();
            await().pollInSameThread().until(() -> {
                network.poll();
                return added.get() != null;
            });
            other.join();
            assertThat(added.get().id()).isEqualTo("e1000.0");
        }
    }

    @Test
    void aNetworkWithAThreadIsNotPolled() {
        try (Network network = Network.open()) {
            assertThatThrownBy(network::poll).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void closedNetworksSaySo() {
        Network network = Network.builder().name("gone").open();
        Nic nic = network.add(Nic.config());
        network.close();
        network.close();
        assertThatThrownBy(() -> network.add(Nic.config()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("network 'gone' is closed");
        assertThatThrownBy(() -> nic.send(FRAME)).isInstanceOf(IllegalStateException.class);
    }

    private static void exchange(Network network) {
        Nic one = network.hub(0).add(Nic.config());
        Nic other = network.hub(0).add(Nic.config());
        one.send(FRAME);
        network.poll();
        assertThat(other.pollBytes()).isEqualTo(FRAME);
        assertThat(other.pollBytes()).isNull();
    }
}
