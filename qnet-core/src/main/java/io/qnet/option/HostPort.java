package io.qnet.option;

import java.net.Inet4Address;
import org.jspecify.annotations.Nullable;

/**
 * {@code HOST:PORT} as the socket netdev takes it (QEMU: net/net.c, parse_host_port): split at the first colon, IPv4 only. A
 * host that begins with a digit is an address, any other a name that is still to be resolved. Unlike QEMU, nothing may follow the port and
 * it must fit 16 bits: QEMU listens on 4464 for {@code :70000}.
 *
 * @param host the host as written; empty: any address
 * @param address the address, if the host is one or empty (then 0.0.0.0); null for a name
 * @param port 0 to 65535
 */
public record HostPort(String host, @Nullable Inet4Address address, int port) {
    /**
     * Reads an address with port.
     *
     * @throws OptionException in QEMU's words
     */
    public static HostPort parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new OptionException("host address '" + text + "' doesn't contain ':' separating host from port");
        }
        return of(text.substring(0, colon), text.substring(colon + 1));
    }

    /**
     * Reads an address and a port given apart, as dgram has them.
     *
     * @throws OptionException in QEMU's words
     */
    public static HostPort of(String host, String port) {
        Inet4Address address = null;
        if (host.isEmpty()) {
            address = InetText.ipv4(0);
        } else if (host.charAt(0) >= '0' && host.charAt(0) <= '9') {
            address = InetText.aton(host);
            if (address == null) {
                throw new OptionException("host address '" + host + "' is not a valid IPv4 address");
            }
        }
        CNumber number = CNumber.scan(port, 0);
        long value = number.clamped();
        if (!number.whole() || value < 0 || value > 0xffff) {
            throw new OptionException("port number '" + port + "' is invalid");
        }
        return new HostPort(host, address, (int) value);
    }

    /**
     * Reads the {@code localaddr=} of a multicast socket, an address alone.
     *
     * @throws OptionException {@code localaddr 'x' is not a valid IPv4 address}
     */
    public static Inet4Address localAddress(String text) {
        Inet4Address address = InetText.aton(text);
        if (address == null) {
            throw OptionException.of("localaddr '" + text + "' is not a valid IPv4 address", "localaddr", text);
        }
        return address;
    }

    /** The refusal for a name that the resolver does not know. */
    public OptionException unresolved() {
        return new OptionException("can't resolve host address '" + host + "'");
    }

    /**
     * The refusal for {@code mcast=} with an address that is none of a group.
     *
     * @param resolved the address of this host
     */
    public static OptionException notMulticast(Inet4Address resolved) {
        return new OptionException("specified mcastaddr " + resolved.getHostAddress() + " (0x"
                + String.format("%08x", InetText.bits(resolved)) + ") does not contain a multicast address");
    }
}
