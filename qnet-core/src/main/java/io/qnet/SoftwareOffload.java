package io.qnet;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.wire.Bytes;
import io.qnet.wire.Checksum;
import io.qnet.wire.Ethernet;
import io.qnet.wire.Ip;
import io.qnet.wire.Ipv4;
import io.qnet.wire.Ipv6;
import io.qnet.wire.Ipv6View;
import io.qnet.wire.Tcp;
import io.qnet.wire.Udp;
import org.jspecify.annotations.Nullable;

/**
 * Does in software, at the egress of a port, what a frame leaves undone and the far side does not take: completes its checksum, or cuts a super-frame into frames of one segment. Frames come out one at a
 * time, each written once, headers and payload, into the port's own buffer, so that a port may stop when that is full and go on later.
 *
 * <pre>{@code
 * if (!offload.begin(frame)) { drop; }
 * while (offload.isPending() && staging.writableBytes() >= offload.nextLength()) {
 *     offload.next(staging);
 * }
 * if (offload.isPending()) { offload.keep(allocator); } // the frame was borrowed: what is left is this port's own now
 * }</pre>
 *
 * <p>Segments are made as Linux makes them (net/ipv4/tcp_offload.c, udp_offload.c): the IPv4 identification counts up, FIN and PSH are on the last segment only, CWR on the first only. One instance a port;
 * it allocates nothing but in {@link #keep}.
 */
public final class SoftwareOffload {
    private static final int IP_CHECKSUM = 10;
    private static final int LAST_ONLY = Tcp.FIN | Tcp.PSH;

    private final Frame kept = new Frame();
    private final Ipv6View ipv6 = new Ipv6View();
    private @Nullable Frame source;
    private boolean owned;
    private boolean segmenting;

    // Of a super-frame, set when it begins.
    private boolean tcp;
    private boolean ip4;
    private int networkAt;
    private int transportAt;
    private int headerLength;
    private int gsoSize;
    /** The sum of the IPv4 header with length, identification and checksum as 0. */
    private int networkSum;
    /** The sum of pseudo-header and transport header, with what differs between segments as 0. */
    private int transportSum;

    private int identification;
    private int sequence;
    private int flags;

    // How far it has come.
    private int segment;
    private int payloadLeft;
    private int part;
    private int partOffset;

    /** Creates one with nothing to do. */
    public SoftwareOffload() {}

    /**
     * Begins to finish a frame, which is borrowed until nothing is pending or {@link #keep} is called. A frame without offload comes out as it is.
     *
     * @return false, and nothing is pending, if what the frame says about itself is not true
     * @throws IllegalStateException if something is still pending
     */
    public boolean begin(Frame frame) {
        if (source != null) {
            throw new IllegalStateException("the frame before is not finished");
        }
        segmenting = frame.gsoType() != Offload.GSO_NONE;
        if (segmenting ? !beginSegments(frame) : !isChecksumInside(frame)) {
            return false;
        }
        if (!segmenting) {
            headerLength = 0;
            payloadLeft = frame.length();
        }
        source = frame;
        owned = false;
        segment = 0;
        part = -1;
        partOffset = headerLength;
        return true;
    }

    /** Whether frames are still to come. */
    public boolean isPending() {
        return source != null;
    }

    /** The length of the next frame, 0 if none is pending. */
    public int nextLength() {
        if (source == null) {
            return 0;
        }
        return segmenting ? headerLength + Math.min(payloadLeft, gsoSize) : payloadLeft;
    }

    /** How many frames are still to come. */
    public int pendingFrames() {
        if (source == null) {
            return 0;
        }
        return segmenting ? Math.max(1, (payloadLeft + gsoSize - 1) / gsoSize) : 1;
    }

    /** The bytes of all frames that are still to come. */
    public int pendingBytes() {
        return source == null ? 0 : payloadLeft + pendingFrames() * headerLength;
    }

    /**
     * Appends the next frame to {@code target}.
     *
     * @return its length
     * @throws IndexOutOfBoundsException if there is no room; nothing has changed then
     */
    public int next(ByteBuf target) {
        int length = nextLength();
        int index = target.writerIndex();
        if (target.writableBytes() < length) {
            throw new IndexOutOfBoundsException(target.writableBytes() + " bytes are too few for " + length);
        }
        target.writerIndex(index + length);
        write(target, index);
        return length;
    }

