package io.qnet.slirp;

import io.qnet.host.HostNetwork;
import io.qnet.host.HostStream;
import io.qnet.loop.Loop;
import io.qnet.option.GuestForward;
import io.qnet.option.HostForward;
import io.qnet.option.OptionException;
import io.qnet.slirp.files.SmbShare;
import io.qnet.slirp.files.TftpFolder;
import io.qnet.slirp.files.TftpServer;
import io.qnet.slirp.forward.GuestAddress;
import io.qnet.slirp.forward.GuestForwards;
import io.qnet.slirp.forward.HostForwards;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.service.DhcpServer;
import io.qnet.slirp.service.DhcpService;
import io.qnet.slirp.service.Dhcpv6Service;
import io.qnet.slirp.service.LeaseTable;
import io.qnet.slirp.service.RouterAdvertisements;
import io.qnet.slirp.tcp.TcpFlow;
import io.qnet.slirp.udp.UdpInput;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What a user netdev offers guests of its own: addresses, files, a router; and the forwards in both directions. Loop thread only. */
final class Services {
    final RouterAdvertisements advertisements;
    final HostForwards forwards;
    private final GuestForwards guestForwards;
    private final @Nullable DhcpServer dhcp;
    private final TftpServer tftp;
    private final Flows flows;
    private final HostNetwork host;
    private final Loop loop;
    private final boolean ipv6;
    private @Nullable SmbShare smb;

    Services(
            UserSettings settings,
            IpLayer ip,
            Flows flows,
            HostNetwork host,
            Loop loop,
            RandomGenerator random,
            Counters counters) {
        this.flows = flows;
        this.host = host;
        this.loop = loop;
        ipv6 = settings.network().ipv6();
        dhcp = settings.dhcpOn() && settings.network().ipv4() ? new DhcpServer(settings.dhcp(), counters) : null;
        forwards = forwards(settings, ip, host, counters);
        guestForwards = new GuestForwards(settings.network(), ip.local, flows.egress, host);
        tftp = tftp(settings, ip, counters);
        advertisements = new RouterAdvertisements(
                settings.network(), ip.output, () -> settings.tellsNameServer6(host), loop.timers(), random, counters);
    }

    private HostForwards forwards(UserSettings settings, IpLayer ip, HostNetwork host, Counters counters) {
        GuestAddress first = settings.network().ipv4()
                ? GuestAddress.of(IpAddress.ofIpv4(settings.dhcp().start()))
                : GuestAddress.lastSeen(settings.network(), ip.neighbours);
        return new HostForwards(
                settings.network(),
                first,
                new KnownGuests(dhcp, ip.neighbours, loop),
                this::dial,
                ip.udpOutput,
                host,
                loop,
                settings.udpTimeoutNanos(),
                flows.limits.udp(),
                counters);
    }

    private TftpServer tftp(UserSettings settings, IpLayer ip, Counters counters) {
        Path path = settings.tftp();
        TftpFolder folder = path == null ? null : new TftpFolder(path, settings.tftpWrite());
        return new TftpServer(settings.network(), folder, settings.mtu(), ip.udpOutput, loop, counters);
    }

    /** Whom datagrams are to be offered to before they leave. */
    void addTo(UdpInput input, UserSettings settings, IpLayer ip, Counters counters) {
        if (dhcp != null) {
            input.addService(new DhcpService(settings.network(), dhcp, ip.output, ip.udpOutput));
        }
        if (settings.dhcpOn() && ipv6) {
            boolean tellsNameServer =
                    !settings.egress().restricted() && !settings.egress().dnsDisabled();
            long mac = ip.output.sourceMac(GuestNetwork.ROUTER6);
            input.addService(new Dhcpv6Service(
                    settings.network(), settings.dhcp(), ip.udpOutput, mac, tellsNameServer, counters));
        }
        input.addService(tftp);
        input.addService(forwards.answers());
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
        if (!host.startsPrograms()) {
            throw OptionException.of(
                    "Parameter 'smb' cannot be used here: programs are started with epoll only",
                    "smb",
                    folder.toString());
        }
        SmbShare made = SmbShare.of(folder);
        smb = made;
        for (int port : SmbShare.PORTS) {
            if (!guestForwards.addProgram(server, port, made.command())) {
                throw OptionException.of("Conflicting/invalid smbserver address", "smbserver", server.toString());
            }
        }
    }

    private HostStream.@Nullable Handler dial(
            IpAddress source, int sourcePort, IpAddress guest, int guestPort, HostStream stream) {
        return flows.tcp.accept(new TcpFlow(guest, guestPort, source, sourcePort), stream, loop.nowNanos());
    }

    /** The leases in force; none without DHCP. */
    List<LeaseTable.Lease> leases(long nowNanos) {
        return dhcp == null ? List.of() : dhcp.leases().leases(nowNanos);
    }

    void close() {
        advertisements.close();
        tftp.close();
        if (smb != null) {
            smb.close(loop);
        }
        forwards.close();
    }
}
