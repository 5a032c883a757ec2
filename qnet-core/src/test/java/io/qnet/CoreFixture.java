package io.qnet;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** A network in virtual time on the test's thread, checked for leaks at the end. */
@Timeout(60)
abstract class CoreFixture {
    final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    Network network;
    /** How many failed tasks a test expects. */
    int expectedFailures;

    @BeforeEach
    void openNetwork() {
        network = Network.builder().virtualTime().allocator(allocator).open();
        network.poll();
    }

    @AfterEach
    void closeNetwork() {
        network.close();
        assertThat(allocator.metric().usedDirectMemory()).as("direct memory").isZero();
        assertThat(allocator.metric().usedHeapMemory()).as("heap memory").isZero();
        assertThat(network.loop().counters().value("task.failed")).isEqualTo(expectedFailures);
    }

    Probe probe(String id) {
        return network.add(Probe.config(id));
    }

    Probe onHub(String id) {
        return network.hub(0).add(Probe.config(id));
    }

    /** Lets time pass and what is due happen. */
    void after(long duration, TimeUnit unit) {
        network.advance(unit.toNanos(duration));
        network.poll();
    }
}
