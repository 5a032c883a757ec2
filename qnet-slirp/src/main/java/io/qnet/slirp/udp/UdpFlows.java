package io.qnet.slirp.udp;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostError;
import io.qnet.host.HostException;
import io.qnet.host.HostNetwork;
import io.qnet.loop.Loop;
import io.qnet.loop.Timer;
import io.qnet.slirp.egress.Egress;
import io.qnet.slirp.egress.Verdict;
import io.qnet.slirp.icmp.GuestError;
import io.qnet.slirp.icmp.GuestErrorHandler;
import io.qnet.slirp.ip.FlowTable;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.GuestOutput;
import io.qnet.slirp.ip.IcmpErrors;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Flows of UDP through the host: one port of the host for each address and port of a guest, whatever it talks to, and whoever answers is let in (endpoint-independent mapping and filtering, RFC 4787 §4.1 and
 * §5; libslirp's behaviour). An answer is shown as coming from whom it came from; the host's loopback is the gateway. Errors that the host learns of are told to the guest.
 *
 * <p>Loop thread only. Owns the host's sockets until {@link #close()}.
 */
public final class UdpFlows implements GuestErrorHandler {
    /** How long a flow lives after a name server has answered, unless it was used for something else (libslirp: the same). */
    static final long AFTER_DNS_NANOS = 10_000_000_000L;

    private static final int OUTSIDE = 0;
    private static final int INSIDE = 1;

    private final UdpOutput output;
    private final IcmpErrors errors;
    private final Egress egress;
    private final Loop loop;
    private final long timeoutNanos;
    private final int maxFlows;
    private final FlowTable<UdpFlow> flows = new FlowTable<>();
    private final Counter opened;
    private final Counter evicted;
    private final Counter timedOut;
    private final Counter failed;
    private final Counter hostFull;
    private final Counter closedByGuest;

    /**
     * Flows of one network.
     *
     * @param timeoutNanos after how long without a datagram either way a flow ends (RFC 4787 §4.3)
     * @param maxFlows the most flows at once; the one idle for longest makes room
     */
    public UdpFlows(
            UdpOutput output,
            IcmpErrors errors,
            Egress egress,
            Loop loop,
            long timeoutNanos,
            int maxFlows,
            Counters counters) {
        this.output = output;
        this.errors = errors;
        this.egress = egress;
        this.loop = loop;
        this.timeoutNanos = timeoutNanos;
        this.maxFlows = maxFlows;
        opened = counters.counter("udp.flows-opened");
        evicted = counters.counter("udp.flows-evicted");
        timedOut = counters.counter("udp.flows-timed-out");
        failed = counters.counter("udp.send-failed");
        hostFull = counters.counter("drop.udp-host-full");
        closedByGuest = counters.counter("udp.flows-closed-by-guest");
    }

    /** Sends a guest's datagram to the host, by the flow of its port. */
    void send(Datagram datagram, Verdict.ToHost target, long nowNanos) {
        UdpFlow flow = flows.get(datagram.source(), datagram.sourcePort());
        if (flow == null) {
            if (flows.size() >= maxFlows) {
                evictOldest(null);
            }
            flow = new UdpFlow(datagram.source(), datagram.sourcePort());
            flows.add(flow);
            opened.increment();
        } else {
            flows.touch(flow);
        }
        HostError error = flow.send(datagram, target, nowNanos);
        if (error != null) {
            failed.increment();
            IpAddress from = error == HostError.REFUSED ? datagram.destination() : null;
            errors.undeliverable(datagram.packet(), error, from, nowNanos);
            flow.endIfUnused();
        }
    }

    /**
     * A guest has closed a port that somebody still sends to: its flow ends, so that the host's socket closes and the host says to the sender what the guest says. RFC 4787 §9 (REQ-12) keeps mappings
     * through ICMP errors, but those are of strangers; this one is of the mapping's owner.
     */
    @Override
    public boolean onGuestError(GuestError error, long nowNanos) {
        UdpFlow flow = error.protocol() == Ip.UDP ? flows.get(error.guest(), error.guestPort()) : null;
        if (flow == null || !flow.hasReceivedFrom(error.far(), error.farPort())) {
            return false;
        }
        if (error.kind() == GuestError.Kind.PORT_UNREACHABLE) {
            closedByGuest.increment();
            flow.end();
        }
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
        flows.forEach(UdpFlow::end);
    }

    /** The flow idle for longest makes room, unless it is the one that needs it. */
    private boolean evictOldest(@Nullable UdpFlow needing) {
        UdpFlow oldest = flows.oldest();
        if (oldest == null || oldest == needing) {
            return false;
        }
        evicted.increment();
        oldest.end();
        return true;
    }

    /** One port of one guest, on one socket of the host. */
    private final class UdpFlow extends FlowTable.Entry<UdpFlow>
            implements HostDatagrams.Handler, GuestOutput.Sendable {
        private final Timer timer = new Timer() {
            @Override
            protected void onTimer(long nowNanos) {
                timedOut.increment();
                end();
            }
        };
        /** One socket for all, or one to others and one to the host itself if their ways are divided. */
        private final @Nullable HostDatagrams[] sockets = new @Nullable HostDatagrams[2];

        /** Where the last datagram went, as the guest sees it and as the host does. */
        private Verdict.@Nullable ToHost target;

        private InetSocketAddress targetAddress = new InetSocketAddress(0);
        private IpAddress to = IpAddress.ANY4;
        private int toPort;
        /** Who sent the last answer, as the host sees it and as the guest does. */
        private @Nullable InetSocketAddress from;

        private IpAddress visibleFrom = IpAddress.ANY4;
        private long sentBytes;
        private long receivedBytes;

        UdpFlow(IpAddress guest, int guestPort) {
            super(guest, guestPort);
        }

        /** The socket to an address, opened when it is first needed. */
        private HostDatagrams socketFor(IpAddress address) throws HostException {
            int side = egress.isDivided() && GuestNetwork.isHostInternal(address) ? INSIDE : OUTSIDE;
            HostDatagrams present = sockets[side];
            if (present == null) {
                present = open(egress.hostFor(address), Egress.anyFor(address.isIpv4()));
                sockets[side] = present;
            }
            return present;
        }

        /** Opens a socket. If the host has no room, the flow idle for longest gives its own up, once. */
        private HostDatagrams open(HostNetwork host, InetSocketAddress local) throws HostException {
            try {
                return host.openDatagrams(local, this);
            } catch (HostException e) {
                if (e.error() != HostError.NO_RESOURCES || !evictOldest(this)) {
                    throw e;
                }
            }
            return host.openDatagrams(local, this);
        }

        @Nullable HostError send(Datagram datagram, Verdict.ToHost newTarget, long nowNanos) {
            if (!newTarget.equals(target)) {
                target = newTarget;
                targetAddress = new InetSocketAddress(newTarget.address().toInetAddress(), newTarget.port());
            }
            to = datagram.destination();
            toPort = datagram.destinationPort();
            int ttl = Math.max(1, datagram.packet().ttl() - 1);
            int length = datagram.payloadLength();
            try {
                HostDatagrams socket = socketFor(newTarget.address());
                loop.timers().arm(timer, nowNanos + timeoutNanos);
                sentBytes += length;
                HostError error = socket.send(datagram.data(), datagram.payloadIndex(), length, targetAddress, ttl);
                return error == HostError.NO_RESOURCES ? dropped() : error;
            } catch (HostException e) {
                return e.error();
            }
        }

        @Override
        public void onDatagram(ByteBuf data, InetSocketAddress sender) {
            long nowNanos = loop.nowNanos();
            boolean isDnsAnswer = sender.getPort() == Egress.DNS_PORT && toPort == Egress.DNS_PORT;
            long remaining = isDnsAnswer ? Math.min(AFTER_DNS_NANOS, timeoutNanos) : timeoutNanos;
            loop.timers().arm(timer, nowNanos + remaining);
            flows.touch(this);
            if (!sender.equals(from)) {
                from = sender;
                visibleFrom = egress.visible(IpAddress.of(sender.getAddress()), guest());
            }
            int length = Math.min(data.readableBytes(), UdpOutput.maxPayload(guest()));
            receivedBytes += length;
            boolean taken =
                    output.send(visibleFrom, sender.getPort(), guest(), guestPort(), data, data.readerIndex(), length);
            if (!taken) {
                setReading(false);
                output.whenSendable(this);
            }
        }

        /** Whether this is who sent the last datagram to the guest. */
        boolean hasReceivedFrom(IpAddress far, int farPort) {
            InetSocketAddress last = from;
            return last != null && last.getPort() == farPort && visibleFrom.equals(far);
        }

        @Override
        public void onSendable() {
            setReading(true);
        }

        private void setReading(boolean reading) {
            for (HostDatagrams socket : sockets) {
                if (socket != null) {
                    socket.setReading(reading);
                }
            }
        }

        /** The host's queue is full, as any router's may be: nobody is told (RFC 6633). */
        private @Nullable HostError dropped() {
            hostFull.increment();
            return null;
        }

        @Override
        public void onError(HostError error, InetSocketAddress about, InetSocketAddress offender, int mtu) {
            if (error == HostError.NO_RESOURCES) {
                dropped();
                return;
            }
            long nowNanos = loop.nowNanos();
            IpAddress seenTo = egress.visible(IpAddress.of(about.getAddress()), guest());
            IpAddress seenFrom = egress.reporter(error, about.getAddress(), offender.getAddress(), guest());
            errors.datagramFailed(error, guest(), guestPort(), seenTo, about.getPort(), seenFrom, mtu, nowNanos);
        }

        UdpFlowInfo info(long nowNanos) {
            return new UdpFlowInfo(
                    guest(), guestPort(), to, toPort, timer.deadlineNanos() - nowNanos, sentBytes, receivedBytes);
        }

        void endIfUnused() {
            if (sockets[OUTSIDE] == null && sockets[INSIDE] == null) {
                end();
            }
        }

        void end() {
            loop.timers().cancel(timer);
            flows.remove(this);
            for (int side = 0; side < sockets.length; side++) {
                HostDatagrams socket = sockets[side];
                if (socket != null) {
                    sockets[side] = null;
                    socket.close();
                }
            }
        }

        @Override
        protected UdpFlow self() {
            return this;
        }
    }
}
