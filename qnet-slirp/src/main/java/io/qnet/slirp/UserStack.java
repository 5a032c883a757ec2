package io.qnet.slirp;

import io.qnet.Frame;
import io.qnet.host.HostNetwork;
import io.qnet.host.HostStream;
import io.qnet.loop.Loop;
import io.qnet.option.GuestForward;
import io.qnet.option.HostForward;
import io.qnet.option.OptionException;
import io.qnet.slirp.egress.Egress;
import io.qnet.slirp.egress.TcpEgress;
import io.qnet.slirp.forward.GuestAddress;
import io.qnet.slirp.forward.GuestForwards;
import io.qnet.slirp.forward.HostForwards;
import io.qnet.slirp.icmp.Echo;
import io.qnet.slirp.icmp.GuestErrors;
import io.qnet.slirp.icmp.IcmpInput;
import io.qnet.slirp.icmp.Icmpv6Input;
import io.qnet.slirp.ip.GuestInput;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.GuestPort;
import io.qnet.slirp.ip.IcmpErrors;
import io.qnet.slirp.ip.IpOutput;
import io.qnet.slirp.ip.LocalAddresses;
import io.qnet.slirp.ip.NeighbourDiscovery;
import io.qnet.slirp.ip.NeighbourTable;
import io.qnet.slirp.ip.Reassembler;
import io.qnet.slirp.service.DhcpServer;
import io.qnet.slirp.service.DhcpService;
import io.qnet.slirp.service.Dhcpv6Service;
import io.qnet.slirp.service.DnsForwarder;
import io.qnet.slirp.service.DnsStreams;
import io.qnet.slirp.service.LeaseTable;
import io.qnet.slirp.service.Resolvers;
import io.qnet.slirp.service.RouterAdvertisements;
import io.qnet.slirp.service.SmbShare;
import io.qnet.slirp.service.TftpFolder;
import io.qnet.slirp.service.TftpServer;
import io.qnet.slirp.tcp.MemoryBudget;
import io.qnet.slirp.tcp.TcpConfig;
import io.qnet.slirp.tcp.TcpFlow;
import io.qnet.slirp.tcp.TcpStack;
import io.qnet.slirp.udp.UdpFlows;
import io.qnet.slirp.udp.UdpInput;
import io.qnet.slirp.udp.UdpOutput;
import io.qnet.stat.Counters;
import io.qnet.wire.Icmp;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The layers of one user netdev, joined: what frames from guests pass on their way in, and what packets to them pass on their way out.
 *
 * <p>Loop thread only.
 */
final class UserStack {
    private static final int MAX_NEIGHBOURS = 1024;
    /** Descriptors that are left to the rest of the process. */
    private static final int SPARE_DESCRIPTORS = 256;

    private final HostNetwork host;
    private final IpOutput output;
    private final GuestInput input;
    private final Reassembler reassembler;
    private final Echo echo;
    private final UdpFlows udp;
    private final DnsForwarder dns;
    private final TcpStack tcp;
    private final HostForwards forwards;
    private final @Nullable LeaseTable leases;
    private final GuestForwards guestForwards;
    private final TftpServer tftp;

    private @Nullable SmbShare smb;
    private final Loop loop;
    private final boolean ipv6;
    private final RouterAdvertisements advertisements;
    private final NeighbourTable neighbours = new NeighbourTable(MAX_NEIGHBOURS);

