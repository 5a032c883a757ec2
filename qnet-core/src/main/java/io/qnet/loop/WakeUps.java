package io.qnet.loop;

import io.netty.channel.IoEventLoop;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Wake-ups asked of an event loop. One that was asked for is never cancelled (that costs more than letting it come): those pending are kept in a stack, the earliest on top, and an earlier one only is
 * added.
 */
final class WakeUps {
    private final IoEventLoop eventLoop;
    private final Runnable wakeUp;
    private final Runnable onTime = this::onTime;
    private long[] pending = new long[8];
    private int size;

    WakeUps(IoEventLoop eventLoop, Runnable wakeUp) {
        this.eventLoop = eventLoop;
        this.wakeUp = wakeUp;
    }

    /** Asks for a wake-up at a time of the event loop's ticker, unless one comes no later. */
    void at(long tickerNanos) {
        if (size > 0 && tickerNanos - pending[size - 1] >= 0) {
            return;
        }
        if (size == pending.length) {
            pending = Arrays.copyOf(pending, size * 2);
        }
        pending[size++] = tickerNanos;
        long delay = tickerNanos - eventLoop.ticker().nanoTime();
        eventLoop.schedule(onTime, Math.max(0, delay), TimeUnit.NANOSECONDS);
    }

    private void onTime() {
        size--;
        wakeUp.run();
    }
}
