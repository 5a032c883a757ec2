package io.qnet.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Turns, time, timers and failures, in virtual time where that is enough. */
@Timeout(60)
class NettyLoopTest {
    private final List<String> log = new ArrayList<>();
    private NettyLoop loop;

    @BeforeEach
    void open() {
        loop = NettyLoop.virtual("test");
        loop.poll(0);
    }

    @AfterEach
    void close() {
        if (!loop.isClosed()) {
            loop.close(() -> {});
        }
    }

    /** Writes its name, then does what it was told. */
    private final class Task extends TurnTask {
        private final String name;
        private Runnable then = () -> {};

        Task(String name) {
            this.name = name;
        }

        @Override
        protected void run(long nowNanos) {
            log.add(name);
            then.run();
        }
    }

    @Test
    void transmitsBeforeFlushesEachOnceHoweverOftenAsked() {
        Task transmit = new Task("transmit");
        Task flush = new Task("flush");
        loop.execute(() -> {
            loop.flushThisTurn(flush);
            loop.transmitThisTurn(transmit);
            loop.flushThisTurn(flush);
            log.add("event");
        });
        loop.execute(() -> {
            loop.transmitThisTurn(transmit);
            log.add("another event");
        });
        loop.poll(0);
        assertThat(log).containsExactly("event", "another event", "transmit", "flush");
        loop.poll(0);
        assertThat(log).hasSize(4);
    }

    @Test
    void whatIsAskedForAtTheEndOfTheTurnRunsInItOnce() {
        Task flush = new Task("flush");
        Task second = new Task("second");
        Task transmit = new Task("transmit");
        transmit.then = () -> {
            loop.flushThisTurn(flush);
            loop.transmitThisTurn(second);
        };
        Task again = new Task("again");
        again.then = () -> loop.transmitThisTurn(again);
        flush.then = () -> loop.transmitThisTurn(transmit);
        loop.transmitThisTurn(transmit);
        loop.transmitThisTurn(again);
        loop.poll(0);
        assertThat(log).containsExactly("transmit", "again", "second", "flush");
        log.clear();
        loop.poll(0);
        assertThat(log).as("the next turn").containsExactly("again", "transmit", "second", "flush");
    }

    @Test
    void timeStandsStillWithinATurn() {
        long before = loop.nowNanos();
        loop.advance(5_000_000);
        assertThat(loop.nowNanos()).isEqualTo(before);
        loop.poll(0);
        assertThat(loop.nowNanos() - before).isEqualTo(5_000_000);
    }

    @Test
    void timersFireWhenTheirTimeHasCome() {
        Named timer = new Named();
        loop.timers().arm(timer, loop.nowNanos() + 10_000_000);
        loop.poll(0);
        loop.advance(9_999_999);
        loop.poll(0);
        assertThat(timer.count).isZero();
        loop.advance(1);
        loop.poll(0);
        assertThat(timer.count).isOne();
    }

    /** An acknowledgement timer among long ones must not leave a wake-up behind for each round. */
    @Test
    void wakeUpsDoNotPileUp() {
        Named longer = new Named();
        Named shorter = new Named();
        AtomicInteger wakeUps = new AtomicInteger();
        WakeUps counted = new WakeUps(loop.eventLoop(), wakeUps::incrementAndGet);
        long start = loop.eventLoop().ticker().nanoTime();
        for (int i = 0; i < 100; i++) {
            counted.at(start + 1_000_000 + i);
            counted.at(start + 500_000);
        }
        loop.advance(2_000_000);
        loop.poll(0);
        assertThat(wakeUps).hasValue(2);
        loop.timers().arm(longer, loop.nowNanos() + 200_000_000);
        for (int i = 0; i < 10; i++) {
            loop.timers().arm(shorter, loop.nowNanos() + 1_000_000);
            loop.poll(0);
            loop.advance(1_000_000);
            loop.poll(0);
        }
        assertThat(shorter.count).isEqualTo(10);
        loop.advance(200_000_000);
        loop.poll(0);
        assertThat(longer.count).isOne();
    }

