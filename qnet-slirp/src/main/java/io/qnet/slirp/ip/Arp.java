package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;

/**
 * ARP for IPv4 over Ethernet (RFC 826, RFC 5227): answers requests for addresses of the user netdev that lie in the guests' network, nothing else, and learns who guests are.
 *
 * <p>Pure. Owns its buffer until {@link #close()}.
 */
final class Arp {
    /** Bytes of a message after the Ethernet header. */
    static final int LENGTH = 28;

    private static final int REQUEST = 1;
    private static final int REPLY = 2;
    private static final int ETHERNET = 1;
    private static final int LENGTHS_6_4 = 0x0604;
    private static final int AT = Ethernet.HEADER_LENGTH;

    private final GuestNetwork network;
    private final LocalAddresses local;
    private final IpOutput output;
    private final AddressCache addresses;
    private final ByteBuf reply;
    private final Counter malformed;
    private final Counter conflicts;

    Arp(
            GuestNetwork network,
            LocalAddresses local,
            IpOutput output,
            AddressCache addresses,
            ByteBufAllocator allocator,
            Counters counters) {
        this.network = network;
        this.local = local;
        this.output = output;
        this.addresses = addresses;
        reply = allocator.directBuffer(Ethernet.MIN_LENGTH, Ethernet.MIN_LENGTH);
        malformed = counters.counter("drop.arp-malformed");
        conflicts = counters.counter("arp.address-conflicts");
    }

    /** Handles an ARP frame. */
    void onFrame(Frame frame) {
        ByteBuf data = frame.head();
        int at = frame.headIndex() + AT;
        if (frame.headLength() < AT + LENGTH
                || data.getUnsignedShort(at) != ETHERNET
                || data.getUnsignedShort(at + 2) != Ethernet.TYPE_IPV4
                || data.getUnsignedShort(at + 4) != LENGTHS_6_4) {
            malformed.increment();
            return;
        }
        IpAddress sender = addresses.ipv4(data.getInt(at + 14));
        IpAddress target = addresses.ipv4(data.getInt(at + 24));
        long senderMac = Ethernet.mac(data, at + 8);
        if (local.contains(sender)) {
            conflicts.increment();
            return;
        }
        if (isGuest(sender)) {
            output.learned(sender, senderMac);
        }
        if (data.getUnsignedShort(at + 6) == REQUEST && network.contains(target) && local.contains(target)) {
            write(reply, REPLY, senderMac, /* sender= */ target, senderMac, /* target= */ sender);
            output.sendRaw(reply, Ethernet.MIN_LENGTH);
        }
    }

    void close() {
        reply.release();
    }

    private boolean isGuest(IpAddress address) {
        return !GuestNetwork.isHostInternal(address)
                && !GuestNetwork.isMulticast(address)
                && !network.isBroadcast(address);
    }

    /** Writes a broadcast request, padded. */
    static void writeRequest(ByteBuf buffer, IpAddress sender, IpAddress target) {
        write(buffer, REQUEST, Ethernet.BROADCAST, sender, 0, target);
    }

    private static void write(
            ByteBuf buffer, int operation, long destination, IpAddress sender, long targetMac, IpAddress target) {
        Ethernet.write(buffer, 0, destination, Ethernet.macOf(sender), Ethernet.TYPE_ARP);
        buffer.setShort(AT, ETHERNET);
        buffer.setShort(AT + 2, Ethernet.TYPE_IPV4);
        buffer.setShort(AT + 4, LENGTHS_6_4);
        buffer.setShort(AT + 6, operation);
        Ethernet.setMac(buffer, AT + 8, Ethernet.macOf(sender));
        buffer.setInt(AT + 14, sender.ipv4());
        Ethernet.setMac(buffer, AT + 18, targetMac);
        buffer.setInt(AT + 24, target.ipv4());
        buffer.setZero(AT + LENGTH, Ethernet.MIN_LENGTH - AT - LENGTH);
    }
}
