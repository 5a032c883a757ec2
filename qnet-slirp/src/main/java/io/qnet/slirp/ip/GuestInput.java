package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Ethernet;

/**
 * Frames from guests: Ethernet, then ARP or IPv4. What is for another guest is left alone: on a hub the user netdev sees frames between guests too.
 *
 * <p>Loop thread only. Always takes what it is given.
 */
public final class GuestInput {
    private static final int TYPE_OFFSET = 12;

    private final NeighbourTable neighbours;
    private final ArpResponder arp;
    private final Ipv4Input ipv4;
    private final boolean ipv4On;
    private final Counter runts;
    private final Counter notOurs;
    private final Counter otherTypes;
    private final Counter ipv6Ignored;
    private final Counter ipv4Off;

    /** Input of one network; handlers of protocols are registered with {@link #ipv4()}. */
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
        ipv4On = network.ipv4();
        runts = counters.counter("drop.runt");
        notOurs = counters.counter("in.other-guests");
        otherTypes = counters.counter("drop.ethertype");
        ipv6Ignored = counters.counter("drop.ipv6");
        ipv4Off = counters.counter("drop.ipv4-off");
    }

    /** IPv4's part. */
    public Ipv4Input ipv4() {
        return ipv4;
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
            case Ethernet.TYPE_IPV6 -> ipv6Ignored.increment();
            default -> otherTypes.increment();
        }
    }

    /** Releases everything. */
    public void close() {
        arp.close();
        ipv4.close();
    }
}
