package io.qnet.slirp.service;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostError;
import io.qnet.host.HostException;
import io.qnet.loop.Loop;
import io.qnet.loop.Timer;
import io.qnet.slirp.egress.Egress;
import io.qnet.slirp.ip.FlowTable;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.IcmpErrors;
import io.qnet.slirp.udp.Datagram;
import io.qnet.slirp.udp.DatagramHandler;
import io.qnet.slirp.udp.UdpFlowInfo;
import io.qnet.slirp.udp.UdpOutput;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Queries to the name server's address by UDP, relayed to the resolvers as the bytes they are; a resolver that does not answer, or says that it cannot, is followed by the next. Answers are shown as coming
 * from the name server's address and port 53. These flows are apart from {@link io.qnet.slirp.udp.UdpFlows}: whatever else a guest's port talks to is not mistaken for a resolver.
 *
 * <p>Loop thread only. Owns the host's sockets until {@link #close()}.
 */
public final class DnsForwarder implements DatagramHandler {
    /** How long a flow lives after its last datagram (libslirp: 10 s). */
    static final long FLOW_NANOS = 10_000_000_000L;
    /** How long a resolver has before the next one is asked too. */
    static final long TRY_NANOS = 1_500_000_000L;

    /** The most ports of guests that are served at once, each with up to two sockets of the host. */
    public static final int MAX_FLOWS = 1024;

    private final UdpOutput output;
    private final IcmpErrors errors;
    private final Egress egress;
    private final Resolvers resolvers;
    private final Loop loop;
    private final int maxFlows;
    private final FlowTable<DnsFlow> flows = new FlowTable<>();
    private final Counter queries;
    private final Counter answers;
    private final Counter failovers;
    private final Counter strangers;
    private final Counter evicted;

    /**
     * Forwards to {@code resolvers}.
     *
     * @param maxFlows the most ports of guests at once, {@link #MAX_FLOWS} or fewer; the one idle for longest makes room
     */
    public DnsForwarder(
            UdpOutput output,
            IcmpErrors errors,
            Egress egress,
            Resolvers resolvers,
            Loop loop,
            int maxFlows,
            Counters counters) {
        this.output = output;
        this.errors = errors;
        this.egress = egress;
        this.resolvers = resolvers;
        this.loop = loop;
        this.maxFlows = maxFlows;
        queries = counters.counter("dns.queries");
        answers = counters.counter("dns.answers");
        failovers = counters.counter("dns.failovers");
        strangers = counters.counter("drop.dns-stranger");
        evicted = counters.counter("dns.flows-evicted");
    }

    @Override
    public boolean onDatagram(Datagram datagram, long nowNanos) {
        List<InetSocketAddress> servers = resolvers.inOrder(nowNanos);
        if (servers.isEmpty()) {
            errors.undeliverable(datagram.packet(), HostError.NET_UNREACHABLE, null, nowNanos);
            return true;
        }
        DnsFlow flow = flows.get(datagram.source(), datagram.sourcePort(), datagram.destination(), Egress.DNS_PORT);
        if (flow == null) {
            if (flows.size() >= maxFlows) {
                evictOldest();
            }
            flow = new DnsFlow(datagram.source(), datagram.sourcePort(), datagram.destination());
            flows.add(flow);
        } else {
            flows.touch(flow);
        }
        queries.increment();
        flow.query(datagram, servers, nowNanos);
        return true;
    }

    /** The flows, the one idle for longest first. */
    public List<UdpFlowInfo> flows() {
        List<UdpFlowInfo> infos = new ArrayList<>();
        long nowNanos = loop.nowNanos();
        flows.forEach(flow -> infos.add(flow.info(nowNanos)));
        return infos;
    }

    /** Releases everything. */
    public void close() {
        flows.forEach(DnsFlow::end);
    }

    private boolean evictOldest() {
        DnsFlow oldest = flows.oldest();
        if (oldest == null) {
            return false;
        }
        evicted.increment();
        oldest.end();
        return true;
    }

    /** The queries of one port of one guest. Resolvers of IPv4 and IPv6, on the host and elsewhere, each have a socket, opened when needed. */
    private final class DnsFlow extends FlowTable.Entry<DnsFlow> implements HostDatagrams.Handler {
        private final Timer timer = new Timer() {
            @Override
            protected void onTimer(long nowNanos) {
                DnsFlow.this.onTimer(nowNanos);
            }
        };
        private final DnsQueries pending = new DnsQueries();
        private final @Nullable HostDatagrams[] sockets = new @Nullable HostDatagrams[4];
        private long endNanos;
        private boolean ended;

