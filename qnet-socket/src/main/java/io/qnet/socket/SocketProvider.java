package io.qnet.socket;

import io.qnet.EndpointConfig;
import io.qnet.Netdev;
import io.qnet.NetdevProvider;
import io.qnet.option.HostPort;
import io.qnet.option.NetdevSchemas;
import io.qnet.option.OptionException;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * QEMU's {@code -netdev socket} and {@code -net socket} with {@code listen=} or {@code connect=} (net/socket.c). {@code mcast=}, {@code udp=} and {@code fd=} are refused. A host's name is resolved when the
 * options are read, as in QEMU.
 */
public final class SocketProvider implements NetdevProvider {
    /** For {@link java.util.ServiceLoader}. */
    public SocketProvider() {}

    @Override
    public String type() {
        return StreamConfig.SOCKET;
    }

    @Override
    public OptionSchema schema() {
        return NetdevSchemas.SOCKET;
    }

    @Override
    public EndpointConfig<? extends Netdev> configure(String id, OptionValues options) {
        String listen = options.string("listen");
        if (listen != null) {
            return StreamConfig.listen(id, address(listen))
                    .clients(options.int32("clients", 1))
                    .asSocket();
        }
        String connect = options.string("connect");
        if (connect != null) {
            return StreamConfig.connect(id, address(connect))
                    .reconnectMillis(options.integer("reconnect-ms", StreamConfig.DEFAULT_RECONNECT_MILLIS))
                    .asSocket();
        }
        for (String other : new String[] {"mcast", "udp", "fd"}) {
            if (options.has(other)) {
                throw OptionException.of("socket does not support " + other + "=", other, options.string(other));
            }
        }
        throw new OptionException("exactly one of listen=, connect=, mcast= or udp= is required");
    }

    private static StreamAddress address(String text) {
        HostPort parsed = HostPort.parse(text);
        InetAddress address = parsed.address();
        if (address == null) {
            address = resolve(parsed);
        }
        return new StreamAddress.Inet(address.getHostAddress(), parsed.port());
    }

    private static InetAddress resolve(HostPort parsed) {
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
