package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.qnet.Frame;
import io.qnet.wire.Checksum;
import io.qnet.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * A packet from a guest, checked as far as IP goes: header, length, fragments put together. One instance is reused for all packets; it is borrowed for the call, and nothing of it may be kept.
 */
public final class InPacket {
    /** The longest packet with room for link headers and padding. */
    private static final int SCRATCH_LENGTH = 65_535 + 128;
    /** The sum over a range that holds the right checksum. */
    private static final int VALID_SUM = 0xffff;

    private Frame frame = new Frame();
    private ByteBuf data = Unpooled.EMPTY_BUFFER;
    private int ipIndex;
    private int transportIndex;
    private int transportLength;
    private IpAddress source = IpAddress.ANY4;
    private IpAddress destination = IpAddress.ANY4;
    private int protocol;
    private int ttl;
    private int trafficClass;
    private boolean checksumTrusted;

    private final ByteBufAllocator allocator;
    private final Frame whole = new Frame();
    private @Nullable ByteBuf scratch;

    InPacket(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    InPacket data(Frame frame, int ipIndex, int transportIndex, int transportLength) {
        this.frame = frame;
        this.data = frame.head();
        this.ipIndex = ipIndex;
        this.transportIndex = transportIndex;
        this.transportLength = transportLength;
        return this;
    }

    InPacket ends(IpAddress source, IpAddress destination) {
        this.source = source;
        this.destination = destination;
        return this;
    }

    InPacket header(int protocol, int ttl, int trafficClass, boolean checksumTrusted) {
        this.protocol = protocol;
        this.ttl = ttl;
        this.trafficClass = trafficClass;
        this.checksumTrusted = checksumTrusted;
        return this;
    }

    /** The frame that it came in; its slices, if any, continue {@link #data()}. For a packet put together from fragments, a frame of that packet alone. */
    public Frame frame() {
        return frame;
    }

    /** The buffer that holds the headers, and the whole packet if {@link #isContiguous()}. */
    public ByteBuf data() {
        return data;
    }

    /** Where the IP header begins in {@link #data()}. */
    public int ipIndex() {
        return ipIndex;
    }

    /** Where the transport's header begins in {@link #data()}. */
    public int transportIndex() {
        return transportIndex;
    }

    /** The bytes of transport header and payload, slices included, padding of the frame not. */
    public int transportLength() {
        return transportLength;
    }

    /** The bytes from {@link #transportIndex()} on that are in {@link #data()}; the rest is in the frame's slices. */
    public int headLength() {
        return Math.min(transportLength, frame.headIndex() + frame.headLength() - transportIndex);
    }

    /** Whether all of the packet is in {@link #data()}. */
    public boolean isContiguous() {
        return headLength() == transportLength;
    }

    /** Makes {@link #data()} hold all of the packet, by copying it if it does not. For all but TCP, whose payload is never copied here. */
    public void makeContiguous() {
        if (isContiguous()) {
            return;
        }
        ByteBuf copy = scratch;
        if (copy == null) {
            copy = allocator.directBuffer(SCRATCH_LENGTH, SCRATCH_LENGTH);
            scratch = copy;
        }
        frame.getBytes(copy, 0);
        int shift = -frame.headIndex();
        whole.clear().head(copy, 0, frame.length()).offloadOf(frame);
        data(whole, ipIndex + shift, transportIndex + shift, transportLength);
    }

    /**
     * Whether the transport's checksum is right, or need not be looked at.
     *
     * @param length the bytes that it covers, from {@link #transportIndex()} on
     */
    public boolean isChecksumValid(int length) {
        if (checksumTrusted) {
            return true;
        }
        int pseudoHeader = Checksum.pseudoHeader(source, destination, protocol, length);
        return FrameSums.sum(frame, transportIndex, length, pseudoHeader) == VALID_SUM;
    }

    void close() {
        if (scratch != null) {
            scratch.release();
            scratch = null;
        }
    }

    /** The guest's address. */
    public IpAddress source() {
        return source;
    }

    /** Where it goes. */
    public IpAddress destination() {
        return destination;
    }

    /** The transport's protocol number. */
    public int protocol() {
        return protocol;
    }

    /** The TTL or hop limit. */
    public int ttl() {
        return ttl;
    }

    /** The TOS or traffic class byte. */
    public int trafficClass() {
        return trafficClass;
    }

    /** Whether the transport's checksum need not be verified: the frame says that it was, or that it is still to be computed. */
    public boolean isChecksumTrusted() {
        return checksumTrusted;
    }
}
