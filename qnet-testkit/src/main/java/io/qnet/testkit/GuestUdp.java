package io.qnet.testkit;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket of a guest's, not connected. Up to {@value #MOST_WAITING} datagrams wait to be received; more are dropped.
 *
 * <p>Methods may be called from any thread; those that wait must not be called from a handler.
 */
public final class GuestUdp implements AutoCloseable {
    private static final int MOST_WAITING = 4096;

    private final GuestStack stack;
    private final Waiting waiting;
    private final int port;
    private final ArrayDeque<Datagram> received = new ArrayDeque<>();
    private final ArrayDeque<CompletableFuture<Datagram>> waiters = new ArrayDeque<>();
    private final List<IcmpError> errors = new ArrayList<>();
    private @Nullable IcmpError pendingError;
    private @Nullable Consumer<Datagram> handler;
    private boolean closed;

    GuestUdp(GuestStack stack, Waiting waiting, int wantedPort) {
        this.stack = stack;
        this.waiting = waiting;
        this.port = stack.udp.bind(this, wantedPort);
    }

    /** The guest's port. */
    public int port() {
        return port;
    }

    /** Sends a datagram to an address in its usual text. */
    public GuestUdp send(String address, int toPort, byte[] data) {
        return send(Addresses.parse(address), toPort, data, 0);
    }

    /** Sends text, in UTF-8, as a datagram. */
    public GuestUdp send(String address, int toPort, String text) {
        return send(address, toPort, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends a datagram, in fragments if it is longer than the MTU.
     *
     * @param ttl the TTL, or 0 for the guest's default of 64
     */
    public GuestUdp send(InetAddress to, int toPort, byte[] data, int ttl) {
        waiting.run(() -> sendOnLoop(to, toPort, data, ttl));
        return this;
    }

    /** Waits for a datagram. Throws if none comes, or if ICMP answered something that was sent. */
    public Datagram receive() {
        return receive(waiting.patience());
    }

    /** Waits for a datagram for at most this long. */
    public Datagram receive(Duration limit) {
        CompletableFuture<Datagram> next = waiting.call(this::next);
        return waiting.await(next, limit, stack + ": datagram on port " + port);
    }

    /** The next datagram if one is there. */
    public @Nullable Datagram poll() {
        return waiting.call(() -> Optional.ofNullable(received.poll())).orElse(null);
    }

    /** How many datagrams wait to be received. */
    public int available() {
        return waiting.call(received::size);
    }

    /** Has each datagram given to a handler, on the network's loop, instead of waiting. The handler must not wait for anything. */
    public GuestUdp onDatagram(Consumer<Datagram> receiver) {
        waiting.run(() -> {
            handler = receiver;
            for (Datagram datagram = received.poll(); datagram != null; datagram = received.poll()) {
                receiver.accept(datagram);
            }
        });
        return this;
    }

    /** Answers each datagram with the same bytes. */
    public GuestUdp echo() {
        return onDatagram(datagram -> sendOnLoop(datagram.from(), datagram.port(), datagram.data(), 0));
    }

    /** The ICMP errors that came for what this socket sent. */
    public List<IcmpError> errors() {
        return waiting.call(() -> List.copyOf(errors));
    }

    /** Gives the port back. Who waits in {@link #receive()} is told. */
    @Override
    public void close() {
        waiting.run(this::closeOnLoop);
    }

    void sendOnLoop(InetAddress to, int toPort, byte[] data, int ttl) {
        Path path = Ipv4Layer.BROADCAST.equals(to) ? stack.ipv4.broadcastPath() : stack.path(to);
        stack.udp.send(path, port, toPort, data, ttl);
    }

    void onDatagram(Datagram datagram) {
        if (handler != null) {
            handler.accept(datagram);
            return;
        }
        for (CompletableFuture<Datagram> waiter = waiters.poll(); waiter != null; waiter = waiters.poll()) {
            if (waiter.complete(datagram)) {
                return;
            }
        }
        if (received.size() < MOST_WAITING) {
            received.add(datagram);
        }
    }

    void onError(IcmpError error) {
        errors.add(error);
        for (CompletableFuture<Datagram> waiter = waiters.poll(); waiter != null; waiter = waiters.poll()) {
            if (waiter.completeExceptionally(unreachable(error))) {
                return;
            }
        }
        pendingError = error;
    }

    void closeOnLoop() {
        if (closed) {
            return;
        }
        closed = true;
        stack.udp.unbind(port);
        waiters.forEach(waiter -> waiter.completeExceptionally(closedException()));
        waiters.clear();
    }

    private CompletableFuture<Datagram> next() {
        Datagram datagram = received.poll();
        if (datagram != null) {
            return CompletableFuture.completedFuture(datagram);
        }
        IcmpError error = pendingError;
        if (error != null) {
            pendingError = null;
            return CompletableFuture.failedFuture(unreachable(error));
        }
        if (closed) {
            return CompletableFuture.failedFuture(closedException());
        }
        CompletableFuture<Datagram> waiter = new CompletableFuture<>();
        waiters.add(waiter);
        return waiter;
    }

    private GuestException unreachable(IcmpError error) {
        String text = stack + ": datagram from port " + port + " answered by ICMP " + error.kind() + " from "
                + error.from().getHostAddress();
        return new GuestException(GuestException.Reason.UNREACHABLE, text, error);
    }

    private GuestException closedException() {
        return new GuestException(GuestException.Reason.CLOSED, stack + ": UDP port " + port + " is closed");
    }
}
