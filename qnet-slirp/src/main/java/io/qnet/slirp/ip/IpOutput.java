package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.qnet.Frame;
import io.qnet.Offload;
import io.qnet.loop.Loop;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Checksum;
import io.qnet.wire.Ethernet;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import io.qnet.wire.Ipv4;
import io.qnet.wire.Ipv6;
import java.util.ArrayDeque;

/**
 * IP towards guests: headers, neighbours, fragmentation (RFC 791 §2.3, RFC 6864; RFC 8200 §4.5), padding. Segmentation that a transport left open stays open, and so do checksums if a guest takes them; whoever cannot
 * finishes them at its edge.
 *
 * <p>The source MAC of every IPv4 packet is the gateway's, whoever its IP source is, as a router's would be (libslirp does the same). That of IPv6 is the router's too, but for what comes from the user netdev's
 * own addresses, which have one each; libslirp makes one of every source, so that switches behind it learn the Internet.
 *
 * <p>Loop thread only. Owns its buffers until {@link #close()}.
 */
public final class IpOutput implements GuestOutput {
    private static final int MAX_PACKET = 65_535;
    /** Headers of Ethernet, IP and TCP at their longest. */
    private static final int HEADROOM = 128;

    private static final int MAX_GSO_BYTES = MAX_PACKET - Ipv4.HEADER_LENGTH - 60;
    private static final long GATEWAY6 = EmulatedMac.of(GuestNetwork.ROUTER6);

    private final GuestNetwork network;
    private final GuestPort port;
    private final NeighbourTable neighbours;
    private final PendingPackets pending;
    private final int mtu;
    private final long gateway4;
    private final Loop loop;
    private final ByteBuf head;
    private final ByteBuf fragmentHead;
    private final OutPacket packet;
    private final Frame fragment = new Frame();
    private final ArrayDeque<Sendable> waiters = new ArrayDeque<>();
    private final Counter fragments;
    private final Counter unreachableFamily;
    private int nextId;
    private boolean sending;
    /** Whether what is not taken at once is queued by the port. */
    private boolean queueing;
    /** Whether what was sent while queueing was taken at once. */
    private boolean taken;

    /**
     * @param mtu the most bytes of one IP packet
     * @param firstId where the identification of packets begins
     */
    public IpOutput(
            GuestNetwork network,
            GuestPort port,
            NeighbourTable neighbours,
            int mtu,
            int firstId,
            Loop loop,
            Counters counters) {
        this.network = network;
        this.port = port;
        this.neighbours = neighbours;
        this.mtu = mtu;
        this.loop = loop;
        nextId = firstId;
        gateway4 = EmulatedMac.of(network.host4());
        head = loop.allocator().directBuffer(MAX_PACKET + HEADROOM, MAX_PACKET + HEADROOM);
        fragmentHead = loop.allocator().directBuffer(mtu + Ethernet.MIN_LENGTH, mtu + Ethernet.MIN_LENGTH);
        packet = new OutPacket(head);
        pending = new PendingPackets(loop.allocator(), loop.timers(), this::ask, counters);
        fragments = counters.counter("out.fragments");
        unreachableFamily = counters.counter("drop.out-family-off");
    }

    /** Whether a frame is just being delivered: nothing may be begun from within. */
    public boolean isSending() {
        return sending;
    }

    @Override
    public OutPacket begin(IpAddress source, IpAddress destination, int protocol) {
        int ipHeader = destination.isIpv4() ? Ipv4.HEADER_LENGTH : Ipv6.HEADER_LENGTH;
        packet.begin(source, destination, protocol, Ethernet.HEADER_LENGTH + ipHeader);
        return packet;
    }

    @Override
    public boolean send(OutPacket out) {
        boolean ipv4 = out.destination().isIpv4();
        if (!network.isOn(ipv4)) {
            unreachableFamily.increment();
            return true;
        }
        long mac = macFor(out.destination());
        int ipHeader = out.transportIndex() - Ethernet.HEADER_LENGTH;
        int length = ipHeader + out.transportLength() + out.frame().payloadLength();
        Ethernet.write(head, 0, mac, sourceMac(out.source()), ipv4 ? Ethernet.TYPE_IPV4 : Ethernet.TYPE_IPV6);
        if (out.gsoSize() == 0 && (length > mtu || (port.guestTakes() & Offload.TAKES_CSUM) == 0)) {
            completeChecksum(out, length - ipHeader);
        }
        if (length > mtu && out.gsoSize() == 0) {
            return sendFragments(out, length);
        }
        writeHeader(head, out, length, out.isDontFragment() ? Ipv4.DONT_FRAGMENT : 0, nextId);
        nextId += out.gsoSize() == 0 ? 1 : 1 + length / out.gsoSize();
        Frame frame = out.frame();
        int headLength = out.transportIndex() + out.transportLength();
        if (frame.sliceCount() > 0 && headLength + frame.payloadLength() < Ethernet.MIN_LENGTH) {
            headLength = pullSlices(frame, head, headLength);
        }
        frame.head(head, 0, frame.sliceCount() == 0 ? padded(head, headLength) : headLength);
        describeOffload(frame, out);
        return deliver(frame, out.destination(), mac);
    }

