package io.qnet.socket;

import io.qnet.NetdevException;
import io.qnet.internal.socket.DescriptorInfo;
import io.qnet.internal.socket.HostErrors;
import io.qnet.internal.socket.KernelLimits;
import io.qnet.internal.socket.ListenSocket;
import io.qnet.internal.socket.StreamOptions;
import io.qnet.internal.socket.StreamSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** The server's side: serves as many clients at a time as it is told; others wait in the kernel until one has left. */
final class Listener implements StreamNetdev.Role, ListenSocket.Acceptor {
    /** How many may wait; QEMU has one. */
    private static final int BACKLOG = 8;

    private static final int UNIX_BUFFER_BYTES = 4 << 20;

    private final StreamNetdev netdev;
    private final StreamConfig config;
    private @Nullable ListenSocket socket;
    private boolean acceptFailing;

    Listener(StreamNetdev netdev) {
        this.netdev = netdev;
        config = netdev.config();
    }

    @Override
    public void open() {
        ListenSocket opened = listen();
        socket = opened;
        netdev.listening(opened.localAddress());
    }

    private ListenSocket listen() {
        StreamAddress address = config.address();
        if (address instanceof StreamAddress.Inet inet) {
            return listenInet(inet);
        }
        return address instanceof StreamAddress.Unix unix
                ? listenUnix(unix)
                : adopt(((StreamAddress.Descriptor) address).number());
    }

    private ListenSocket adopt(int number) {
        try {
            if (!DescriptorInfo.isListening(number)) {
                throw new IOException("not a listening socket");
            }
            Descriptors.setNonBlocking(number);
            return netdev.sockets().adoptListener(number, options(config), this);
        } catch (IOException e) {
            throw Descriptors.unusable(netdev.id(), number, e);
        }
    }

    private ListenSocket listenInet(StreamAddress.Inet inet) {
        InetAddress address;
        try {
            address = inet.resolve();
        } catch (UnknownHostException e) {
            throw new NetdevException(
                    "address resolution failed for " + inet.host() + ":" + inet.port() + ": Name or service not known",
                    e);
        }
        int port = inet.port();
        while (true) {
            try {
                return listen(new InetSocketAddress(address, port));
            } catch (IOException e) {
                boolean another = HostErrors.of(e) == io.qnet.host.HostError.ADDRESS_IN_USE && port < inet.lastPort();
                if (!another) {
                    throw refused(inet, address, e);
                }
                port++;
            }
        }
    }

    /** QEMU: net/socket.c, net_socket_listen_init; util/qemu-sockets.c, inet_listen_saddr. */
    private NetdevException refused(StreamAddress.Inet inet, InetAddress address, IOException cause) {
        String reason = HostErrors.textOf(cause);
        boolean isSocket = config.type().equals(StreamConfig.SOCKET);
        return new NetdevException(
                isSocket
                        ? "can't bind ip=" + address.getHostAddress() + " to socket: " + reason
                        : inet.lastPort() > inet.port() || reason.contains("in use")
                                ? "Failed to find an available port: " + reason
                                : "Failed to bind socket to " + inet.host() + ":" + inet.port() + ": " + reason,
                cause);
    }

    private ListenSocket listenUnix(StreamAddress.Unix unix) {
        try {
            return listen(unix.socketAddress());
        } catch (IOException e) {
            throw new NetdevException("Failed to bind socket to " + unix.path() + ": " + HostErrors.textOf(e), e);
        }
    }

    private ListenSocket listen(SocketAddress at) throws IOException {
        return netdev.sockets().listen(at, BACKLOG, options(config), this);
    }

    /**
     * Large buffers: what a unix socket has is the sender's, and worth 10 to 30 %; on TCP it is the receiver's, so that QEMU seldom finds the socket full. (A QEMU hub that does may send one frame's rest in
     * the middle of another, net/stream.c's send_index.)
     */
    static StreamOptions options(StreamConfig config) {
        boolean unix = config.address() instanceof StreamAddress.Unix;
        return new StreamOptions(
                unix ? 0 : KernelLimits.receiveBuffer(), unix ? UNIX_BUFFER_BYTES : 0, config.keepAlive());
    }

    @Override
    public StreamSocket.Handler newHandler() {
        return netdev.newConnection();
    }

    @Override
    public void onAccepted(StreamSocket accepted, StreamSocket.Handler handler) {
        acceptFailing = false;
        Connection connection = (Connection) handler;
        connection.attach(accepted);
        String end = StreamAddress.uri(accepted.remoteAddress(), config.address());
        String info = config.type().equals(StreamConfig.SOCKET)
                ? "socket: connection from " + end.substring(end.indexOf(':') + 1)
                : end;
        try {
            netdev.newPlace().start(connection, info);
        } catch (NetdevException e) {
            connection.close();
            netdev.warn("no port for a client: " + e.getMessage());
        }
        updateAccepting();
    }

    @Override
    public void onAcceptFailed(IOException cause) {
        if (!acceptFailing) {
            acceptFailing = true;
            netdev.warn("cannot accept a client, trying again: " + HostErrors.textOf(cause));
        }
    }

    @Override
    public void onDisconnected(StreamDevice device) {
        netdev.leave(device);
        updateAccepting();
    }

    @Override
    public void onPeerChanged() {
        updateAccepting();
    }

    private void updateAccepting() {
        if (socket != null) {
            socket.setAccepting(netdev.hasPlace());
        }
    }

    @Override
    public String idleInfo() {
        return "";
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return socket == null ? null : socket.localAddress();
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.close();
            socket = null;
        }
    }
}
