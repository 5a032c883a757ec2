package io.qnet.slirp.forward;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostError;
import io.qnet.host.HostException;
import io.qnet.host.HostNetwork;
import io.qnet.loop.Loop;
import io.qnet.loop.Timer;
import io.qnet.option.HostForward;
import io.qnet.slirp.icmp.GuestError;
import io.qnet.slirp.icmp.GuestErrorHandler;
import io.qnet.slirp.ip.FlowTable;
import io.qnet.slirp.udp.Datagram;
import io.qnet.slirp.udp.DatagramHandler;
import io.qnet.slirp.udp.UdpOutput;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * UDP ports of the host that lead to guests. Whoever sends to such a port has a session of its own, so that each gets its own answers, from the port that it sent to. The guest's answers come back here
 * before anything else is decided about them: they pass under {@code restrict=on} too.
 *
 * <p>Loop thread only. Owns the host's sockets until they are closed.
 */
final class UdpForwards implements DatagramHandler, GuestErrorHandler {
    private final VisibleSource sources;
    private final UdpOutput output;
    private final HostNetwork host;
    private final Loop loop;
    private final long timeoutNanos;
    private final int maxSessions;
    private final FlowTable<Session> sessions = new FlowTable<>();
    private final Counter opened;
    private final Counter evicted;
    private final Counter failed;
    private final Counter refused;
    private final Counter dropped;

    UdpForwards(
            VisibleSource sources,
            UdpOutput output,
            HostNetwork host,
            Loop loop,
            long timeoutNanos,
            int maxSessions,
            Counters counters) {
        this.sources = sources;
        this.output = output;
        this.host = host;
        this.loop = loop;
        this.timeoutNanos = timeoutNanos;
        this.maxSessions = maxSessions;
        opened = counters.counter("forward.udp-sessions-opened");
        evicted = counters.counter("forward.udp-sessions-evicted");
        failed = counters.counter("forward.udp-send-failed");
        refused = counters.counter("forward.udp-refused-by-guest");
        dropped = counters.counter("drop.forward-udp-no-port");
    }

    /** Opens a port of the host. */
    Forward open(HostForward rule, InetSocketAddress listen, GuestAddress guest, int guestPort) throws HostException {
        return new UdpForward(rule, listen, guest, guestPort);
    }

    @Override
    public boolean onDatagram(Datagram datagram, long nowNanos) {
        if (sessions.size() == 0) {
            return false;
        }
        Session session = sessions.get(
                datagram.source(), datagram.sourcePort(), datagram.destination(), datagram.destinationPort());
        if (session == null) {
            return false;
        }
        session.used(nowNanos);
        session.answer(datagram);
        return true;
    }

    /** A guest that takes nothing at this port: the session ends, so that it costs nothing. The host's port stays, for the guest that listens later. */
    @Override
    public boolean onGuestError(GuestError error, long nowNanos) {
        Session session = error.protocol() == Ip.UDP
                ? sessions.get(error.guest(), error.guestPort(), error.far(), error.farPort())
                : null;
        if (session == null) {
            return false;
        }
        if (error.kind() == GuestError.Kind.PORT_UNREACHABLE) {
            refused.increment();
            session.end();
        }
        return true;
    }

    /** The sessions at present. */
    int size() {
        return sessions.size();
    }

    private final class UdpForward implements Forward, HostDatagrams.Handler {
        private final HostForward rule;
        private final GuestAddress guest;
        private final int guestPort;
        private final Map<InetSocketAddress, Session> byPeer = new HashMap<>();
        private final HostDatagrams socket;

        UdpForward(HostForward rule, InetSocketAddress listen, GuestAddress guest, int guestPort) throws HostException {
            this.rule = rule;
            this.guest = guest;
            this.guestPort = guestPort;
            socket = host.openDatagrams(listen, this);
        }

        @Override
        public void onDatagram(ByteBuf data, InetSocketAddress from) {
            long nowNanos = loop.nowNanos();
            Session session = byPeer.get(from);
            if (session == null) {
                session = begin(from);
                if (session == null) {
                    dropped.increment();
                    return;
                }
            }
            session.used(nowNanos);
            int length = Math.min(data.readableBytes(), UdpOutput.maxPayload(session.guest()));
            output.send(session.far(), session.farPort(), session.guest(), guestPort, data, data.readerIndex(), length);
        }

        @Override
        public void onError(HostError error, InetSocketAddress to, InetSocketAddress offender, int mtu) {
            failed.increment();
        }

        private @Nullable Session begin(InetSocketAddress from) {
            Session oldest = sessions.oldest();
            if (oldest != null && sessions.size() >= maxSessions) {
                evicted.increment();
                oldest.end();
            }
            IpAddress to = guest.now();
            IpAddress source = sources.address(from, to);
            int port = sources.port(from, free -> sessions.get(to, guestPort, source, free) == null);
            if (port == 0 || to.equals(IpAddress.ANY6)) {
                return null;
            }
            Session session = new Session(this, from, to, source, port);
            byPeer.put(from, session);
            sessions.add(session);
            opened.increment();
            return session;
        }

        @Override
        public ForwardInfo info() {
            return new ForwardInfo(rule, HostForward.Protocol.UDP, socket.localAddress(), guest.now(), guestPort);
        }

        @Override
        public void close() {
            for (Session session : byPeer.values().toArray(new Session[0])) {
                session.end();
            }
            socket.close();
        }
    }

    /** What passes between one peer of the host's and the guest. */
    private final class Session extends FlowTable.Entry<Session> {
        private final UdpForward forward;
        private final InetSocketAddress peer;
        private final Timer timer = new Timer() {
            @Override
            protected void onTimer(long nowNanos) {
                end();
            }
        };

        Session(UdpForward forward, InetSocketAddress peer, IpAddress guest, IpAddress source, int sourcePort) {
            super(guest, forward.guestPort, source, sourcePort);
            this.forward = forward;
            this.peer = peer;
        }

        void used(long nowNanos) {
            loop.timers().arm(timer, nowNanos + timeoutNanos);
            sessions.touch(this);
        }

        void answer(Datagram datagram) {
            HostError error =
                    forward.socket.send(datagram.data(), datagram.payloadIndex(), datagram.payloadLength(), peer, 0);
            if (error != null) {
                failed.increment();
            }
        }

        void end() {
            loop.timers().cancel(timer);
            sessions.remove(this);
            forward.byPeer.remove(peer);
        }

        @Override
        protected Session self() {
            return this;
        }
    }
}