    /**
     * Sends the packet that was begun, or has the port queue it.
     *
     * @return whether it was taken at once; if not, the sender may want to slow down
     */
    public boolean sendOrQueue(OutPacket out) {
        queueing = true;
        taken = true;
        try {
            send(out);
            return taken;
        } finally {
            queueing = false;
        }
    }

    @Override
    public void whenSendable(Sendable waiter) {
        if (!waiters.contains(waiter)) {
            waiters.add(waiter);
        }
    }

    /** The port takes frames again: tells those who wait, in order. */
    public void onSendable() {
        for (int i = waiters.size(); i > 0; i--) {
            waiters.remove().onSendable();
        }
    }

    @Override
    public int mtu() {
        return mtu;
    }

    @Override
    public int takes() {
        return port.guestTakes();
    }

    @Override
    public int maxGsoBytes() {
        return MAX_GSO_BYTES;
    }

    /** A guest showed its MAC address: what waited for it is sent. */
    public void learned(IpAddress guest, long mac) {
        if (neighbours.learn(guest, mac) && pending.isAwaited(guest)) {
            pending.resolved(guest, mac, this::deliverOrQueue);
        }
    }

    /** Sends a frame that is complete: an ARP message. Dropped if the port does not take it and its queue is full. */
    void sendRaw(ByteBuf buffer, int length) {
        fragment.clear().head(buffer, 0, length);
        deliverOrQueue(fragment);
    }

    /** Releases everything. */
    public void close() {
        pending.close();
        waiters.clear();
        packet.frame().clear();
        fragment.clear();
        head.release();
        fragmentHead.release();
    }

    private void ask(IpAddress neighbour) {
        IpAddress own = network.hostFor(neighbour);
        if (neighbour.isIpv4()) {
            ArpResponder.writeRequest(fragmentHead, own, neighbour);
            sendRaw(fragmentHead, Ethernet.MIN_LENGTH);
        } else {
            sendRaw(fragmentHead, NeighbourDiscovery.writeSolicitation(fragmentHead, own, neighbour));
        }
    }

    /** Where a packet from this address comes from on the link. */
    public long sourceMac(IpAddress source) {
        if (source.isIpv4()) {
            return gateway4;
        }
        return network.isHost(source) || network.isNameServer(source) ? EmulatedMac.of(source) : GATEWAY6;
    }

    private long macFor(IpAddress destination) {
        if (network.isBroadcast(destination)) {
            return Ethernet.BROADCAST;
        }
        return GuestNetwork.isMulticast(destination)
                ? EmulatedMac.ofGroup(destination)
                : neighbours.lookup(destination);
    }

    private boolean deliver(Frame frame, IpAddress destination, long mac) {
        if (mac == NeighbourTable.UNKNOWN) {
            pending.add(destination, frame, loop.nowNanos());
            return true;
        }
        sending = true;
        try {
            if (port.send(frame)) {
                return true;
            }
            if (queueing) {
                taken = false;
                port.sendOrQueue(frame);
            }
            return queueing;
        } finally {
            sending = false;
        }
    }

    private void deliverOrQueue(Frame frame) {
        sending = true;
        try {
            port.sendOrQueue(frame);
        } finally {
            sending = false;
        }
    }

    /** The first fragment is taken or refused as a whole packet would be; those after it may be queued by the port. */
    private boolean sendFragments(OutPacket out, int length) {
        int id = nextId++;
        boolean ipv4 = out.destination().isIpv4();
        int headers = ipv4 ? Ipv4.HEADER_LENGTH : Ipv6.HEADER_LENGTH + Ipv6Headers.FRAGMENT_LENGTH;
        int step = (mtu - headers) & ~7;
        int payload = length - (out.transportIndex() - Ethernet.HEADER_LENGTH);
        long mac = Ethernet.readAddress(head, 0);
        boolean known = neighbours.lookup(out.destination()) != NeighbourTable.UNKNOWN || Ethernet.isMulticast(mac);
        for (int offset = 0; offset < payload; offset += step) {
            int part = Math.min(step, payload - offset);
            boolean more = offset + part < payload;
            fragmentHead.setBytes(0, head, 0, Ethernet.HEADER_LENGTH);
            if (ipv4) {
                int flags = more ? Ipv4.MORE_FRAGMENTS : 0;
                writeHeader(fragmentHead, out, headers + part, flags | offset >>> 3, id);
            } else {
                writeFragmentHeaders(fragmentHead, out, part, more ? offset | 1 : offset, mixed(id));
            }
            int at = Ethernet.HEADER_LENGTH + headers;
            copyTransport(out, offset, fragmentHead, at, part);
            fragment.clear().head(fragmentHead, 0, padded(fragmentHead, at + part));
            if (offset > 0 && known) {
                deliverOrQueue(fragment);
            } else if (!deliver(fragment, out.destination(), known ? mac : NeighbourTable.UNKNOWN)) {
                return false;
            }
            fragments.increment();
        }
        return true;
    }

