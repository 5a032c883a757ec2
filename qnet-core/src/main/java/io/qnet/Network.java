package io.qnet;

import io.qnet.host.HostNetwork;
import io.qnet.loop.Loop;
import io.qnet.loop.NettyLoop;
import io.qnet.option.ChardevSpec;
import io.qnet.option.NetCommandLine;
import io.qnet.option.NetItem;
import java.lang.System.Logger;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A network: hubs, netdevs and NICs, and the one loop on which all of it runs.
 *
 * <p>All methods may be called by any thread: on the loop they run inline, else they are run there and waited for. What goes wrong is a {@link NetdevException} with QEMU's text; a closed network answers
 * with {@link IllegalStateException}.
 */
public final class Network implements AutoCloseable {
    private static final Logger LOGGER = System.getLogger("io.qnet");

    private final NettyLoop loop;
    private final Context context = new Context();
    private final Clients clients = new Clients(this, context);
    private final RandomGenerator random;
    private final List<NetworkListener> listeners;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);
    private @Nullable HostNetwork hostNetwork;

    Network(
            NettyLoop loop,
            @Nullable Function<Loop, HostNetwork> hostNetworkFactory,
            RandomGenerator random,
            List<NetworkListener> listeners) {
        this.loop = loop;
        this.random = random;
        this.listeners = new CopyOnWriteArrayList<>(listeners);
        if (hostNetworkFactory != null) {
            try {
                run(() -> hostNetwork = hostNetworkFactory.apply(loop));
            } catch (RuntimeException | Error e) {
                close();
                throw e;
            }
        }
    }

    /** Opens a network with a thread of its own. */
    public static Network open() {
        return builder().open();
    }

    /**
     * Opens a network with a thread of its own, and in it what QEMU's options describe: {@code Network.parse("-net", "nic", "-net", "user")}. Without any {@code -netdev}, {@code -net} or {@code -nic} that
     * is also what there is.
     *
     * @param arguments options and their values in turn
     * @throws io.qnet.option.OptionException if an option is refused, in QEMU's words
     * @throws NetdevException if something cannot be opened; nothing is left behind
     */
    public static Network parse(String... arguments) {
        return builder().parse(arguments);
    }

    /** Says how a network runs. */
    public static NetworkBuilder builder() {
        return new NetworkBuilder();
    }

    /** The name, which its threads carry. */
    public String name() {
        return loop.name();
    }

    /** The loop. */
    public Loop loop() {
        return loop;
    }

    /** The hub with this number, made if it is not there. */
    public Hub hub(int id) {
        return control(() -> clients.hub(id));
    }

    /**
     * The switch with this number, made if it is not there.
     *
     * @param config how it is made
     * @throws NetdevException if there is a hub with this number that is none
     */
    public Switch hub(int id, Switch.Config config) {
        return control(() -> clients.newSwitch(id, config));
    }

    /**
     * Adds an endpoint, joined to nothing yet.
     *
     * @throws NetdevException if it cannot be opened; nothing is left behind then
     * @throws IllegalStateException on the loop, if opening it {@linkplain EndpointConfig#mayBlock() waits} for something
     */
    public <E extends Endpoint> E add(EndpointConfig<E> config) {
        return add(config, null);
    }

    /** As {@link #add}, not waiting for it. The stage is completed on the loop. */
    public <E extends Endpoint> CompletionStage<E> addAsync(EndpointConfig<E> config) {
        return addAsync(config, null);
    }

    /** Adds an endpoint and joins it to a new port of {@code hub}, not waiting for it. The stage is completed on the loop. */
    public <E extends Endpoint> CompletionStage<E> addAsync(Hub hub, EndpointConfig<E> config) {
        return addAsync(config, hub);
    }

    /**
     * Joins two endpoints by a cable, without a hub.
     *
     * @throws NetdevException if one of them is joined already
     */
    public void connect(Endpoint one, Endpoint other) {
        run(() -> clients.connect(one, other));
    }

    /** The endpoint with this name, or null. */
    public @Nullable Endpoint endpoint(String name) {
        return control(() -> Optional.ofNullable(clients.find(name))).orElse(null);
    }

    /** All endpoints, in the order in which they were made. */
    public List<Endpoint> endpoints() {
        return control(clients::all);
    }

    /** The endpoints of one kind, such as {@code UserNetdev.class}, in the order in which they were made. */
    public <E extends Endpoint> List<E> endpoints(Class<E> kind) {
        return endpoints().stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** Closes an endpoint and takes it out; a hub port that was made for it goes too. Does nothing if it is out already. */
    public void remove(Endpoint endpoint) {
        run(() -> clients.remove(endpoint));
    }

    /**
     * QEMU's {@code netdev_del}: as {@link #remove} for a netdev. A NIC that it was joined to stays, its link down.
     *
     * @throws NetdevException if there is none with this name, or it is no netdev
     */
    public void delete(String name) {
        run(() -> clients.delete(name));
    }

    /**
     * QEMU's {@code set_link}: of a netdev, the link of the NIC that it is joined to by a cable goes with it.
     *
     * @throws NetdevException if there is none with this name
     */
    public void setLink(String name, boolean up) {
        run(() -> clients.setLink(name, up));
    }

    /**
     * QEMU's {@code netdev_add}: adds a back end as {@code -netdev} would.
     *
     * @param argument such as {@code user,id=u0}, or JSON
     * @throws io.qnet.option.OptionException if it is refused, in QEMU's words
     * @throws NetdevException if it cannot be opened
     */
    public Netdev addNetdev(String argument) {
        NetdevProviders providers = new NetdevProviders();
        return add(providers.configure(NetCommandLine.readNetdev(providers, argument)));
    }

    /** As {@link #addNetdev(String)}, from the JSON arguments of QMP's {@code netdev_add}: values are Map, List, String, Boolean, Number or null. */
    public Netdev addNetdev(Map<String, Object> arguments) {
        NetdevProviders providers = new NetdevProviders();
        return add(providers.configure(NetCommandLine.readNetdev(providers, arguments)));
    }

    /**
     * Opens a character device for filters (QEMU's {@code -chardev}).
     *
     * @param argument such as {@code socket,id=c0,path=/tmp/c0,server=on,wait=off}
     * @throws io.qnet.option.OptionException if it is refused, in QEMU's words
     */
    public void addChardev(String argument) {
        ChardevSpec spec = ChardevSpec.parse(argument);
        run(() -> clients.filters().chardevs().add(spec));
    }

    /**
     * Adds a filter as {@code -object} would (QEMU's {@code object_add}).
     *
     * @param argument such as {@code filter-dump,id=d0,netdev=u0,file=u0.pcap}, or JSON
     * @throws io.qnet.option.OptionException if it is refused, in QEMU's words
     * @throws NetdevException if it has no place, or what it needs cannot be opened
     */
    public void addObject(String argument) {
        addObject(NetCommandLine.readObject(argument));
    }

    /** As {@link #addObject(String)}, from the JSON arguments of QMP's {@code object-add}: values are Map, List, String, Boolean, Number or null. */
    public void addObject(Map<String, Object> arguments) {
        addObject(NetCommandLine.readObject(arguments));
    }

    /**
     * Changes an option of a filter that came as an object (QEMU's {@code qom-set}): {@code status} of any, all of a {@code filter-netem}'s, {@code interval} of a {@code filter-buffer}.
     *
     * @throws io.qnet.option.OptionException if the value is refused, in QEMU's words
     * @throws NetdevException if there is none with this name, or the option cannot be changed
     */
    public void changeObject(String id, String option, String value) {
        run(() -> clients.filters().change(id, option, value));
    }

    /**
     * Puts a filter on a netdev.
     *
     * @param id the name of the filter, for {@link #removeFilter}
     * @throws NetdevException if there is no such netdev or place, or a filter with that name
     */
    public void addFilter(String id, FilterPlace place, FrameFilter filter) {
        run(() -> clients.filters().add(id, place, filter, clients::find));
    }

    /**
     * Puts a filter at the end of a netdev's chain (QEMU's {@code -object filter-…,netdev=NETDEV}).
     *
     * @param id the name of the filter, for {@link #removeFilter}
     * @param only the one direction that it sees, or null for both
     * @throws NetdevException if there is no such netdev, or a filter with that name
     */
    public void addFilter(String id, String netdev, FrameFilter filter, FrameFilter.@Nullable Direction only) {
        FilterPlace place = FilterPlace.at(netdev);
        addFilter(id, only == null ? place : place.only(only), filter);
    }

    /**
     * Takes a filter off its netdev and closes it (QEMU's {@code object_del}).
     *
     * @throws NetdevException if there is none with this name
     */
    public void removeFilter(String id) {
        run(() -> clients.filters().remove(id));
    }

    /** What the network consists of now; {@link NetworkInfo#toText()} is QEMU's {@code info network}. */
    public NetworkInfo info() {
        return control(clients::info);
    }

    /** What QEMU would warn about at its start: what has no peer, hubs without NICs or without a way to the host. Texts without prefix. */
    public List<String> warnings() {
        return control(clients::warnings);
    }

    /** Stops delivery and protocol time (QEMU's {@code stop}): senders wait, timers stand still. Listeners are told {@code STOP}. */
    public void pause() {
        run(() -> {
            if (!loop.isPaused()) {
                loop.pause();
                context.event(new NetworkEvent("STOP", "", Map.of()));
            }
        });
    }

    /** Whether it is {@linkplain #pause() stopped}. */
    public boolean isPaused() {
        return control(loop::isPaused);
    }

    /** Goes on after {@link #pause()} (QEMU's {@code cont}): all that waits is delivered, in order. Listeners are told {@code RESUME}. */
    public void resume() {
        run(() -> {
            if (loop.isPaused()) {
                loop.resume();
                clients.all().forEach(each -> each.port().resumed());
                context.event(new NetworkEvent("RESUME", "", Map.of()));
            }
        });
    }

    /** Adds a listener. */
    public void addListener(NetworkListener listener) {
        listeners.add(listener);
    }

    /** Removes a listener. */
    public void removeListener(NetworkListener listener) {
        listeners.remove(listener);
    }

    /** Handles what is ready, without waiting; for a network that is driven by its caller. See {@link #poll(long)}. */
    public int poll() {
        return loop.poll(0);
    }

    /**
     * Handles what is ready, waiting at most {@code maxWaitNanos} for something; for a network that is driven by its caller. The first call binds the network to its thread.
     *
     * @return how many things were done
     * @throws IllegalStateException from another thread, or if the network has its own
     */
    public int poll(long maxWaitNanos) {
        return loop.poll(maxWaitNanos);
    }

    /**
     * Moves time, for a network in virtual time; what became due runs at the next {@link #poll()}.
     *
     * @throws IllegalStateException if the network is in real time
     */
    public void advance(long nanos) {
        loop.advance(nanos);
    }

    /** Runs an action on the loop and waits for its result. */
    public <T> T call(Callable<T> action) {
        return control(action);
    }

    /**
     * Closes all endpoints, last first, and the loop; waits for that, unless it is called on the loop. Any thread, any number of times.
     */
    @Override
    public void close() {
        if (closing.compareAndSet(false, true)) {
            try {
                loop.close(this::closeAll);
            } finally {
                closed.countDown();
            }
        } else if (!loop.inLoop()) {
            try {
                closed.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    <E extends Endpoint> E addTo(Hub hub, EndpointConfig<E> config) {
        return add(config, hub);
    }

    /** Reports something for a person. */
    void warn(String source, String message) {
        if (listeners.isEmpty()) {
            LOGGER.log(Logger.Level.WARNING, source.isEmpty() ? message : source + ": " + message);
        }
        for (NetworkListener each : listeners) {
            try {
                each.onWarning(source, message);
            } catch (RuntimeException | Error e) {
                loop.taskFailed(each, e);
            }
        }
    }

    void addObject(NetItem.FilterObject object) {
        run(() -> clients.filters().add(object, clients::find));
    }

    /** Makes the filter of an object that is to stand on no chain. */
    FrameFilter createFilter(NetItem.FilterObject object) {
        return control(() -> clients.filters().create(object));
    }

    /** Notes that a netdev came by {@code -net}. */
    void markLegacy(String name) {
        run(() -> clients.markLegacy(name));
    }

    private <E extends Endpoint> E add(EndpointConfig<E> config, @Nullable Hub hub) {
        if (!config.mayBlock()) {
            return control(() -> clients.add(config, hub));
        }
        if (!loop.isDrivenByAnother()) {
            throw new IllegalStateException(
                    "'" + config.id() + "' waits for a script or a helper: on the loop use addAsync()");
        }
        try {
            return addAsync(config, hub).toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw unchecked(e.getCause() == null ? e : e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while '" + config.id() + "' was being added", e);
        }
    }

    private <E extends Endpoint> CompletionStage<E> addAsync(EndpointConfig<E> config, @Nullable Hub hub) {
        CompletableFuture<E> result = new CompletableFuture<>();
        Runnable start = () -> {
            try {
                clients.addAsync(config, hub).whenComplete((endpoint, failure) -> {
                    if (failure == null) {
                        result.complete(endpoint);
                    } else {
                        result.completeExceptionally(bare(failure));
                    }
                });
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        };
        run(start);
        return result;
    }

    private static Throwable bare(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }

    private void closeAll() {
        clients.closeAll();
        HostNetwork host = hostNetwork;
        if (host != null) {
            host.close();
        }
    }

    private void run(Runnable action) {
        control(() -> {
            action.run();
            return true;
        });
    }

    private <T> T control(Callable<T> action) {
        try {
            return loop.call(action);
        } catch (Exception e) {
            throw unchecked(e);
        }
    }

    private static RuntimeException unchecked(Throwable failure) {
        if (failure instanceof RuntimeException unchecked) {
            return unchecked;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        String message = failure.getMessage();
        return new NetdevException(message == null ? failure.toString() : message, failure);
    }

    /** What endpoints see of their network. */
    private final class Context implements NetdevContext {
        @Override
        public Loop loop() {
            return loop;
        }

        @Override
        public void call(Runnable action) {
            run(action);
        }

        @Override
        public boolean isPaused() {
            return loop.isPaused();
        }

        @Override
        public @Nullable HostNetwork hostNetwork() {
            return hostNetwork;
        }

        @Override
        public RandomGenerator random() {
            return random;
        }

        @Override
        public void event(NetworkEvent event) {
            for (NetworkListener each : listeners) {
                try {
                    each.onEvent(event);
                } catch (RuntimeException | Error e) {
                    loop.taskFailed(each, e);
                }
            }
        }

        @Override
        public void warn(Endpoint source, String message) {
            Network.this.warn(source.id(), message);
        }
    }
}
