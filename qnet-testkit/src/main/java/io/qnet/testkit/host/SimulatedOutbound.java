package io.qnet.testkit.host;

import io.qnet.host.HostDatagrams;
import io.qnet.host.HostEcho;
import io.qnet.host.HostException;
import io.qnet.host.HostListener;
import io.qnet.host.HostNetwork;
import io.qnet.host.HostStream;
import io.qnet.host.Outbound;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The simulated host as it is reached from an address or by an interface. */
final class SimulatedOutbound implements HostNetwork {
    private final SimulatedHost host;
    private final Outbound outbound;

    SimulatedOutbound(SimulatedHost host, Outbound outbound) {
        this.host = host;
        this.outbound = outbound;
    }

    @Override
    public HostStream connect(
            SocketAddress remote, @Nullable InetSocketAddress local, long timeoutNanos, HostStream.Handler handler) {
        host.openedBy(outbound.device());
        boolean ipv6 = remote instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet6Address;
        InetAddress address = outbound.address(ipv6);
        InetSocketAddress from = local == null && address != null ? new InetSocketAddress(address, 0) : local;
        return host.connect(remote, from, timeoutNanos, handler);
    }

    @Override
    public HostListener listen(SocketAddress local, HostListener.Handler handler) throws HostException {
        return host.listen(local, handler);
    }

    @Override
    public HostDatagrams openDatagrams(InetSocketAddress local, HostDatagrams.Handler handler) throws HostException {
        host.openedBy(outbound.device());
        InetAddress address = outbound.address(local.getAddress() instanceof Inet6Address);
        boolean given = address == null || !local.getAddress().isAnyLocalAddress();
        return host.openDatagrams(given ? local : new InetSocketAddress(address, local.getPort()), handler);
    }

    @Override
    public HostEcho openEcho(boolean ipv6, HostEcho.Handler handler) throws HostException {
        host.openedBy(outbound.device());
        return host.openEcho(ipv6, handler);
    }

    @Override
    public List<InetSocketAddress> resolvers() {
        return host.resolvers();
    }

    @Override
    public int descriptorLimit() {
        return host.descriptorLimit();
    }

    @Override
    public int ephemeralPorts() {
        return host.ephemeralPorts();
    }

    @Override
    public void close() {}
}