        DnsFlow(IpAddress guest, int guestPort, IpAddress nameServer) {
            super(guest, guestPort, nameServer, Egress.DNS_PORT);
        }

        void query(Datagram datagram, List<InetSocketAddress> servers, long nowNanos) {
            endNanos = nowNanos + FLOW_NANOS;
            DnsQuery query = DnsQuery.of(datagram.data(), datagram.payloadIndex(), datagram.payloadLength(), servers);
            pending.add(query);
            ask(query, nowNanos);
            arm();
        }

        /** Asks the query's next resolver; of those that cannot be reached at all, one after the other. */
        private void ask(DnsQuery query, long nowNanos) {
            ByteBuf bytes = Unpooled.wrappedBuffer(query.message());
            for (InetSocketAddress server = query.next(); server != null; server = query.next()) {
                query.deadlineNanos(nowNanos + TRY_NANOS);
                HostError error = trySend(bytes, server);
                if (error == null) {
                    return;
                }
                resolvers.failed(server, nowNanos);
                query.failed(server);
            }
            giveUpIfAllFailed(query);
        }

        private @Nullable HostError trySend(ByteBuf bytes, InetSocketAddress server) {
            try {
                return socketFor(server).send(bytes, 0, bytes.readableBytes(), server, 0);
            } catch (HostException e) {
                return e.error();
            }
        }

        private HostDatagrams socketFor(InetSocketAddress server) throws HostException {
            IpAddress address = IpAddress.of(server.getAddress());
            boolean apart = egress.isDivided() && GuestNetwork.isHostInternal(address);
            int at = (address.isIpv4() ? 0 : 1) | (apart ? 2 : 0);
            HostDatagrams present = sockets[at];
            if (present == null) {
                present = egress.hostFor(address).openDatagrams(Egress.anyFor(address.isIpv4()), this);
                sockets[at] = present;
            }
            return present;
        }

        /** Every resolver was out of reach: the guest is told at once, by the answer that resolvers understand. */
        private void giveUpIfAllFailed(DnsQuery query) {
            if (!query.haveAllFailed()) {
                return;
            }
            pending.remove(query);
            byte[] answer = query.serverFailure();
            if (answer.length > 0) {
                answer(Unpooled.wrappedBuffer(answer));
            }
        }

        @Override
        public void onDatagram(ByteBuf data, InetSocketAddress from) {
            long nowNanos = loop.nowNanos();
            DnsQuery query = pending.find(DnsQuery.id(data), from);
            if (query == null) {
                strangers.increment();
                return;
            }
            if (DnsQuery.isFailure(data) && query.hasNext()) {
                failovers.increment();
                resolvers.failed(from, nowNanos);
                ask(query, nowNanos);
                arm();
                return;
            }
            resolvers.answered(from);
            pending.remove(query);
            endNanos = nowNanos + FLOW_NANOS;
            arm();
            answer(data);
        }

        @Override
        public void onError(HostError error, InetSocketAddress to, InetSocketAddress offender, int mtu) {
            long nowNanos = loop.nowNanos();
            resolvers.failed(to, nowNanos);
            for (DnsQuery query : pending.askedLast(to)) {
                query.failed(to);
                if (query.hasNext()) {
                    failovers.increment();
                    ask(query, nowNanos);
                } else {
                    giveUpIfAllFailed(query);
                }
            }
            arm();
        }

        private void onTimer(long nowNanos) {
            for (DnsQuery query : pending.overdue(nowNanos)) {
                failovers.increment();
                resolvers.failed(query.current(), nowNanos);
                ask(query, nowNanos);
            }
            if (endNanos - nowNanos <= 0) {
                end();
            } else {
                arm();
            }
        }

        private void arm() {
            if (!ended) {
                loop.timers().arm(timer, pending.earliestDeadline(endNanos));
            }
        }

        private void answer(ByteBuf data) {
            answers.increment();
            int length = Math.min(data.readableBytes(), UdpOutput.maxPayload(guest()));
            output.send(far(), farPort(), guest(), guestPort(), data, data.readerIndex(), length);
        }

        UdpFlowInfo info(long nowNanos) {
            return new UdpFlowInfo(guest(), guestPort(), far(), farPort(), endNanos - nowNanos, 0, 0);
        }

        void end() {
            ended = true;
            loop.timers().cancel(timer);
            flows.remove(this);
            for (HostDatagrams socket : sockets) {
                if (socket != null) {
                    socket.close();
                }
            }
        }

        @Override
        protected DnsFlow self() {
            return this;
        }
    }
}