    /** Sums once what would otherwise be summed by every port of a hub. */
    private void completeChecksum(OutPacket out, int transportLength) {
        if (out.openChecksumOffset() < 0) {
            return;
        }
        Frame whole = out.frame().head(head, 0, out.transportIndex() + out.transportLength());
        int field = out.transportIndex() + out.openChecksumOffset();
        int sum = FrameSums.sum(whole, out.transportIndex(), transportLength, 0);
        head.setShort(field, out.protocol() == Ip.UDP ? Checksum.finishUdp(sum) : Checksum.finish(sum));
        out.openChecksum(OutPacket.CLOSED);
    }

    private static void copyTransport(OutPacket out, int offset, ByteBuf target, int at, int length) {
        Frame frame = out.frame();
        int skip = offset;
        int to = at;
        int left = length;
        int inHead = Math.min(left, out.transportLength() - skip);
        if (inHead > 0) {
            target.setBytes(to, out.head(), out.transportIndex() + skip, inHead);
            to += inHead;
            left -= inHead;
        }
        skip = Math.max(0, skip - out.transportLength());
        for (int i = 0; left > 0; i++) {
            int slice = frame.sliceLength(i);
            int part = Math.min(left, slice - skip);
            if (part > 0) {
                target.setBytes(to, frame.slice(i), frame.sliceIndex(i) + skip, part);
                to += part;
                left -= part;
            }
            skip = Math.max(0, skip - slice);
        }
    }

    private static void writeFragmentHeaders(ByteBuf buffer, OutPacket out, int length, int offsetAndMore, int id) {
        writeHeader6(buffer, out, Ipv6Headers.FRAGMENT_LENGTH + length, Ip.FRAGMENT);
        int at = Ethernet.HEADER_LENGTH + Ipv6.HEADER_LENGTH;
        buffer.setInt(at, out.protocol() << 24 | offsetAndMore);
        buffer.setInt(at + 4, id);
    }

    /** RFC 7739 §5.3: identifications that do not repeat soon and do not tell the next: a bijection of the counter (MurmurHash3's last step). */
    private static int mixed(int id) {
        int mixed = (id ^ id >>> 16) * 0x85eb_ca6b;
        mixed = (mixed ^ mixed >>> 13) * 0xc2b2_ae35;
        return mixed ^ mixed >>> 16;
    }

    private static void writeHeader6(ByteBuf buffer, OutPacket out, int payloadLength, int nextHeader) {
        Ipv6.write(
                buffer,
                Ethernet.HEADER_LENGTH,
                out.trafficClass(),
                0,
                payloadLength,
                nextHeader,
                out.ttl(),
                out.source(),
                out.destination());
    }

    /** Writes the header of a whole packet or of a fragment; of IPv6, a whole packet. */
    private static void writeHeader(ByteBuf buffer, OutPacket out, int length, int flagsAndOffset, int id) {
        if (!out.destination().isIpv4()) {
            writeHeader6(buffer, out, length - Ipv6.HEADER_LENGTH, out.protocol());
            return;
        }
        Ipv4.write(
                buffer,
                Ethernet.HEADER_LENGTH,
                out.trafficClass(),
                length,
                id,
                flagsAndOffset,
                out.ttl(),
                out.protocol(),
                out.source().ipv4(),
                out.destination().ipv4());
    }

    /** Moves payload into the head, of a frame so short that it is to be padded. */
    private static int pullSlices(Frame frame, ByteBuf head, int headLength) {
        int at = headLength;
        for (int i = 0; i < frame.sliceCount(); i++) {
            head.setBytes(at, frame.slice(i), frame.sliceIndex(i), frame.sliceLength(i));
            at += frame.sliceLength(i);
        }
        frame.clear();
        return at;
    }

    private static int padded(ByteBuf buffer, int length) {
        if (length >= Ethernet.MIN_LENGTH) {
            return length;
        }
        buffer.setZero(length, Ethernet.MIN_LENGTH - length);
        return Ethernet.MIN_LENGTH;
    }

    private static void describeOffload(Frame frame, OutPacket out) {
        frame.clearOffload();
        if (out.openChecksumOffset() >= 0) {
            frame.needsChecksum(out.transportIndex(), out.openChecksumOffset());
        }
        if (out.gsoSize() > 0) {
            int tcpHeaderLength = (out.head().getUnsignedByte(out.transportIndex() + 12) >>> 4) * 4;
            int type = out.destination().isIpv4() ? Offload.GSO_TCPV4 : Offload.GSO_TCPV6;
            frame.gso(type, out.gsoSize(), out.transportIndex() + tcpHeaderLength);
        }
    }
}
