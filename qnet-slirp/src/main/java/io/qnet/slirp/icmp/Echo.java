package io.qnet.slirp.icmp;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostEcho;
import io.qnet.host.HostError;
import io.qnet.host.HostException;
import io.qnet.loop.Loop;
import io.qnet.loop.Timer;
import io.qnet.slirp.egress.Egress;
import io.qnet.slirp.egress.Verdict;
import io.qnet.slirp.ip.FlowTable;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.IcmpErrors;
import io.qnet.slirp.ip.InPacket;
import io.qnet.slirp.ip.IpOutput;
import io.qnet.slirp.ip.LocalAddresses;
import io.qnet.slirp.ip.OutPacket;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Bytes;
import io.qnet.wire.Checksum;
import io.qnet.wire.Icmp;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Echo requests from guests (RFC 792, RFC 4443 §4; RFC 5508 for the mapping of identifiers): those to the user netdev's own addresses are answered at once; those to others go out by the host's echo socket, one for each
 * identifier of a guest.
 *
 * <p>Loop thread only. Owns the host's sockets until {@link #close()}.
 */
public final class Echo {
    private static final int TTL = 255;

    private final LocalAddresses local;
    private final IpOutput output;
    private final IcmpErrors errors;
    private final Egress egress;
    private final Loop loop;
    private final long timeoutNanos;
    private final int maxFlows;
    private final FlowTable<EchoFlow> flows = new FlowTable<>();
    private final Counter reflected;
    private final Counter evicted;

    /**
     * Echo of one network.
     *
     * @param timeoutNanos after how long without a packet a guest's identifier is forgotten
     * @param maxFlows the most identifiers at once; the one idle for longest makes room
     */
    public Echo(
            LocalAddresses local,
            IpOutput output,
            IcmpErrors errors,
            Egress egress,
            Loop loop,
            long timeoutNanos,
            int maxFlows,
            Counters counters) {
        this.local = local;
        this.output = output;
        this.errors = errors;
        this.egress = egress;
        this.loop = loop;
        this.timeoutNanos = timeoutNanos;
        this.maxFlows = maxFlows;
        reflected = counters.counter("icmp.reflected");
        evicted = counters.counter("icmp.flows-evicted");
    }

    /** Handles an echo request that is contiguous and whose checksum is right. */
    void onRequest(InPacket packet, long nowNanos) {
        if (local.contains(packet.destination())) {
            reflect(packet, packet.destination());
        } else {
            forward(packet, nowNanos);
        }
    }

    /** Answers a request to all nodes of the link as the router (RFC 4443 §4.2). */
    void onRequestToAll(InPacket packet) {
        reflect(packet, GuestNetwork.ROUTER6);
    }

    /** The flows, the one idle for longest first. */
    public List<EchoFlowInfo> flows() {
        List<EchoFlowInfo> infos = new ArrayList<>();
        long nowNanos = loop.nowNanos();
        flows.forEach(flow -> infos.add(
                new EchoFlowInfo(flow.guest(), flow.guestPort(), flow.to, flow.timer.deadlineNanos() - nowNanos)));
        return infos;
    }

    /** Releases everything. */
    public void close() {
        flows.forEach(EchoFlow::end);
    }

    private void reflect(InPacket packet, IpAddress answering) {
        int length = packet.transportLength();
        OutPacket out = begin(answering, packet.source());
        out.ttl(TTL).trafficClass(packet.trafficClass());
        Bytes.copy(packet.data(), packet.transportIndex(), out.head(), out.transportIndex(), length);
        finishReply(out, answering, packet.source(), length);
        reflected.increment();
    }

    private void forward(InPacket packet, long nowNanos) {
        IpAddress to = packet.destination();
        Verdict verdict = egress.decide(Egress.Protocol.ICMP, packet.source(), 0, to, 0);
        if (verdict instanceof Verdict.Refuse refuse) {
            errors.undeliverable(packet, refuse.error(), null, nowNanos);
        } else if (verdict instanceof Verdict.ToHost target) {
            if (packet.ttl() == 1) {
                errors.timeExceeded(packet, nowNanos);
                return;
            }
            HostError error = send(packet, target.address(), nowNanos);
            if (error != null) {
                errors.undeliverable(packet, error, null, nowNanos);
            }
        }
    }

