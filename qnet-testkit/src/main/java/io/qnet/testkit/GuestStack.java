package io.qnet.testkit;

import io.qnet.loop.Loop;
import io.qnet.loop.TurnTask;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.Mac;
import io.qnet.testkit.frame.FrameLog;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * The layers of one guest and what they share. A frame that the NIC delivers is copied and waits; once a turn {@link #run} handles all that wait and lets connections send what became due. So no layer is ever
 * entered while it is sending. Loop thread only.
 */
final class GuestStack extends TurnTask {
    /** What the guest's NIC does for it. */
    interface Wire {
        /** Sends a frame: copied, or refused with false. */
        boolean send(byte[] bytes, int from, int length);
    }

    static final int ETHERNET = 14;
    private static final int SMALLEST_FRAME = 60;
    private static final int MOST_WAITING = 1 << 16;
    private static final int MOST_WAITING_BYTES = 8 << 20;

    final GuestSettings settings;
    final Loop loop;
    final FrameLog log;
    final Violations violations = new Violations();
    final Random random;
    final ArpLayer arp;
    final Ipv4Layer ipv4;
    final IcmpLayer icmp;
    final UdpLayer udp;
    final TcpLayer tcp;
    final Ipv6Layer ipv6;
    final NdpLayer ndp;
    final IcmpLayer icmp6;
    final List<IcmpError> icmpErrors = new ArrayList<>();
    /** Where a frame is built; free again once it was sent. */
    final byte[] tx = new byte[ETHERNET + 60 + 65_535];

    private final Wire wire;
    private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
    private final List<Predicate<byte[]>> taps = new ArrayList<>();
    private int waitingBytes;
    private long overruns;
    private boolean closed;

    GuestStack(GuestSettings settings, Loop loop, Wire wire) {
        this.settings = settings;
        this.loop = loop;
        this.wire = wire;
        this.log = new FrameLog(settings.recordBytes());
        this.random = new Random(settings.seed());
        this.arp = new ArpLayer(this);
        this.ipv4 = new Ipv4Layer(this);
        this.icmp = new IcmpLayer(this, false);
        this.udp = new UdpLayer(this);
        this.tcp = new TcpLayer(this);
        // after the others, whose random numbers tests know
        this.ipv6 = new Ipv6Layer(this);
        this.ndp = new NdpLayer(this);
        this.icmp6 = new IcmpLayer(this, true);
    }

    /** Takes a frame from the NIC; the array becomes the guest's. */
    void onFrame(byte[] frame) {
        if (closed) {
            return;
        }
        log.add(loop.nowNanos(), false, frame);
        if (waiting.size() >= MOST_WAITING || waitingBytes + frame.length > MOST_WAITING_BYTES) {
            overruns++;
            return;
        }
        waiting.add(frame);
        waitingBytes += frame.length;
        wakeUp();
    }

    /** Something became due. */
    void wakeUp() {
        loop.transmitThisTurn(this);
    }

    @Override
    protected void run(long nowNanos) {
        for (byte[] frame = waiting.poll(); frame != null; frame = waiting.poll()) {
            waitingBytes -= frame.length;
            handle(frame);
        }
        tcp.transmit(nowNanos);
    }

    /** Sends the first {@code length} bytes of an array as a frame, padded to Ethernet's least. Returns false if the NIC takes nothing now. */
    boolean send(byte[] bytes, int length) {
        int whole = length;
        if (length < SMALLEST_FRAME) {
            Arrays.fill(bytes, length, SMALLEST_FRAME, (byte) 0);
            whole = SMALLEST_FRAME;
        }
        if (closed || !wire.send(bytes, 0, whole)) {
            return false;
        }
        log.add(loop.nowNanos(), true, log.isKeeping() ? Arrays.copyOf(bytes, whole) : bytes);
        return true;
    }

    /** Sends a frame exactly as it is. */
    boolean sendRaw(byte[] frame) {
        icmp.setHandMade();
        icmp6.setHandMade();
        if (closed || !wire.send(frame, 0, frame.length)) {
            return false;
        }
        log.add(loop.nowNanos(), true, log.isKeeping() ? frame.clone() : frame);
        return true;
    }

    /** Writes an Ethernet header. */
    void ethernet(byte[] frame, long destination, int etherType) {
        Bytes.put48(frame, 0, destination);
        Bytes.put48(frame, 6, settings.mac());
        Bytes.put16(frame, 12, etherType);
    }

    /** Lets a tap see each frame before the layers do; what it answers true to is its own and goes no further. */
    void addTap(Predicate<byte[]> tap) {
        taps.add(tap);
    }

    void removeTap(Predicate<byte[]> tap) {
        taps.remove(tap);
    }

    /** The way to an address of either family. */
    Path path(InetAddress destination) {
        return destination.getAddress().length == 4 ? ipv4.path(destination) : ipv6.path(destination);
    }

    /** The way of an answer: from the address that was asked. */
    Path pathBack(IpIn packet) {
        return packet.isIpv4() ? ipv4.path(packet.source) : ipv6.pathBack(packet);
    }

    /** Whether the guest has an address of this one's family. */
    boolean hasAddress(InetAddress other) {
        return other.getAddress().length == 4 ? ipv4.address() != null : ipv6.isOn();
    }

    CompletableFuture<PingReply> ping(InetAddress to, byte[] data, int ttl) {
        Path path = path(to);
        return (path.isIpv6() ? icmp6 : icmp).ping(path, data, ttl);
    }

    /** What knows the neighbours of an address' family. */
    NeighbourCache neighboursOf(InetAddress address) {
        return address.getAddress().length == 4 ? arp : ndp;
    }

    /** Sends what stands in an array from {@link Path#headerRoom} on as a packet, in fragments if it must be. */
    boolean send(byte[] frame, Path path, int protocol, int ttl, int length) {
        return path.isIpv6()
                ? ipv6.send(frame, path, protocol, ttl, length)
                : ipv4.send(frame, path, protocol, ttl, length);
    }

    /** Hands a whole IP packet to its layer. */
    void deliver(IpIn packet) {
        switch (packet.protocol) {
            case IcmpLayer.PROTOCOL -> icmp.onPacket(packet);
            case IcmpLayer.PROTOCOL6 -> icmp6.onPacket(packet);
            case UdpLayer.PROTOCOL -> udp.onPacket(packet);
            case TcpLayer.PROTOCOL -> tcp.onPacket(packet);
            default -> {}
        }
    }

    /** Nobody answered for the next hop to an address. */
    void onNextHopDead(InetAddress nextHop) {
        tcp.onNextHopDead(nextHop);
        icmp.onNextHopDead(nextHop);
        icmp6.onNextHopDead(nextHop);
    }

    /** An ICMP error came for something that the guest sent. */
    void onIcmpError(IcmpError error) {
        switch (error.protocol()) {
            case IcmpLayer.PROTOCOL -> icmp.onError(error);
            case IcmpLayer.PROTOCOL6 -> icmp6.onError(error);
            case UdpLayer.PROTOCOL -> udp.onError(error);
            case TcpLayer.PROTOCOL -> tcp.onError(error);
            default -> {}
        }
    }

    /** Frames that were dropped because too many waited. */
    long overruns() {
        return overruns;
    }

    void close() {
        tcp.close();
        udp.close();
        icmp.close();
        icmp6.close();
        arp.close();
        ndp.close();
        ipv6.close();
        ipv4.close();
        closed = true;
        waiting.clear();
        waitingBytes = 0;
    }

    private void handle(byte[] frame) {
        for (Predicate<byte[]> tap : List.copyOf(taps)) {
            if (tap.test(frame)) {
                return;
            }
        }
        if (frame.length < ETHERNET) {
            violations.add("frame of " + frame.length + " bytes");
            return;
        }
        long destination = Bytes.u48(frame, 0);
        boolean group = (frame[0] & 1) != 0;
        if (destination != settings.mac() && !group) {
            return; // a hub floods
        }
        if (frame.length > settings.mtu() + ETHERNET) {
            violations.add("frame of " + frame.length + " bytes for an MTU of " + settings.mtu(), frame);
            return;
        }
        switch (Bytes.u16(frame, 12)) {
            case ArpLayer.ETHER_TYPE -> arp.onFrame(frame);
            case Ipv4Layer.ETHER_TYPE -> ipv4.onFrame(frame);
            case Ipv6Layer.ETHER_TYPE -> ipv6.onFrame(frame);
            default -> {}
        }
    }

    @Override
    public String toString() {
        return settings.name() + " (" + Mac.text(settings.mac()) + ")";
    }
}
