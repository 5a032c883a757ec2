package io.qnet.socket;

import io.qnet.EndpointConfig;
import io.qnet.Netdev;
import io.qnet.NetdevProvider;
import io.qnet.internal.socket.DescriptorInfo;
import io.qnet.option.HostPort;
import io.qnet.option.NetdevSchemas;
import io.qnet.option.OptionException;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** QEMU's {@code -netdev socket} and {@code -net socket} (net/socket.c). A host's name is resolved when the options are read, as in QEMU. */
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
        String group = options.string("mcast");
        if (group != null) {
            return group(id, group, options.string("localaddr")).asSocket();
        }
        String udp = options.string("udp");
        if (udp != null) {
            InetSocketAddress local = HostNames.resolve(options.string("localaddr", ""));
            return DatagramConfig.udp(id, local, HostNames.resolve(udp)).asSocket();
        }
        return descriptor(id, options.string("fd", ""));
    }

    private static DatagramConfig group(String id, String group, @Nullable String local) {
        InetSocketAddress address = HostNames.resolve(group);
        Inet4Address via = local == null ? null : HostPort.localAddress(local);
        if (!address.getAddress().isMulticastAddress()) {
            throw HostPort.notMulticast((Inet4Address) address.getAddress());
        }
        return DatagramConfig.multicast(id, address, via);
    }

    private static EndpointConfig<? extends Netdev> descriptor(String id, String text) {
        int number = Descriptors.parse(text, "fd");
        int type = Descriptors.type(id, number);
        if (type == DescriptorInfo.STREAM) {
            return StreamConfig.adopt(id, number).asSocket();
        }
        if (type == DescriptorInfo.DATAGRAM) {
            return new DatagramConfig(id, StreamConfig.SOCKET, new DatagramAddress.Descriptor(number));
        }
        throw OptionException.of(
                "socket type=" + type + " for fd=" + number + " must be either SOCK_DGRAM or SOCK_STREAM", "fd", text);
    }

    private static StreamAddress address(String text) {
        InetSocketAddress address = HostNames.resolve(text);
        return new StreamAddress.Inet(address.getAddress().getHostAddress(), address.getPort());
    }
}
