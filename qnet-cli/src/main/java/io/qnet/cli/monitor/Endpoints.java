package io.qnet.cli.monitor;

import io.qnet.NetdevException;
import io.qnet.option.ChardevSpec;
import io.qnet.option.SocketEndpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Opens what a monitor talks through. Blocking sockets of the JDK's: a monitor has threads of its own. */
final class Endpoints {
    private static final int BACKLOG = 1;

    private Endpoints() {}

    /** Where clients of one monitor come from, one after the other. */
    interface Opened {
        /** Waits for the next client; null if there will be none. */
        @Nullable Link next() throws IOException;

        /** Gives the clients up. */
        void close();
    }

    /**
     * Listens, or connects.
     *
     * @throws NetdevException in QEMU's words
     */
    static Opened open(ChardevSpec spec, InputStream in, OutputStream out) {
        if (spec instanceof ChardevSpec.Stdio) {
            return new Once(Link.of(in, out));
        }
        if (spec instanceof ChardevSpec.Socket socket) {
            return socket.server() ? listen(socket) : connect(socket);
        }
        return new Once(null);
    }

    /** The address as QEMU's messages and {@code info chardev} have it. */
    static String text(ChardevSpec.Socket socket, SocketAddress address) {
        String where = address instanceof InetSocketAddress inet
                ? "tcp:" + inet.getAddress().getHostAddress() + ":" + inet.getPort()
                : "unix:" + address;
        return where + (socket.server() ? ",server=on" : "");
    }

    private static Listening listen(ChardevSpec.Socket socket) {
        SocketAddress address = address(socket.address());
        try {
            ServerSocketChannel listener;
            if (address instanceof UnixDomainSocketAddress unix) {
                makeRoom(unix);
                listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            } else {
                listener = ServerSocketChannel.open();
                listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            }
            return new Listening(socket, bound(listener, address));
        } catch (IOException e) {
            throw new NetdevException("Failed to bind socket to " + name(address) + ": " + reason(e, address), e);
        }
    }

    private static ServerSocketChannel bound(ServerSocketChannel listener, SocketAddress address) throws IOException {
        try {
            return listener.bind(address, BACKLOG);
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    private static Opened connect(ChardevSpec.Socket socket) {
        SocketAddress address = address(socket.address());
        Connecting connecting = new Connecting(address, socket.reconnectSeconds());
        if (socket.reconnectSeconds() == 0) {
            connecting.connectFirst();
        }
        return connecting;
    }

    private static SocketAddress address(SocketEndpoint endpoint) {
        if (endpoint instanceof SocketEndpoint.Unix unix && !unix.abstractName()) {
            return UnixDomainSocketAddress.of(unix.path());
        }
        if (endpoint instanceof SocketEndpoint.Inet inet) {
            return inet(inet);
        }
        throw new NetdevException("only inet addresses and paths can be used by a monitor");
    }

    private static SocketAddress inet(SocketEndpoint.Inet inet) {
        try {
            int port = Integer.parseInt(inet.port());
            InetAddress host =
                    inet.host().isEmpty() ? new InetSocketAddress(0).getAddress() : InetAddress.getByName(inet.host());
            return new InetSocketAddress(host, port);
        } catch (IOException | IllegalArgumentException e) {
            throw new NetdevException(
                    "address resolution failed for " + inet.host() + ":" + inet.port() + ": Name or service not known",
                    e);
        }
    }

    /** Removes the socket of a former program. */
    private static void makeRoom(UnixDomainSocketAddress address) throws IOException {
        Path path = address.getPath();
        if (!Files.exists(path) || Files.isRegularFile(path) || Files.isDirectory(path)) {
            return;
        }
        try (SocketChannel probe = SocketChannel.open(address)) {
            probe.getRemoteAddress();
        } catch (ConnectException e) {
            Files.deleteIfExists(path);
        }
    }

    private static String name(SocketAddress address) {
        return address instanceof InetSocketAddress inet
                ? inet.getAddress().getHostAddress() + ":" + inet.getPort()
                : address.toString();
    }

    /** As strerror has it. */
    private static String reason(IOException e, SocketAddress address) {
        String message = String.valueOf(e.getMessage());
        if (address instanceof UnixDomainSocketAddress unix && e instanceof SocketException) {
            Path folder = unix.getPath().toAbsolutePath().getParent();
            boolean missing = folder != null && !Files.isDirectory(folder);
            if (missing || message.contains("No such file")) {
                return "No such file or directory";
            }
        }
        return message;
    }

    /** One client, or none, and no more. */
    private static final class Once implements Opened {
        private @Nullable Link link;

        Once(@Nullable Link link) {
            this.link = link;
        }

        @Override
        public @Nullable Link next() {
            Link taken = link;
            link = null;
            return taken;
        }

        @Override
        public void close() {
            link = null;
        }
    }

    /** Clients that connect. The first may be waited for by {@link #await}. */
    static final class Listening implements Opened {
        private final ChardevSpec.Socket socket;
        private final ServerSocketChannel listener;
        private @Nullable Link first;

        Listening(ChardevSpec.Socket socket, ServerSocketChannel listener) {
            this.socket = socket;
            this.listener = listener;
        }

        boolean waits() {
            return socket.awaits();
        }

        /** Waits for the first client. */
        void await() throws IOException {
            first = next();
        }

        String address() throws IOException {
            return "disconnected:" + text(socket, listener.getLocalAddress());
        }

        @Override
        public @Nullable Link next() throws IOException {
            Link taken = first;
            first = null;
            return taken != null ? taken : listener.isOpen() ? Link.of(listener.accept()) : null;
        }

        @Override
        public void close() {
            try {
                SocketAddress address = listener.getLocalAddress();
                listener.close();
                if (address instanceof UnixDomainSocketAddress unix) {
                    Files.deleteIfExists(unix.getPath());
                }
            } catch (IOException e) {
                System.getLogger(Endpoints.class.getName()).log(System.Logger.Level.DEBUG, "closing a monitor", e);
            }
        }
    }

    /** A client's side: connects, and again after an end if told so. */
    private static final class Connecting implements Opened {
        private final SocketAddress address;
        private final long reconnectSeconds;
        private @Nullable Link first;
        private boolean tried;
        private volatile boolean closed;

        Connecting(SocketAddress address, long reconnectSeconds) {
            this.address = address;
            this.reconnectSeconds = reconnectSeconds;
        }

        void connectFirst() {
            try {
                first = Link.of(SocketChannel.open(address));
            } catch (IOException e) {
                throw new NetdevException("Failed to connect to '" + name(address) + "': " + reason(e, address), e);
            }
        }

        @Override
        public @Nullable Link next() throws IOException {
            Link taken = first;
            first = null;
            if (taken != null) {
                return taken;
            }
            while (reconnectSeconds > 0 && !closed) {
                if (tried && !pause()) {
                    return null;
                }
                tried = true;
                try {
                    return Link.of(SocketChannel.open(address));
                } catch (IOException e) {
                    System.getLogger(Endpoints.class.getName())
                            .log(System.Logger.Level.DEBUG, "connecting a monitor", e);
                }
            }
            return null;
        }

        private synchronized boolean pause() {
            try {
                long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(reconnectSeconds);
                for (long left = 1; !closed && left > 0; left = endNanos - System.nanoTime()) {
                    TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, 1_000_000));
                }
                return !closed;
            } catch (InterruptedException e) {
                return false;
            }
        }

        @Override
        public synchronized void close() {
            closed = true;
            notifyAll();
        }
    }
}
