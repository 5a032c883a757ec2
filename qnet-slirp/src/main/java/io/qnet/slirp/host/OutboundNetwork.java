package io.qnet.slirp.host;

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

/** A {@link RealHostNetwork} whose sockets leave by an address or an interface. Holds nothing of its own. */
final class OutboundNetwork implements HostNetwork {
    private final RealHostNetwork network;
    private final Outbound outbound;

    OutboundNetwork(RealHostNetwork network, Outbound outbound) {
        this.network = network;
        this.outbound = outbound;
    }

    @Override
    public HostStream connect(
            SocketAddress remote, @Nullable InetSocketAddress local, long timeoutNanos, HostStream.Handler handler) {
        if (!(remote instanceof InetSocketAddress inet)) {
            return network.connect(remote, local, timeoutNanos, handler);
        }
        InetAddress address = outbound.address(inet.getAddress() instanceof Inet6Address);
        boolean given = local != null || address == null;
        InetSocketAddress from = given ? local : new InetSocketAddress(address, 0);
        return network.connect(remote, from, outbound.device(), timeoutNanos, handler);
    }

    @Override
    public HostListener listen(SocketAddress local, HostListener.Handler handler) throws HostException {
        return network.listen(local, handler);
    }

    @Override
    public HostDatagrams openDatagrams(InetSocketAddress local, HostDatagrams.Handler handler) throws HostException {
        InetAddress address = outbound.address(local.getAddress() instanceof Inet6Address);
        boolean given = address == null || !local.getAddress().isAnyLocalAddress();
        InetSocketAddress from = given ? local : new InetSocketAddress(address, local.getPort());
        return network.openDatagrams(from, outbound.device(), handler);
    }

    @Override
    public HostEcho openEcho(boolean ipv6, HostEcho.Handler handler) throws HostException {
        return network.openEcho(ipv6, outbound, handler);
    }

    @Override
    public HostNetwork leavingBy(Outbound other) {
        return network.leavingBy(other);
    }

    @Override
    public List<InetSocketAddress> resolvers() {
        return network.resolvers();
    }

    @Override
    public int descriptorLimit() {
        return network.descriptorLimit();
    }

    @Override
    public int ephemeralPorts() {
        return network.ephemeralPorts();
    }

    /** What was opened through this one is the network's. */
    @Override
    public void close() {}
}
