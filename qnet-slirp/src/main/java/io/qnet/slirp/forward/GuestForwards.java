package io.qnet.slirp.forward;

import io.qnet.host.HostNetwork;
import io.qnet.option.GuestForward;
import io.qnet.option.InetText;
import io.qnet.option.OptionException;
import io.qnet.slirp.egress.Egress;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.LocalAddresses;
import io.qnet.wire.IpAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Addresses in the guests' network behind which something of the host's answers (QEMU: {@code guestfwd=}). Each connection of a guest has a connection of its own to the target; QEMU's share one.
 *
 * <p>Loop thread only.
 */
public final class GuestForwards {
    private static final int DEFAULT_HOST_BITS = 0x0204;

    private final GuestNetwork network;
    private final LocalAddresses local;
    private final Egress egress;
    private final HostNetwork host;

    /** No forwards yet. */
    public GuestForwards(GuestNetwork network, LocalAddresses local, Egress egress, HostNetwork host) {
        this.network = network;
        this.local = local;
        this.egress = egress;
        this.host = host;
    }

    /**
     * Refuses what is not served yet.
     *
     * @throws OptionException naming the rule
     */
    public static void checkSupported(GuestForward rule) {
        if (rule.target() instanceof GuestForward.Target.Command) {
            throw OptionException.of(
                    "Invalid guest forwarding rule '" + rule.rule() + "' (a command is not supported by this version)",
                    "guestfwd",
                    rule.rule());
        }
    }

    /**
     * Sets up a rule.
     *
     * @throws OptionException with QEMU's text if its address is not to be had, or its target not understood
     */
    public void add(GuestForward rule) {
        checkSupported(rule);
        IpAddress server = server(rule);
        SocketAddress target = target(rule.target());
        if (!network.isOn(server.isIpv4())
                || !network.contains(server)
                || network.isHost(server)
                || network.isNameServer(server)) {
            throw rule.conflicting();
        }
        if (target == null) {
            throw rule.cannotOpen();
        }
        boolean added = egress.addService(
                server,
                rule.port(),
                (guest, guestPort, handler) ->
                        hostFor(target).connect(target, null, egress.connectTimeoutNanos(), handler));
        if (!added) {
            throw rule.conflicting();
        }
        local.add(server);
    }

    private HostNetwork hostFor(SocketAddress target) {
        return target instanceof InetSocketAddress inet ? egress.hostFor(IpAddress.of(inet.getAddress())) : host;
    }

    private IpAddress server(GuestForward rule) {
        InetAddress given = rule.server();
        if (given != null) {
            return IpAddress.of(given);
        }
        return IpAddress.ofIpv4(network.network4().ipv4() | (DEFAULT_HOST_BITS & ~network.mask4()));
    }

    /** Where the host connects to; null for what is not understood. Names are not resolved: that would hold up the loop. */
    private static @Nullable SocketAddress target(GuestForward.Target target) {
        if (target instanceof GuestForward.Target.Unix unix) {
            return unix.path().isEmpty() ? null : UnixDomainSocketAddress.of(unix.path());
        }
        if (target instanceof GuestForward.Target.Tcp tcp) {
            String text = tcp.host();
            boolean bracketed = text.startsWith("[") && text.endsWith("]");
            InetAddress address = bracketed
                    ? InetText.ipv6(text.substring(1, text.length() - 1))
                    : InetText.ipv4(text.equals("localhost") ? "127.0.0.1" : text);
            return address == null || tcp.port() == 0 ? null : new InetSocketAddress(address, tcp.port());
        }
        return null;
    }
}
