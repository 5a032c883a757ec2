package io.qnet.host;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The host's network, through which engines reach it. Loop thread only. No method blocks, none calls a handler before it has returned.
 */
public interface HostNetwork {
    /**
     * Begins to connect; {@code connected} or {@code failed} follows, {@code failed(TIMED_OUT)} after {@code timeoutNanos}.
     *
     * @param remote an {@link InetSocketAddress} with an address, or a unix address ({@link java.net.UnixDomainSocketAddress})
     * @param local where to bind, or null for the host's choice
     */
    HostStream connect(
            SocketAddress remote, @Nullable InetSocketAddress local, long timeoutNanos, HostStream.Handler handler);

    /** Whether {@link #start} can work. */
    default boolean startsPrograms() {
        return false;
    }

    /**
     * Starts a program whose standard input, output and error are the stream; {@code connected} follows, or {@code failed}. A program that cannot be started is one that ends at once. It is ended with the
     * network, if it has not ended by itself.
     *
     * @param command the program, looked up in PATH, and its arguments
     * @throws HostException with {@link HostError#PROHIBITED} if programs cannot be started here
     */
    default HostStream start(List<String> command, HostStream.Handler handler) throws HostException {
        throw new HostException(HostError.PROHIBITED, "programs cannot be started here");
    }

    /**
     * Listens. Binding is done when this returns.
     *
     * @throws HostException if it cannot be bound
     */
    HostListener listen(SocketAddress local, HostListener.Handler handler) throws HostException;

    /**
     * Opens a datagram socket.
     *
     * @param local where to bind; port 0 for the host's choice
     * @throws HostException if it cannot be opened or bound
     */
    HostDatagrams openDatagrams(InetSocketAddress local, HostDatagrams.Handler handler) throws HostException;

    /**
     * Opens an echo socket for one guest identifier.
     *
     * @param ipv6 ICMPv6 rather than ICMP
     * @throws HostException with {@link HostError#PROHIBITED} if the host allows neither a ping socket nor a raw socket
     */
    HostEcho openEcho(boolean ipv6, HostEcho.Handler handler) throws HostException;

    /**
     * This network as it is reached from an address or an interface of the host: what is connected and opened through it is bound there, unless it is told to be bound to another address than that of
     * everybody. It shares the rest with this one, whose owner closes both; listening is not concerned.
     *
     * @throws UnsupportedOperationException if sockets cannot be bound to an interface here
     */
    default HostNetwork leavingBy(Outbound outbound) {
        if (outbound.isAny()) {
            return this;
        }
        throw new UnsupportedOperationException("sockets cannot be bound to an address or an interface here");
    }

    /**
     * The host's name servers in the order of resolv.conf, IPv4 and IPv6; reread when the file changes (looked at once a second at most). No name server line means loopback.
     */
    List<InetSocketAddress> resolvers();

    /** The descriptor limit of the process, or {@link Integer#MAX_VALUE} if it has none that is known. */
    int descriptorLimit();

    /** How many ports the host chooses from for sockets that name none. */
    default int ephemeralPorts() {
        return 16_384;
    }

    /** Closes whatever is still open. */
    void close();
}
