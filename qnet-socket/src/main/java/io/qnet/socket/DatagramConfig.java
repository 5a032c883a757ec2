package io.qnet.socket;

import io.qnet.EndpointConfig;
import io.qnet.NetdevException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How to make a {@link DatagramNetdev}. Immutable.
 *
 * @param id the name of the netdev
 * @param type QEMU's type: {@code dgram} or {@code socket}; they differ in {@code info network}
 * @param address between which ends it sends
 */
public record DatagramConfig(String id, String type, DatagramAddress address)
        implements EndpointConfig<DatagramNetdev> {
    static final String DGRAM = "dgram";

    /**
     * Checks the values.
     *
     * @throws NetdevException if a unix path is too long
     */
    public DatagramConfig {
        if (address instanceof DatagramAddress.Unix unix) {
            refuseTooLong(unix.local());
            refuseTooLong(unix.remote());
        }
    }

    /** A netdev over UDP. */
    public static DatagramConfig udp(String id, InetSocketAddress local, InetSocketAddress remote) {
        return new DatagramConfig(id, DGRAM, new DatagramAddress.Udp(local, remote));
    }

    /** A netdev in a multicast group, on the interface with the given address, or of the host's choice. */
    public static DatagramConfig multicast(String id, InetSocketAddress group, @Nullable Inet4Address local) {
        return new DatagramConfig(id, DGRAM, new DatagramAddress.Multicast(group, local));
    }

    /** A netdev over unix datagram sockets. */
    public static DatagramConfig unix(String id, Path local, Path remote) {
        return new DatagramConfig(id, DGRAM, new DatagramAddress.Unix(local.toString(), remote.toString()));
    }

    /** As QEMU's {@code socket} netdev says it. */
    DatagramConfig asSocket() {
        return new DatagramConfig(id, StreamConfig.SOCKET, address);
    }

    private static void refuseTooLong(String path) {
        if (path.getBytes(StandardCharsets.UTF_8).length > StreamAddress.MAX_UNIX_PATH) {
            throw new NetdevException("UNIX socket path '" + path + "' is too long");
        }
    }

    @Override
    public DatagramNetdev create() {
        return new DatagramNetdev(this);
    }
}