    private @Nullable HostError send(InPacket packet, IpAddress target, long nowNanos) {
        ByteBuf data = packet.data();
        int at = packet.transportIndex();
        int identifier = data.getUnsignedShort(at + 4);
        EchoFlow flow = flows.get(packet.source(), identifier);
        if (flow == null) {
            flow = new EchoFlow(packet.source(), identifier);
            HostError error = flow.open(target);
            if (error != null) {
                return error;
            }
        } else {
            flows.touch(flow);
        }
        flow.to = packet.destination();
        loop.timers().arm(flow.timer, nowNanos + timeoutNanos);
        return flow.echo()
                .send(
                        target.toInetAddress(),
                        data.getUnsignedShort(at + 6),
                        data,
                        at + Icmp.HEADER_LENGTH,
                        packet.transportLength() - Icmp.HEADER_LENGTH,
                        packet.ttl() - 1);
    }

    private OutPacket begin(IpAddress answering, IpAddress guest) {
        return output.begin(answering, guest, guest.isIpv4() ? Ip.ICMP : Ip.ICMPV6);
    }

    private void finishReply(OutPacket out, IpAddress answering, IpAddress guest, int length) {
        ByteBuf head = out.head();
        int at = out.transportIndex();
        boolean ipv4 = guest.isIpv4();
        head.setInt(at, (ipv4 ? Icmp.ECHO_REPLY : Icmp.V6_ECHO_REPLY) << 24);
        int pseudoHeader = ipv4 ? 0 : Checksum.pseudoHeader(answering, guest, Ip.ICMPV6, length);
        Icmp.writeChecksum(head, at, length, pseudoHeader);
        output.sendOrQueue(out.transport(length));
    }

    /** One identifier of one guest, on one echo socket of the host. */
    private final class EchoFlow extends FlowTable.Entry<EchoFlow> implements HostEcho.Handler {
        private final Timer timer = new Timer() {
            @Override
            protected void onTimer(long nowNanos) {
                end();
            }
        };
        private @Nullable HostEcho echo;
        private IpAddress to = IpAddress.ANY4;

        EchoFlow(IpAddress guest, int identifier) {
            super(guest, identifier);
        }

        /** Opens the socket. If the host has no room, the flow idle for longest gives its own up, once. */
        @Nullable HostError open(IpAddress target) {
            if (flows.size() >= maxFlows) {
                evictOldest();
            }
            HostError error = tryOpen(target);
            if (error == HostError.NO_RESOURCES && evictOldest()) {
                error = tryOpen(target);
            }
            if (error == null) {
                flows.add(this);
            }
            return error;
        }

        private @Nullable HostError tryOpen(IpAddress target) {
            try {
                echo = egress.hostFor(target).openEcho(!target.isIpv4(), this);
                return null;
            } catch (HostException e) {
                return e.error();
            }
        }

        private boolean evictOldest() {
            EchoFlow oldest = flows.oldest();
            if (oldest == null) {
                return false;
            }
            evicted.increment();
            oldest.end();
            return true;
        }

        HostEcho echo() {
            HostEcho open = echo;
            if (open == null) {
                throw new IllegalStateException("an echo flow without a socket");
            }
            return open;
        }

        void end() {
            loop.timers().cancel(timer);
            flows.remove(this);
            echo().close();
        }

        @Override
        public void onReply(InetAddress from, int sequence, ByteBuf payload) {
            loop.timers().arm(timer, loop.nowNanos() + timeoutNanos);
            int length = payload.readableBytes();
            IpAddress source = egress.visible(IpAddress.of(from), guest());
            OutPacket out = begin(source, guest());
            int at = out.transportIndex();
            out.head().setShort(at + 4, guestPort());
            out.head().setShort(at + 6, sequence);
            out.head().setBytes(at + Icmp.HEADER_LENGTH, payload, payload.readerIndex(), length);
            finishReply(out, source, guest(), Icmp.HEADER_LENGTH + length);
        }

        @Override
        public void onError(HostError error, InetAddress to, InetAddress offender, int sequence, int mtu) {
            long nowNanos = loop.nowNanos();
            IpAddress seenTo = egress.visible(IpAddress.of(to), guest());
            IpAddress from = egress.reporter(error, to, offender, guest());
            errors.echoFailed(error, guest(), guestPort(), sequence, seenTo, from, mtu, nowNanos);
        }

        @Override
        protected EchoFlow self() {
            return this;
        }
    }
}
