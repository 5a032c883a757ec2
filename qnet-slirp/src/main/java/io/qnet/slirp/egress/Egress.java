package io.qnet.slirp.egress;

import io.qnet.host.HostError;
import io.qnet.host.HostNetwork;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides about every flow that a guest begins. The order: addresses that no packet may have, services at guest-visible addresses, {@code restrict}, the name server, the gateway, the guests' own network,
 * everything else to the host.
 *
 * <p>Loop thread only.
 */
public final class Egress {
    /** The port of DNS. */
    public static final int DNS_PORT = 53;

    private static final IpAddress LOOPBACK4 = IpAddress.ofIpv4(0x7f00_0001);
    private static final IpAddress LOOPBACK6 = new IpAddress(0, 1);
    private static final InetAddress ANY4 = IpAddress.ANY4.toInetAddress();
    private static final InetAddress ANY6 = IpAddress.ANY6.toInetAddress();

    /** What kind of flow. */
    public enum Protocol {
        /** A connection. */
        TCP,
        /** Datagrams. */
        UDP,
        /** Echo. */
        ICMP
    }

    private record Place(IpAddress address, int port) {}

    private final GuestNetwork network;
    private final EgressConfig config;
    /** To the host's loopback. */
    private final HostNetwork inside;
    /** To everything else. */
    private final HostNetwork outside;

    private final Map<Place, Verdict.ToService> services = new HashMap<>();
    private final Counter dropped;
    private final Counter restricted;
    private int generation;

    /**
     * Rules of one network.
     *
     * @throws UnsupportedOperationException if the host cannot bind sockets as {@code config} says
     */
    public Egress(GuestNetwork network, EgressConfig config, HostNetwork host, Counters counters) {
        this.network = network;
        this.config = config;
        inside = host;
        outside = config.outbound().isAny() ? host : host.leavingBy(config.outbound());
        dropped = counters.counter("egress.dropped");
        restricted = counters.counter("egress.restricted");
    }

    /**
     * Decides about a flow.
     *
     * @param port where it goes; 0 for ICMP
     */
    public Verdict decide(Protocol protocol, IpAddress guest, int guestPort, IpAddress to, int port) {
        if (GuestNetwork.isHostInternal(to)
                || GuestNetwork.isMulticast(to)
                || GuestNetwork.isReserved(to)
                || isOfAnotherLink(to)) {
            dropped.increment();
            return Verdict.DROP;
        }
        if (protocol == Protocol.TCP && !services.isEmpty()) {
            Verdict service = services.get(new Place(to, port));
            if (service != null) {
                return service;
            }
        }
        if (config.restricted()) {
            restricted.increment();
            return protocol == Protocol.TCP ? Verdict.REFUSED : Verdict.DROP;
        }
        if (network.isBroadcast(to)) {
            return broadcast(protocol, to, port);
        }
        // QEMU lets both have one IPv6 address
        if (network.isNameServer(to) && (port == DNS_PORT || !network.isHost(to))) {
            boolean served = port == DNS_PORT && protocol != Protocol.ICMP && !config.dnsDisabled();
            return served ? Verdict.TO_RESOLVERS : Verdict.NO_ROUTE;
        }
        if (network.isHost(to)) {
            return config.hostLoopback() ? new Verdict.ToHost(loopbackFor(to), port) : Verdict.NO_ROUTE;
        }
        return network.contains(to) ? Verdict.NO_HOST : new Verdict.ToHost(to, port);
    }

    /** RFC 4291 §2.5.6: an address of a link is of no use beyond it, and the guests' link has no hosts but ours. */
    private boolean isOfAnotherLink(IpAddress to) {
        return GuestNetwork.isLinkLocal(to) && !network.isHost(to) && !network.isNameServer(to);
    }

    /** libslirp takes the limited broadcast for the host's loopback. So do we for datagrams; connections and echoes to a group make no sense (RFC 1122 §4.2.3.10). */
    private Verdict broadcast(Protocol protocol, IpAddress to, int port) {
        if (protocol == Protocol.UDP && config.hostLoopback() && to.equals(IpAddress.BROADCAST4)) {
            return new Verdict.ToHost(LOOPBACK4, port);
        }
        dropped.increment();
        return Verdict.DROP;
    }

    /**
     * The address under which guests know a host that answers: the host's loopback is their gateway.
     *
     * @param guest the guest that is to see it
     */
    public IpAddress visible(IpAddress host, IpAddress guest) {
        return GuestNetwork.isHostInternal(host) ? network.hostFor(guest) : host;
    }

    /**
     * Who tells a guest of an error that the host learned of, as the guest knows him; null for its gateway. What is not reached does not say so itself.
     *
     * @param about where the packet went
     * @param offender who told the host, or {@code about} if nobody did
     */
    public @Nullable IpAddress reporter(HostError error, InetAddress about, InetAddress offender, IpAddress guest) {
        boolean itself = error == HostError.REFUSED || error == HostError.PROHIBITED || error == HostError.TTL_EXCEEDED;
        return !itself && offender.equals(about) ? null : visible(IpAddress.of(offender), guest);
    }

    /** The host's network through which an address is reached: bound as options say, unless it is the host itself. */
    public HostNetwork hostFor(IpAddress remote) {
        return GuestNetwork.isHostInternal(remote) ? inside : outside;
    }

    /** Whether the host itself and others are reached through different networks. */
    public boolean isDivided() {
        return inside != outside;
    }

    /** Where a datagram socket that reaches whomever is bound. */
    public static InetSocketAddress anyFor(boolean ipv4) {
        return new InetSocketAddress(ipv4 ? ANY4 : ANY6, 0);
    }

    /** How long a connection may take to be made. */
    public long connectTimeoutNanos() {
        return config.connectTimeoutNanos();
    }

    /**
     * Has connections to this address and port given to a service. It is reached under {@code restrict=on} too.
     *
     * @return false if there is one already
     */
    public boolean addService(IpAddress address, int port, StreamService service) {
        generation++;
        return services.putIfAbsent(new Place(address, port), new Verdict.ToService(service)) == null;
    }

    /** Takes a service away; its connections live on. */
    public void removeService(IpAddress address, int port) {
        generation++;
        services.remove(new Place(address, port));
    }

    /** Changes whenever a former verdict may no longer hold. */
    public int generation() {
        return generation;
    }

    private static IpAddress loopbackFor(IpAddress to) {
        return to.isIpv4() ? LOOPBACK4 : LOOPBACK6;
    }
}
