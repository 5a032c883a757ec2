package io.qnet.slirp;

import io.qnet.Frame;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.InPacket;
import io.qnet.slirp.ip.PacketHandler;
import io.qnet.slirp.tcp.TcpStack;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;

/** Segments from guests: those whose checksum is right and that go to a single host go to the TCP stack, in the frame that they came in. */
final class TcpInput implements PacketHandler {
    private final GuestNetwork network;
    private final TcpStack stack;
    private final Counter badDestination;
    private final Counter badChecksum;

    TcpInput(GuestNetwork network, TcpStack stack, Counters counters) {
        this.network = network;
        this.stack = stack;
        badDestination = counters.counter("drop.tcp-destination");
        badChecksum = counters.counter("drop.tcp-checksum");
    }

    @Override
    public void onPacket(InPacket packet, long nowNanos) {
        if (!isSingleHost(packet.destination())) {
            badDestination.increment();
            return;
        }
        if (!packet.isChecksumValid(packet.transportLength())) {
            badChecksum.increment();
            return;
        }
        Frame frame = packet.frame();
        stack.onSegment(
                frame,
                packet.ipIndex() - frame.headIndex(),
                packet.transportIndex() - frame.headIndex(),
                packet.transportLength(),
                packet.source(),
                packet.destination(),
                nowNanos);
    }

    /** RFC 9293 §3.9.2.3 (MUST-57) and RFC 1122 §3.2.1.3: what goes to a group, or to an address that is no host's, is not answered, by a reset neither. */
    private boolean isSingleHost(IpAddress address) {
        return !GuestNetwork.isHostInternal(address)
                && !GuestNetwork.isMulticast(address)
                && !GuestNetwork.isReserved(address)
                && !network.isBroadcast(address);
    }
}
