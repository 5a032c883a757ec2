package io.qnet.testkit;

import io.qnet.Endpoint;
import io.qnet.EndpointConfig;
import io.qnet.Hub;
import io.qnet.MacAddress;
import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.Port;
import io.qnet.filter.Impairment;
import io.qnet.filter.ImpairmentConfig;
import io.qnet.loop.Loop;
import io.qnet.loop.Timer;
import io.qnet.testkit.host.SimulatedHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/**
 * A network in virtual time, on a simulated host: one loop that runs only in calls of this class (or while one of its guests waits), a clock that moves only when nothing is left to do at the present moment. An hour passes in the
 * time that its events take. The same seed gives the same run, byte for byte; it is part of every message of a failure.
 *
 * <pre>{@code
 * try (VirtualNetwork net = VirtualNetwork.open()) {
 *     FakeGuest one = net.guest("one").address("10.0.0.1", 24);
 *     FakeGuest two = net.guest("two").address("10.0.0.2", 24);
 *     one.ping("10.0.0.2");
 * }
 * }</pre>
 *
 * <p>To be used by one thread, that which opened it.
 */
public final class VirtualNetwork implements AutoCloseable {
    /** The system property that sets the seed of networks which are not given one. */
    public static final String SEED = "qnet.seed";

    private static final long LONGEST_STEP_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int MOST_TURNS_AT_ONE_TIME = 2_000_000;

    private final long seed;
    private long elapsedNanos;
    private final Network network;
    private final SimulatedHost host;
    private final List<FakeGuest> guests = new ArrayList<>();
    private final Waiting.Driver driver = new VirtualDriver(this);
    private int impairments;
    private boolean running;

    private VirtualNetwork(long seed) {
        this.seed = seed;
        SimulatedHost[] made = new SimulatedHost[1];
        this.network = Network.builder()
                .name("virtual")
                .virtualTime()
                .random(new Random(seed))
                .hostNetwork(loop -> made[0] = new SimulatedHost(loop))
                .open();
        this.host = made[0];
        settle(); // binds the loop to this thread
    }

    /** A network with a seed from the system property {@value #SEED}, else a fresh one. */
    public static VirtualNetwork open() {
        return open(Long.getLong(SEED, System.nanoTime()));
    }

    /** A network with this seed. */
    public static VirtualNetwork open(long seed) {
        return new VirtualNetwork(seed);
    }

    /** The network itself. */
    public Network network() {
        return network;
    }

    /** The host that netdevs of this network reach. */
    public SimulatedHost host() {
        return host;
    }

    /** The seed. */
    public long seed() {
        return seed;
    }

    /** Hub 0, which guests are plugged into. */
    public Hub hub() {
        return network.hub(0);
    }

    /** Adds an endpoint, such as a netdev, to hub 0. */
    public <E extends Endpoint> E add(EndpointConfig<E> config) {
        return hub().add(config);
    }

    /** A new guest on hub 0. Its MAC address comes from the number of guests so far, its randomness from the seed. */
    public FakeGuest guest(String name) {
        return guest(name, UnaryOperator.identity());
    }

    /** A new guest on hub 0 that is to be other than the default. */
    public FakeGuest guest(String name, UnaryOperator<FakeGuest.Builder> changes) {
        int number = guests.size() + 1;
        MacAddress mac = new MacAddress(0x5254_0000_0000L + number);
        Nic nic = hub().add(Nic.config().id(name).mac(mac));
        FakeGuest guest = changes.apply(
                        FakeGuest.builder().name(name).seed(seed + number).driver(driver))
                .on(network, nic);
        guests.add(guest);
        return guest;
    }