    @Test
    void aPauseStopsTimeAndTimers() {
        Named timer = new Named();
        long before = loop.nowNanos();
        loop.timers().arm(timer, before + 10_000_000);
        loop.poll(0);
        loop.advance(4_000_000);
        loop.pause();
        loop.advance(100_000_000);
        loop.poll(0);
        assertThat(timer.count).isZero();
        assertThat(loop.nowNanos()).isEqualTo(before + 4_000_000);
        loop.poll(0);
        loop.resume();
        loop.advance(5_999_999);
        loop.poll(0);
        assertThat(timer.count).isZero();
        loop.advance(1);
        loop.poll(0);
        assertThat(timer.count).isOne();
        assertThat(loop.nowNanos()).isEqualTo(before + 10_000_000);
    }

    @Test
    void whatThrowsIsCountedAndTheOthersRun() {
        Task bad = new Task("bad");
        bad.then = () -> {
            throw new IllegalStateException("a bug that a test made");
        };
        Task good = new Task("good");
        loop.transmitThisTurn(bad);
        loop.transmitThisTurn(good);
        loop.execute(() -> {
            throw new AssertionError("another");
        });
        Named timer = new Named();
        timer.then = bad.then;
        loop.timers().arm(timer, loop.nowNanos());
        loop.poll(0);
        loop.poll(0);
        assertThat(log).containsExactly("bad", "good");
        assertThat(loop.counters().value("task.failed")).isEqualTo(3);
    }

    @Test
    void inVirtualTimeBlockingWorkIsDoneInALaterTurn() {
        loop.runBlocking(() -> "result", (result, failure) -> log.add(result + " " + failure));
        loop.runBlocking(
                () -> {
                    throw new java.io.IOException("no");
                },
                (result, failure) -> log.add(result + " " + failure.getMessage()));
        assertThat(log).isEmpty();
        loop.poll(0);
        assertThat(log).containsExactly("result null", "null no");
    }

    @Test
    void blockingWorkRunsBesideTheLoopAndIsFinishedByClose() throws Exception {
        NettyLoop own = NettyLoop.ownThread("blocking");
        CompletableFuture<String> done = new CompletableFuture<>();
        CompletableFuture<String> worker = new CompletableFuture<>();
        own.runBlocking(() -> Thread.currentThread().getName(), (result, failure) -> {
            worker.complete(result);
            done.complete(Thread.currentThread().getName());
        });
        assertThat(worker.get()).isEqualTo("qnet-blocking-blocking-1");
        assertThat(done.get()).isEqualTo("qnet-blocking");
        CountDownLatch started = new CountDownLatch(1);
        CompletableFuture<Boolean> finished = new CompletableFuture<>();
        own.runBlocking(
                () -> {
                    started.countDown();
                    return finished.complete(true);
                },
                (result, failure) -> {});
        own.close(() -> {});
        assertThat(finished).isCompletedWithValue(true);
    }

