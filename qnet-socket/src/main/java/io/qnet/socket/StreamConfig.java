package io.qnet.socket;

import io.qnet.EndpointConfig;
import io.qnet.NetdevException;
import java.net.SocketAddress;

/**
 * How to make a {@link StreamNetdev}. Immutable; the methods answer changed copies.
 *
 * @param id the name of the netdev
 * @param type QEMU's type: {@code stream} or {@code socket}; they differ in {@code info network} and in events
 * @param address where to listen or connect to
 * @param server whether it listens
 * @param clients how many clients a server serves at a time; further ones wait
 * @param reconnectMillis how long after a failure a client connects again; 0 for never
 * @param keepAlive whether TCP keep-alive is on
 */
public record StreamConfig(
        String id,
        String type,
        StreamAddress address,
        boolean server,
        int clients,
        long reconnectMillis,
        boolean keepAlive)
        implements EndpointConfig<StreamNetdev> {
    /** How long after a failure a client connects again unless it is told otherwise. */
    public static final long DEFAULT_RECONNECT_MILLIS = 1000;

    static final String STREAM = "stream";
    static final String SOCKET = "socket";

    /**
     * Checks the values.
     *
     * @throws NetdevException if a unix path is too long
     */
    public StreamConfig {
        if (address instanceof StreamAddress.Unix unix && unix.isTooLong()) {
            throw new NetdevException("UNIX socket path '" + unix.path() + "' is too long");
        }
    }

    /** A netdev that serves one client at a time. */
    public static StreamConfig listen(String id, StreamAddress address) {
        return new StreamConfig(id, STREAM, address, true, 1, 0, false);
    }

    /** A netdev that serves one client at a time. */
    public static StreamConfig listen(String id, SocketAddress address) {
        return listen(id, StreamAddress.of(address));
    }

    /** A netdev that connects, and again a second after a failure. */
    public static StreamConfig connect(String id, StreamAddress address) {
        return new StreamConfig(id, STREAM, address, false, 1, DEFAULT_RECONNECT_MILLIS, false);
    }

    /** A netdev that connects, and again a second after a failure. */
    public static StreamConfig connect(String id, SocketAddress address) {
        return connect(id, StreamAddress.of(address));
    }

    /** Serves {@code clients} at a time; they see each other's frames as if each had a port of its own on a hub. */
    public StreamConfig clients(int clients) {
        return new StreamConfig(id, type, address, server, clients, reconnectMillis, keepAlive);
    }

    /** Connects again so long after a failure; 0 for never. */
    public StreamConfig reconnectMillis(long reconnectMillis) {
        return new StreamConfig(id, type, address, server, clients, reconnectMillis, keepAlive);
    }

    /** Switches TCP keep-alive. */
    public StreamConfig keepAlive(boolean keepAlive) {
        return new StreamConfig(id, type, address, server, clients, reconnectMillis, keepAlive);
    }

    /** A netdev over a connected stream socket that somebody else has opened. */
    public static StreamConfig adopt(String id, int descriptor) {
        return new StreamConfig(id, STREAM, new StreamAddress.Descriptor(descriptor), false, 1, 0, false);
    }

    /** As QEMU's {@code socket} netdev says it. */
    StreamConfig asSocket() {
        return new StreamConfig(id, SOCKET, address, server, clients, reconnectMillis, keepAlive);
    }

    @Override
    public StreamNetdev create() {
        return new StreamNetdev(this);
    }
}
