package io.qnet.slirp.udp;

import io.qnet.slirp.egress.Egress;
import io.qnet.slirp.egress.Verdict;
import io.qnet.slirp.ip.IcmpErrors;
import io.qnet.slirp.ip.InPacket;
import io.qnet.slirp.ip.LocalAddresses;
import io.qnet.slirp.ip.PacketHandler;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * Datagrams from guests: checks them, offers them to the services in their order, and has the egress decide about the rest.
 *
 * <p>Loop thread only.
 */
public final class UdpInput implements PacketHandler {
    private final LocalAddresses local;
    private final IcmpErrors errors;
    private final Egress egress;
    private final UdpFlows flows;
    private final DatagramHandler resolvers;
    private final List<DatagramHandler> services = new ArrayList<>();
    private final Datagram datagram = new Datagram();
    private final Counter malformed;
    private final Counter badChecksum;

    private IpAddress judgedGuest = IpAddress.ANY6;
    private IpAddress judgedTo = IpAddress.ANY6;
    private int judgedPort;
    private int judgedGuestPort;
    private int judgedGeneration;
    private Verdict judged = Verdict.DROP;

    /**
     * Input of one network.
     *
     * @param flows where datagrams to the host go
     * @param resolvers where queries to the name server go
     */
    public UdpInput(
            LocalAddresses local,
            IcmpErrors errors,
            Egress egress,
            UdpFlows flows,
            DatagramHandler resolvers,
            Counters counters) {
        this.local = local;
        this.errors = errors;
        this.egress = egress;
        this.flows = flows;
        this.resolvers = resolvers;
        malformed = counters.counter("drop.udp-malformed");
        badChecksum = counters.counter("drop.udp-checksum");
    }

    /** Adds a service, after those that are there. */
    public void addService(DatagramHandler service) {
        services.add(service);
    }

    @Override
    public void onPacket(InPacket packet, long nowNanos) {
        packet.makeContiguous();
        if (!datagram.wrap(packet)) {
            malformed.increment();
            return;
        }
        if (!datagram.isChecksumValid()) {
            badChecksum.increment();
            return;
        }
        do {
            handle(nowNanos);
        } while (datagram.next());
    }

    private void handle(long nowNanos) {
        for (int i = 0; i < services.size(); i++) {
            if (services.get(i).onDatagram(datagram, nowNanos)) {
                return;
            }
        }
        Verdict verdict = verdict();
        InPacket packet = datagram.packet();
        if (verdict instanceof Verdict.ToHost target) {
            // RFC 1812 §5.3.1: what ends here is not forwarded, so its TTL does not matter.
            if (packet.ttl() == 1 && !local.contains(packet.destination())) {
                errors.timeExceeded(packet, nowNanos);
            } else {
                flows.send(datagram, target, nowNanos);
            }
        } else if (verdict instanceof Verdict.ToResolvers) {
            resolvers.onDatagram(datagram, nowNanos);
        } else if (verdict instanceof Verdict.Refuse refuse) {
            errors.undeliverable(datagram.packet(), refuse.error(), null, nowNanos);
        }
    }

    /** The verdict, kept for the datagrams of a flow that goes on. */
    private Verdict verdict() {
        IpAddress guest = datagram.source();
        IpAddress to = datagram.destination();
        int port = datagram.destinationPort();
        if (guest.equals(IpAddress.ANY4)) {
            return Verdict.DROP; // no answer could reach it
        }
        if (port == 0) {
            return Verdict.NO_ROUTE;
        }
        if (judgedPort != port
                || judgedGuestPort != datagram.sourcePort()
                || judgedGeneration != egress.generation()
                || !judgedTo.equals(to)
                || !judgedGuest.equals(guest)) {
            judged = egress.decide(Egress.Protocol.UDP, guest, datagram.sourcePort(), to, port);
            judgedGuest = guest;
            judgedTo = to;
            judgedPort = port;
            judgedGuestPort = datagram.sourcePort();
            judgedGeneration = egress.generation();
        }
        return judged;
    }
}
