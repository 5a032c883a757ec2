package io.qnet.slirp.tcp;

import io.netty.buffer.ByteBuf;
import io.qnet.slirp.ip.GuestOutput;
import io.qnet.slirp.ip.OutPacket;
import io.qnet.wire.IpAddress;

/**
 * Writes headers and hands segments to the network. Checksums are left open, with the pseudo-header's sum in their field: whoever copies or sends the payload sums it.
 */
final class SegmentWriter {
    static final int PROTOCOL = 6;

    private static final int CHECKSUM_OFFSET = 16;

    private final GuestOutput output;
    private final TcpCounters counters;
    /** For SACK blocks while a segment is written. */
    final int[] sackEdges = new int[2 * TcpOptions.MAX_SACK_BLOCKS];

    SegmentWriter(GuestOutput output, TcpCounters counters) {
        this.output = output;
        this.counters = counters;
    }

    /** Begins a segment; options are written next, from {@link #optionsIndex} on. */
    OutPacket begin(TcpFlow flow) {
        return output.begin(flow.host(), flow.guest(), PROTOCOL);
    }

    static int optionsIndex(OutPacket packet) {
        return packet.transportIndex() + Segment.HEADER_LENGTH;
    }

    /** The part of the pseudo-header's sum that is the same for all segments of a flow. */
    static int flowSum(TcpFlow flow) {
        long sum = sum(flow.guest()) + sum(flow.host()) + PROTOCOL;
        return fold(sum);
    }

    private static long sum(IpAddress address) {
        // the mapping of IPv4 addresses is no part of them
        long low = address.isIpv4() ? address.ipv4() & 0xffff_ffffL : address.low();
        return words(address.high()) + words(low);
    }

    private static long words(long value) {
        return (value >>> 48) + (value >>> 32 & 0xffff) + (value >>> 16 & 0xffff) + (value & 0xffff);
    }

    private static int fold(long sum) {
        long folded = (sum & 0xffff) + (sum >>> 16);
        return (int) ((folded & 0xffff) + (folded >>> 16));
    }

    /**
     * Writes the header and sends.
     *
     * @param flowSum {@link #flowSum}
     * @param optionsLength bytes of options that were written, a multiple of four
     * @param payloadLength bytes of payload that were appended
     * @param gsoSize payload bytes of one segment, if there are to be several; else 0
     * @return false if the network takes nothing now
     */
    boolean send(
            OutPacket packet,
            TcpFlow flow,
            int flowSum,
            int seq,
            int ack,
            int flags,
            int window,
            int optionsLength,
            int payloadLength,
            int gsoSize) {
        ByteBuf head = packet.head();
        int at = packet.transportIndex();
        int headerLength = Segment.HEADER_LENGTH + optionsLength;
        head.setShort(at, flow.hostPort());
        head.setShort(at + 2, flow.guestPort());
        head.setInt(at + 4, seq);
        head.setInt(at + 8, ack);
        head.setByte(at + 12, headerLength / 4 << 4);
        head.setByte(at + 13, flags);
        head.setShort(at + 14, window);
        head.setShort(at + CHECKSUM_OFFSET, fold((long) flowSum + headerLength + payloadLength));
        head.setShort(at + 18, 0);
        packet.transport(headerLength).openChecksum(CHECKSUM_OFFSET);
        if (gsoSize > 0) {
            packet.gso(gsoSize);
        }
        if (!output.send(packet)) {
            counters.outputRefused.increment();
            return false;
        }
        counters.segmentsOut.increment();
        counters.bytesToGuest.add(payloadLength);
        return true;
    }

    /**
     * Sends a reset that belongs to no connection (RFC 9293 §3.10.7.1).
     *
     * @param flow the two ends, as seen by the segment that is answered
     */
    void sendStrayReset(TcpFlow flow, Segment segment) {
        boolean acked = segment.has(Segment.ACK);
        int seq = acked ? segment.ack : 0;
        int ack = acked ? 0 : segment.end();
        int flags = acked ? Segment.RST : Segment.RST | Segment.ACK;
        if (send(begin(flow), flow, flowSum(flow), seq, ack, flags, 0, 0, 0, 0)) {
            counters.resetsOut.increment();
        }
    }
}
