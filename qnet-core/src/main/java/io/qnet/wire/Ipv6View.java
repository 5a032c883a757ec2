package io.qnet.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Reads an IPv6 packet in place. Its headers are contiguous; payload may go on elsewhere (the slices of a frame). Hop-by-hop options, routing headers and destination options are passed over up to the first
 * other header, whose number {@link #protocol()} tells; a fragment header is such a one.
 */
public final class Ipv6View {
    /** How many extension headers are looked at, so that a long chain costs nothing. */
    private static final int MAX_EXTENSIONS = 8;

    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    private int index;
    private int length;
    private int totalLength;
    private int protocol;
    private int payloadIndex;
    private boolean hopByHop;

    /** Creates a view of nothing. */
    public Ipv6View() {}

    /** Points to a packet that is all in {@code buffer}; what is behind its length is ignored. */
    public boolean wrap(ByteBuf buffer, int index, int length) {
        return wrap(buffer, index, length, 0);
    }

    /**
     * Points to a packet.
     *
     * @param length the bytes at {@code index}; at least all headers must be there
     * @param beyond the bytes that follow elsewhere
     * @return false, and nothing has changed, if lengths or version lie
     */
    public boolean wrap(ByteBuf buffer, int index, int length, int beyond) {
        if (length < Ipv6.HEADER_LENGTH || buffer.getUnsignedByte(index) >>> 4 != 6) {
            return false;
        }
        int total = Ipv6.HEADER_LENGTH + buffer.getUnsignedShort(index + 4);
        if (total > length + beyond) {
            return false;
        }
        int end = index + Math.min(length, total);
        int next = buffer.getUnsignedByte(index + 6);
        boolean first = next == Ip.HOP_BY_HOP;
        int at = index + Ipv6.HEADER_LENGTH;
        for (int i = 0; isPassedOver(next, i); i++) {
            if (end - at < 8) {
                return false;
            }
            int extension = 8 + buffer.getUnsignedByte(at + 1) * 8;
            if (end - at < extension || i == MAX_EXTENSIONS) {
                return false;
            }
            next = buffer.getUnsignedByte(at);
            at += extension;
        }
        this.buffer = buffer;
        this.index = index;
        this.length = length;
        totalLength = total;
        protocol = next;
        payloadIndex = at;
        hopByHop = first;
        return true;
    }

    /** RFC 8200 §4.1: hop-by-hop options come first or not at all. */
    private static boolean isPassedOver(int header, int position) {
        return header == Ip.DESTINATION_OPTIONS || header == Ip.ROUTING || (header == Ip.HOP_BY_HOP && position == 0);
    }

    /** The buffer that was wrapped. */
    public ByteBuf buffer() {
        return buffer;
    }

    /** Where the header begins. */
    public int index() {
        return index;
    }

    /** The bytes of the whole packet. */
    public int totalLength() {
        return totalLength;
    }

    /** DSCP and ECN. */
    public int trafficClass() {
        return buffer.getInt(index) >>> 20 & 0xff;
    }

    /** The flow label. */
    public int flowLabel() {
        return buffer.getInt(index) & 0xf_ffff;
    }

    /** The hop limit. */
    public int hopLimit() {
        return buffer.getUnsignedByte(index + 7);
    }

    /** The protocol of the payload behind the extension headers, see {@link Ip}. */
    public int protocol() {
        return protocol;
    }

    /** Whether hop-by-hop options come first, as in MLD. */
    public boolean hasHopByHop() {
        return hopByHop;
    }

    /** The first eight bytes of the source. */
    public long sourceHigh() {
        return buffer.getLong(index + 8);
    }

    /** The last eight bytes of the source. */
    public long sourceLow() {
        return buffer.getLong(index + 16);
    }

    /** The first eight bytes of the destination. */
    public long destinationHigh() {
        return buffer.getLong(index + 24);
    }

    /** The last eight bytes of the destination. */
    public long destinationLow() {
        return buffer.getLong(index + 32);
    }

    /** Where the payload begins in {@link #buffer()}, behind extension headers. */
    public int payloadIndex() {
        return payloadIndex;
    }

    /** The bytes of payload, wherever they are, without extension headers. */
    public int payloadLength() {
        return totalLength - (payloadIndex - index);
    }

    /** The bytes of payload that are in {@link #buffer()}. */
    public int payloadHere() {
        return Math.min(totalLength, length) - (payloadIndex - index);
    }

    /** The sum of the pseudo-header of the payload. */
    public int pseudoHeader() {
        return Checksum.pseudoHeader6(
                sourceHigh(), sourceLow(), destinationHigh(), destinationLow(), protocol, payloadLength());
    }
}
