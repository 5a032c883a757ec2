package io.qnet.socket;

import io.qnet.Hub;
import io.qnet.Netdev;
import io.qnet.NetdevContext;
import io.qnet.NetdevException;
import io.qnet.NetworkEvent;
import io.qnet.internal.socket.Sockets;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's {@code stream} netdev, and {@code socket} with {@code listen=}, {@code connect=} or a stream descriptor: frames over a TCP or unix stream, each after its length in four bytes, big-endian (QEMU:
 * net/stream.c, net/socket.c, net/net.c).
 *
 * <p>Nothing blocks, whatever the other side does. Towards a client that connects, back-pressure goes both ways: a client that does not read makes this port refuse frames, a network that takes none makes
 * this side stop reading. A listener that this side connects to is always read, because QEMU's event loop sleeps while its listening side cannot write: what the network cannot take is queued at the
 * receiver and dropped, counted, when that is full. While nobody is connected frames are dropped and counted.
 *
 * <p>A listener may serve several clients at a time if it is on a hub: the first has this netdev's own port, each further one an endpoint of its own, named after this one ({@code s0.1}), on the same
 * hub, with counters, filters and back-pressure of its own, for as long as it is connected. Without a hub further clients wait, as they do when there are too many.
 *
 * <p>Counters: {@code drop.disconnected}, {@code drop.bad-offload}, {@code in.zero-length}, {@code in.oversized}.
 */
public final class StreamNetdev extends Netdev implements StreamDevice.Owner {
    private final StreamConfig config;
    private final StreamDevice device;
    /** The further clients. */
    private final List<StreamClient> clients = new ArrayList<>();

    private @Nullable Sockets sockets;
    private @Nullable Role role;

    /** Who brings connections: a listener, or a connector. */
    interface Role {
        /** Begins. */
        void open();

        /** A connection has ended; its socket is closed. */
        void onDisconnected(StreamDevice device);

        /** The netdev was joined to something, or has lost it. */
        void onPeerChanged();

        /** What {@code info network} says without a connection. */
        String idleInfo();

        /** Where it listens, if it does. */
        @Nullable SocketAddress localAddress();

        /** Ends; connections are closed already. */
        void close();
    }

    StreamNetdev(StreamConfig config) {
        super(config.id());
        this.config = config;
        device = new StreamDevice(this, config.server());
    }

    @Override
    public String type() {
        return config.type();
    }

    @Override
    public String info() {
        return device.info(role == null ? "" : role.idleInfo());
    }

    /** Where a server listens, with the port that the host chose; null for a client and before it is open. Any thread. */
    public @Nullable SocketAddress localAddress() {
        SocketAddress[] answer = new SocketAddress[1];
        context().call(() -> answer[0] = role == null ? null : role.localAddress());
        return answer[0];
    }

    @Override
    protected void open() {
        device.counters();
        sockets = RealSockets.of(this, context());
        Role opened = newRole();
        role = opened;
        opened.open();
    }

    private Role newRole() {
        if (config.server()) {
            return new Listener(this);
        }
        return config.address() instanceof StreamAddress.Descriptor descriptor
                ? new Adopted(this, descriptor)
                : new Connector(this);
    }

    @Override
    protected void close() {
        if (role != null) {
            role.close();
        }
        device.close();
        for (StreamClient each : List.copyOf(clients)) {
            remove(each);
        }
        if (sockets != null) {
            sockets.close();
        }
    }

    @Override
    protected StreamDevice device() {
        return device;
    }

    StreamConfig config() {
        return config;
    }

    @Override
    public NetdevContext network() {
        return context();
    }

    Sockets sockets() {
        Sockets present = sockets;
        if (present == null) {
            throw new IllegalStateException("not open");
        }
        return present;
    }

    Connection newConnection() {
        return new Connection(context().loop().allocator());
    }

    /** Whether one more connection has a place. */
    boolean hasPlace() {
        boolean onHub = port().peerHub() != null;
        return !device.isConnected() || (onHub && 1 + clients.size() < config.clients());
    }

    /**
     * A place for one more connection: this netdev's own port, or a new one on its hub.
     *
     * @throws NetdevException if there is none
     */
    StreamDevice newPlace() {
        if (!device.isConnected()) {
            return device;
        }
        Hub hub = port().peerHub();
        if (hub == null) {
            throw new NetdevException("'" + id() + "' is on no hub");
        }
        int number = 1;
        while (hub.network().endpoint(id() + "." + number) != null) {
            number++;
        }
        StreamClient client = hub.add(new StreamClient.Config(id() + "." + number, this));
        clients.add(client);
        return client.device();
    }

    /** The further client of a device leaves its hub. */
    void leave(StreamDevice of) {
        for (StreamClient each : List.copyOf(clients)) {
            if (each.device() == of) {
                remove(each);
            }
        }
    }

    private void remove(StreamClient client) {
        Hub hub = client.port().peerHub();
        if (hub != null) {
            hub.network().remove(client);
        }
        clients.remove(client);
    }

    /** A further client was taken out of the network. */
    void left(StreamClient client) {
        if (clients.remove(client) && role != null) {
            role.onPeerChanged();
        }
    }

    @Override
    public void connected(StreamDevice of, Connection connection) {
        if (config.type().equals(StreamConfig.STREAM)) {
            Map<String, Object> data = Map.of("addr", eventAddress(connection.remoteAddress()));
            context().event(new NetworkEvent("NETDEV_STREAM_CONNECTED", id(), data));
        }
    }

    @Override
    public void disconnected(StreamDevice of) {
        if (config.type().equals(StreamConfig.STREAM)) {
            context().event(new NetworkEvent("NETDEV_STREAM_DISCONNECTED", id(), Map.of()));
        }
        if (role != null) {
            role.onDisconnected(of);
        }
    }

    @Override
    public void peerChanged() {
        if (role != null) {
            role.onPeerChanged();
        }
    }

    @Override
    public void warn(String message) {
        context().warn(this, message);
    }

    /** Tells listeners of the network where this netdev listens. */
    void listening(SocketAddress at) {
        Map<String, Object> data = Map.of("addr", eventAddress(at));
        context().event(new NetworkEvent("NETDEV_STREAM_LISTENING", id(), data));
    }

    private Map<String, Object> eventAddress(SocketAddress end) {
        if (end instanceof InetSocketAddress inet && inet.getAddress() != null) {
            String family = inet.getAddress() instanceof Inet6Address ? "ipv6" : "ipv4";
            return Map.of(
                    "type",
                    "inet",
                    "host",
                    inet.getAddress().getHostAddress(),
                    "port",
                    Integer.toString(inet.getPort()),
                    family,
                    true);
        }
        String path = config.address() instanceof StreamAddress.Unix unix ? unix.path() : "";
        return Map.of("type", "unix", "path", path);
    }
}
