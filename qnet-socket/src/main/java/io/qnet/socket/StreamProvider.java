package io.qnet.socket;

import io.qnet.EndpointConfig;
import io.qnet.Netdev;
import io.qnet.NetdevProvider;
import io.qnet.option.NetdevSchemas;
import io.qnet.option.OptionException;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import io.qnet.option.SocketEndpoint;

/** QEMU's {@code -netdev stream} (net/stream.c, util/qemu-sockets.c). VM sockets are refused. */
public final class StreamProvider implements NetdevProvider {
    private static final int MAX_PORT = 65_535;

    /** For {@link java.util.ServiceLoader}. */
    public StreamProvider() {}

    @Override
    public String type() {
        return StreamConfig.STREAM;
    }

    @Override
    public OptionSchema schema() {
        return NetdevSchemas.STREAM;
    }

    @Override
    public EndpointConfig<? extends Netdev> configure(String id, OptionValues options) {
        SocketEndpoint endpoint = options.endpoint("addr");
        if (endpoint == null) {
            throw OptionException.missing("addr");
        }
        StreamAddress address = address(id, endpoint);
        boolean keepAlive = endpoint instanceof SocketEndpoint.Inet inet && inet.keepAlive();
        boolean server = options.bool("server", false);
        if (address instanceof StreamAddress.Descriptor descriptor && !server) {
            return StreamConfig.adopt(id, descriptor.number());
        }
        if (server) {
            return StreamConfig.listen(id, address)
                    .clients(options.int32("clients", 1))
                    .keepAlive(keepAlive);
        }
        long seconds = options.integer("reconnect", -1);
        long millis = options.integer("reconnect-ms", StreamConfig.DEFAULT_RECONNECT_MILLIS);
        return StreamConfig.connect(id, address)
                .reconnectMillis(seconds < 0 ? millis : seconds * 1000)
                .keepAlive(keepAlive);
    }

    private static StreamAddress address(String id, SocketEndpoint endpoint) {
        if (endpoint instanceof SocketEndpoint.Inet inet) {
            return inet(inet);
        }
        if (endpoint instanceof SocketEndpoint.Unix unix) {
            if (unix.abstractName() && !unix.tight()) {
                // a name of all 108 bytes, which neither Netty nor the JDK passes on
                throw OptionException.expects("addr.tight", "off", "'on'");
            }
            StreamAddress.Unix address = new StreamAddress.Unix(unix.path(), unix.abstractName());
            if (address.isTooLong()) {
                throw OptionException.of(
                        "UNIX socket path '" + unix.path() + "' is too long", "addr.path", unix.path());
            }
            return address;
        }
        if (endpoint instanceof SocketEndpoint.Fd fd) {
            int number = Descriptors.parse(fd.str(), "addr.str");
            Descriptors.type(id, number);
            return new StreamAddress.Descriptor(number);
        }
        throw OptionException.of("stream does not support addr.type=vsock", "addr.type", "vsock");
    }

    private static StreamAddress inet(SocketEndpoint.Inet inet) {
        int port = port(inet);
        Boolean wanted4 = inet.ipv4();
        Boolean wanted6 = inet.ipv6();
        // one that is wanted excludes the other unless that is wanted too
        boolean ipv4 = wanted4 == null ? wanted6 == null || !wanted6 : wanted4;
        boolean ipv6 = wanted6 == null ? wanted4 == null || !wanted4 : wanted6;
        StreamAddress.Inet address = new StreamAddress.Inet(inet.host(), port, Math.max(port, inet.to()), ipv4, ipv6);
        if (inet.numeric() && address.isName()) {
            throw unresolved(inet, "Name or service not known", "addr.host");
        }
        return address;
    }

    private static int port(SocketEndpoint.Inet inet) {
        int port = -1;
        if (!inet.port().isEmpty()
                && inet.port().length() <= 5
                && inet.port().chars().allMatch(Character::isDigit)) {
            port = Integer.parseInt(inet.port());
        }
        if (port < 0 || port > MAX_PORT) {
            throw unresolved(inet, "Servname not supported for ai_socktype", "addr.port");
        }
        return port;
    }

    private static OptionException unresolved(SocketEndpoint.Inet inet, String reason, String option) {
        String where = inet.host() + ":" + inet.port();
        return OptionException.of("address resolution failed for " + where + ": " + reason, option, where);
    }
}