    /** Writes the next frame, {@link #nextLength()} bytes, at {@code index}. */
    public void write(ByteBuf target, int index) {
        Frame frame = source;
        if (frame == null) {
            throw new IllegalStateException("no frame is pending");
        }
        if (segmenting) {
            writeSegment(frame, target, index);
        } else {
            writeWhole(frame, target, index);
        }
        if (payloadLeft == 0) {
            end();
        }
    }

    /** Makes what is pending this object's own: head copied, payload retained. Does nothing if it is already. */
    public void keep(ByteBufAllocator allocator) {
        Frame frame = source;
        if (frame != null && !owned) {
            kept.copy(frame, allocator);
            source = kept;
            owned = true;
        }
    }

    /** Forgets what is pending, releasing what was kept. */
    public void end() {
        if (owned) {
            kept.release();
            owned = false;
        }
        source = null;
        payloadLeft = 0;
    }

    private static boolean isChecksumInside(Frame frame) {
        int field = frame.csumStart() + frame.csumOffset();
        return !frame.needsChecksum() || (field + 2 <= frame.length() && frame.csumStart() < frame.length());
    }

    private void writeWhole(Frame frame, ByteBuf target, int index) {
        int length = payloadLeft;
        frame.getBytes(target, index);
        payloadLeft = 0;
        if (frame.needsChecksum()) {
            int start = index + frame.csumStart();
            // The field holds the pseudo-header's sum and so is part of what is summed.
            int sum = Checksum.sum(target, start, length - frame.csumStart());
            target.setShort(start + frame.csumOffset(), Checksum.finishUdp(sum));
        }
    }

    private boolean beginSegments(Frame frame) {
        int type = frame.gsoType() & ~Offload.GSO_ECN;
        tcp = type == Offload.GSO_TCPV4 || type == Offload.GSO_TCPV6;
        gsoSize = frame.gsoSize();
        if (gsoSize == 0 || (!tcp && type != Offload.GSO_UDP_L4) || !readNetwork(frame)) {
            return false;
        }
        if ((type == Offload.GSO_TCPV4 && !ip4) || (type == Offload.GSO_TCPV6 && ip4)) {
            return false;
        }
        return readTransport(frame);
    }

    /** Finds the IP header behind Ethernet and VLAN tags; false if it is not there. */
    private boolean readNetwork(Frame frame) {
        ByteBuf head = frame.head();
        int base = frame.headIndex();
        int length = frame.headLength();
        int at = Ethernet.HEADER_LENGTH;
        if (length < at) {
            return false;
        }
        int type = head.getUnsignedShort(base + at - 2);
        while ((type == Ethernet.TYPE_VLAN || type == Ethernet.TYPE_QINQ) && at + 4 <= length) {
            at += 4;
            type = head.getUnsignedShort(base + at - 2);
        }
        networkAt = at;
        ip4 = type == Ethernet.TYPE_IPV4;
        int wanted = tcp ? Ip.TCP : Ip.UDP;
        if (ip4) {
            return readIpv4(head, base + at, length - at, wanted);
        }
        if (type != Ethernet.TYPE_IPV6 || !ipv6.wrap(head, base + at, length - at, 1 << 16)) {
            return false;
        }
        transportAt = ipv6.payloadIndex() - base;
        return ipv6.protocol() == wanted;
    }

    private boolean readIpv4(ByteBuf head, int at, int length, int protocol) {
        if (length < Ipv4.HEADER_LENGTH) {
            return false;
        }
        int header = (head.getUnsignedByte(at) & 0xf) * 4;
        if (header < Ipv4.HEADER_LENGTH || header > length || head.getUnsignedByte(at + 9) != protocol) {
            return false;
        }
        transportAt = networkAt + header;
        identification = head.getUnsignedShort(at + 4);
        int sum = Checksum.sum(head, at, header);
        sum = without(sum, head.getUnsignedShort(at + 2));
        sum = without(sum, identification);
        networkSum = without(sum, head.getUnsignedShort(at + IP_CHECKSUM));
        return true;
    }

