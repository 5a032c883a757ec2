package io.qnet.slirp.forward;

import io.qnet.host.HostNetwork;
import io.qnet.option.GuestForward;
import io.qnet.option.InetText;
import io.qnet.option.OptionException;
import io.qnet.slirp.egress.Egress;
import io.qnet.slirp.egress.StreamService;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.LocalAddresses;
import io.qnet.wire.IpAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
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
     * Sets up a rule.
     *
     * @throws OptionException with QEMU's text if its address is not to be had, or its target not understood
     */
    public void add(GuestForward rule) {
        IpAddress server = server(rule);
        if (!mayServe(server)) {
            throw rule.conflicting();
        }
        if (!egress.addService(server, rule.port(), service(rule))) {
            throw rule.conflicting();
        }
        local.add(server);
    }

    /** Has a program serve each connection to an address and port; false if the address is not to be had. */
    public boolean addProgram(IpAddress server, int port, List<String> command) {
        boolean added = mayServe(server)
                && egress.addService(server, port, (guest, guestPort, handler) -> host.start(command, handler));
        if (added) {
            local.add(server);
        }
        return added;
    }

    private boolean mayServe(IpAddress server) {
        return network.isOn(server.isIpv4())
                && network.contains(server)
                && !network.isHost(server)
                && !network.isNameServer(server);
    }

    private StreamService service(GuestForward rule) {
        if (rule.target() instanceof GuestForward.Target.Command command) {
            if (!host.startsPrograms()) {
                throw OptionException.of(
                        rule.cannotOpen().getMessage() + " (programs are started with epoll only)",
                        "guestfwd",
                        rule.rule());
            }
            List<String> words = CommandWords.split(command.command());
            if (words.isEmpty()) {
                throw rule.cannotOpen();
            }
            return (guest, guestPort, handler) -> host.start(words, handler);
        }
        SocketAddress target = target(rule.target());
        if (target == null) {
            throw rule.cannotOpen();
        }
        return (guest, guestPort, handler) ->
                hostFor(target).connect(target, null, egress.connectTimeoutNanos(), handler);
    }

    private HostNetwork hostFor(SocketAddress target) {
        return target instanceof InetSocketAddress inet ? egress.hostFor(IpAddress.of(inet.getAddress())) : host;
    }

    private IpAddress server(GuestForward rule) {
        InetAddress given = rule.server();
        return given == null ? defaultServer(network) : IpAddress.of(given);
    }

    /** The address of forwards that name none, and of SMB: the fourth of the network. */
    public static IpAddress defaultServer(GuestNetwork network) {
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
