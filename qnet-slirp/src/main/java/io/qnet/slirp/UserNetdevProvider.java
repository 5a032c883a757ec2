package io.qnet.slirp;

import io.qnet.EndpointConfig;
import io.qnet.Netdev;
import io.qnet.NetdevProvider;
import io.qnet.option.HostForward;
import io.qnet.option.InetText;
import io.qnet.option.Ipv4Net;
import io.qnet.option.NetdevSchemas;
import io.qnet.option.OptionException;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes user netdevs of the options of {@code -netdev user}; checks them in QEMU's order, with QEMU's texts (net/slirp.c, net_slirp_init). */
public final class UserNetdevProvider implements NetdevProvider {
    /** Options that are known and not served yet: refused rather than ignored. */
    private static final List<String> NOT_YET = List.of("dns-zone", "upstream", "egress", "egress-rule", "egress-log");

    /** For ServiceLoader. */
    public UserNetdevProvider() {}

    @Override
    public String type() {
        return "user";
    }

    @Override
    public OptionSchema schema() {
        return NetdevSchemas.USER;
    }

    @Override
    public EndpointConfig<? extends Netdev> configure(String id, OptionValues options) {
        for (String name : NOT_YET) {
            if (options.has(name)) {
                throw OptionException.of("Parameter '" + name + "' is not supported by this version", name, null);
            }
        }
        UserNetdevConfig config = new UserNetdevConfig(id);
        families(config, options);
        ipv4(config, options);
        ipv6(config, options);
        services(config, options);
        limits(config, options);
        UserSettings.of(config);
        return config;
    }

    /** Which families are on decides which other options may be there, so this comes first. */
    private static void families(UserNetdevConfig config, OptionValues options) {
        config.ipv4 = options.has("ipv4") ? options.bool("ipv4", true) : null;
        config.ipv6 = options.has("ipv6") ? options.bool("ipv6", true) : null;
        boolean net = options.has("net") || options.has("ip") || options.has("host") || options.has("dns");
        boolean net6 = options.has("ipv6-prefix") || options.has("ipv6-host") || options.has("ipv6-dns");
        UserSettings.checkFamilies(config, net, net6);
        config.restrict = options.bool("restrict", false);
    }

    private static void ipv4(UserNetdevConfig config, OptionValues options) {
        String legacy = options.string("ip");
        String net = options.string("net", legacy == null ? "" : legacy + "/24");
        config.net = net.isEmpty() && legacy == null && !options.has("net") ? null : Ipv4Net.parse(net);
        config.host = address(options.string("host"), "host", "Failed to parse host");
        config.dns = address(options.string("dns"), "dns", "Failed to parse DNS");
        config.dhcpStart = address(options.string("dhcpstart"), "dhcpstart", "Failed to parse DHCP start address");
        config.smbServer = address(options.string("smbserver"), "smbserver", "Failed to parse SMB address");
    }

    private static void ipv6(UserNetdevConfig config, OptionValues options) {
        config.ipv6Prefix = address6(options.string("ipv6-prefix"), "ipv6-prefix", "Failed to parse IPv6 prefix");
        long length = options.integer("ipv6-prefixlen", 0);
        config.ipv6PrefixLength = length == 0 ? 64 : length;
        config.ipv6Host = address6(options.string("ipv6-host"), "ipv6-host", "Failed to parse IPv6 host");
        config.ipv6Dns = address6(options.string("ipv6-dns"), "ipv6-dns", "Failed to parse IPv6 DNS");
    }

