package io.qnet.socket;

import io.qnet.host.HostError;
import io.qnet.internal.socket.HostErrors;
import io.qnet.internal.socket.StreamSocket;
import io.qnet.loop.Timer;
import io.qnet.loop.Timers;
import io.qnet.wire.IpAddress;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** The client's side: connects, and again after each failure and each end, once in the reconnect time. A failure is told once until it has worked again. */
final class Connector implements StreamNetdev.Role {
    private final StreamNetdev netdev;
    private final StreamConfig config;
    private final Timer again = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            begin();
        }
    };

    private @Nullable Attempt attempt;
    private boolean failureTold;
    private boolean failed;
    private boolean closed;

    Connector(StreamNetdev netdev) {
        this.netdev = netdev;
        config = netdev.config();
    }

    @Override
    public void open() {
        begin();
    }

    private void begin() {
        if (closed) {
            return;
        }
        if (config.address() instanceof StreamAddress.Inet inet && inet.isName()) {
            netdev.network().loop().runBlocking(inet::resolve, this::resolved);
        } else if (config.address() instanceof StreamAddress.Inet inet) {
            try {
                connect(inet, inet.resolve());
            } catch (IOException e) {
                onFailed(HostErrors.textOf(e));
            }
        } else {
            connect(((StreamAddress.Unix) config.address()).socketAddress());
        }
    }

    private void resolved(@Nullable InetAddress address, @Nullable Throwable failure) {
        if (address == null) {
            onFailed("Name or service not known");
        } else if (!closed && config.address() instanceof StreamAddress.Inet inet) {
            connect(inet, address);
        }
    }

    /** As Linux does, any address means this host. */
    private void connect(StreamAddress.Inet inet, InetAddress address) {
        InetAddress to = address;
        if (address.isAnyLocalAddress()) {
            to = IpAddress.parse(address instanceof Inet6Address ? "::1" : "127.0.0.1")
                    .toInetAddress();
        }
        connect(new InetSocketAddress(to, inet.port()));
    }

    private void connect(SocketAddress to) {
        Attempt begun = new Attempt(netdev.newConnection());
        try {
            StreamSocket socket = netdev.sockets().connect(to, null, Listener.options(config), begun);
            begun.connection.attach(socket);
            attempt = begun;
        } catch (IOException e) {
            begun.connection.close();
            onFailed(HostErrors.textOf(e));
        }
    }

    private void onFailed(String reason) {
        failed = true;
        attempt = null;
        if (!failureTold && !closed) {
            failureTold = true;
            netdev.warn("can't connect to " + config.address().uri() + ": " + reason
                    + (config.reconnectMillis() > 0 ? ", trying again" : ""));
        }
        later();
    }

    private void later() {
        if (config.reconnectMillis() > 0 && !closed) {
            Timers timers = netdev.network().loop().timers();
            timers.arm(again, netdev.network().loop().nowNanos() + config.reconnectMillis() * 1_000_000);
        }
    }

    @Override
    public void onDisconnected(StreamDevice device) {
        attempt = null;
        later();
    }

    @Override
    public void onPeerChanged() {
        // connected or not, whoever is there
    }

    @Override
    public String idleInfo() {
        return failed && config.type().equals(StreamConfig.STREAM) ? "connection error" : "";
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return null;
    }

    @Override
    public void close() {
        closed = true;
        netdev.network().loop().timers().cancel(again);
        Attempt present = attempt;
        if (present != null) {
            present.connection.close();
        }
    }

    /** Stands in front of a connection until it stands; then it only passes on. */
    private final class Attempt implements StreamSocket.Handler {
        private final Connection connection;
        private boolean connected;

        Attempt(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void onConnected() {
            connected = true;
            failed = false;
            failureTold = false;
            String end = StreamAddress.uri(connection.remoteAddress(), config.address());
            netdev.device()
                    .start(
                            connection,
                            config.type().equals(StreamConfig.SOCKET)
                                    ? "socket: connect to " + end.substring(end.indexOf(':') + 1)
                                    : end);
        }

        @Override
        public void onReadable() {
            connection.onReadable();
        }

        @Override
        public void onWritable() {
            connection.onWritable();
        }

        @Override
        public void onDeferred() {
            connection.onDeferred();
        }

        @Override
        public void onBroken(HostError error) {
            if (connected) {
                connection.onBroken(error);
            } else {
                connection.close();
                onFailed(HostErrors.textOf(error));
            }
        }
    }
}
