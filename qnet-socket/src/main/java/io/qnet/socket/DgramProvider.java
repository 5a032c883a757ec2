package io.qnet.socket;

import io.qnet.EndpointConfig;
import io.qnet.Netdev;
import io.qnet.NetdevProvider;
import io.qnet.option.HostPort;
import io.qnet.option.NetdevSchemas;
import io.qnet.option.OptionException;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import io.qnet.option.SocketEndpoint;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** QEMU's {@code -netdev dgram} (net/dgram.c, net_init_dgram): which ends go together, in its order and words. */
public final class DgramProvider implements NetdevProvider {
    /** For {@link java.util.ServiceLoader}. */
    public DgramProvider() {}

    @Override
    public String type() {
        return DatagramConfig.DGRAM;
    }

    @Override
    public OptionSchema schema() {
        return NetdevSchemas.DGRAM;
    }

    @Override
    public EndpointConfig<? extends Netdev> configure(String id, OptionValues options) {
        SocketEndpoint local = options.endpoint("local");
        SocketEndpoint remote = options.endpoint("remote");
        InetSocketAddress to = remote instanceof SocketEndpoint.Inet inet ? resolve(inet) : null;
        boolean group = to != null && to.getAddress().isMulticastAddress();
        DatagramAddress address = to != null && group ? group(id, local, to) : unicast(id, local, remote, to);
        return new DatagramConfig(id, DatagramConfig.DGRAM, address);
    }

    private static DatagramAddress group(String id, @Nullable SocketEndpoint local, InetSocketAddress group) {
        if (local == null) {
            return new DatagramAddress.Multicast(group);
        }
        if (local instanceof SocketEndpoint.Inet inet) {
            Inet4Address address = HostPort.localAddress(inet.host());
            return new DatagramAddress.Multicast(group, address);
        }
        if (local instanceof SocketEndpoint.Fd fd) {
            return new DatagramAddress.Descriptor(descriptor(id, fd), group);
        }
        throw new OptionException("only support inet or fd type for local");
    }

    private static DatagramAddress unicast(
            String id,
            @Nullable SocketEndpoint local,
            @Nullable SocketEndpoint remote,
            @Nullable InetSocketAddress to) {
        if (local == null) {
            throw new OptionException("dgram requires local= parameter");
        }
        if (local instanceof SocketEndpoint.Fd fd) {
            if (remote != null) {
                throw new OptionException("don't set remote with local.fd");
            }
            return new DatagramAddress.Descriptor(descriptor(id, fd));
        }
        if (remote == null) {
            throw new OptionException("type=inet or type=unix requires remote parameter");
        }
        if (local.getClass() != remote.getClass()) {
            throw new OptionException("remote and local types must be the same");
        }
        if (local instanceof SocketEndpoint.Inet inet && to != null) {
            return new DatagramAddress.Udp(resolve(inet), to);
        }
        if (local instanceof SocketEndpoint.Unix from && remote instanceof SocketEndpoint.Unix unix) {
            return new DatagramAddress.Unix(from.path(), unix.path());
        }
        throw new OptionException("only support inet or fd type for local");
    }

    private static int descriptor(String id, SocketEndpoint.Fd fd) {
        int number = Descriptors.parse(fd.str(), "local.str");
        Descriptors.type(id, number);
        return number;
    }

    private static InetSocketAddress resolve(SocketEndpoint.Inet inet) {
        return HostNames.resolve(HostPort.of(inet.host(), inet.port()));
    }
}
