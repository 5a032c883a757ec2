package io.qnet;

import io.qnet.host.HostNetwork;
import io.qnet.loop.Loop;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What an endpoint is given by the network that it runs in. */
public interface NetdevContext {
    /** The network's loop. */
    Loop loop();

    /**
     * Runs {@code action} on the loop and waits for it. Any thread.
     *
     * @throws IllegalStateException if the network is closed
     */
    void call(Runnable action);

    /** Whether delivery and protocol time stand still ({@link Network#pause()}). Loop thread. */
    boolean isPaused();

    /** The host's network if the network was built with one of its own (in tests, a simulated one); null means real sockets on the loop. */
    @Nullable HostNetwork hostNetwork();

    /** Where netdevs take what must not be guessed from: initial sequence numbers, identifiers, secrets. Secure, unless the network was built with another (in tests, one with a seed). Loop thread. */
    RandomGenerator random();

    /** Tells listeners of the network about an event that QEMU reports on QMP, such as {@code NETDEV_STREAM_CONNECTED}. Loop thread. */
    void event(NetworkEvent event);

    /** Reports something for a person (a warning, a refused connect), prefixed with the endpoint's name by whoever shows it. Loop thread. */
    void warn(Endpoint source, String message);
}