    private static void services(UserNetdevConfig config, OptionValues options) {
        config.hostname = options.string("hostname");
        config.domainName = options.string("domainname");
        config.dnsSearch.addAll(options.list("dnssearch"));
        config.tftp = folder(options, "tftp");
        config.smb = folder(options, "smb");
        config.tftpWrite = options.bool("tftp-write", false);
        config.tftpServerName = options.string("tftp-server-name");
        config.bootfile = options.string("bootfile");
        options.list("dns-upstream").forEach(config::dnsUpstream);
        config.disableDns = options.bool("disable-dns", false);
        config.disableDhcp = options.bool("disable-dhcp", false);
        config.leaseSeconds = options.integer("lease-time", config.leaseSeconds);
        config.leasePool = options.int32("lease-pool", config.leasePool);
        options.list("lease").forEach(config::lease);
        options.list("guestfwd").forEach(config::guestForward);
        options.list("hostfwd").forEach(rule -> config.hostForward(HostForward.parse(rule)));
    }

    private static void limits(UserNetdevConfig config, OptionValues options) {
        config.hostLoopback = options.bool("host-loopback", true);
        String outbound = options.string("outbound-addr");
        if (outbound != null) {
            config.outbound4 = InetText.ipv4(outbound);
            if (config.outbound4 == null) {
                throw OptionException.expects("outbound-addr", outbound, "an IPv4 address");
            }
        }
        String outbound6 = options.string("outbound-addr6");
        if (outbound6 != null) {
            config.outbound6 = InetText.ipv6(outbound6);
            if (config.outbound6 == null) {
                throw OptionException.expects("outbound-addr6", outbound6, "an IPv6 address");
            }
        }
        config.outboundDevice = device(options.string("outbound-if"));
        config.mtu = options.int32("mtu", config.mtu);
        config.udpTimeoutSeconds = seconds(options, "udp-timeout", config.udpTimeoutSeconds);
        config.icmpTimeoutSeconds = seconds(options, "icmp-timeout", config.icmpTimeoutSeconds);
        config.tcpIdleTimeoutSeconds = seconds(options, "tcp-idle-timeout", config.tcpIdleTimeoutSeconds);
        config.connectTimeoutSeconds = seconds(options, "connect-timeout", config.connectTimeoutSeconds);
        config.maxTcp = atLeastOne("max-tcp", options.integer("max-tcp", config.maxTcp));
        config.maxUdp = atLeastOne("max-udp", options.integer("max-udp", config.maxUdp));
        config.memoryBytes = options.size("memory", config.memoryBytes);
    }

    private static long seconds(OptionValues options, String name, long otherwise) {
        long value = options.integer(name, otherwise);
        if (value < 1) {
            throw OptionException.expects(name, Long.toString(value), "a number of seconds, 1 at least");
        }
        return value;
    }

    /** A name that Linux takes for an interface (dev_valid_name); whether there is one now does not matter. */
    private static @Nullable String device(@Nullable String name) {
        boolean bad = name != null && (!name.matches("[!-~]{1,15}") || name.matches(".*[/:].*|\\.{1,2}"));
        if (bad) {
            throw OptionException.expects("outbound-if", name, "the name of an interface");
        }
        return name;
    }

    private static @Nullable Path folder(OptionValues options, String name) {
        String text = options.string(name);
        try {
            return text == null ? null : Path.of(text);
        } catch (InvalidPathException e) {
            throw OptionException.expects(name, text, "a folder");
        }
    }

    private static int atLeastOne(String name, long value) {
        if (value < 1) {
            throw OptionException.expects(name, Long.toString(value), "a number of 1 at least");
        }
        return (int) Math.min(value, Integer.MAX_VALUE);
    }

    private static @Nullable Inet4Address address(@Nullable String text, String name, String refusal) {
        if (text == null) {
            return null;
        }
        Inet4Address address = InetText.aton(text);
        if (address == null) {
            throw OptionException.of(refusal, name, text);
        }
        return address;
    }

    private static @Nullable Inet6Address address6(@Nullable String text, String name, String refusal) {
        if (text == null) {
            return null;
        }
        Inet6Address address = InetText.ipv6(text);
        if (address == null) {
            throw OptionException.of(refusal, name, text);
        }
        return address;
    }
}
