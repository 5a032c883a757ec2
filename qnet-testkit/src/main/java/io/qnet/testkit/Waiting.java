package io.qnet.testkit;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/** How the blocking calls of a guest reach the loop and wait for what happens there. One a guest. */
final class Waiting {
    private final Driver driver;
    private final Duration patience;
    private final Runnable check;

    /**
     * @param patience how long a call waits when it is not told
     * @param check called after every wait; may throw
     */
    Waiting(Driver driver, Duration patience, Runnable check) {
        this.driver = driver;
        this.patience = patience;
        this.check = check;
    }

    Driver driver() {
        return driver;
    }

    Duration patience() {
        return patience;
    }

    /** Runs work on the loop and returns its result; inline if this is the loop. */
    <T> T call(Callable<T> work) {
        return driver.call(work);
    }

    void run(Runnable work) {
        driver.call(() -> {
            work.run();
            return Boolean.TRUE;
        });
    }

    /** Waits for a result, as long as is usual. */
    <T> T await(CompletableFuture<T> future, String what) {
        return await(future, patience, what);
    }

    /** Waits for a result. When the limit has passed the future is cancelled, so that a result which comes later is not lost in it. */
    <T> T await(CompletableFuture<T> future, Duration limit, String what) {
        if (!future.isDone()) {
            driver.await(future::isDone, future, limit);
        }
        check.run();
        if (future.cancel(false)) {
            throw new GuestException(
                    GuestException.Reason.TIMED_OUT, what + ": nothing within " + limit.toMillis() + " ms" + driver);
        }
        return result(future);
    }

    private static <T> T result(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof GuestException guest) {
                GuestException here =
                        new GuestException(guest.reason(), String.valueOf(guest.getMessage()), guest.icmp());
                here.initCause(guest);
                throw here;
            }
            throw e;
        }
    }

    /** What makes a network's turns happen. */
    interface Driver {
        /** Runs work on the loop and returns its result; inline if this is the loop. */
        <T> T call(Callable<T> work);

        /** Lets the network run until a condition holds, evaluated between turns, or the limit has passed. {@code signal} completes when the condition holds. */
        void await(BooleanSupplier condition, Future<?> signal, Duration limit);

        /** Lets time pass. */
        void after(Duration time);

        /** Lets everything happen that is due now, without letting time pass where time is virtual. */
        void settle();

        /** Whether time is virtual. */
        boolean isVirtual();
    }
}
