package io.qnet.testkit.host;

import io.qnet.host.HostError;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** A UDP service on the simulated host, or somewhere behind it. It keeps what it receives, and answers if it was told how. */
public final class SimulatedUdp {
    /**
     * A datagram that came.
     *
     * @param from the sender's address, as the service sees it
     * @param data the payload
     * @param ttl what it was sent with, 0 for the host's default
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Received(InetSocketAddress from, byte[] data, int ttl) {
        /** The payload as UTF-8 text. */
        public String text() {
            return new String(data, StandardCharsets.UTF_8);
        }
    }

    private final SimulatedHost host;
    private final InetSocketAddress address;
    private final List<Received> received = new ArrayList<>();
    private BiFunction<InetSocketAddress, byte[], byte @Nullable []> answer = (from, data) -> null;
    private Duration delay = Duration.ZERO;
    private @Nullable HostError error;
    private int mtu;

    SimulatedUdp(SimulatedHost host, InetSocketAddress address) {
        this.host = host;
        this.address = address;
    }

    /** Answers each datagram with what a function makes of it; null for no answer. */
    public SimulatedUdp answers(BiFunction<InetSocketAddress, byte[], byte @Nullable []> function) {
        answer = function;
        return this;
    }

    /** Answers each datagram with the same bytes. */
    public SimulatedUdp echo() {
        return answers((from, data) -> data);
    }

    /** Answers, or fails, only after this time. */
    public SimulatedUdp answersAfter(Duration time) {
        delay = time;
        return this;
    }

    /** Each datagram is answered by an error. */
    public SimulatedUdp fails(HostError reason) {
        return fails(reason, 0);
    }

    /** Each datagram is answered by an error that tells an MTU. */
    public SimulatedUdp fails(HostError reason, int nextHopMtu) {
        error = reason;
        mtu = nextHopMtu;
        return this;
    }

    /** Sends a datagram of its own accord to a socket of the netdev's. */
    public SimulatedUdp send(InetSocketAddress to, byte[] data) {
        host.datagramTo(to, address, data.clone());
        return this;
    }

    /** Sends a datagram from another address or port than its own. */
    public SimulatedUdp sendFrom(InetSocketAddress from, InetSocketAddress to, byte[] data) {
        host.datagramTo(to, from, data.clone());
        return this;
    }

    /** What came so far. */
    public List<Received> received() {
        return List.copyOf(received);
    }

    void onDatagram(SimulatedDatagrams socket, byte[] data, int ttl) {
        received.add(new Received(socket.localAddress(), data, ttl));
        HostError failure = error;
        if (failure != null) {
            host.later(delay.toNanos(), () -> socket.fail(failure, address, mtu));
            return;
        }
        byte[] reply = answer.apply(socket.localAddress(), data);
        if (reply != null) {
            byte[] copy = reply.clone();
            host.later(delay.toNanos(), () -> socket.arrive(copy, address));
        }
    }
}
