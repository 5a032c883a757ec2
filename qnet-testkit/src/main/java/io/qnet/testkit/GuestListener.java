package io.qnet.testkit;

import io.qnet.testkit.tcp.TcpSettings;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A listening TCP port of a guest's. Connections go to a handler if there is one, on the network's loop, else wait for {@link #accept()}. */
public final class GuestListener implements AutoCloseable {
    private final GuestStack stack;
    private final Waiting waiting;
    private final int port;
    private final TcpSettings settings;
    private final @Nullable Consumer<GuestTcp> handler;
    private final ArrayDeque<GuestTcp> accepted = new ArrayDeque<>();
    private final ArrayDeque<CompletableFuture<GuestTcp>> waiters = new ArrayDeque<>();

    GuestListener(
            GuestStack stack, Waiting waiting, int port, TcpSettings settings, @Nullable Consumer<GuestTcp> handler) {
        this.stack = stack;
        this.waiting = waiting;
        this.port = port;
        this.settings = settings;
        this.handler = handler;
        stack.tcp.listen(this);
    }

    /** The port. */
    public int port() {
        return port;
    }

    /** Waits for a connection. */
    public GuestTcp accept() {
        return accept(waiting.patience());
    }

    /** Waits for a connection for at most this long. */
    public GuestTcp accept(Duration limit) {
        CompletableFuture<GuestTcp> next = waiting.call(this::next);
        return waiting.await(next, limit, stack + ": connection to port " + port);
    }

    /** Stops listening; connections live on. */
    @Override
    public void close() {
        waiting.run(() -> stack.tcp.unlisten(port));
    }

    Waiting waiting() {
        return waiting;
    }

    TcpSettings settings() {
        return settings;
    }

    void onConnected(GuestTcp connection) {
        if (handler != null) {
            handler.accept(connection);
            return;
        }
        for (CompletableFuture<GuestTcp> waiter = waiters.poll(); waiter != null; waiter = waiters.poll()) {
            if (waiter.complete(connection)) {
                return;
            }
        }
        accepted.add(connection);
    }

    private CompletableFuture<GuestTcp> next() {
        GuestTcp connection = accepted.poll();
        if (connection != null) {
            return CompletableFuture.completedFuture(connection);
        }
        CompletableFuture<GuestTcp> waiter = new CompletableFuture<>();
        waiters.add(waiter);
        return waiter;
    }
}
