package io.qnet.slirp.tcp;

import io.qnet.slirp.ip.GuestOutput;
import io.qnet.slirp.ip.OutPacket;
import io.qnet.wire.Checksum;
import io.qnet.wire.Tcp;

/**
 * Writes headers and hands segments to the network. Checksums are left open, with the pseudo-header's sum in their field: whoever copies or sends the payload sums it.
 */
final class SegmentWriter {
    static final int PROTOCOL = 6;

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

    /** The most payload of one packet. */
    int maxBytes() {
        return output.maxGsoBytes();
    }

    static int optionsIndex(OutPacket packet) {
        return packet.transportIndex() + Tcp.HEADER_LENGTH;
    }

    /** The part of the pseudo-header's sum that is the same for all segments of a flow. */
    static int flowSum(TcpFlow flow) {
        return Checksum.pseudoHeader(flow.host(), flow.guest(), PROTOCOL, 0);
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
        int headerLength = Tcp.HEADER_LENGTH + optionsLength;
        int sum = Checksum.add(flowSum, headerLength + payloadLength);
        int at = packet.transportIndex();
        Tcp.write(packet.head(), at, flow.hostPort(), flow.guestPort(), seq, ack, headerLength, flags, window, sum);
        packet.transport(headerLength).openChecksum(Tcp.CHECKSUM_OFFSET);
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
        boolean acked = segment.has(Tcp.ACK);
        int seq = acked ? segment.ack : 0;
        int ack = acked ? 0 : segment.end();
        int flags = acked ? Tcp.RST : Tcp.RST | Tcp.ACK;
        sendReset(flow, flowSum(flow), seq, ack, flags);
    }

    /** Sends a reset; false if the network takes nothing now. */
    boolean sendReset(TcpFlow flow, int flowSum, int seq, int ack, int flags) {
        if (!send(begin(flow), flow, flowSum, seq, ack, flags, 0, 0, 0, 0)) {
            return false;
        }
        counters.resetsOut.increment();
        return true;
    }
}