    /**
     * Makes the line between a guest and its hub bad, both ways; what is returned changes it while the network runs. The chances come from the network's seed, unless the configuration has one of its own.
     * A guest that is to be sent corrupted frames should be {@linkplain FakeGuest.Builder#lenient lenient}.
     */
    public Impairment impair(FakeGuest guest, ImpairmentConfig line) {
        Endpoint nic = network.endpoint(guest.name());
        Port cable = nic == null ? null : nic.port().peer();
        if (cable == null) {
            throw new IllegalArgumentException("guest '" + guest.name() + "' is not plugged into this network");
        }
        ImpairmentConfig seeded =
                line.seed() == ImpairmentConfig.NONE.seed() ? line.seed(seed + impairments + 1) : line;
        Impairment impairment = new Impairment(network.loop(), seeded);
        network.addFilter("impairment" + impairments++, cable.name(), impairment, null);
        return impairment;
    }

    /** Does something when this much virtual time has passed since the beginning, such as making a line bad, and worse, and good again. */
    public VirtualNetwork at(Duration time, Runnable action) {
        Loop loop = network.loop();
        Timer timer = new Timer() {
            @Override
            protected void onTimer(long nowNanos) {
                action.run();
            }
        };
        loop.timers().arm(timer, loop.nowNanos() + time.minus(elapsed()).toNanos());
        return this;
    }

    /** How much virtual time has passed. */
    public Duration elapsed() {
        return Duration.ofNanos(elapsedNanos);
    }

    /** Runs one turn; time stands still. Returns whether anything was done. */
    public boolean turn() {
        if (running) {
            throw new IllegalStateException("a handler must not wait: it runs inside a turn");
        }
        running = true;
        try {
            return network.poll() > 0;
        } finally {
            running = false;
        }
    }

    /** Runs turns until nothing is left to do at the present moment; time stands still. */
    public void settle() {
        for (int turns = 0; turn(); turns++) {
            if (turns > MOST_TURNS_AT_ONE_TIME) {
                throw new AssertionError("the network never comes to rest: " + this);
            }
        }
    }

    /** Lets this much time pass, stopping at every deadline on the way. */
    public void advance(Duration time) {
        run(() -> false, time);
    }

    /**
     * Runs, letting time pass, until a condition holds.
     *
     * @throws AssertionError with the virtual time and the seed if it does not hold within the limit
     */
    public void runUntil(BooleanSupplier condition, Duration limit) {
        if (!run(condition, limit)) {
            throw new AssertionError("the condition does not hold after " + limit + ": " + this);
        }
    }

    /** Runs, letting time pass, until no timer is armed, for at most {@code limit}. */
    public void runUntilIdle(Duration limit) {
        runUntil(() -> network.loop().timers().armedCount() == 0, limit);
    }

    /** Closes the guests and the network. Throws if a guest was sent what breaks a rule, or if a netdev left something open on the host. */
    @Override
    public void close() {
        try {
            for (FakeGuest guest : guests) {
                guest.close();
            }
            settle();
        } finally {
            network.close();
        }
        if (!host.leftOpen().isEmpty()) {
            throw new AssertionError("left open on the host: " + host.leftOpen() + ", " + this);
        }
    }

    @Override
    public String toString() {
        return "virtual network after " + elapsed() + ", seed " + seed + " (repeat with -D" + SEED + "=" + seed + ")";
    }

    Waiting.Driver driver() {
        return driver;
    }

    /** Runs until the condition holds, at most {@code limit}; whether it holds. */
    boolean run(BooleanSupplier condition, Duration limit) {
        long end = elapsedNanos + limit.toNanos();
        settle();
        while (!condition.getAsBoolean()) {
            long left = end - elapsedNanos;
            if (left <= 0) {
                return false;
            }
            long step = Math.min(left, nextStepNanos());
            network.advance(step);
            elapsedNanos += step;
            settle();
        }
        return true;
    }

    private long nextStepNanos() {
        Loop loop = network.loop();
        if (loop.timers().armedCount() == 0) {
            return LONGEST_STEP_NANOS;
        }
        long step = loop.timers().earliestNanos() - loop.nowNanos();
        settle(); // asking for the time has begun a turn
        return Math.min(LONGEST_STEP_NANOS, Math.max(1_000, step));
    }
}
