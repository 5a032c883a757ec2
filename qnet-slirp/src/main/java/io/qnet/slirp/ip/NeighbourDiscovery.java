package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Checksum;
import io.qnet.wire.Ethernet;
import io.qnet.wire.Icmp;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import io.qnet.wire.Ipv6;

/**
 * Neighbour solicitations and advertisements (RFC 4861 §4.3, §4.4 and §7): what ARP is to IPv4. Answers for the user netdev's own addresses, to guests that look whether an address is taken (RFC 4862 §5.4)
 * too, and learns who guests are.
 *
 * <p>Pure. Takes messages whose checksum is right.
 */
public final class NeighbourDiscovery implements PacketHandler {
    /** RFC 4861 §6.1 and §7.1: what comes from beyond the link has less. */
    public static final int HOP_LIMIT = 255;

    /** The option that tells the sender's MAC address. */
    public static final int SOURCE_LINK_ADDRESS = 1;

    /** The option that tells the target's MAC address. */
    public static final int TARGET_LINK_ADDRESS = 2;

    /** The group of all nodes on the link, ff02::1. */
    public static final IpAddress ALL_NODES = new IpAddress(0xff02L << 48, 1);

    private static final IpAddress SOLICITED_NODE = new IpAddress(0xff02L << 48, 0x1_ff00_0000L);

    /** A message with one option that holds a MAC address. */
    private static final int LENGTH = 32;

    private static final int TARGET = 8;
    private static final int OPTIONS = 24;
    private static final int ROUTER = 0x8000_0000;
    private static final int SOLICITED = 0x4000_0000;
    private static final int OVERRIDE = 0x2000_0000;
    private static final long NONE = -1;

    private final LocalAddresses local;
    private final IpOutput output;
    private final NeighbourTable neighbours;
    private final Counter malformed;
    private final Counter conflicts;

    /** Answers for {@code local}. */
    public NeighbourDiscovery(LocalAddresses local, IpOutput output, NeighbourTable neighbours, Counters counters) {
        this.local = local;
        this.output = output;
        this.neighbours = neighbours;
        malformed = counters.counter("drop.ndp-malformed");
        conflicts = counters.counter("ndp.address-conflicts");
    }

    @Override
    public void onPacket(InPacket packet, long nowNanos) {
        ByteBuf data = packet.data();
        int at = packet.transportIndex();
        int length = packet.transportLength();
        if (!isFromLink(packet) || length < OPTIONS || !areOptionsSound(data, at + OPTIONS, length - OPTIONS)) {
            malformed.increment();
            return;
        }
        IpAddress target = new IpAddress(data.getLong(at + TARGET), data.getLong(at + TARGET + 8));
        if (GuestNetwork.isMulticast(target)) {
            malformed.increment();
        } else if (data.getUnsignedByte(at) == Icmp.V6_NEIGHBOUR_SOLICITATION) {
            onSolicitation(packet, target);
        } else {
            onAdvertisement(packet, target);
        }
    }

    /** Whether a message of neighbour discovery comes from this link, as it must. */
    public static boolean isFromLink(InPacket packet) {
        return packet.ttl() == HOP_LIMIT && packet.data().getUnsignedByte(packet.transportIndex() + 1) == 0;
    }

    /** Whether options end where the message does, and none is empty (RFC 4861 §4.6). */
    public static boolean areOptionsSound(ByteBuf data, int index, int length) {
        int at = 0;
        while (at < length) {
            int option = length - at < 2 ? 0 : 8 * data.getUnsignedByte(index + at + 1);
            if (option == 0 || option > length - at) {
                return false;
            }
            at += option;
        }
        return true;
    }

    /**
     * The MAC address that an option tells.
     *
     * @param type {@link #SOURCE_LINK_ADDRESS} or {@link #TARGET_LINK_ADDRESS}
     * @return negative if there is none
     */
    public static long linkAddress(ByteBuf data, int index, int length, int type) {
        for (int at = 0; at < length; at += 8 * data.getUnsignedByte(index + at + 1)) {
            if (data.getUnsignedByte(index + at) == type) {
                return Ethernet.readAddress(data, index + at + 2);
            }
        }
        return NONE;
    }

