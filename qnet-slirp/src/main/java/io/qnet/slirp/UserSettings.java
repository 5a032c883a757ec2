package io.qnet.slirp;

import io.qnet.host.HostNetwork;
import io.qnet.host.Outbound;
import io.qnet.option.AddressPort;
import io.qnet.option.GuestForward;
import io.qnet.option.HostForward;
import io.qnet.option.Ipv4Net;
import io.qnet.option.OptionException;
import io.qnet.slirp.egress.EgressConfig;
import io.qnet.slirp.forward.GuestForwards;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.service.DhcpConfig;
import io.qnet.slirp.service.StaticLease;
import io.qnet.wire.IpAddress;
import io.qnet.wire.Ipv6;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The values that a user netdev runs by: a configuration with its defaults worked out and checked, in QEMU's order and with QEMU's texts (net/slirp.c, net_slirp_init). Immutable.
 *
 * @param network the guests' network and its addresses
 * @param dhcp what guests are told
 * @param dhcpOn whether they are
 * @param tftp the folder of TFTP, or null
 * @param tftpWrite whether guests may make files in it
 * @param smb the folder of SMB, or null
 * @param smbServer where guests find it
 * @param egress how flows leave
 * @param resolvers the name servers to ask, or none for the host's
 * @param guestForwards addresses of the guests' network that lead to the host
 * @param hostForwards forwards to begin with, in the order written
 */
