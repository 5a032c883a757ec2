package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Ethernet;

/**
 * Frames from guests: Ethernet, then ARP, IPv4 or IPv6. What is for another guest is left alone: on a hub the user netdev sees frames between guests too.
 *
 * <p>Loop thread only. Always takes what it is given.
 */
public final class GuestInput {
    private static final int TYPE_OFFSET = 12;

    private final NeighbourTable neighbours;
    private final ArpResponder arp;
    private final Ipv4Input ipv4;
    private final Ipv6Input ipv6;
    private final boolean ipv4On;
    private final boolean ipv6On;
    private final Counter runts;
    private final Counter notOurs;
    private final Counter otherTypes;
    private final Counter ipv4Off;
    private final Counter ipv6Off;

    /** Input of one network; handlers of protocols are registered with {@link #ipv4()} and {@link #ipv6()}. */
    public GuestInput(
            GuestNetwork network,
            LocalAddresses local,
            NeighbourTable neighbours,
            IpOutput output,
            IcmpErrors errors,
            Reassembler reassembler,
            ByteBufAllocator allocator,
            Counters counters) {
        this.neighbours = neighbours;
        AddressCache addresses = new AddressCache();
        arp = new ArpResponder(network, local, output, addresses, allocator, counters);
        ipv4 = new Ipv4Input(network, local, output, errors, reassembler, addresses, allocator, counters);
        ipv6 = new Ipv6Input(local, output, errors, reassembler, addresses, allocator, counters);
        ipv4On = network.ipv4();
        ipv6On = network.ipv6();
        runts = counters.counter("drop.runt");
        notOurs = counters.counter("in.other-guests");
        otherTypes = counters.counter("drop.ethertype");
        ipv4Off = counters.counter("drop.ipv4-off");
        ipv6Off = counters.counter("drop.ipv6-off");
    }

    /** IPv4's part. */
    public Ipv4Input ipv4() {
        return ipv4;
    }

    /** IPv6's part. */
    public Ipv6Input ipv6() {
        return ipv6;
    }

    /** Handles a frame, which is borrowed. */
    public void onFrame(Frame frame, long nowNanos) {
        if (frame.headLength() < Ethernet.HEADER_LENGTH) {
            runts.increment();
            return;
        }
        ByteBuf data = frame.head();
        long destination = Ethernet.readAddress(data, frame.headIndex());
        // libslirp takes every frame. Other guests' would be answered by it too, so they are told apart by the MAC
        // addresses that guests have shown.
        if (!EmulatedMac.isEmulated(destination)
                && !Ethernet.isMulticast(destination)
                && neighbours.isGuestMac(destination)) {
            notOurs.increment();
            return;
        }
        switch (data.getUnsignedShort(frame.headIndex() + TYPE_OFFSET)) {
            case Ethernet.TYPE_IPV4 -> {
                if (ipv4On) {
                    ipv4.onFrame(frame, nowNanos);
                } else {
                    ipv4Off.increment();
                }
            }
            case Ethernet.TYPE_ARP -> {
                if (ipv4On) {
                    arp.onFrame(frame);
                } else {
                    ipv4Off.increment();
                }
            }
            case Ethernet.TYPE_IPV6 -> {
                if (ipv6On) {
                    ipv6.onFrame(frame, nowNanos);
                } else {
                    ipv6Off.increment();
                }
            }
            default -> otherTypes.increment();
        }
    }

    /** Releases everything. */
    public void close() {
        arp.close();
        ipv4.close();
        ipv6.close();
    }
}
