package io.qnet.socket;

import io.qnet.EndpointConfig;
import io.qnet.Netdev;
import io.qnet.NetdevProvider;
import io.qnet.option.NetdevSchemas;
import io.qnet.option.OptionException;
import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** QEMU's {@code -netdev l2tpv3} (net/l2tpv3.c, net_init_l2tpv3). Unlike there, {@code cookie64=off} means cookies of 32 bits, and {@code pincounter} without {@code counter} means nothing. */
public final class L2tpv3Provider implements NetdevProvider {
    private static final int MAX_PORT = 65_535;

    /** For {@link java.util.ServiceLoader}. */
    public L2tpv3Provider() {}

    @Override
    public String type() {
        return "l2tpv3";
    }

    @Override
    public OptionSchema schema() {
        return NetdevSchemas.L2TPV3;
    }

    @Override
    public EndpointConfig<? extends Netdev> configure(String id, OptionValues options) {
        boolean udp = options.bool("udp", false);
        boolean ipv6 = options.bool("ipv6", false);
        InetSocketAddress local =
                resolve(options.required("src"), udp ? options.string("srcport") : null, ipv6, "src, errno");
        InetSocketAddress remote =
                resolve(options.required("dst"), udp ? options.string("dstport") : null, ipv6, "dst, error");
        int txSession = (int) options.integer("txsession", 0);
        boolean counter = options.bool("counter", false);
        return new L2tpv3Config(
                id,
                local,
                remote,
                udp,
                txSession,
                (int) options.integer("rxsession", txSession),
                cookies(options),
                counter,
                counter && options.bool("pincounter", false),
                options.int32("offset", 0));
    }

    private static L2tpv3Config.@Nullable Cookies cookies(OptionValues options) {
        return options.has("txcookie")
                ? new L2tpv3Config.Cookies(
                        options.integer("txcookie", 0), options.integer("rxcookie", 0), options.bool("cookie64", false))
                : null;
    }

    private static InetSocketAddress resolve(String host, @Nullable String port, boolean ipv6, String end) {
        int number = 0;
        if (port != null) {
            boolean digits =
                    port.length() <= 5 && !port.isEmpty() && port.chars().allMatch(Character::isDigit);
            number = digits ? Integer.parseInt(port) : MAX_PORT + 1;
        }
        if (number > MAX_PORT) {
            throw unresolved(end, "Servname not supported for ai_socktype");
        }
        try {
            for (InetAddress each : InetAddress.getAllByName(host)) {
                if (each instanceof Inet6Address == ipv6) {
                    return new InetSocketAddress(each, number);
                }
            }
        } catch (UnknownHostException e) {
            throw unresolved(end, "Name or service not known");
        }
        throw unresolved(end, "Address family for hostname not supported");
    }

    private static OptionException unresolved(String end, String reason) {
        return new OptionException("could not resolve " + end + " = " + reason);
    }
}
