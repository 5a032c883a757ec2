package io.qnet.loop;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Runs an action on a loop from any thread and waits for its result. */
final class ControlCalls {
    /** How long a call waits for the thread that drives a loop. */
    static final int LIMIT_SECONDS = 10;

    private ControlCalls() {}

    static <T> T call(NettyLoop loop, @Nullable CallerEventLoop driven, Callable<T> action) throws Exception {
        if (loop.inLoop()) {
            return action.call();
        }
        FutureTask<T> task = new FutureTask<>(action);
        if (driven == null || !driven.runUnbound(task)) {
            try {
                loop.eventLoop().execute(task);
            } catch (RejectedExecutionException e) {
                throw loop.closedException();
            }
        }
        return await(loop, driven, task);
    }

    private static <T> T await(NettyLoop loop, @Nullable CallerEventLoop driven, FutureTask<T> task) throws Exception {
        try {
            return driven == null ? task.get() : task.get(loop.callLimitNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            if (task.cancel(false)) {
                Thread owner = driven == null ? null : driven.owner();
                throw new IllegalStateException("network '" + loop.name() + "' was not driven in time: thread '"
                        + (owner == null ? "?" : owner.getName()) + "' is to call poll()");
            }
            return await(loop, driven, task);
        } catch (InterruptedException e) {
            task.cancel(false);
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for network '" + loop.name() + "'", e);
        } catch (CancellationException e) {
            throw loop.closedException();
        } catch (ExecutionException e) {
            throw rethrown(e);
        }
    }

    /** What the action threw, with the waiting caller's stack kept beside it. */
    private static Exception rethrown(ExecutionException e) {
        Throwable cause = e.getCause();
        if (cause instanceof Error error) {
            throw error;
        }
        if (cause instanceof Exception exception) {
            exception.addSuppressed(new IllegalStateException(
                    "called from thread '" + Thread.currentThread().getName() + "'"));
            return exception;
        }
        return e;
    }
}