record UserSettings(
        GuestNetwork network,
        DhcpConfig dhcp,
        boolean dhcpOn,
        @Nullable Path tftp,
        boolean tftpWrite,
        @Nullable Path smb,
        IpAddress smbServer,
        EgressConfig egress,
        List<InetSocketAddress> resolvers,
        List<GuestForward> guestForwards,
        List<HostForward> hostForwards,
        int mtu,
        long udpTimeoutNanos,
        long icmpTimeoutNanos,
        long tcpIdleTimeoutNanos,
        int maxTcp,
        int maxUdp,
        long memoryBytes) {
    private static final long SECOND = 1_000_000_000L;
    private static final int MAX_TEXT = 255;
    /** The {@code file} field of BOOTP with its end mark. */
    private static final int MAX_BOOTFILE = 127;

    private static final IpAddress PREFIX6 = IpAddress.parse("fec0::");

    static UserSettings of(UserNetdevConfig config) {
        checkFamilies(
                config,
                config.net != null || config.host != null || config.dns != null,
                config.ipv6Prefix != null || config.ipv6Host != null || config.ipv6Dns != null);
        GuestNetwork network = network(config);
        int dhcpStart = dhcpStart(config, network);
        checkTexts(config);
        DhcpConfig dhcp = new DhcpConfig(
                network.host4().ipv4(),
                network.mask4(),
                network.dns4().ipv4(),
                dhcpStart,
                config.leasePool,
                config.leaseSeconds,
                config.restrict,
                config.hostname,
                config.domainName,
                config.dnsSearch,
                config.tftpServerName,
                config.bootfile,
                config.mtu,
                config.staticLeases);
        checkStaticLeases(config.staticLeases, network);
        EgressConfig egress = new EgressConfig(
                config.restrict,
                config.hostLoopback,
                config.disableDns,
                new Outbound(config.outbound4, config.outbound6, config.outboundDevice),
                config.connectTimeoutSeconds * SECOND);
        return new UserSettings(
                network,
                dhcp,
                !config.disableDhcp,
                config.tftp,
                config.tftpWrite,
                config.smb,
                config.smbServer == null ? GuestForwards.defaultServer(network) : IpAddress.of(config.smbServer),
                egress,
                config.dnsUpstream.stream().map(UserSettings::socketAddress).toList(),
                List.copyOf(config.guestForwards),
                List.copyOf(config.hostForwards),
                config.mtu,
                config.udpTimeoutSeconds * SECOND,
                config.icmpTimeoutSeconds * SECOND,
                config.tcpIdleTimeoutSeconds * SECOND,
                config.maxTcp,
                config.maxUdp,
                config.memoryBytes);
    }

    /** Which families are on, and whether options of one that is off were given. */
    static void checkFamilies(UserNetdevConfig config, boolean hasIpv4Options, boolean hasIpv6Options) {
        boolean on4 = isIpv4On(config);
        boolean on6 = isIpv6On(config);
        refuse(!on4 && hasIpv4Options, "IPv4 disabled but netmask/host/dns provided");
        refuse(!on6 && hasIpv6Options, "IPv6 disabled but prefix/host6/dns6 provided");
        refuse(!on4 && !on6, "IPv4 and IPv6 disabled");
        boolean wanted6 = Boolean.TRUE.equals(config.ipv6) || hasIpv6Options || !on4;
        refuse(
                on6 && wanted6 && config.mtu < Ipv6.MIN_MTU,
                "Parameter 'mtu' expects a number of 1280 at least with IPv6");
    }

    /** Whether router advertisements tell of the name server: with IPv4 beside it only if the host has an IPv6 resolver (as libslirp does) or resolvers were configured; without, whenever it can be of use. */
    boolean tellsNameServer6(HostNetwork host) {
        if (egress.dnsDisabled() || egress.restricted()) {
            return false;
        }
        List<InetSocketAddress> servers = resolvers.isEmpty() ? host.resolvers() : resolvers;
        return (network.ipv4() && resolvers.isEmpty())
                ? servers.stream().anyMatch(server -> server.getAddress() instanceof Inet6Address)
                : !servers.isEmpty();
    }

    private static void checkStaticLeases(List<StaticLease> leases, GuestNetwork network) {
        Set<Object> taken = new HashSet<>();
        for (StaticLease lease : leases) {
            IpAddress address = IpAddress.of(lease.address());
            boolean isFree = network.isOn(true)
                    && network.contains(address)
                    && !network.isHost(address)
                    && !network.isNameServer(address)
                    && !network.isBroadcast(address);
            if (!isFree || !taken.add(address) || !taken.add(lease.mac())) {
                throw OptionException.expects(
                        "lease",
                        lease.mac() + "=" + address,
                        "one address of the guests' network for each MAC address");
            }
        }
    }

    private static boolean isIpv4On(UserNetdevConfig config) {
        return config.ipv4 != null ? config.ipv4 : !Boolean.TRUE.equals(config.ipv6);
    }

    /** Whether IPv6 is not switched off. A network whose MTU is too small for it has none all the same, as Linux does, unless it was asked for. */
    private static boolean isIpv6On(UserNetdevConfig config) {
        return config.ipv6 != null ? config.ipv6 : !Boolean.TRUE.equals(config.ipv4);
    }

    private static GuestNetwork network(UserNetdevConfig config) {
        Ipv4Net net = config.net == null ? Ipv4Net.DEFAULT : config.net;
        int mask = net.mask();
        int host = bits(config.host, net.address() | (0x0202 & ~mask));
        refuse((host & mask) != net.address(), "Host doesn't belong to network");
        int dns = bits(config.dns, net.address() | (0x0203 & ~mask));
        refuse(config.restrict && (dns & mask) != net.address(), "DNS doesn't belong to network");
        refuse(dns == host, "DNS must be different from host");
        IpAddress prefix = config.ipv6Prefix == null ? PREFIX6 : IpAddress.of(config.ipv6Prefix);
        IpAddress host6 = new IpAddress(prefix.high(), prefix.low() | 2);
        IpAddress dns6 = new IpAddress(prefix.high(), prefix.low() | 3);
        return new GuestNetwork(
                isIpv4On(config),
                IpAddress.ofIpv4(net.address()),
                mask,
                IpAddress.ofIpv4(host),
                IpAddress.ofIpv4(dns),
                isIpv6On(config) && config.mtu >= Ipv6.MIN_MTU,
                prefix,
                (int) config.ipv6PrefixLength,
                config.ipv6Host == null ? host6 : IpAddress.of(config.ipv6Host),
                config.ipv6Dns == null ? dns6 : IpAddress.of(config.ipv6Dns));
    }

    private static int dhcpStart(UserNetdevConfig config, GuestNetwork network) {
        int net = network.network4().ipv4();
        int mask = network.mask4();
        int start = bits(config.dhcpStart, net | (0x020f & ~mask));
        refuse((start & mask) != net, "DHCP doesn't belong to network");
        refuse(
                start == network.host4().ipv4() || start == network.dns4().ipv4(),
                "DHCP must be different from host and DNS");
        checkIpv6(config, network);
        return start;
    }

    private static void checkIpv6(UserNetdevConfig config, GuestNetwork network) {
        refuse(
                config.ipv6PrefixLength < 0 || config.ipv6PrefixLength > 126,
                "Invalid IPv6 prefix provided (IPv6 prefix length must be between 0 and 126)");
        refuse(!network.contains(network.host6()), "IPv6 Host doesn't belong to network");
        refuse(config.restrict && !network.contains(network.dns6()), "IPv6 DNS doesn't belong to network");
    }

    private static void checkTexts(UserNetdevConfig config) {
        String domain = config.domainName;
        refuse(domain != null && domain.isEmpty(), "'domainname' parameter cannot be empty");
        checkLength("domainname", domain, MAX_TEXT);
        checkLength("vhostname", config.hostname, MAX_TEXT);
        checkLength("tftp-server-name", config.tftpServerName, MAX_TEXT);
        checkLength("bootfile", config.bootfile, MAX_BOOTFILE);
    }

    private static void checkLength(String name, @Nullable String text, int max) {
        refuse(
                text != null && text.getBytes(StandardCharsets.UTF_8).length > max,
                "'" + name + "' parameter cannot exceed " + max + " bytes");
    }

    private static void refuse(boolean refused, String message) {
        if (refused) {
            throw new OptionException(message);
        }
    }

    private static int bits(@Nullable InetAddress address, int fallback) {
        return address == null ? fallback : IpAddress.of(address).ipv4();
    }

    private static InetSocketAddress socketAddress(AddressPort server) {
        return new InetSocketAddress(server.address(), server.port());
    }
}
