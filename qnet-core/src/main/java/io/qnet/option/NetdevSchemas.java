package io.qnet.option;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options of every netdev type (QEMU: qapi/net.json), qnet's own after QEMU's. Providers in other modules hand these on.
 *
 * <p>Rules here need nothing but the options themselves. What needs the host, a name lookup or other items (is the port free, does the
 * netdev exist, is {@code host=} inside {@code net=}) is checked by who creates the netdev.
 */
public final class NetdevSchemas {
    private static final OptionSchema INET = OptionSchema.of("inet")
            .string("host")
            .required()
            .string("port")
            .required()
            .bool("numeric")
            .uint16("to")
            .bool("ipv4")
            .bool("ipv6")
            .bool("keep-alive")
            .uint32("keep-alive-count")
            .uint32("keep-alive-idle")
            .uint32("keep-alive-interval")
            .bool("mptcp")
            .build();

    private static final OptionSchema UNIX = OptionSchema.of("unix")
            .string("path")
            .required()
            .bool("abstract")
            .bool("tight")
            .build();

    private static final OptionSchema VSOCK = OptionSchema.of("vsock")
            .string("cid")
            .required()
            .string("port")
            .required()
            .build();

    private static final OptionSchema FD =
            OptionSchema.of("fd").string("str").required().build();

    private static final int MAX_MTU = 65_521;

    /** {@code user}: the built-in router with its services. */
    public static final OptionSchema USER = OptionSchema.of("user")
            .string("hostname")
            .bool("restrict")
            .bool("ipv4")
            .bool("ipv6")
            .string("ip")
            .string("net")
            .string("host")
            .string("tftp")
            .string("bootfile")
            .string("dhcpstart")
            .string("dns")
            .list("dnssearch")
            .string("domainname")
            .string("ipv6-prefix")
            .int64("ipv6-prefixlen")
            .string("ipv6-host")
            .string("ipv6-dns")
            .string("smb")
            .string("smbserver")
            .list("hostfwd")
            .list("guestfwd")
            .string("tftp-server-name")
            .list("dns-upstream")
            .list("dns-zone")
            .list("lease")
            .between("lease-time", 1, 0xffff_ffffL)
            .between("lease-pool", 1, 65_536)
            .bool("tftp-write")
            .between("mtu", 68, MAX_MTU)
            .string("outbound-addr")
            .string("outbound-addr6")
            .string("outbound-if")
            .bool("host-loopback")
            .bool("disable-dns")
            .bool("disable-dhcp")
            .uint32("udp-timeout")
            .uint32("tcp-idle-timeout")
            .uint32("icmp-timeout")
            .uint32("connect-timeout")
            .uint32("max-tcp")
            .uint32("max-udp")
            .size("memory")
            .string("upstream")
            .oneOf("egress", "allow", "deny")
            .list("egress-rule")
            .string("egress-log")
            .sugar("ipv6-net", NetdevSchemas::expandIpv6Net)
            .build();

    /** {@code tap}: an interface of the host. */
    public static final OptionSchema TAP = OptionSchema.of("tap")
            .string("ifname")
            .string("fd")
            .string("fds")
            .string("script")
            .string("downscript")
            .string("br")
            .string("helper")
            .size("sndbuf")
            .bool("vnet_hdr")
            .bool("vhost")
            .string("vhostfd")
            .string("vhostfds")
            .bool("vhostforce")
            .uint32("queues")
            .uint32("poll-us")
            .string("netns")
            .string("bridge")
            .bool("up")
            .between("mtu", 68, 65_535)
            .string("mac")
            .list("addr")
            .rule(NetdevRules::tap)
            .build();

    /** {@code bridge}: an interface that a helper puts into a bridge. */
    public static final OptionSchema BRIDGE =
            OptionSchema.of("bridge").string("br").string("helper").build();

    /** {@code socket}: TCP, UDP or multicast to other emulators. */
    public static final OptionSchema SOCKET = OptionSchema.of("socket")
            .string("fd")
            .string("listen")
            .string("connect")
            .string("mcast")
            .string("localaddr")
            .string("udp")
            .between("clients", 1, 65_535)
            .uint32("reconnect-ms")
            .rule(NetdevRules::socket)
            .build();

    /** {@code stream}: a stream socket, TCP or unix. */
    public static final OptionSchema STREAM = OptionSchema.of("stream")
            .union("addr", INET, UNIX, VSOCK, FD)
            .required()
            .bool("server")
            .uint32("reconnect")
            .uint32("reconnect-ms")
            .between("clients", 1, 65_535)
            .rule(NetdevRules::stream)
            .build();

