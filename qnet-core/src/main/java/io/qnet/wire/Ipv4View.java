package io.qnet.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Reads an IPv4 packet in place. Its header is contiguous; payload may go on elsewhere (the slices of a frame). {@link #wrap} checks version and lengths, not the checksum ({@link #isChecksumValid()}).
 */
public final class Ipv4View {
    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    private int index;
    private int length;
    private int headerLength;
    private int totalLength;

    /** Creates a view of nothing. */
    public Ipv4View() {}

    /** Points to a packet that is all in {@code buffer}; what is behind its total length is ignored. */
    public boolean wrap(ByteBuf buffer, int index, int length) {
        return wrap(buffer, index, length, 0);
    }

    /**
     * Points to a packet.
     *
     * @param length the bytes at {@code index}; at least the header must be there
     * @param beyond the bytes that follow elsewhere
     * @return false, and nothing has changed, if lengths or version lie
     */
    public boolean wrap(ByteBuf buffer, int index, int length, int beyond) {
        if (length < Ipv4.HEADER_LENGTH) {
            return false;
        }
        int first = buffer.getUnsignedByte(index);
        int header = (first & 0xf) * 4;
        int total = buffer.getUnsignedShort(index + 2);
        if (first >>> 4 != 4
                || header < Ipv4.HEADER_LENGTH
                || header > length
                || total < header
                || total > length + beyond) {
            return false;
        }
        this.buffer = buffer;
        this.index = index;
        this.length = length;
        headerLength = header;
        totalLength = total;
        return true;
    }

    /** The buffer that was wrapped. */
    public ByteBuf buffer() {
        return buffer;
    }

    /** Where the header begins. */
    public int index() {
        return index;
    }

    /** The bytes of the header, options included. */
    public int headerLength() {
        return headerLength;
    }

    /** The bytes of header and payload. */
    public int totalLength() {
        return totalLength;
    }

    /** TOS: DSCP and ECN. */
    public int typeOfService() {
        return buffer.getUnsignedByte(index + 1);
    }

    /** The identification, which fragments share. */
    public int identification() {
        return buffer.getUnsignedShort(index + 4);
    }

    /** DF. */
    public boolean isDontFragment() {
        return (buffer.getUnsignedShort(index + 6) & Ipv4.DONT_FRAGMENT) != 0;
    }

    /** MF. */
    public boolean isMoreFragments() {
        return (buffer.getUnsignedShort(index + 6) & Ipv4.MORE_FRAGMENTS) != 0;
    }

    /** Where this fragment's payload belongs, in bytes. */
    public int fragmentOffset() {
        return (buffer.getUnsignedShort(index + 6) & Ipv4.OFFSET_MASK) * 8;
    }

    /** Whether this is a part of a packet only. */
    public boolean isFragment() {
        return (buffer.getUnsignedShort(index + 6) & (Ipv4.MORE_FRAGMENTS | Ipv4.OFFSET_MASK)) != 0;
    }

    /** TTL. */
    public int ttl() {
        return buffer.getUnsignedByte(index + 8);
    }

    /** The protocol of the payload, see {@link Ip}. */
    public int protocol() {
        return buffer.getUnsignedByte(index + 9);
    }

    /** The source address. */
    public int source() {
        return buffer.getInt(index + 12);
    }

    /** The destination address. */
    public int destination() {
        return buffer.getInt(index + 16);
    }

    /** Whether the header's checksum is right. */
    public boolean isChecksumValid() {
        return Checksum.sum(buffer, index, headerLength) == 0xffff;
    }

    /** Where the payload begins in {@link #buffer()}. */
    public int payloadIndex() {
        return index + headerLength;
    }

    /** The bytes of payload, wherever they are. */
    public int payloadLength() {
        return totalLength - headerLength;
    }

    /** The bytes of payload that are in {@link #buffer()}. */
    public int payloadHere() {
        return Math.min(totalLength, length) - headerLength;
    }

    /** The sum of the pseudo-header of the payload. */
    public int pseudoHeader() {
        return Checksum.pseudoHeader4(source(), destination(), protocol(), payloadLength());
    }
}
