package io.qnet.slirp.forward;

import io.qnet.host.HostException;
import io.qnet.host.HostNetwork;
import io.qnet.loop.Loop;
import io.qnet.option.HostForward;
import io.qnet.option.InetText;
import io.qnet.option.OptionException;
import io.qnet.slirp.icmp.GuestErrorHandler;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.udp.DatagramHandler;
import io.qnet.slirp.udp.UdpOutput;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * The forwards of one user netdev, to be added and removed while it runs (QEMU: {@code hostfwd=}, {@code hostfwd_add}, {@code hostfwd_remove}).
 *
 * <p>Loop thread only.
 */
public final class HostForwards {
    private static final InetAddress ANY4 = IpAddress.ANY4.toInetAddress();

    private final GuestNetwork network;
    private final GuestAddress defaultGuest;
    private final GuestDirectory guests;
    private final VisibleSource sources;
    private final GuestDialer dialer;
    private final UdpForwards udp;
    private final HostNetwork host;
    private final Counter accepted;
    private final Counter refused;
    private final List<Forward> forwards = new ArrayList<>();

    /**
     * No forwards yet.
     *
     * @param defaultGuest who gets what a rule without a guest forwards
     * @param guests where guests are found that a rule names
     */
    public HostForwards(
            GuestNetwork network,
            GuestAddress defaultGuest,
            GuestDirectory guests,
            GuestDialer dialer,
            UdpOutput output,
            HostNetwork host,
            Loop loop,
            long udpTimeoutNanos,
            int maxUdp,
            Counters counters) {
        this.network = network;
        this.defaultGuest = defaultGuest;
        this.guests = guests;
        this.dialer = dialer;
        this.host = host;
        sources = new VisibleSource(network);
        udp = new UdpForwards(sources, output, host, loop, udpTimeoutNanos, maxUdp, counters);
        accepted = counters.counter("forward.tcp-accepted");
        refused = counters.counter("forward.tcp-refused");
    }

    /** Whom guests' datagrams are to be offered to. */
    public DatagramHandler answers() {
        return udp;
    }

    /** Whom guests' ICMP errors are to be offered to. */
    public GuestErrorHandler guestErrors() {
        return udp;
    }

    /**
     * Opens the ports of a rule: all of them, or none.
     *
     * @return one a port
     * @throws OptionException with QEMU's text if one cannot be bound
     */
    public List<ForwardInfo> add(HostForward rule) {
        GuestAddress guest = guest(rule);
        List<Forward> opened = new ArrayList<>();
        try {
            if (rule.listen() instanceof HostForward.Listen.Unix unix) {
                opened.add(tcp(rule, UnixDomainSocketAddress.of(unix.path()), guest, rule.guestPort()));
            } else if (rule.listen() instanceof HostForward.Listen.Inet inet) {
                openPorts(rule, inet, guest, opened);
            }
        } catch (HostException e) {
            opened.forEach(Forward::close);
            OptionException refusal = rule.cannotBind();
            refusal.addSuppressed(e);
            throw refusal;
        }
        forwards.addAll(opened);
        return opened.stream().map(Forward::info).toList();
    }

    private GuestAddress guest(HostForward rule) {
        HostForward.Guest named = rule.guest();
        if (named instanceof HostForward.Guest.Name name) {
            return guests.byName(name.name());
        }
        if (named instanceof HostForward.Guest.Mac mac) {
            return guests.byMac(mac.mac());
        }
        if (!(named instanceof HostForward.Guest.Address address)) {
            return defaultGuest;
        }
        IpAddress to = IpAddress.of(address.address());
        if (!network.isOn(to.isIpv4())) {
            String text = "Invalid host forwarding rule '" + rule.rule() + "' (Bad guest address)";
            throw OptionException.of(text, "hostfwd", rule.rule());
        }
        return GuestAddress.of(to);
    }

    private void openPorts(HostForward rule, HostForward.Listen.Inet inet, GuestAddress guest, List<Forward> opened)
            throws HostException {
        InetAddress address = inet.address() == null ? ANY4 : inet.address();
        for (int i = 0; i < inet.count(); i++) {
            InetSocketAddress listen = new InetSocketAddress(address, inet.port() == 0 ? 0 : inet.port() + i);
            int guestPort = rule.guestPort() + i;
            boolean tcp = rule.protocol() == HostForward.Protocol.TCP;
            opened.add(tcp ? tcp(rule, listen, guest, guestPort) : udp.open(rule, listen, guest, guestPort));
        }
    }

    private Forward tcp(HostForward rule, SocketAddress listen, GuestAddress guest, int guestPort)
            throws HostException {
        return new TcpForward(rule, listen, guest, guestPort, sources, dialer, accepted, refused, host);
    }

    /**
     * Closes one port of the host. Connections that came by it live on.
     *
     * @param spec {@code [tcp|udp]:[ADDR]:PORT}, address and port as they are bound
     * @return false if there is no such forward
     * @throws OptionException {@code invalid format}
     */
    public boolean remove(String spec) {
        String[] parts = splitSpec(spec);
        boolean isUdp = parts[0].equals("udp");
        InetAddress address = parts[1].isEmpty() ? ANY4 : address(parts[1], spec);
        if (!(isUdp || parts[0].equals("tcp") || parts[0].isEmpty()) || !parts[2].matches("[0-9]{1,5}")) {
            throw invalid(spec);
        }
        SocketAddress wanted = new InetSocketAddress(address, Math.min(0xffff, Integer.parseInt(parts[2])));
        HostForward.Protocol protocol = isUdp ? HostForward.Protocol.UDP : HostForward.Protocol.TCP;
        for (Forward forward : forwards) {
            ForwardInfo info = forward.info();
            if (info.protocol() == protocol && info.listen().equals(wanted)) {
                forwards.remove(forward);
                forward.close();
                return true;
            }
        }
        return false;
    }

    /** The ports that are open, in the order in which they were opened. */
    public List<ForwardInfo> list() {
        return forwards.stream().map(Forward::info).toList();
    }

    /** Closes everything. */
    public void close() {
        forwards.forEach(Forward::close);
        forwards.clear();
    }

    /** Protocol, address and port; an IPv6 address is in square brackets. */
    private static String[] splitSpec(String spec) {
        int first = spec.indexOf(':');
        int last = spec.lastIndexOf(':');
        if (first < 0 || first == last) {
            throw invalid(spec);
        }
        return new String[] {spec.substring(0, first), spec.substring(first + 1, last), spec.substring(last + 1)};
    }

    private static InetAddress address(String text, String spec) {
        InetAddress address = text.startsWith("[") && text.endsWith("]")
                ? InetText.ipv6(text.substring(1, text.length() - 1))
                : InetText.aton(text);
        if (address == null) {
            throw invalid(spec);
        }
        return address;
    }

    private static OptionException invalid(String spec) {
        return OptionException.of("invalid format", "hostfwd_remove", spec);
    }
}
