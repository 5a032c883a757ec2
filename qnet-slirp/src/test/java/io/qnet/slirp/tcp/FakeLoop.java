package io.qnet.slirp.tcp;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.qnet.loop.Loop;
import io.qnet.loop.Timers;
import io.qnet.loop.TurnTask;
import io.qnet.stat.Counters;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;

/** A loop in virtual time: what is due at the end of a turn is remembered, and done by the test. */
final class FakeLoop implements Loop {
    final Timers timers = new Timers(deadline -> {});
    final Counters counters = new Counters();
    final ByteBufAllocator allocator;
    long nowNanos;
    boolean transmitDue;
    Throwable failure;

    FakeLoop(ByteBufAllocator allocator, long nowNanos) {
        this.allocator = allocator;
        this.nowNanos = nowNanos;
    }

    @Override
    public boolean inLoop() {
        return true;
    }

    @Override
    public void execute(Runnable task) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long nowNanos() {
        return nowNanos;
    }

    @Override
    public void transmitThisTurn(TurnTask task) {
        transmitDue = true;
    }

    @Override
    public void flushThisTurn(TurnTask task) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Timers timers() {
        return timers;
    }

    @Override
    public <T> void runBlocking(Callable<? extends T> work, BiConsumer<? super T, ? super Throwable> done) {
        throw new UnsupportedOperationException();
    }

    @Override
    public IoEventLoop eventLoop() {
        throw new UnsupportedOperationException();
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
    public void taskFailed(Object source, Throwable thrown) {
        failure = thrown;
    }
}
