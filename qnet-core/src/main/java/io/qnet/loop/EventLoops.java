package io.qnet.loop;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.Locale;
import java.util.concurrent.ThreadFactory;

/** Makes event loops on the transport that this machine has: epoll where its native part is present, else NIO. */
final class EventLoops {
    /** The system property that chooses {@code epoll} or {@code nio}. */
    static final String TRANSPORT = "qnet.transport";

    private EventLoops() {}

    /** Epoll if it is there and not switched off by {@value #TRANSPORT}, else NIO. */
    static IoHandlerFactory handlers() {
        String asked = System.getProperty(TRANSPORT, "").toLowerCase(Locale.ROOT);
        return switch (asked) {
            case "nio" -> NioIoHandler.newFactory();
            case "epoll" -> {
                Epoll.ensureAvailability();
                yield EpollIoHandler.newFactory();
            }
            case "" -> Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
            default ->
                throw new IllegalArgumentException(
                        "System property '" + TRANSPORT + "' expects 'epoll' or 'nio', not '" + asked + "'");
        };
    }

    /**
     * A loop with a daemon thread of its own, started with its first task. It is a {@link FastThreadLocalThread}: on any other thread every pooled buffer costs an allocation.
     */
    static IoEventLoop ownThread(String threadName) {
        ThreadFactory threads = task -> daemon(task, threadName);
        return new MultiThreadIoEventLoopGroup(1, threads, handlers()).next();
    }

    static Thread daemon(Runnable task, String threadName) {
        Thread thread = new FastThreadLocalThread(task, threadName);
        thread.setDaemon(true);
        return thread;
    }
}
