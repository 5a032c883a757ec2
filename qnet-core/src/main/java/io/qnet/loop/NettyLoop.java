package io.qnet.loop;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import io.qnet.stat.Counters;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The loop on a Netty event loop: with a thread of its own, driven by its caller (in real or in virtual time), or given by an embedder.
 *
 * <p>A turn is opened by the first question for the time or the first request for end-of-turn work, and closed by one task behind what the event loop has to do already. Time is Netty's ticker less what
 * was spent paused.
 *
 * <p>The allocator is the pooled one: all figures were measured with it, and on the loop's thread it allocates no garbage.
 */
public final class NettyLoop implements Loop {
    private final String name;
    private final IoEventLoop eventLoop;
    private final @Nullable CallerEventLoop caller;
    private final boolean owned;
    private final Ticker ticker;
    private final Counters counters = new Counters();
    private ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    private final Failures failures;
    private final BlockingWork blocking;
    private final Timers timers;
    private final WakeUps wakeUps;

    private final Runnable endOfTurn = this::endOfTurn;
    private final Runnable openTurn = this::openTurn;
    private TurnQueue transmits = new TurnQueue();
    private TurnQueue flushes = new TurnQueue();
    private TurnQueue laterTransmits = new TurnQueue();
    private TurnQueue laterFlushes = new TurnQueue();
    private long turn;
    private boolean turnOpen;
    /** Work was carried over; the next {@link #poll} opens a turn for it. */
    private boolean carried;

    private long turnNanos;

    private boolean paused;
    private long pausedAtNanos;
    private long stoppedNanos;
    private long callLimitNanos = TimeUnit.SECONDS.toNanos(ControlCalls.LIMIT_SECONDS);
    private volatile boolean closed;

    private NettyLoop(String name, IoEventLoop eventLoop, boolean owned) {
        this.name = name;
        this.eventLoop = eventLoop;
        this.owned = owned;
        caller = eventLoop instanceof CallerEventLoop callers ? callers : null;
        ticker = eventLoop.ticker();
        failures = new Failures(counters);
        timers = new Timers(this::wakeUpAt, this::timerFailed);
        wakeUps = new WakeUps(eventLoop, this::onWakeUp);
        blocking = new BlockingWork("qnet-" + name + "-blocking");
    }

    /** A loop with a daemon thread of its own, {@code qnet-NAME}; on epoll if it is there, else on NIO. The system property {@code qnet.transport} ({@code epoll}, {@code nio}) chooses. */
    public static NettyLoop ownThread(String name) {
        return new NettyLoop(name, EventLoops.ownThread("qnet-" + name), true);
    }

    /** A loop that runs in calls of {@link #poll}, all from one thread. */
    public static NettyLoop manual(String name) {
        return new NettyLoop(name, new CallerEventLoop(EventLoops.handlers(), Ticker.systemTicker()), true);
    }

    /** As {@link #manual}, in virtual time, which moves by {@link #advance} alone, and without descriptors. */
    public static NettyLoop virtual(String name) {
        return new NettyLoop(name, new CallerEventLoop(LocalIoHandler.newFactory(), Ticker.newMockTicker()), true);
    }

    /**
     * Moves virtual time; what became due runs at the next {@link #poll}.
     *
     * @throws IllegalStateException if this loop is in real time
     */
    public void advance(long nanos) {
        if (!(ticker instanceof MockTicker virtual)) {
            throw new IllegalStateException("network '" + name + "' is in real time; advance() is for virtualTime()");
        }
        virtual.advance(nanos, TimeUnit.NANOSECONDS);
    }

    /** A loop on an event loop of the embedder's, which {@link #close} leaves running. */
    public static NettyLoop given(String name, IoEventLoop eventLoop) {
        return new NettyLoop(name, eventLoop, false);
    }

    /** Takes another allocator than Netty's shared pooled one. Before anything runs on the loop; answers this loop. */
    public NettyLoop allocator(ByteBufAllocator allocator) {
        this.allocator = allocator;
        return this;
    }

    @Override
    public boolean inLoop() {
        return eventLoop.inEventLoop();
    }

    @Override
    public void execute(Runnable task) {
        eventLoop.execute(() -> runGuarded(task));
    }

    /**
     * Runs {@code action} on the loop and waits for it: inline if the caller is on the loop, or if nobody drives it yet. On a loop driven by its caller the wait has a limit of {@value
     * ControlCalls#LIMIT_SECONDS} seconds.
     *
     * @throws IllegalStateException if the loop is closed, or was not driven in time; the action is not run then
     */
    public <T> T call(Callable<T> action) throws Exception {
        if (closed) {
            throw closedException();
        }
        return ControlCalls.call(this, caller, action);
    }

    /**
     * Handles what is ready: I/O, tasks, timers. For {@link #manual} and {@link #virtual} loops; the first call binds the loop to its thread.
     *
     * @param maxWaitNanos how long to wait for something to do; 0 or less does not wait. In virtual time nothing waits
     * @return how many things were done
     * @throws IllegalStateException from another thread, or if this loop is not driven by its caller
     */
    public int poll(long maxWaitNanos) {
        CallerEventLoop driven = caller;
        if (driven == null) {
            throw new IllegalStateException("network '" + name + "' has a thread of its own; poll() is for manual()");
        }
        driven.bind();
        if (driven.owner() != Thread.currentThread()) {
            Thread owner = driven.owner();
            throw new IllegalStateException("network '" + name + "' is driven by thread '"
                    + (owner == null ? "?" : owner.getName())
                    + "' for life; where the driving thread changes, let the network have its own thread"
                    + " (Network.open()) and use Nic.poll()");
        }
        if (carried) {
            carried = false;
            openTurn();
        }
        boolean wait = maxWaitNanos > 0 && !(ticker instanceof MockTicker);
        return driven.run(wait ? maxWaitNanos : -1, 0);
    }