    @Test
    void theNumberOfBlockingThreadsAndTheirQueueAreBounded() throws Exception {
        NettyLoop own = NettyLoop.ownThread("bounded");
        CountDownLatch hold = new CountDownLatch(1);
        List<Throwable> refused = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 1024 + 4 + 3; i++) {
            own.runBlocking(
                    () -> {
                        hold.await();
                        return 1;
                    },
                    (result, failure) -> {
                        if (failure != null) {
                            refused.add(failure);
                        }
                    });
        }
        await().until(() -> refused.size() == 3);
        assertThat(refused).allMatch(RejectedExecutionException.class::isInstance);
        hold.countDown();
        own.close(() -> {});
    }

    @Test
    void ownThreadRunsCallsAndTimersInRealTime() throws Exception {
        NettyLoop own = NettyLoop.ownThread("own");
        try {
            assertThat(own.call(() -> Thread.currentThread() instanceof FastThreadLocalThread))
                    .isTrue();
            assertThat(own.inLoop()).isFalse();
            CompletableFuture<Long> fired = new CompletableFuture<>();
            long armed = own.call(() -> {
                own.timers().arm(new Completing(fired), own.nowNanos() + 2_000_000);
                return own.nowNanos();
            });
            assertThat(fired.get() - armed).isGreaterThanOrEqualTo(2_000_000);
            assertThatThrownBy(() -> own.call(() -> {
                        throw new java.io.IOException("as it was thrown");
                    }))
                    .isInstanceOf(java.io.IOException.class)
                    .hasMessage("as it was thrown");
        } finally {
            own.close(() -> {});
        }
        assertThatThrownBy(() -> own.call(() -> 1)).hasMessage("network 'own' is closed");
        assertThat(own.eventLoop().isTerminated()).isTrue();
    }

    /** Work that is asked for again in every turn must leave room for everything else. */
    @Test
    void aTaskThatAsksForItselfForEverDoesNotStarveTheLoop() throws Exception {
        NettyLoop own = NettyLoop.ownThread("busy");
        try {
            AtomicInteger runs = new AtomicInteger();
            TurnTask busy = new TurnTask() {
                @Override
                protected void run(long nowNanos) {
                    runs.incrementAndGet();
                    own.flushThisTurn(this);
                }
            };
            own.execute(() -> own.flushThisTurn(busy));
            await().until(() -> runs.get() > 1000);
            CompletableFuture<Long> fired = new CompletableFuture<>();
            own.execute(() -> own.timers().arm(new Completing(fired), own.nowNanos() + 1_000_000));
            assertThat(fired.get()).isNotNull();
        } finally {
            own.close(() -> {});
        }
    }

    @Test
    void closingOnTheLoopItselfDoesNotWaitForItself() {
        NettyLoop own = NettyLoop.ownThread("self");
        AtomicInteger closed = new AtomicInteger();
        own.execute(() -> own.close(closed::incrementAndGet));
        await().until(() -> own.eventLoop().isTerminated());
        assertThat(closed).hasValue(1);
    }

    @Test
    void whatWasToBeFlushedIsFlushedByClose() {
        Task flush = new Task("flush");
        loop.close(() -> loop.flushThisTurn(flush));
        assertThat(log).containsExactly("flush");
        assertThat(loop.eventLoop().isTerminated()).isTrue();
    }

    @Test
    void anUndrivenLoopIsClosedByAnyone() throws Exception {
        NettyLoop manual = NettyLoop.manual("never");
        Thread other = new Thread(() -> manual.close(() -> log.add("closed")));
        other.start();
        other.join();
        assertThat(log).containsExactly("closed");
        assertThat(manual.eventLoop().isTerminated()).isTrue();
    }

    @Test
    void aLoopWhoseThreadHasEndedIsClosedByAnyone() throws Exception {
        NettyLoop manual = NettyLoop.manual("orphan");
        Thread driver = new Thread(() -> manual.poll(0));
        driver.start();
        driver.join();
        assertThat(manual.<Boolean>call(manual::inLoop)).isTrue();
        manual.close(() -> log.add("closed"));
        assertThat(log).containsExactly("closed");
        assertThatThrownBy(() -> manual.call(() -> 1)).hasMessage("network 'orphan' is closed");
    }

    @Test
    void aCallThatNobodyServesIsGivenUpAndNotMadeLater() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        NettyLoop manual = NettyLoop.manual("idle");
        manual.callLimitNanos(1_000_000);
        CompletableFuture<Boolean> bound = new CompletableFuture<>();
        Thread driver = new Thread(
                () -> {
                    manual.poll(0);
                    bound.complete(true);
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    manual.poll(0);
                },
                "driver");
        driver.start();
        bound.get();
        assertThatThrownBy(() -> manual.call(() -> log.add("late")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'idle'")
                .hasMessageContaining("'driver' is to call poll()");
        end.countDown();
        driver.join();
        assertThat(log).isEmpty();
        manual.close(() -> {});
    }

    private static final class Completing extends Timer {
        private final CompletableFuture<Long> fired;

        Completing(CompletableFuture<Long> fired) {
            this.fired = fired;
        }

        @Override
        protected void onTimer(long nowNanos) {
            fired.complete(nowNanos);
        }
    }

    private static final class Named extends Timer {
        private int count;
        private Runnable then = () -> {};

        @Override
        protected void onTimer(long nowNanos) {
            count++;
            then.run();
        }
    }
}
