package io.qnet.slirp;

import io.qnet.Frame;
import io.qnet.slirp.ip.InPacket;
import io.qnet.slirp.ip.PacketHandler;
import io.qnet.slirp.tcp.TcpStack;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;

/** Segments from guests: those whose checksum is right go to the TCP stack, in the frame that they came in. */
final class TcpInput implements PacketHandler {
    private final TcpStack stack;
    private final Counter badChecksum;

    TcpInput(TcpStack stack, Counters counters) {
        this.stack = stack;
        badChecksum = counters.counter("drop.tcp-checksum");
    }

    @Override
    public void onPacket(InPacket packet, long nowNanos) {
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
}
