package io.qnet.slirp;

import io.qnet.Frame;
import io.qnet.host.HostNetwork;
import io.qnet.loop.Loop;
import io.qnet.option.GuestForward;
import io.qnet.option.HostForward;
import io.qnet.slirp.forward.HostForwards;
import io.qnet.slirp.icmp.Echo;
import io.qnet.slirp.icmp.GuestErrors;
import io.qnet.slirp.icmp.IcmpInput;
import io.qnet.slirp.icmp.Icmpv6Input;
import io.qnet.slirp.ip.GuestPort;
import io.qnet.slirp.ip.NeighbourDiscovery;
import io.qnet.slirp.ip.NeighbourTable;
import io.qnet.slirp.service.DnsForwarder;
import io.qnet.slirp.service.LeaseTable;
import io.qnet.slirp.tcp.TcpStack;
import io.qnet.slirp.udp.UdpFlows;
import io.qnet.slirp.udp.UdpInput;
import io.qnet.stat.Counters;
import io.qnet.wire.Icmp;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The layers of one user netdev, joined: what frames from guests pass on their way in, and what packets to them pass on their way out.
 *
 * <p>Loop thread only.
 */
final class UserStack {
    private final HostNetwork host;
    private final IpLayer ip;
    private final Flows flows;
    private final Services services;

    UserStack(
            UserSettings settings,
            GuestPort port,
            HostNetwork host,
            Loop loop,
            RandomGenerator random,
            Counters counters) {
        this.host = host;
        ip = new IpLayer(settings, port, loop, random, counters);
        flows = new Flows(settings, ip, host, loop, random, counters);
        services = new Services(settings, ip, flows, host, loop, random, counters);
        GuestErrors errors = guestErrors(counters);
        UdpInput udp = new UdpInput(ip.local, ip.errors, flows.egress, flows.udp, flows.dns, counters);
        services.addTo(udp, settings, ip, counters);
        TcpInput tcp = new TcpInput(settings.network(), flows.tcp, counters);
        ip.input.ipv4().handler(Ip.ICMP, new IcmpInput(flows.echo, errors, counters));
        ip.input.ipv4().handler(Ip.UDP, udp);
        ip.input.ipv4().handler(Ip.TCP, tcp);
        ip.input.ipv6().handler(Ip.ICMPV6, icmpv6(errors, counters));
        ip.input.ipv6().handler(Ip.UDP, udp);
        ip.input.ipv6().handler(Ip.TCP, tcp);
    }

    private Icmpv6Input icmpv6(GuestErrors errors, Counters counters) {
        Icmpv6Input made = new Icmpv6Input(flows.echo, errors, counters);
        NeighbourDiscovery discovery = new NeighbourDiscovery(ip.local, ip.output, ip.neighbours, counters);
        made.handler(Icmp.V6_ROUTER_SOLICITATION, services.advertisements);
        made.handler(Icmp.V6_NEIGHBOUR_SOLICITATION, discovery);
        made.handler(Icmp.V6_NEIGHBOUR_ADVERTISEMENT, discovery);
        return made;
    }

    /** Who believes guests' errors: forwards before flows, as with datagrams. */
    private GuestErrors guestErrors(Counters counters) {
        GuestErrors made = new GuestErrors(counters);
        made.addHandler(new TcpErrors(flows.tcp));
        made.addHandler(services.forwards.guestErrors());
        made.addHandler(flows.udp);
        return made;
    }

    void open(List<GuestForward> guestRules, List<HostForward> rules) {
        services.open(guestRules, rules);
    }

    void share(Path folder, IpAddress server) {
        services.share(folder, server);
    }

    /** Whether a frame can be taken now: not while one is being delivered, whose buffer an answer would overwrite. */
    boolean canReceive() {
        return !ip.output.isSending();
    }

    void onFrame(Frame frame, long nowNanos) {
        ip.input.onFrame(frame, nowNanos);
    }

    void onSendable() {
        ip.output.onSendable();
    }

    TcpStack tcp() {
        return flows.tcp;
    }

    /** The leases in force; none without DHCP. */
    List<LeaseTable.Lease> leases(long nowNanos) {
        return services.leases(nowNanos);
    }

    HostForwards forwards() {
        return services.forwards;
    }

    NeighbourTable neighbours() {
        return ip.neighbours;
    }

    UdpFlows udp() {
        return flows.udp;
    }

    Echo echo() {
        return flows.echo;
    }

    DnsForwarder dns() {
        return flows.dns;
    }

    HostNetwork host() {
        return host;
    }

    /** Closes everything; the host's network is its owner's. */
    void close() {
        services.close();
        flows.close();
        ip.close();
    }
}