    @Override
    public long nowNanos() {
        openTurn();
        return turnNanos;
    }

    @Override
    public void transmitThisTurn(TurnTask task) {
        openTurn();
        (task.ranInTurn == turn ? laterTransmits : transmits).add(task);
    }

    @Override
    public void flushThisTurn(TurnTask task) {
        openTurn();
        (task.ranInTurn == turn ? laterFlushes : flushes).add(task);
    }

    @Override
    public Timers timers() {
        return timers;
    }

    @Override
    public <T> void runBlocking(
            Callable<? extends T> work, BiConsumer<? super @Nullable T, ? super @Nullable Throwable> done) {
        if (ticker instanceof MockTicker) {
            execute(BlockingWork.inline(work, done));
        } else {
            blocking.submit(work, done, this::executeUnlessClosed);
        }
    }

    @Override
    public IoEventLoop eventLoop() {
        return eventLoop;
    }

    @Override
    public ByteBufAllocator allocator() {
        return allocator;
    }

    @Override
    public Counters counters() {
        return counters;
    }

    @Override
    public void taskFailed(Object source, Throwable failure) {
        failures.report(source, failure);
    }

    /** Stops the time of {@link #nowNanos()}; no timer fires until {@link #resume()}. Loop thread. */
    public void pause() {
        if (!paused) {
            pausedAtNanos = turnOpen ? turnNanos : readClock();
            paused = true;
        }
    }

    /** Lets time go on where it stood. Loop thread. */
    public void resume() {
        if (paused) {
            paused = false;
            stoppedNanos = ticker.nanoTime() - pausedAtNanos;
            timers.expire(nowNanos());
        }
    }

    /** Whether a thread other than the caller's runs this loop, so that waiting for the loop comes to an end. */
    public boolean isDrivenByAnother() {
        return !inLoop() && (caller == null || caller.isBound());
    }

    /** Whether time stands still. Loop thread. */
    public boolean isPaused() {
        return paused;
    }

    /** Whether {@link #close} has begun. Any thread. */
    public boolean isClosed() {
        return closed;
    }

    long callLimitNanos() {
        return callLimitNanos;
    }

    /** For tests. */
    void callLimitNanos(long nanos) {
        callLimitNanos = nanos;
    }

    /** What calls on a closed network answer. */
    public IllegalStateException closedException() {
        return new IllegalStateException("network '" + name + "' is closed");
    }

    /**
     * Runs {@code last} on the loop, finishes the turn, then ends blocking work, and the event loop if it is this loop's own. Waits for all that (some seconds at most), unless it is called on the loop's own
     * thread. Any thread; to be called once.
     */
    public void close(Runnable last) {
        Callable<Boolean> action = () -> {
            closed = true;
            runGuarded(last);
            endOfTurn();
            timers.clear();
            return true;
        };
        try {
            call(action);
        } catch (Exception e) {
            // The loop is not driven any more, or an embedder's loop has ended: nothing else can be running on it.
            failures.report(this, e);
            closed = true;
        }
        blocking.close(!inLoop());
        if (owned) {
            Shutdown.of(eventLoop, caller, ticker);
        }
    }

    /** The loop's name, without {@code qnet-}. */
    public String name() {
        return name;
    }

    @Override
    public String toString() {
        return "loop '" + name + "'";
    }

    private void openTurn() {
        if (!turnOpen) {
            turnOpen = true;
            turn++;
            turnNanos = readClock();
            if (!closed) {
                eventLoop.execute(endOfTurn);
            }
        }
    }

    private long readClock() {
        return paused ? pausedAtNanos : ticker.nanoTime() - stoppedNanos;
    }

    /** Each task runs at most once, what it asks for meanwhile included; a task that asks for itself again waits for the next turn. */
    private void endOfTurn() {
        while (!transmits.isEmpty() || !flushes.isEmpty()) {
            TurnTask task = (transmits.isEmpty() ? flushes : transmits).remove();
            task.ranInTurn = turn;
            try {
                task.run(turnNanos);
            } catch (RuntimeException | Error e) {
                failures.report(task, e);
            }
        }
        turnOpen = false;
        if (!laterTransmits.isEmpty() || !laterFlushes.isEmpty()) {
            TurnQueue emptied = transmits;
            transmits = laterTransmits;
            laterTransmits = emptied;
            emptied = flushes;
            flushes = laterFlushes;
            laterFlushes = emptied;
            carryOver();
        }
    }

    /** Opens the next turn after I/O has been looked at: a task of the event loop's would run before. */
    private void carryOver() {
        if (closed) {
            return;
        }
        if (caller != null) {
            carried = true;
        } else if (eventLoop instanceof SingleThreadEventLoop single) {
            single.executeAfterEventLoopIteration(openTurn);
        } else {
            eventLoop.schedule(openTurn, 0, TimeUnit.NANOSECONDS);
        }
    }

    private void wakeUpAt(long deadlineNanos) {
        if (!paused && !closed) {
            wakeUps.at(deadlineNanos + stoppedNanos);
        }
    }

    private void onWakeUp() {
        if (!paused && !closed) {
            timers.expire(nowNanos());
        }
    }

    private void timerFailed(Timer timer, Throwable failure) {
        failures.report(timer, failure);
    }

    private void runGuarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            failures.report(task, e);
        }
    }

    private void executeUnlessClosed(Runnable task) {
        try {
            execute(() -> {
                if (!closed) {
                    task.run();
                }
            });
        } catch (RejectedExecutionException e) {
            if (!closed) {
                throw e;
            }
        }
    }
}
