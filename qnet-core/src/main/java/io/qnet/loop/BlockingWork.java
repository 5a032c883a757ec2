package io.qnet.loop;

import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A few daemon threads for what may block, started at first need and ended when idle. */
final class BlockingWork {
    private static final int MAX_THREADS = 4;
    private static final int MAX_QUEUED = 1024;
    private static final long IDLE_SECONDS = 10;
    private static final long CLOSE_SECONDS = 5;

    private final ThreadPoolExecutor executor;

    BlockingWork(String threadName) {
        AtomicInteger count = new AtomicInteger();
        executor = new ThreadPoolExecutor(
                MAX_THREADS,
                MAX_THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MAX_QUEUED),
                task -> EventLoops.daemon(task, threadName + "-" + count.incrementAndGet()));
        executor.allowCoreThreadTimeOut(true);
    }

    /** Runs {@code work} on one of the threads, then {@code done} through {@code loop}; if there is no room, only {@code done} with a {@link RejectedExecutionException}. */
    <T> void submit(
            Callable<? extends T> work,
            BiConsumer<? super @Nullable T, ? super @Nullable Throwable> done,
            Consumer<Runnable> loop) {
        try {
            executor.execute(() -> loop.accept(outcome(work, done)));
        } catch (RejectedExecutionException e) {
            loop.accept(() -> done.accept(null, e));
        }
    }

    /** Both steps as one task. */
    static <T> Runnable inline(
            Callable<? extends T> work, BiConsumer<? super @Nullable T, ? super @Nullable Throwable> done) {
        return () -> outcome(work, done).run();
    }

    /** Lets what was submitted end; with {@code wait}, waits for it and interrupts what takes too long. */
    void close(boolean wait) {
        executor.shutdown();
        if (!wait) {
            return;
        }
        try {
            if (!executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                executor.shutdownNow();
            }
        } catch (InterruptedException e) {
            executor.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    /** Does the work and answers the call that tells its result. */
    private static <T> Runnable outcome(
            Callable<? extends T> work, BiConsumer<? super @Nullable T, ? super @Nullable Throwable> done) {
        try {
            T result = work.call();
            return () -> done.accept(result, null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return () -> done.accept(null, e);
        } catch (Exception | Error e) {
            return () -> done.accept(null, e);
        }
    }
}
