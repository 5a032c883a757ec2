package io.qnet.loop;

import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.netty.util.concurrent.ThreadAwareExecutor;
import io.netty.util.concurrent.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * An event loop without a thread of its own. Netty binds it to one thread for life; until that happened, {@link #runUnbound} lets one thread at a time act as the loop, so that a network can be set up by
 * another thread than the one that drives it later.
 */
final class CallerEventLoop extends ManualIoEventLoop {
    private final Object binding = new Object();
    private volatile @Nullable Thread owner;
    private volatile @Nullable Thread acting;

    private final Handler handler;

    CallerEventLoop(IoHandlerFactory handlers, Ticker ticker) {
        this(new Handler(handlers), ticker);
    }

    @SuppressWarnings("NullAway") // Netty takes null for: no owner yet
    private CallerEventLoop(Handler handler, Ticker ticker) {
        super(null, null, handler, ticker);
        this.handler = handler;
    }

    /** Whether the caller owns the loop or acts for it. */
    @Override
    public boolean inEventLoop() {
        Thread caller = Thread.currentThread();
        return caller == owner || caller == acting;
    }

    /** The thread that the loop belongs to for life, or null if it has not been driven yet. */
    @Nullable Thread owner() {
        return owner;
    }

    /** Binds the loop to the calling thread if it is not bound yet. */
    void bind() {
        if (owner == null) {
            synchronized (binding) {
                if (owner == null) {
                    setOwningThread(Thread.currentThread());
                    owner = Thread.currentThread();
                }
            }
        }
    }

    /** Whether a thread owns the loop that may still drive it. */
    boolean isBound() {
        Thread present = owner;
        return present != null && present.isAlive();
    }

    /** Releases what the handler holds, when the thread that could have done so in its turn has ended. */
    void destroyHandler() {
        IoHandler made = handler.made;
        if (made != null) {
            made.prepareToDestroy();
            made.destroy();
        }
    }

    /**
     * Runs {@code task} as if on the loop, if no thread owns it, or the one that did has ended.
     *
     * @return false if a thread owns the loop; the task was not run
     */
    boolean runUnbound(Runnable task) {
        if (isBound()) {
            return false;
        }
        synchronized (binding) {
            if (isBound()) {
                return false;
            }
            acting = Thread.currentThread();
            try {
                task.run();
            } finally {
                acting = null;
            }
            return true;
        }
    }

    /** Remembers the handler that it makes. */
    private static final class Handler implements IoHandlerFactory {
        private final IoHandlerFactory factory;
        private @Nullable IoHandler made;

        Handler(IoHandlerFactory factory) {
            this.factory = factory;
        }

        @Override
        public IoHandler newHandler(ThreadAwareExecutor executor) {
            IoHandler handler = factory.newHandler(executor);
            made = handler;
            return handler;
        }
    }
}