    private void onSolicitation(InPacket packet, IpAddress target) {
        ByteBuf data = packet.data();
        int options = packet.transportIndex() + OPTIONS;
        long mac = linkAddress(data, options, packet.transportLength() - OPTIONS, SOURCE_LINK_ADDRESS);
        boolean isProbe = packet.source().equals(IpAddress.ANY6);
        if (isProbe && (mac != NONE || !GuestNetwork.isMulticast(packet.destination()))) {
            malformed.increment();
            return;
        }
        if (mac != NONE) {
            output.learned(packet.source(), mac);
        }
        if (local.contains(target)) {
            advertise(target, isProbe ? ALL_NODES : packet.source(), isProbe ? 0 : SOLICITED);
        }
    }

    private void onAdvertisement(InPacket packet, IpAddress target) {
        ByteBuf data = packet.data();
        int at = packet.transportIndex();
        int flags = data.getInt(at + 4);
        if ((flags & SOLICITED) != 0 && GuestNetwork.isMulticast(packet.destination())) {
            malformed.increment();
            return;
        }
        if (local.contains(target)) {
            conflicts.increment();
            return;
        }
        long mac = linkAddress(data, at + OPTIONS, packet.transportLength() - OPTIONS, TARGET_LINK_ADDRESS);
        boolean mayReplace = (flags & OVERRIDE) != 0 || neighbours.lookup(target) == NeighbourTable.UNKNOWN;
        if (mac != NONE && mayReplace && !GuestNetwork.isHostInternal(target) && !target.isIpv4()) {
            output.learned(target, mac);
        }
    }

    private void advertise(IpAddress target, IpAddress to, int solicited) {
        OutPacket out = output.begin(target, to, Ip.ICMPV6).ttl(HOP_LIMIT);
        ByteBuf head = out.head();
        int at = out.transportIndex();
        Icmp.write(head, at, Icmp.V6_NEIGHBOUR_ADVERTISEMENT, 0, ROUTER | solicited | OVERRIDE);
        writeTarget(head, at, target, TARGET_LINK_ADDRESS, output.sourceMac(target));
        Icmp.writeChecksum(head, at, LENGTH, Checksum.pseudoHeader(target, to, Ip.ICMPV6, LENGTH));
        output.sendOrQueue(out.transport(LENGTH));
    }

    /**
     * Writes a frame that asks whose an address is, to the group that its owner has joined.
     *
     * @param from one of the user netdev's own addresses
     * @return the frame's length
     */
    static int writeSolicitation(ByteBuf buffer, IpAddress from, IpAddress target) {
        IpAddress group = new IpAddress(SOLICITED_NODE.high(), SOLICITED_NODE.low() | (target.low() & 0xff_ffffL));
        int at = Ethernet.HEADER_LENGTH + Ipv6.HEADER_LENGTH;
        Ethernet.write(buffer, 0, EmulatedMac.ofGroup(group), EmulatedMac.of(from), Ethernet.TYPE_IPV6);
        Ipv6.write(buffer, Ethernet.HEADER_LENGTH, 0, 0, LENGTH, Ip.ICMPV6, HOP_LIMIT, from, group);
        Icmp.write(buffer, at, Icmp.V6_NEIGHBOUR_SOLICITATION, 0, 0);
        writeTarget(buffer, at, target, SOURCE_LINK_ADDRESS, EmulatedMac.of(from));
        Icmp.writeChecksum(buffer, at, LENGTH, Checksum.pseudoHeader(from, group, Ip.ICMPV6, LENGTH));
        return at + LENGTH;
    }

    private static void writeTarget(ByteBuf buffer, int at, IpAddress target, int option, long mac) {
        buffer.setLong(at + TARGET, target.high());
        buffer.setLong(at + TARGET + 8, target.low());
        writeLinkAddress(buffer, at + OPTIONS, option, mac);
    }

    /** Writes an option of eight bytes that tells a MAC address. */
    public static void writeLinkAddress(ByteBuf buffer, int at, int option, long mac) {
        buffer.setShort(at, option << 8 | 1);
        Ethernet.writeAddress(buffer, at + 2, mac);
    }
}
