package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.Netdev;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.it.support.ChildProcess;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A network in this process: one netdev, as {@code -netdev} takes it, and a NIC at the other end of the cable. */
final class QnetNic implements AutoCloseable {
    final Network network = Network.open();
    final Nic nic = network.add(Nic.config().id("nic").inbox(64 << 20, 100_000));
    final Netdev netdev;
    private final BlockingQueue<byte[]> frames = new LinkedBlockingQueue<>();

    QnetNic(String options) {
        nic.onFrame(frame -> {
            byte[] bytes = new byte[frame.length()];
            frame.getBytes(bytes, 0);
            frames.add(bytes);
        });
        try {
            netdev = network.addNetdev(options);
            network.connect(nic, netdev);
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    void send(byte[] frame) {
        Awaitility.await()
                .atMost(ChildProcess.HANG)
                .pollInSameThread()
                .pollDelay(java.time.Duration.ZERO)
                .pollInterval(java.time.Duration.ofMillis(1))
                .until(() -> nic.send(frame));
    }

    byte[] receive() {
        return poll().orElseThrow(() -> new AssertionError("no frame has come; info: " + info()));
    }

    Optional<byte[]> poll() {
        try {
            return Optional.ofNullable(frames.poll(ChildProcess.HANG.toSeconds(), TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    int waiting() {
        return frames.size();
    }

    String info() {
        return network.call(netdev::info);
    }

    long counter(String name) {
        return netdev.port().counters().value(name);
    }

    @Override
    public void close() {
        long failed = network.loop().counters().value("task.failed");
        network.close();
        assertThat(failed).as("failed tasks").isZero();
    }
}