    /** Reads the transport's header; false if it is not all in the head. */
    private boolean readTransport(Frame frame) {
        ByteBuf head = frame.head();
        int at = frame.headIndex() + transportAt;
        int here = frame.headLength() - transportAt;
        int header = Udp.HEADER_LENGTH;
        if (tcp) {
            header = here < Tcp.HEADER_LENGTH ? Tcp.MAX_HEADER_LENGTH : head.getUnsignedByte(at + 12) >>> 4 << 2;
        }
        if (here < header || (tcp && header < Tcp.HEADER_LENGTH)) {
            return false;
        }
        headerLength = transportAt + header;
        payloadLeft = frame.length() - headerLength;
        int sum = Checksum.add(addresses(frame), tcp ? Ip.TCP : Ip.UDP);
        sum = Checksum.sum(head, at, header, sum);
        if (tcp) {
            sequence = head.getInt(at + 4);
            flags = head.getUnsignedByte(at + 13);
            sum = without(sum, sequence >>> 16);
            sum = without(sum, sequence & 0xffff);
            sum = without(sum, flags);
            transportSum = without(sum, head.getUnsignedShort(at + Tcp.CHECKSUM_OFFSET));
        } else {
            sum = without(sum, head.getUnsignedShort(at + 4));
            transportSum = without(sum, head.getUnsignedShort(at + Udp.CHECKSUM_OFFSET));
        }
        return true;
    }

    private int addresses(Frame frame) {
        int at = frame.headIndex() + networkAt;
        return ip4 ? Checksum.sum(frame.head(), at + 12, 8) : Checksum.sum(frame.head(), at + 8, 32);
    }

    /** The sum without one word of it. */
    private static int without(int sum, int word) {
        return Checksum.add(sum, ~word & 0xffff);
    }

    private void writeSegment(Frame frame, ByteBuf target, int index) {
        int payload = Math.min(payloadLeft, gsoSize);
        Bytes.copy(frame.head(), frame.headIndex(), target, index, headerLength);
        copyPayload(frame, target, index + headerLength, payload);
        int payloadSum = Checksum.sum(target, index + headerLength, payload);
        payloadLeft -= payload;
        int length = headerLength - transportAt + payload;
        writeNetwork(target, index + networkAt, transportAt - networkAt + length);
        if (tcp) {
            writeTcp(target, index + transportAt, length, payload, payloadSum);
        } else {
            int at = index + transportAt;
            target.setShort(at + 4, length);
            // The length stands in the header and in the pseudo-header.
            int sum = Checksum.add(Checksum.add(transportSum, payloadSum), Checksum.add(length, length));
            target.setShort(at + Udp.CHECKSUM_OFFSET, Checksum.finishUdp(sum));
        }
        segment++;
    }

    private void writeNetwork(ByteBuf target, int at, int length) {
        if (ip4) {
            int id = identification + segment & 0xffff;
            target.setShort(at + 2, length);
            target.setShort(at + 4, id);
            target.setShort(at + IP_CHECKSUM, Checksum.finish(Checksum.add(Checksum.add(networkSum, length), id)));
        } else {
            target.setShort(at + 4, length - Ipv6.HEADER_LENGTH);
        }
    }

    private void writeTcp(ByteBuf target, int at, int length, int payload, int payloadSum) {
        int own = flags;
        if (payloadLeft > 0) {
            own &= ~LAST_ONLY;
        }
        if (segment > 0) {
            own &= ~Tcp.CWR; // RFC 3168 §6.1.2: said once
        }
        target.setInt(at + 4, sequence);
        target.setByte(at + 13, own);
        int sum = Checksum.add(Checksum.add(transportSum, payloadSum), Checksum.add(length, own));
        sum = Checksum.add(sum, Checksum.add(sequence >>> 16, sequence & 0xffff));
        target.setShort(at + Tcp.CHECKSUM_OFFSET, Checksum.finish(sum));
        sequence += payload;
    }

    /** Copies what comes next of the payload: first what is in the head, then the slices. */
    private void copyPayload(Frame frame, ByteBuf target, int index, int length) {
        int at = index;
        int left = length;
        while (left > 0) {
            boolean inHead = part < 0;
            int partLength = inHead ? frame.headLength() : frame.sliceLength(part);
            int count = Math.min(left, partLength - partOffset);
            if (count > 0) {
                ByteBuf from = inHead ? frame.head() : frame.slice(part);
                int base = inHead ? frame.headIndex() : frame.sliceIndex(part);
                Bytes.copy(from, base + partOffset, target, at, count);
                at += count;
                left -= count;
                partOffset += count;
            }
            if (partOffset == partLength) {
                part++;
                partOffset = 0;
            }
        }
    }
}
