package io.qnet.socket;

import io.qnet.option.HostPort;
import io.qnet.option.OptionException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Addresses with ports as QEMU's older netdevs read them: IPv4 alone, and a name is looked up when the options are read. */
final class HostNames {
    private HostNames() {}

    /**
     * The address that is meant by {@code HOST:PORT}.
     *
     * @throws OptionException in QEMU's words
     */
    static InetSocketAddress resolve(String text) {
        return resolve(HostPort.parse(text));
    }

    /** The same of what was read already. */
    static InetSocketAddress resolve(HostPort parsed) {
        Inet4Address address = parsed.address();
        return new InetSocketAddress(address == null ? lookUp(parsed) : address, parsed.port());
    }

    private static InetAddress lookUp(HostPort parsed) {
        try {
            for (InetAddress each : InetAddress.getAllByName(parsed.host())) {
                if (each instanceof Inet4Address) {
                    return each;
                }
            }
        } catch (UnknownHostException e) {
            throw parsed.unresolved();
        }
        throw parsed.unresolved();
    }
}
