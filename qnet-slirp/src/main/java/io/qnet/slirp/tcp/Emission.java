package io.qnet.slirp.tcp;

import io.qnet.slirp.ip.OutPacket;
import io.qnet.wire.Tcp;

/**
 * Makes the segments of one connection: numbers, window, options, payload. What a sent segment changes in the {@link Receiver} (the promise of a window, the acknowledgement that is no longer due) changes
 * only after the network has taken it.
 */
final class Emission {
    private final SegmentWriter writer;
    private final TcpFlow flow;
    private final int flowSum;
    private final int timestampOffset;
    private final Handshake handshake;
    private final Receiver receiver;
    private final HostSide host;

    Emission(
            SegmentWriter writer,
            TcpFlow flow,
            int timestampOffset,
            Handshake handshake,
            Receiver receiver,
            HostSide host) {
        this.writer = writer;
        this.flow = flow;
        this.timestampOffset = timestampOffset;
        this.handshake = handshake;
        this.receiver = receiver;
        this.host = host;
        flowSum = SegmentWriter.flowSum(flow);
    }

    /** The clock of timestamps: milliseconds, with an offset of the flow's own. */
    int timestamp(long nowNanos) {
        return (int) (nowNanos / RttEstimator.MILLISECOND) + timestampOffset;
    }

    /** The most payload of one packet. */
    int maxBytes() {
        return writer.maxBytes();
    }

    /** Sends the acknowledgements that are owed; false if the network takes nothing now. */
    boolean sendAcks(int seq, long nowNanos) {
        for (int left = receiver.acksDue(); left > 0; left--) {
            if (!sendAck(seq, nowNanos)) {
                return false;
            }
        }
        return true;
    }

    /** Sends an acknowledgement without text; false if the network takes nothing now. */
    boolean sendAck(int seq, long nowNanos) {
        OutPacket packet = writer.begin(flow);
        int at = SegmentWriter.optionsIndex(packet);
        int options = writeTimestamps(packet, at, nowNanos);
        int blocks = receiver.sackBlocks(writer.sackEdges, handshake.isTimestamps() ? 3 : 4);
        if (blocks > 0) {
            options += TcpOptions.writeSack(packet.head(), at + options, writer.sackEdges, blocks);
        }
        return finish(packet, seq, Tcp.ACK, options, 0, 0);
    }

    /**
     * Sends text, or a FIN, or both: one segment, or one super-segment.
     *
     * @param position where in {@code buffer} its {@code length} bytes begin
     * @param mss the payload of one segment
     * @return false if the network takes nothing now
     */
    boolean sendText(int seq, int flags, SendBuffer buffer, int position, int length, int mss, long nowNanos) {
        OutPacket packet = writer.begin(flow);
        int options = writeTimestamps(packet, SegmentWriter.optionsIndex(packet), nowNanos);
        if (length > 0) {
            buffer.gather(position, length, packet);
        }
        if (!finish(packet, seq, flags, options, length, length > mss ? mss : 0)) {
            return false;
        }
        receiver.onTextSent();
        return true;
    }

    private boolean finish(OutPacket packet, int seq, int flags, int options, int length, int gsoSize) {
        int window = receiver.windowField(host.pendingBytes());
        if (!writer.send(packet, flow, flowSum, seq, receiver.rcvNxt(), flags, window, options, length, gsoSize)) {
            return false;
        }
        receiver.onAckSent(window);
        return true;
    }

    private int writeTimestamps(OutPacket packet, int at, long nowNanos) {
        if (!handshake.isTimestamps()) {
            return 0;
        }
        return TcpOptions.writeTimestamps(packet.head(), at, timestamp(nowNanos), receiver.tsRecent());
    }

    /**
     * Sends our SYN.
     *
     * @param answer whether it acknowledges the guest's
     */
    boolean sendSyn(boolean answer, long nowNanos) {
        OutPacket packet = writer.begin(flow);
        int options = TcpOptions.writeSyn(
                packet.head(),
                SegmentWriter.optionsIndex(packet),
                handshake.ownMss,
                handshake.offeredShift(),
                handshake.isSack(),
                handshake.isTimestamps(),
                timestamp(nowNanos),
                answer ? receiver.tsRecent() : 0);
        int flags = answer ? Tcp.SYN | Tcp.ACK : Tcp.SYN;
        int ack = answer ? receiver.rcvNxt() : 0;
        int window = Receiver.SYN_WINDOW;
        return writer.send(packet, flow, flowSum, handshake.iss, ack, flags, window, options, 0, 0);
    }

    /** Sends a reset. */
    boolean sendReset(int seq) {
        int flags = Tcp.RST | Tcp.ACK;
        return writer.sendReset(flow, flowSum, seq, receiver.rcvNxt(), flags);
    }
}
