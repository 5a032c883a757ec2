package io.qnet;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.qnet.host.HostNetwork;
import io.qnet.loop.Loop;
import io.qnet.loop.NettyLoop;
import io.qnet.option.NetCommandLine;
import io.qnet.option.OptionWarning;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** How a {@link Network} runs: with its own thread unless said otherwise. Not thread-safe. */
public final class NetworkBuilder {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private @Nullable String name;
    private Function<String, NettyLoop> loop = NettyLoop::ownThread;
    private @Nullable ByteBufAllocator allocator;
    private @Nullable Function<Loop, HostNetwork> hostNetwork;
    private @Nullable RandomGenerator random;
    private final List<NetworkListener> listeners = new ArrayList<>();

    NetworkBuilder() {}

    /** Sets the name, which the threads carry. */
    public NetworkBuilder name(String name) {
        this.name = name;
        return this;
    }

    /** Without a thread of its own: the network runs in calls of {@link Network#poll()}, all from one thread, which the first call binds for life. Emulators whose thread changes take the default. */
    public NetworkBuilder manual() {
        loop = NettyLoop::manual;
        return this;
    }

    /** As {@link #manual()}, in virtual time, which moves by {@link Network#advance} alone, and without descriptors: only simulated hosts can be reached. */
    public NetworkBuilder virtualTime() {
        loop = NettyLoop::virtual;
        return this;
    }

    /** On an event loop of the embedder's, which outlives the network. */
    public NetworkBuilder eventLoop(IoEventLoop eventLoop) {
        loop = each -> NettyLoop.given(each, eventLoop);
        return this;
    }

    /** Reaches the host through what {@code factory} makes, on the loop, instead of real sockets. The network closes it. */
    public NetworkBuilder hostNetwork(Function<Loop, HostNetwork> factory) {
        hostNetwork = factory;
        return this;
    }

    /** Takes identifiers, initial sequence numbers and secrets from {@code source} instead of a secure one: for tests that are to run the same again. */
    public NetworkBuilder random(RandomGenerator source) {
        random = source;
        return this;
    }

    /** Takes buffers from an allocator of the embedder's instead of Netty's shared pooled one, with which all figures were measured. */
    public NetworkBuilder allocator(ByteBufAllocator allocator) {
        this.allocator = allocator;
        return this;
    }

    /** Tells a listener what happens. Without any, warnings are logged. */
    public NetworkBuilder listener(NetworkListener listener) {
        listeners.add(listener);
        return this;
    }

    /** Starts the network. */
    public Network open() {
        String chosen = name == null ? "net" + COUNT.getAndIncrement() : name;
        NettyLoop made = loop.apply(chosen);
        return new Network(
                allocator == null ? made : made.allocator(allocator),
                hostNetwork,
                random == null ? new SecureRandom() : random,
                listeners);
    }

    /**
     * Starts the network, and in it what QEMU's options describe. What QEMU would warn about goes to the listeners, under the source of the option ({@code -netdev ARGUMENT}) or, about the whole, under
     * {@code ""}.
     *
     * @param arguments options and their values in turn
     * @throws io.qnet.option.OptionException if an option is refused, in QEMU's words
     * @throws NetdevException if something cannot be opened; nothing is left behind
     */
    public Network parse(String... arguments) {
        NetdevProviders providers = new NetdevProviders();
        NetCommandLine line = NetCommandLine.parse(providers, arguments);
        Network network = open();
        try {
            for (OptionWarning warning : line.warnings()) {
                String text = String.join("\n", warning.message(), String.join("\n", warning.hints()));
                network.warn(warning.source() == null ? "" : warning.source(), text.stripTrailing());
            }
            NetItems items = new NetItems(network, providers);
            line.chardevs().forEach(items::createChardev);
            items.create(line);
            if (!line.isDefault()) {
                network.warnings().forEach(warning -> network.warn("", warning));
            }
        } catch (RuntimeException | Error e) {
            network.close();
            throw e;
        }
        return network;
    }
}
