package io.qnet.socket;

import io.qnet.Frame;
import io.qnet.Netdev;
import io.qnet.NetdevContext;
import io.qnet.NetdevException;
import io.qnet.NetworkEvent;
import io.qnet.Offload;
import io.qnet.Port;
import io.qnet.internal.socket.Sockets;
import io.qnet.loop.TurnTask;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's {@code stream} netdev, and {@code socket} with {@code listen=} or {@code connect=}: frames over a TCP or unix stream, each after its length in four bytes, big-endian (QEMU: net/stream.c,
 * net/socket.c, net/net.c).
 *
 * <p>Nothing blocks, whatever the other side does. Towards a client that connects, back-pressure goes both ways: a client that does not read makes this port refuse frames, a network that takes none makes
 * this side stop reading. A listener that this side connects to is always read, because QEMU's event loop sleeps while its listening side cannot write: what the network cannot take is queued at the
 * receiver and dropped, counted, when that is full. While nobody is connected frames are dropped and counted.
 *
 * <p>With several clients each sees the frames of the others; a slow one loses frames, counted, and holds up nobody.
 *
 * <p>Counters: {@code drop.disconnected}, {@code drop.client-full}, {@code drop.bad-offload}, {@code in.zero-length}, {@code in.oversized}.
 */
public final class StreamNetdev extends Netdev {
    private final StreamConfig config;
    private final Device device = new Device();
    private final List<Connection> connections = new ArrayList<>();
    private final TurnTask flush = new TurnTask() {
        @Override
        protected void run(long nowNanos) {
            flushConnections();
        }
    };

    private @Nullable Sockets sockets;
    private @Nullable Role role;
    private @Nullable StreamCounters counters;
    private boolean senderWaits;

    /** Who brings connections: a listener, or a connector. */
    interface Role {
        /** Begins. */
        void open();

        /** A connection has ended; its socket is closed. */
        void onDisconnected();

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
    }

    @Override
    public String type() {
        return config.type();
    }

    @Override
    public String info() {
        if (connections.isEmpty()) {
            return role == null ? "" : role.idleInfo();
        }
        List<String> ends = connections.stream().map(Connection::infoText).toList();
        return String.join(",", ends);
    }

    /** Where a server listens, with the port that the host chose; null for a client and before it is open. Any thread. */
    public @Nullable SocketAddress localAddress() {
        SocketAddress[] answer = new SocketAddress[1];
        context().call(() -> answer[0] = role == null ? null : role.localAddress());
        return answer[0];
    }

    @Override
    protected void open() {
        counters = new StreamCounters(port().counters());
        try {
            sockets = Sockets.on(context().loop());
        } catch (IllegalStateException e) {
            throw new NetdevException("'" + type() + "' needs real sockets, which this network has not", e);
        }
        Role opened = config.server() ? new Listener(this) : new Connector(this);
        role = opened;
        opened.open();
    }

    @Override
    protected void close() {
        for (Connection each : List.copyOf(connections)) {
            each.close();
        }
        connections.clear();
        if (role != null) {
            role.close();
        }
        if (sockets != null) {
            sockets.close();
        }
    }

    @Override
    protected Port.Device device() {
        return device;
    }

    StreamConfig config() {
        return config;
    }

    NetdevContext network() {
        return context();
    }

    Sockets sockets() {
        Sockets present = sockets;
        if (present == null) {
            throw new IllegalStateException("not open");
        }
        return present;
    }

    StreamCounters counters() {
        StreamCounters present = counters;
        if (present == null) {
            throw new IllegalStateException("not open");
        }
        return present;
    }

    int connectionCount() {
        return connections.size();
    }

    void connected(Connection connection) {
        connections.add(connection);
        if (config.type().equals(StreamConfig.STREAM)) {
            Map<String, Object> data = Map.of("addr", eventAddress(connection.remoteAddress()));
            context().event(new NetworkEvent("NETDEV_STREAM_CONNECTED", id(), data));
        }
    }

    /** A connection has ended of itself. */
    void disconnected(Connection connection) {
        connections.remove(connection);
        if (config.type().equals(StreamConfig.STREAM)) {
            context().event(new NetworkEvent("NETDEV_STREAM_DISCONNECTED", id(), Map.of()));
        }
        wakeSender();
        if (role != null) {
            role.onDisconnected();
        }
    }

    void warn(String message) {
        context().warn(this, message);
    }

    /** Tells listeners of the network where this netdev listens. */
    void listening(SocketAddress at) {
        Map<String, Object> data = Map.of("addr", eventAddress(at));
        context().event(new NetworkEvent("NETDEV_STREAM_LISTENING", id(), data));
    }

    /** Gives a frame of one connection to the network and to the other connections; false if the network can take nothing now. */
    boolean deliver(Connection from, Frame frame) {
        if (!config.server()) {
            port().sendOrQueue(frame);
        } else if (!port().send(frame)) {
            return false;
        }
        if (connections.size() > 1) {
            repeat(frame, from);
        }
        return true;
    }

    private void repeat(Frame frame, @Nullable Connection from) {
        for (int i = 0; i < connections.size(); i++) {
            Connection each = connections.get(i);
            if (each != from) {
                if (each.isFull()) {
                    counters().dropClientFull.increment();
                } else {
                    send(each, frame);
                }
            }
        }
    }

    private void send(Connection to, Frame frame) {
        to.send(frame);
        context().loop().flushThisTurn(flush);
    }

    private void flushConnections() {
        for (Connection each : List.copyOf(connections)) {
            each.flush();
        }
    }

    /** A connection can take frames again. */
    void wakeSender() {
        if (senderWaits) {
            senderWaits = false;
            port().wake();
        }
    }

    private boolean allFull() {
        for (Connection each : connections) {
            if (!each.isFull()) {
                return false;
            }
        }
        return true;
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

    private final class Device implements Port.Device {
        @Override
        public boolean receive(Frame frame) {
            if (connections.isEmpty()) {
                counters().dropDisconnected.increment();
                return true;
            }
            if (allFull()) {
                senderWaits = true;
                return false;
            }
            repeat(frame, null);
            return true;
        }

        @Override
        public int takes() {
            return Offload.TAKES_NOTHING;
        }

        @Override
        public void onSendable() {
            for (Connection each : List.copyOf(connections)) {
                each.onSendable();
            }
        }
    }
}
