package io.qnet.testkit;

import io.netty.channel.ManualIoEventLoop;
import io.qnet.Network;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** Drivers for networks in real time. */
final class Drivers {
    private Drivers() {}

    static Waiting.Driver of(Network network) {
        return network.loop().eventLoop() instanceof ManualIoEventLoop ? new Polled(network) : new Threaded(network);
    }

    /** For a network with a thread of its own: the caller's thread sleeps until it is told. */
    private static class Threaded implements Waiting.Driver {
        final Network network;

        Threaded(Network network) {
            this.network = network;
        }

        @Override
        public <T> T call(Callable<T> work) {
            return network.call(work);
        }

        @Override
        public void await(BooleanSupplier condition, Future<?> signal, Duration limit) {
            if (network.loop().inLoop()) {
                throw new IllegalStateException(
                        "a handler on the network's loop must not wait: nothing would happen meanwhile");
            }
            sleepUntil(signal, limit);
        }

        @Override
        public void after(Duration time) {
            try {
                TimeUnit.NANOSECONDS.sleep(time.toNanos());
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
        }

        @Override
        public void settle() {
            call(() -> Boolean.TRUE);
        }

        @Override
        public boolean isVirtual() {
            return false;
        }

        @Override
        public String toString() {
            return "";
        }

        static void sleepUntil(Future<?> signal, Duration limit) {
            try {
                signal.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException | ExecutionException | CancellationException e) {
                return; // the caller looks at the signal
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
        }

        private static IllegalStateException interrupted(InterruptedException e) {
            Thread.currentThread().interrupt();
            return new IllegalStateException("interrupted while waiting for the network", e);
        }
    }

    /** For a network that its caller drives: whoever waits on the driving thread drives it. */
    private static final class Polled extends Threaded {
        private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
        private boolean driving;

        Polled(Network network) {
            super(network);
        }

        @Override
        public void await(BooleanSupplier condition, Future<?> signal, Duration limit) {
            if (isDriver()) {
                drive(condition, limit);
            } else {
                sleepUntil(signal, limit);
            }
        }

        @Override
        public void after(Duration time) {
            if (isDriver()) {
                drive(() -> false, time);
            } else {
                super.after(time);
            }
        }

        @Override
        public void settle() {
            if (isDriver()) {
                while (network.poll() > 0) {}
            }
        }

        /** Whether this thread drives the network; it becomes the one that does if there is none yet. */
        private boolean isDriver() {
            if (network.loop().inLoop()) {
                return true;
            }
            try {
                network.poll();
                return true;
            } catch (IllegalStateException e) {
                return false; // another thread drives it
            }
        }

        private void drive(BooleanSupplier condition, Duration limit) {
            if (driving) {
                throw new IllegalStateException(
                        "a handler on the network's loop must not wait: nothing would happen meanwhile");
            }
            driving = true;
            try {
                long end = System.nanoTime() + limit.toNanos();
                for (long left = limit.toNanos(); !condition.getAsBoolean() && left > 0; ) {
                    network.poll(Math.min(left, SLICE_NANOS));
                    left = end - System.nanoTime();
                }
            } finally {
                driving = false;
            }
        }
    }
}
