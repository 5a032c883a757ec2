package io.qnet.loop;

import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Ends an event loop. */
final class Shutdown {
    private static final long LIMIT_SECONDS = 10;
    private static final int MAX_STEPS = 1000;

    private Shutdown() {}

    /** Ends an event loop and waits for its end, unless the caller is its thread. */
    static void of(IoEventLoop eventLoop, @Nullable CallerEventLoop driven, Ticker ticker) {
        if (driven == null) {
            // The group goes with its only loop.
            eventLoop.parent().shutdownGracefully(0, LIMIT_SECONDS, TimeUnit.SECONDS);
            if (!eventLoop.inEventLoop()) {
                await(eventLoop);
            }
            return;
        }
        driven.bind();
        driven.shutdownGracefully(0, LIMIT_SECONDS, TimeUnit.SECONDS);
        Thread owner = driven.owner();
        if (owner == Thread.currentThread()) {
            run(driven, ticker);
        } else if (driven.isBound()) {
            await(eventLoop);
        } else {
            driven.destroyHandler();
        }
    }

    /** A loop without a thread ends in calls of its owner's; with a mock ticker its end never comes unless time goes on. */
    private static void run(CallerEventLoop driven, Ticker ticker) {
        for (int step = 0; step < MAX_STEPS && !driven.isTerminated(); step++) {
            if (ticker instanceof MockTicker mock) {
                mock.advanceMillis(1);
            }
            driven.runNow();
        }
    }

    private static void await(IoEventLoop eventLoop) {
        try {
            if (!eventLoop.awaitTermination(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the event loop did not end within " + LIMIT_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
