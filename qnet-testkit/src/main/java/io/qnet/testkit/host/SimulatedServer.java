package io.qnet.testkit.host;

import io.qnet.host.HostError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A TCP server on the simulated host, or somewhere behind it: what happens to those who connect to its address. Accepts at once and reads everything unless it is told otherwise. */
public final class SimulatedServer {
    private final List<HostConnection> connections = new ArrayList<>();
    private Consumer<HostConnection> onAccept = connection -> {};
    private Duration delay = Duration.ZERO;
    private @Nullable HostError error;
    private boolean silent;
    private int attempts;

    SimulatedServer() {}

    /** What the program does with each connection, such as to set listeners or to send something. */
    public SimulatedServer onAccept(Consumer<HostConnection> program) {
        onAccept = program;
        return this;
    }

    /** Sends back what arrives, and ends when the guest ends. */
    public SimulatedServer echo() {
        return onAccept(connection -> connection.onData(connection::send).onEnd(connection::finish));
    }

    /** Sends these bytes and ends. */
    public SimulatedServer sends(byte[] bytes) {
        return onAccept(connection -> connection.send(bytes).finish());
    }

    /** Accepts, and then never reads nor sends. */
    public SimulatedServer stalls() {
        return onAccept(HostConnection::stopReading);
    }

    /** Resets each connection as soon as it stands. */
    public SimulatedServer resets() {
        return onAccept(HostConnection::reset);
    }

    /** Connects fail, after the delay. */
    public SimulatedServer fails(HostError reason) {
        error = reason;
        return this;
    }

    /** Connects are refused, after the delay. */
    public SimulatedServer refuses() {
        return fails(HostError.REFUSED);
    }

    /** SYNs vanish: connects end by their time limit. */
    public SimulatedServer neverAnswers() {
        silent = true;
        return this;
    }

    /** Accepts, or fails, only after this time. */
    public SimulatedServer answersAfter(Duration time) {
        delay = time;
        return this;
    }

    /** Accepts at once again, whatever was said before. */
    public SimulatedServer accepts() {
        error = null;
        silent = false;
        delay = Duration.ZERO;
        return this;
    }

    /** The connections accepted so far, in order. */
    public List<HostConnection> connections() {
        return List.copyOf(connections);
    }

    /**
     * The latest connection.
     *
     * @throws IllegalStateException if nobody has connected
     */
    public HostConnection connection() {
        if (connections.isEmpty()) {
            throw new IllegalStateException("nobody has connected; " + attempts + " tried");
        }
        return connections.get(connections.size() - 1);
    }

    /** How often somebody tried to connect. */
    public int attempts() {
        return attempts;
    }

    /** Somebody connects. Returns after how many nanoseconds it is answered, or -1 for never. */
    long attempt() {
        attempts++;
        return silent ? -1 : delay.toNanos();
    }

    @Nullable HostError error() {
        return error;
    }

    void accept(HostConnection connection) {
        connections.add(connection);
        onAccept.accept(connection);
    }
}
