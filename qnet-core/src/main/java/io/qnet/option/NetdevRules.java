package io.qnet.option;

/** Which options of a netdev go together, each rule in the order and words of the netdev's own source in QEMU. */
final class NetdevRules {
    private static final int MAX_L2TPV3_OFFSET = 256;

    private NetdevRules() {}

    private static boolean any(OptionValues values, String... names) {
        for (String name : names) {
            if (values.has(name)) {
                return true;
            }
        }
        return false;
    }

    private static void refuse(boolean refused, String message) {
        if (refused) {
            throw new OptionException(message);
        }
    }

    /** QEMU: net/tap.c, net_init_tap. */
    static void tap(OptionValues tap, boolean onHub) {
        refuse(onHub && any(tap, "queues", "fds", "vhostfds"), "Multiqueue tap cannot be used with hubs");
        boolean script = any(tap, "ifname", "script", "downscript", "vnet_hdr");
        if (tap.has("fd")) {
            refuse(
                    script || any(tap, "helper", "queues", "fds", "vhostfds"),
                    "ifname=, script=, downscript=, vnet_hdr=, helper=, queues=, fds=, and vhostfds= are invalid with"
                            + " fd=");
        } else if (tap.has("fds")) {
            refuse(
                    script || any(tap, "helper", "queues", "vhostfd"),
                    "ifname=, script=, downscript=, vnet_hdr=, helper=, queues=, and vhostfd= are invalid with fds=");
        } else if (tap.has("helper")) {
            refuse(
                    script || any(tap, "queues", "vhostfds"),
                    "ifname=, script=, downscript=, vnet_hdr=, queues=, and vhostfds= are invalid with helper=");
        } else {
            refuse(tap.has("vhostfds"), "vhostfds= is invalid if fds= wasn't specified");
        }
        refuse(
                tap.has("netns") && any(tap, "fd", "fds", "helper", "br"),
                "fd=, fds=, helper=, and br= are invalid with netns=");
    }

    /** QEMU: net/socket.c, net_init_socket. */
    static void socket(OptionValues socket, boolean onHub) {
        int modes = 0;
        for (String mode : new String[] {"fd", "listen", "connect", "mcast", "udp"}) {
            modes += socket.has(mode) ? 1 : 0;
        }
        refuse(modes != 1, "exactly one of listen=, connect=, mcast= or udp= is required");
        refuse(socket.has("localaddr") && !any(socket, "mcast", "udp"), "localaddr= is only valid with mcast= or udp=");
        refuse(socket.has("udp") && !socket.has("localaddr"), "localaddr= is mandatory with udp=");
        refuse(socket.has("clients") && !socket.has("listen"), "clients= is only valid with listen=");
        refuse(socket.has("reconnect-ms") && !socket.has("connect"), "reconnect-ms= is only valid with connect=");
    }

    /** QEMU: net/stream.c, net_init_stream of 9.2 to 10.1, which know both ways to say it. */
    static void stream(OptionValues stream, boolean onHub) {
        boolean server = stream.bool("server", false);
        refuse(
                server && stream.has("reconnect"),
                "'reconnect' and 'reconnect-ms' options are incompatible with socket in server mode");
        refuse(
                server && stream.has("reconnect-ms"),
                "'reconnect-ms' option is incompatible with socket in server mode");
        refuse(
                stream.has("reconnect") && stream.has("reconnect-ms"),
                "'reconnect' and 'reconnect-ms' are mutually exclusive");
        refuse(!server && stream.has("clients"), "'clients' option is only valid for socket in server mode");
    }

    /** QEMU: net/l2tpv3.c, net_init_l2tpv3. */
    static void l2tpv3(OptionValues tunnel, boolean onHub) {
        refuse(tunnel.integer("offset", 0) > MAX_L2TPV3_OFFSET, "offset must be less than 256 bytes");
        refuse(tunnel.has("rxcookie") != tunnel.has("txcookie"), "require both 'rxcookie' and 'txcookie' or neither");
        refuse(
                tunnel.bool("udp", false) && !(tunnel.has("srcport") && tunnel.has("dstport")),
                "need both src and dst port for udp");
    }

    static void pcap(OptionValues pcap, boolean onHub) {
        refuse(pcap.has("ifname") == pcap.has("file"), "exactly one of ifname= or file= is required");
    }
}
