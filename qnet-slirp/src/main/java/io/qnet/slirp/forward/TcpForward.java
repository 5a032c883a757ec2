package io.qnet.slirp.forward;

import io.qnet.host.HostException;
import io.qnet.host.HostListener;
import io.qnet.host.HostNetwork;
import io.qnet.host.HostStream;
import io.qnet.option.HostForward;
import io.qnet.stat.Counter;
import io.qnet.wire.IpAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A TCP port (or unix socket) of the host that leads to a guest: whoever connects is connected to the guest. */
final class TcpForward implements Forward, HostListener.Handler {
    private final HostForward rule;
    private final GuestAddress guest;
    private final int guestPort;
    private final VisibleSource sources;
    private final GuestDialer dialer;
    private final Counter accepted;
    private final Counter refused;
    private final HostListener listener;

    TcpForward(
            HostForward rule,
            SocketAddress listen,
            GuestAddress guest,
            int guestPort,
            VisibleSource sources,
            GuestDialer dialer,
            Counter accepted,
            Counter refused,
            HostNetwork host)
            throws HostException {
        this.rule = rule;
        this.guest = guest;
        this.guestPort = guestPort;
        this.sources = sources;
        this.dialer = dialer;
        this.accepted = accepted;
        this.refused = refused;
        listener = host.listen(listen, this);
    }

    @Override
    public HostStream.@Nullable Handler onAccept(HostStream stream) {
        IpAddress to = guest.now();
        if (to.equals(IpAddress.ANY6)) {
            refused.increment();
            return null;
        }
        IpAddress source = sources.address(stream.remoteAddress(), to);
        HostStream.@Nullable Handler[] handler = new HostStream.@Nullable Handler[1];
        sources.port(stream.remoteAddress(), port -> {
            handler[0] = dialer.dial(source, port, to, guestPort, stream);
            return handler[0] != null;
        });
        (handler[0] != null ? accepted : refused).increment();
        return handler[0];
    }

    @Override
    public ForwardInfo info() {
        return new ForwardInfo(rule, HostForward.Protocol.TCP, listener.localAddress(), guest.now(), guestPort);
    }

    @Override
    public void close() {
        listener.close();
    }
}