    UserStack(
            UserSettings settings,
            GuestPort port,
            HostNetwork host,
            Loop loop,
            RandomGenerator random,
            Counters counters) {
        this.host = host;
        this.loop = loop;
        ipv6 = settings.network().ipv6();
        Egress egress = new Egress(settings.network(), settings.egress(), host, counters);
        LocalAddresses local = new LocalAddresses(settings.network());
        output = new IpOutput(settings.network(), port, neighbours, settings.mtu(), random.nextInt(), loop, counters);
        IcmpErrors errors = new IcmpErrors(settings.network(), output, counters);
        reassembler = new Reassembler(loop.allocator(), loop.timers(), errors::reassemblyTimedOut, counters);
        input = new GuestInput(
                settings.network(), local, neighbours, output, errors, reassembler, loop.allocator(), counters);
        int descriptors = Math.max(host.descriptorLimit() / 2, host.descriptorLimit() - SPARE_DESCRIPTORS);
        // half of the ports are left to others; a flow has two if its ways to the host and elsewhere are divided
        int maxFlows = Math.min(settings.maxUdp(), host.ephemeralPorts() / (egress.isDivided() ? 4 : 2));
        int maxUdp = share(descriptors, 8, maxFlows);
        int maxEcho = share(descriptors, 4, maxFlows);
        echo = new Echo(local, output, errors, egress, loop, settings.icmpTimeoutNanos(), maxEcho, counters);
        UdpOutput udpOutput = new UdpOutput(output);
        udp = new UdpFlows(udpOutput, errors, egress, loop, settings.udpTimeoutNanos(), maxUdp, counters);
        Resolvers resolvers = new Resolvers(settings.resolvers(), host);
        int maxDns = share(descriptors, 2, DnsForwarder.MAX_FLOWS);
        dns = new DnsForwarder(udpOutput, errors, egress, resolvers, loop, maxDns, counters);
        int maxTcp = share(descriptors, 40, settings.maxTcp());
        tcp = new TcpStack(
                TcpConfig.DEFAULT.withMaxFlows(maxTcp).withKeepAliveNanos(settings.tcpIdleTimeoutNanos()),
                loop,
                output,
                new TcpEgress(egress, new DnsStreams(resolvers, egress, loop)),
                (flow, error, synPacket) -> errors.undeliverable(flow.guest(), error, null, synPacket, loop.nowNanos()),
                new MemoryBudget(settings.memoryBytes()),
                counters,
                random);
        boolean hasDhcp = settings.dhcpOn() && settings.network().ipv4();
        DhcpServer dhcp = hasDhcp ? new DhcpServer(settings.dhcp(), counters) : null;
        leases = dhcp == null ? null : dhcp.leases();
        forwards = new HostForwards(
                settings.network(),
                settings.network().ipv4()
                        ? GuestAddress.of(IpAddress.ofIpv4(settings.dhcp().start()))
                        : GuestAddress.lastSeen(settings.network(), neighbours),
                new KnownGuests(dhcp, neighbours, loop),
                this::dial,
                udpOutput,
                host,
                loop,
                settings.udpTimeoutNanos(),
                maxUdp,
                counters);
        guestForwards = new GuestForwards(settings.network(), local, egress, host);
        UdpInput udpInput = new UdpInput(local, errors, egress, udp, dns, counters);
        if (dhcp != null) {
            udpInput.addService(new DhcpService(settings.network(), dhcp, output, udpOutput));
        }
        if (settings.dhcpOn() && settings.network().ipv6()) {
            udpInput.addService(dhcpv6(settings, udpOutput, counters));
        }
        Path folder = settings.tftp();
        tftp = new TftpServer(
                settings.network(),
                folder == null ? null : new TftpFolder(folder, settings.tftpWrite()),
                settings.mtu(),
                udpOutput,
                loop,
                counters);
        udpInput.addService(tftp);
        udpInput.addService(forwards.answers());
        GuestErrors guestErrors = guestErrors(counters);
        input.ipv4().handler(Ip.ICMP, new IcmpInput(echo, guestErrors, counters));
        input.ipv4().handler(Ip.UDP, udpInput);
        TcpInput tcpInput = new TcpInput(settings.network(), tcp, counters);
        input.ipv4().handler(Ip.TCP, tcpInput);
        advertisements = new RouterAdvertisements(
                settings.network(), output, () -> settings.tellsNameServer6(host), loop.timers(), random, counters);
        input.ipv6().handler(Ip.ICMPV6, icmpv6(guestErrors, local, counters));
        input.ipv6().handler(Ip.UDP, udpInput);
        input.ipv6().handler(Ip.TCP, tcpInput);
    }

