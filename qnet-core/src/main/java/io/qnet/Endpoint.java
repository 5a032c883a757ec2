package io.qnet;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What has a name and one port on a network: a netdev, a NIC, a port of a hub (QEMU's {@code NetClientState}). Made by its configuration ({@link EndpointConfig}), opened and closed by its
 * {@link Network}, on the loop.
 */
public abstract class Endpoint {
    private final String id;
    private @Nullable Port port;
    private @Nullable NetdevContext context;

    /**
     * @param id the name, unique in its network
     */
    protected Endpoint(String id) {
        this.id = id;
    }

    /** The name, unique in its network. */
    public final String id() {
        return id;
    }

    /** QEMU's name of the type, such as {@code user}, {@code stream} or {@code nic}. */
    public abstract String type();

    /** The text of {@code info network} after {@code type=…,}, as QEMU prints it. Loop thread. */
    public abstract String info();

    /**
     * The port of this endpoint.
     *
     * @throws IllegalStateException before it was added to a network
     */
    public final Port port() {
        Port present = port;
        if (present == null) {
            throw new IllegalStateException("'" + id + "' has not been added to a network");
        }
        return present;
    }

    /** Where this endpoint runs. */
    protected final NetdevContext context() {
        NetdevContext present = context;
        if (present == null) {
            throw new IllegalStateException("'" + id + "' has not been added to a network");
        }
        return present;
    }

    /** Opens sockets, devices and timers. Called once, on the loop, when it is added. What was opened before an exception is released by {@link #close()}, which is called then. */
    protected abstract void open() throws NetdevException;

    /**
     * Opens what has to wait for a script, a helper or a resolver: as {@link #open()}, which it calls unless overridden, but done only when the stage is. Called on the loop; the stage must be completed there.
     */
    protected CompletionStage<@Nullable Void> openAsync() throws NetdevException {
        open();
        return CompletableFuture.completedFuture(null);
    }

    /** Releases everything. Called once, on the loop, also after {@link #open()} failed. */
    protected abstract void close();

    /** The endpoint's side of its port. */
    protected abstract Port.Device device();

    final void attach(NetdevContext network) {
        context = network;
        port = new Port(id, device(), network);
    }
}
