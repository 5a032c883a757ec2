package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Arp;
import io.qnet.wire.ArpView;
import io.qnet.wire.Ethernet;
import io.qnet.wire.IpAddress;

/**
 * ARP for IPv4 over Ethernet (RFC 826, RFC 5227): answers requests for addresses of the user netdev that lie in the guests' network, nothing else, and learns who guests are.
 *
 * <p>Pure. Owns its buffer until {@link #close()}.
 */
final class ArpResponder {
    private final GuestNetwork network;
    private final LocalAddresses local;
    private final IpOutput output;
    private final AddressCache addresses;
    private final ArpView view = new ArpView();
    private final ByteBuf reply;
    private final Counter malformed;
    private final Counter conflicts;

    ArpResponder(
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
        int at = frame.headIndex() + Ethernet.HEADER_LENGTH;
        if (!view.wrap(frame.head(), at, frame.headLength() - Ethernet.HEADER_LENGTH)) {
            malformed.increment();
            return;
        }
        IpAddress sender = addresses.ipv4(view.senderAddress());
        IpAddress target = addresses.ipv4(view.targetAddress());
        long senderMac = view.senderMac();
        if (local.contains(sender)) {
            conflicts.increment();
            return;
        }
        if (isGuest(sender)) {
            output.learned(sender, senderMac);
        }
        if (view.operation() == Arp.REQUEST && network.contains(target) && local.contains(target)) {
            writeReply(target, senderMac, sender);
            output.sendRaw(reply, Ethernet.MIN_LENGTH);
        }
    }

    void close() {
        reply.release();
    }

    private boolean isGuest(IpAddress address) {
        return !GuestNetwork.isHostInternal(address)
                && !GuestNetwork.isMulticast(address)
                && !GuestNetwork.isReserved(address)
                && !network.isBroadcast(address);
    }

    /** Tells a guest the MAC address of one of our hosts, which is the reply's sender. */
    private void writeReply(IpAddress host, long guestMac, IpAddress guest) {
        long mac = EmulatedMac.of(host);
        Ethernet.write(reply, 0, guestMac, mac, Ethernet.TYPE_ARP);
        Arp.write(reply, Ethernet.HEADER_LENGTH, Arp.REPLY, mac, host.ipv4(), guestMac, guest.ipv4());
        pad(reply);
    }

    /** Writes a broadcast request, padded. */
    static void writeRequest(ByteBuf buffer, IpAddress sender, IpAddress target) {
        long mac = EmulatedMac.of(sender);
        Ethernet.write(buffer, 0, Ethernet.BROADCAST, mac, Ethernet.TYPE_ARP);
        Arp.write(buffer, Ethernet.HEADER_LENGTH, Arp.REQUEST, mac, sender.ipv4(), 0, target.ipv4());
        pad(buffer);
    }

    private static void pad(ByteBuf buffer) {
        int end = Ethernet.HEADER_LENGTH + Arp.LENGTH;
        buffer.setZero(end, Ethernet.MIN_LENGTH - end);
    }
}