    private Icmpv6Input icmpv6(GuestErrors guestErrors, LocalAddresses local, Counters counters) {
        Icmpv6Input icmpv6 = new Icmpv6Input(echo, guestErrors, counters);
        NeighbourDiscovery discovery = new NeighbourDiscovery(local, output, neighbours, counters);
        icmpv6.handler(Icmp.V6_ROUTER_SOLICITATION, advertisements);
        icmpv6.handler(Icmp.V6_NEIGHBOUR_SOLICITATION, discovery);
        icmpv6.handler(Icmp.V6_NEIGHBOUR_ADVERTISEMENT, discovery);
        return icmpv6;
    }

    private Dhcpv6Service dhcpv6(UserSettings settings, UdpOutput udpOutput, Counters counters) {
        boolean tellsNameServer =
                !settings.egress().restricted() && !settings.egress().dnsDisabled();
        long mac = output.sourceMac(GuestNetwork.ROUTER6);
        return new Dhcpv6Service(settings.network(), settings.dhcp(), udpOutput, mac, tellsNameServer, counters);
    }

    /** Who believes guests' errors: forwards before flows, as with datagrams. */
    private GuestErrors guestErrors(Counters counters) {
        GuestErrors made = new GuestErrors(counters);
        made.addHandler(new TcpErrors(tcp));
        made.addHandler(forwards.guestErrors());
        made.addHandler(udp);
        return made;
    }

    /** What one kind of flows may have of the descriptors, so that all together leave some to the rest of the process: for listeners, and for the Java machine, which opens files when it loads a class. */
    private static int share(int descriptors, int sixtyFourths, int most) {
        return Math.max(1, (int) Math.min(most, (long) descriptors * sixtyFourths / 64));
    }

    /** Opens the forwards: those to the host before those to guests, and of each the last one first, as QEMU does. */
    void open(List<GuestForward> guestRules, List<HostForward> rules) {
        List<GuestForward> guestRulesLastFirst = new ArrayList<>(guestRules);
        Collections.reverse(guestRulesLastFirst);
        guestRulesLastFirst.forEach(guestForwards::add);
        List<HostForward> lastFirst = new ArrayList<>(rules);
        Collections.reverse(lastFirst);
        lastFirst.forEach(forwards::add);
        if (ipv6) {
            advertisements.start(loop.nowNanos());
        }
    }

    /**
     * Shares a folder by SMB.
     *
     * @throws OptionException with QEMU's text if that cannot be
     */
    void share(Path folder, IpAddress server) {
        SmbShare made = SmbShare.of(folder);
        smb = made;
        for (int port : SmbShare.PORTS) {
            if (!guestForwards.addProgram(server, port, made.command())) {
                throw OptionException.of("Conflicting/invalid smbserver address", "smbserver", server.toString());
            }
        }
    }

    /** Whether a frame can be taken now: not while one is being delivered, whose buffer an answer would overwrite. */
    boolean canReceive() {
        return !output.isSending();
    }

    void onFrame(Frame frame, long nowNanos) {
        input.onFrame(frame, nowNanos);
    }

    void onSendable() {
        output.onSendable();
    }

    private HostStream.@Nullable Handler dial(
            IpAddress source, int sourcePort, IpAddress guest, int guestPort, HostStream stream) {
        return tcp.accept(new TcpFlow(guest, guestPort, source, sourcePort), stream, loop.nowNanos());
    }

    TcpStack tcp() {
        return tcp;
    }

    /** The leases in force; none without DHCP. */
    List<LeaseTable.Lease> leases(long nowNanos) {
        return leases == null ? List.of() : leases.leases(nowNanos);
    }

    HostForwards forwards() {
        return forwards;
    }

    NeighbourTable neighbours() {
        return neighbours;
    }

    UdpFlows udp() {
        return udp;
    }

    Echo echo() {
        return echo;
    }

    DnsForwarder dns() {
        return dns;
    }

    /** Closes everything; the host's network is its owner's. */
    void close() {
        advertisements.close();
        tftp.close();
        if (smb != null) {
            smb.close(loop);
        }
        forwards.close();
        tcp.close();
        dns.close();
        udp.close();
        echo.close();
        reassembler.close();
        input.close();
        output.close();
    }

    HostNetwork host() {
        return host;
    }
}
