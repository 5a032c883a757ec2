package io.qnet.tap;

import io.qnet.EndpointConfig;
import io.qnet.Netdev;
import io.qnet.NetdevProvider;
import io.qnet.option.NetdevSchemas;
import io.qnet.option.OptionException;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import java.util.List;

/** Makes {@code tap} netdevs from QEMU's options, with QEMU's defaults: the scripts are {@value #SCRIPT} and {@value #DOWN_SCRIPT} unless others are named. */
public final class TapProvider implements NetdevProvider {
    static final String SCRIPT = "/etc/qemu-ifup";
    static final String DOWN_SCRIPT = "/etc/qemu-ifdown";

    /** What qnet knows and does not do yet. */
    private static final List<String> REFUSED = List.of(
            "fd",
            "fds",
            "br",
            "helper",
            "vhostfd",
            "vhostfds",
            "poll-us",
            "netns",
            "bridge",
            "up",
            "mtu",
            "mac",
            "addr");

    /** Called by the service loader. */
    public TapProvider() {}

    @Override
    public String type() {
        return "tap";
    }

    @Override
    public OptionSchema schema() {
        return NetdevSchemas.TAP;
    }

    @Override
    public EndpointConfig<? extends Netdev> configure(String id, OptionValues options) {
        refuse(options);
        TapConfig config = TapNetdev.config(id)
                .ifname(options.string("ifname", ""))
                .script(options.string("script", SCRIPT))
                .downscript(options.string("downscript", DOWN_SCRIPT));
        if (options.has("vnet_hdr")) {
            config = config.vnetHeader(options.bool("vnet_hdr", true));
        }
        if (options.has("sndbuf")) {
            config = config.sendBufferBytes(
                    (int) Math.min(options.size("sndbuf", 0) & Long.MAX_VALUE, Integer.MAX_VALUE));
        }
        return config;
    }

    private static void refuse(OptionValues options) {
        for (String name : REFUSED) {
            if (options.has(name)) {
                throw unsupported(name, null);
            }
        }
        if (options.bool("vhost", false) || options.bool("vhostforce", false)) {
            throw unsupported(options.bool("vhost", false) ? "vhost" : "vhostforce", "on");
        }
        if (options.integer("queues", 1) != 1) {
            throw unsupported("queues", Long.toString(options.integer("queues", 1)));
        }
    }

    private static OptionException unsupported(String name, @org.jspecify.annotations.Nullable String value) {
        String what = value == null ? "'" + name + "'" : "'" + name + "=" + value + "'";
        return OptionException.of("tap: " + what + " is not supported", name, value);
    }
}