    /** {@code dgram}: a datagram socket, UDP, multicast or unix. */
    public static final OptionSchema DGRAM = OptionSchema.of("dgram")
            .union("local", INET, UNIX, VSOCK, FD)
            .union("remote", INET, UNIX, VSOCK, FD)
            .build();

    /** {@code l2tpv3}: a tunnel to a router. */
    public static final OptionSchema L2TPV3 = OptionSchema.of("l2tpv3")
            .string("src")
            .required()
            .string("dst")
            .required()
            .string("srcport")
            .string("dstport")
            .bool("ipv6")
            .bool("udp")
            .bool("cookie64")
            .bool("counter")
            .bool("pincounter")
            .uint64("txcookie")
            .uint64("rxcookie")
            .uint32("txsession")
            .required()
            .uint32("rxsession")
            .uint32("offset")
            .rule(NetdevRules::l2tpv3)
            .build();

    /** {@code vde}: a port of a vde_switch. */
    public static final OptionSchema VDE = OptionSchema.of("vde")
            .string("sock")
            .uint16("port")
            .string("group")
            .uint16("mode")
            .build();

    /** {@code hubport}: a port of a hub, joined to {@code netdev} if given. */
    public static final OptionSchema HUBPORT = OptionSchema.of("hubport")
            .int32("hubid")
            .required()
            .string("netdev")
            .oneOf("mode", "hub", "switch")
            .bool("isolated")
            .between("storm-limit", 0, 10_000_000)
            .build();

    /** {@code pcap}: an interface of the host, or a file; qnet's own. */
    public static final OptionSchema PCAP = OptionSchema.of("pcap")
            .string("ifname")
            .string("file")
            .string("filter")
            .rule(NetdevRules::pcap)
            .build();

    /** {@code -net nic}: the guest's end. */
    public static final OptionSchema NIC = OptionSchema.of("nic")
            .string("netdev")
            .string("macaddr")
            .string("model")
            .string("addr")
            .uint32("vectors")
            .build();

    /** {@code -net none}. */
    static final OptionSchema NONE = OptionSchema.of("none").build();

    private static final OptionSchema NETMAP = OptionSchema.of("netmap")
            .string("ifname")
            .required()
            .string("devname")
            .build();

    private static final OptionSchema VHOST_USER = OptionSchema.of("vhost-user")
            .string("chardev")
            .required()
            .bool("vhostforce")
            .int64("queues")
            .build();

    private static final OptionSchema VHOST_VDPA = OptionSchema.of("vhost-vdpa")
            .string("vhostdev")
            .string("vhostfd")
            .int64("queues")
            .bool("x-svq")
            .build();

    private static final Map<String, OptionSchema> BY_TYPE = byType(
            NONE,
            NIC,
            USER,
            TAP,
            L2TPV3,
            SOCKET,
            STREAM,
            DGRAM,
            VDE,
            BRIDGE,
            HUBPORT,
            NETMAP,
            VHOST_USER,
            VHOST_VDPA,
            PCAP);

    /** Types of some QEMU whose options are not known here, since nothing can be done with them. */
    private static final Set<String> NAMES_ONLY =
            Set.of("vmnet-host", "vmnet-shared", "vmnet-bridged", "af-xdp", "passt");

    private NetdevSchemas() {}

    private static Map<String, OptionSchema> byType(OptionSchema... schemas) {
        Map<String, OptionSchema> map = new LinkedHashMap<>();
        for (OptionSchema schema : schemas) {
            map.put(schema.type(), schema);
        }
        return map;
    }

    /** The schema of a type that QEMU 7.2 or qnet knows, whether or not it can be created here; null for others. */
    public static @Nullable OptionSchema find(String type) {
        return BY_TYPE.get(type);
    }

    /** Whether some QEMU or qnet knows the type. */
    public static boolean isKnown(String type) {
        return BY_TYPE.containsKey(type) || NAMES_ONLY.contains(type);
    }

    /** {@code ipv6-net=PREFIX[/LENGTH]} is {@code ipv6-prefix} and {@code ipv6-prefixlen} (QEMU: net/net.c, net_client_init). */
    private static Map<String, String> expandIpv6Net(String text) {
        if (text.isEmpty()) {
            throw OptionException.expects("ipv6-net", text, "a valid IPv6 prefix");
        }
        int slash = text.indexOf('/');
        String length = slash < 0 ? "64" : text.substring(slash + 1);
        CNumber number = CNumber.scan(length, 10);
        Long bits = number.whole() ? number.uint64() : null;
        if (bits == null) {
            throw OptionException.expects("ipv6-prefixlen", length, "a number");
        }
        Map<String, String> expanded = new LinkedHashMap<>();
        expanded.put("ipv6-prefix", slash < 0 ? text : text.substring(0, slash));
        expanded.put("ipv6-prefixlen", Long.toString(bits));
        return expanded;
    }
}
