package io.qnet.loop;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.qnet.stat.Counters;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The loop of one network: the thread, its turns, time and timers. A <em>turn</em> is what happens between two waits: events are handled, each marking what became due; then, once, all tasks of
 * {@link #transmitThisTurn} run (engines emit), and after them those of {@link #flushThisTurn} (ports write what was staged: one system call, one wake-up a turn).
 *
 * <p>All methods are for the loop's thread, except {@link #inLoop()}, {@link #execute(Runnable)}, {@link #taskFailed} and the plain getters.
 */
public interface Loop {
    /** Whether the caller is on the loop's thread. Any thread. */
    boolean inLoop();

    /**
     * Runs a task on the loop, in a later turn or at the end of this one. Any thread.
     *
     * @throws java.util.concurrent.RejectedExecutionException once the loop has ended
     */
    void execute(Runnable task);

    /**
     * The time in nanoseconds, read once a turn, so that all that happens in one turn happens at one time. Compare by difference only. It stands still while the network is paused.
     */
    long nowNanos();

    /** Runs {@code task} once when the events of this turn are handled. Does nothing if it is already due. */
    void transmitThisTurn(TurnTask task);

    /** Runs {@code task} once at the end of this turn, after all {@link #transmitThisTurn} tasks. Does nothing if it is already due. */
    void flushThisTurn(TurnTask task);

    /** The timers of this loop. */
    Timers timers();

    /**
     * Runs {@code work} on a small bounded executor where it may block (files, processes, resolvers), then {@code done} on the loop with its result or its exception. In virtual time the work runs
     * inline, in a later turn. What finishes after the loop was closed is not told.
     */
    <T> void runBlocking(Callable<? extends T> work, BiConsumer<? super @Nullable T, ? super @Nullable Throwable> done);

    /** The Netty event loop beneath, for registering channels and handles. */
    IoEventLoop eventLoop();

    /** The allocator for buffers of the data path. */
    ByteBufAllocator allocator();

    /** Counters of the loop itself, such as {@code task.failed}. */
    Counters counters();

    /**
     * Reports what a task, a timer or a handler threw: a bug. It is counted as {@code task.failed}, and the first of its kind is logged with its stack. Whoever caught it closes what is broken and goes
     * on. Any thread.
     *
     * @param source where it happened, for the log
     */
    void taskFailed(Object source, Throwable failure);
}
