package io.qnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Frames between threads of the embedder's and the loop: every one arrives, in the order of its sender. */
@Timeout(120)
class NicThreadsTest {
    private static final int THREADS = 3;
    private static final int FRAMES = 10_000;

    @Test
    void manySendersOnePoller() throws Exception {
        try (Network network = Network.open()) {
            Nic sender = network.hub(0).add(Nic.config().outbox(1 << 16, 64));
            Nic receiver = network.hub(0).add(Nic.config().inbox(1 << 16, 64));
            List<Thread> threads = start(sender);
            Check check = new Check();
            while (check.count < THREADS * FRAMES) {
                Frame frame = receiver.poll();
                if (frame == null) {
                    LockSupport.parkNanos(20_000);
                } else {
                    check.accept(frame);
                }
            }
            for (Thread each : threads) {
                each.join();
            }
            assertThat(receiver.poll()).isNull();
        }
    }

    @Test
    void manySendersAnExecutor() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(2);
        try (Network network = Network.open()) {
            Nic sender = network.hub(0).add(Nic.config().outbox(1 << 16, 64));
            Nic receiver = network.hub(0).add(Nic.config().inbox(1 << 16, 64));
            Check check = new Check();
            receiver.onFrame(check::accept, executor);
            for (Thread each : start(sender)) {
                each.join();
            }
            await().atMost(60, TimeUnit.SECONDS).until(() -> check.done.get() == THREADS * FRAMES);
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void manySendersAHandlerOnTheLoop() throws Exception {
        try (Network network = Network.open()) {
            Nic sender = network.hub(0).add(Nic.config().outbox(1 << 16, 64));
            Nic receiver = network.hub(0).add(Nic.config());
            Check check = new Check();
            receiver.onFrame(check::accept);
            for (Thread each : start(sender)) {
                each.join();
            }
            await().atMost(60, TimeUnit.SECONDS).until(() -> check.done.get() == THREADS * FRAMES);
        }
    }

    @Test
    void closingWhileOthersSendAndPoll() throws Exception {
        for (int round = 0; round < 20; round++) {
            Network network = Network.open();
            Nic sender = network.hub(0).add(Nic.config());
            Nic receiver = network.hub(0).add(Nic.config());
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread sending = new Thread(() -> {
                while (true) {
                    sender.send(new byte[100]);
                }
            });
            sending.setUncaughtExceptionHandler((thread, failure) -> thrown.set(failure));
            Thread polling = new Thread(() -> {
                while (!Thread.interrupted()) {
                    receiver.poll();
                }
            });
            sending.start();
            polling.start();
            await().until(() -> receiver.port().counters().value("in.frames") > 100);
            network.close();
            polling.interrupt();
            sending.join();
            polling.join();
            assertThat(thrown.get()).isInstanceOf(IllegalStateException.class).hasMessage("NIC 'e1000.0' is closed");
        }
    }

    private static List<Thread> start(Nic sender) {
        List<Thread> threads = new ArrayList<>();
        IntStream.range(0, THREADS).forEach(number -> {
            Thread thread = new Thread(() -> {
                byte[] frame = new byte[60];
                for (int i = 0; i < FRAMES; i++) {
                    ByteBuffer.wrap(frame).putInt(14, number).putInt(18, i).putInt(56, ~i);
                    while (!sender.send(frame)) {
                        LockSupport.parkNanos(20_000);
                    }
                }
            });
            thread.start();
            threads.add(thread);
        });
        return threads;
    }

    /** Sees that each thread's frames come whole and in order. */
    private static final class Check {
        private final int[] next = new int[THREADS];
        private final AtomicInteger done = new AtomicInteger();
        private int count;

        void accept(Frame frame) {
            int at = frame.headIndex();
            int number = frame.head().getInt(at + 14);
            int i = frame.head().getInt(at + 18);
            if (i != next[number]++ || frame.head().getInt(at + 56) != ~i) {
                throw new AssertionError("thread " + number + ": frame " + i + ", not " + (next[number] - 1));
            }
            count++;
            done.lazySet(count);
        }
    }
}
