package io.qnet.socket;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Where a stream netdev listens or connects to. Immutable. */
public sealed interface StreamAddress {
    /** The longest path of a unix socket, as QEMU has it: all of {@code sun_path}. */
    int MAX_UNIX_PATH = 108;

    /** As QEMU writes it in {@code info network}: {@code tcp:HOST:PORT} or {@code unix:PATH}. */
    String uri();

    /**
     * A TCP port.
     *
     * @param host address or name as written; empty means any address
     * @param port the port; 0 for the host's choice
     * @param lastPort for a listener the last port to try; {@code port} to try no other
     * @param ipv4 whether IPv4 may be used
     * @param ipv6 whether IPv6 may be used
     */
    record Inet(String host, int port, int lastPort, boolean ipv4, boolean ipv6) implements StreamAddress {
        /** A port of either family that is tried alone. */
        public Inet(String host, int port) {
            this(host, port, port, true, true);
        }

        @Override
        public String uri() {
            return "tcp:" + host + ":" + port;
        }

        /** Whether finding the address may take a name server, and so must not be done on the loop. */
        boolean isName() {
            boolean digits = host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
            return !host.isEmpty() && !digits && host.indexOf(':') < 0;
        }

        /**
         * The address; blocks if {@link #isName()}.
         *
         * @throws UnknownHostException if there is none of a wanted family
         */
        InetAddress resolve() throws UnknownHostException {
            if (host.isEmpty()) {
                return InetAddress.getByName(ipv4 ? "0.0.0.0" : "::");
            }
            for (InetAddress each : InetAddress.getAllByName(host)) {
                if ((each instanceof Inet4Address && ipv4) || (each instanceof Inet6Address && ipv6)) {
                    return each;
                }
            }
            throw new UnknownHostException(host + ": no address of the wanted family");
        }
    }

    /**
     * A unix socket.
     *
     * @param path the file, or the name if abstract
     * @param abstractName whether it is a name in Linux's abstract namespace; needs epoll
     */
    record Unix(String path, boolean abstractName) implements StreamAddress {
        /** A file. */
        public Unix(String path) {
            this(path, false);
        }

        @Override
        public String uri() {
            return "unix:" + path;
        }

        /** Whether the kernel has room for the path. */
        boolean isTooLong() {
            int length = path.getBytes(StandardCharsets.UTF_8).length + (abstractName ? 1 : 0);
            return length > MAX_UNIX_PATH;
        }

        SocketAddress socketAddress() {
            return new DomainSocketAddress(abstractName ? "\0" + path : path);
        }
    }

    /**
     * A socket that somebody else has opened: connected, or for a server listening. It is closed with the netdev.
     *
     * @param number the descriptor
     */
    record Descriptor(int number) implements StreamAddress {
        @Override
        public String uri() {
            return "unix:";
        }
    }

    /** From an address of the JDK's. A name that is not resolved is looked up when it is needed. */
    static StreamAddress of(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            InetAddress known = inet.getAddress();
            return new Inet(known == null ? inet.getHostString() : known.getHostAddress(), inet.getPort());
        }
        if (address instanceof java.net.UnixDomainSocketAddress unix) {
            return new Unix(unix.getPath().toString());
        }
        throw new IllegalArgumentException("neither a TCP nor a unix address: " + address);
    }

    /** What a connected or listening socket's end is called in {@code info network}. */
    static String uri(@Nullable SocketAddress end, StreamAddress otherwise) {
        return end instanceof InetSocketAddress inet && inet.getAddress() != null
                ? "tcp:" + inet.getAddress().getHostAddress() + ":" + inet.getPort()
                : otherwise.uri();
    }
}
