package io.qnet.slirp.service;

import io.netty.buffer.ByteBuf;
import io.qnet.loop.Timer;
import io.qnet.loop.Timers;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.InPacket;
import io.qnet.slirp.ip.IpOutput;
import io.qnet.slirp.ip.NeighbourDiscovery;
import io.qnet.slirp.ip.OutPacket;
import io.qnet.slirp.ip.PacketHandler;
import io.qnet.slirp.ip.TokenBucket;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Checksum;
import io.qnet.wire.Icmp;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/**
 * The router's part of neighbour discovery (RFC 4861 §6.2): every solicitation is answered at once, to all nodes, and the same is told every few minutes. Guests make their addresses of the prefix (RFC 4862)
 * and learn the name server (RFC 8106).
 *
 * <p>Loop thread only.
 */
public final class RouterAdvertisements implements PacketHandler {
    private static final long SECOND = 1_000_000_000L;
    /** RFC 4861 §6.2.1: MinRtrAdvInterval and MaxRtrAdvInterval as they are by default. */
    private static final int MIN_INTERVAL_SECONDS = 200;

    private static final int MAX_INTERVAL_SECONDS = 600;

    private static final int CURRENT_HOP_LIMIT = 64;
    private static final int ROUTER_LIFETIME_SECONDS = 1800;
    private static final int VALID_SECONDS = 86_400;
    private static final int PREFERRED_SECONDS = 14_400;
    /** RFC 8106 §5.1: two to three times the interval. libslirp writes the milliseconds of this. */
    private static final int DNS_SECONDS = 1200;

    private static final int ETHERNET_MTU = 1500;
    private static final int HEADER = 16;
    private static final int SOLICITATION_OPTIONS = 8;
    private static final int PREFIX_INFORMATION = 3;
    private static final int MTU = 5;
    private static final int RECURSIVE_DNS = 25;
    private static final int ON_LINK_AND_AUTONOMOUS = 0xc0;

    private final GuestNetwork network;
    private final IpOutput output;
    private final BooleanSupplier nameServer;
    private final Timers timers;
    private final RandomGenerator random;
    private final TokenBucket rate = new TokenBucket(10, 50);
    private final Counter sent;
    private final Counter malformed;
    private final Counter limited;
    private final Timer timer = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            advertise();
            arm(nowNanos);
        }
    };

    /**
     * Advertisements of one network.
     *
     * @param nameServer whether guests are told of the name server, asked each time
     */
    public RouterAdvertisements(
            GuestNetwork network,
            IpOutput output,
            BooleanSupplier nameServer,
            Timers timers,
            RandomGenerator random,
            Counters counters) {
        this.network = network;
        this.output = output;
        this.nameServer = nameServer;
        this.timers = timers;
        this.random = random;
        sent = counters.counter("ndp.router-advertisements");
        malformed = counters.counter("drop.ndp-malformed");
        limited = counters.counter("drop.router-solicitation-rate");
    }

    /** Begins to advertise every few minutes. */
    public void start(long nowNanos) {
        arm(nowNanos);
    }

    /** Ends it. */
    public void close() {
        timers.cancel(timer);
    }

    @Override
    public void onPacket(InPacket packet, long nowNanos) {
        ByteBuf data = packet.data();
        int options = packet.transportIndex() + SOLICITATION_OPTIONS;
        int length = packet.transportLength() - SOLICITATION_OPTIONS;
        if (!NeighbourDiscovery.isFromLink(packet)
                || length < 0
                || !NeighbourDiscovery.areOptionsSound(data, options, length)) {
            malformed.increment();
            return;
        }
        long mac = NeighbourDiscovery.linkAddress(data, options, length, NeighbourDiscovery.SOURCE_LINK_ADDRESS);
        if (mac >= 0 && packet.source().equals(IpAddress.ANY6)) {
            malformed.increment(); // RFC 4861 §6.1.1
            return;
        }
        if (mac >= 0) {
            output.learned(packet.source(), mac);
        }
        if (rate.take(nowNanos)) {
            advertise();
        } else {
            limited.increment();
        }
    }

    private void arm(long nowNanos) {
        long seconds = random.nextInt(MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS + 1);
        timers.arm(timer, nowNanos + seconds * SECOND);
    }

    private void advertise() {
        IpAddress router = GuestNetwork.ROUTER6;
        IpAddress all = NeighbourDiscovery.ALL_NODES;
        OutPacket out = output.begin(router, all, Ip.ICMPV6).ttl(NeighbourDiscovery.HOP_LIMIT);
        ByteBuf head = out.head();
        int begin = out.transportIndex();
        // neither "managed" nor "other configuration"; reachable and retransmission times are left to the guest
        Icmp.write(head, begin, Icmp.V6_ROUTER_ADVERTISEMENT, 0, CURRENT_HOP_LIMIT << 24 | ROUTER_LIFETIME_SECONDS);
        head.setLong(begin + 8, 0);
        int at = begin + HEADER;
        NeighbourDiscovery.writeLinkAddress(head, at, NeighbourDiscovery.SOURCE_LINK_ADDRESS, output.sourceMac(router));
        at = writePrefix(head, at + 8);
        if (output.mtu() != ETHERNET_MTU) {
            head.setInt(at, MTU << 24 | 1 << 16);
            head.setInt(at + 4, output.mtu());
            at += 8;
        }
        if (nameServer.getAsBoolean()) {
            at = writeNameServer(head, at);
        }
        int length = at - begin;
        Icmp.writeChecksum(head, begin, length, Checksum.pseudoHeader(router, all, Ip.ICMPV6, length));
        output.sendOrQueue(out.transport(length));
        sent.increment();
    }

    private int writePrefix(ByteBuf head, int at) {
        int bits = network.prefixLength6();
        head.setInt(at, PREFIX_INFORMATION << 24 | 4 << 16 | bits << 8 | ON_LINK_AND_AUTONOMOUS);
        head.setInt(at + 4, VALID_SECONDS);
        head.setInt(at + 8, PREFERRED_SECONDS);
        head.setInt(at + 12, 0);
        head.setLong(at + 16, network.prefix6().high());
        head.setLong(at + 24, network.prefix6().low());
        return at + 32;
    }

    private int writeNameServer(ByteBuf head, int at) {
        head.setInt(at, RECURSIVE_DNS << 24 | 3 << 16);
        head.setInt(at + 4, DNS_SECONDS);
        head.setLong(at + 8, network.dns6().high());
        head.setLong(at + 16, network.dns6().low());
        return at + 24;
    }
}
