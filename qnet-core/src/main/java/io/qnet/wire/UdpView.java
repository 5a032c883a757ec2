package io.qnet.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Reads a UDP datagram in place; payload may go on elsewhere. */
public final class UdpView {
    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    private int index;
    private int here;
    private int length;

    /** Creates a view of nothing. */
    public UdpView() {}

    /** Points to a datagram that is all in {@code buffer}. */
    public boolean wrap(ByteBuf buffer, int index, int length) {
        return wrap(buffer, index, length, 0);
    }

    /**
     * Points to a datagram.
     *
     * @param length the bytes at {@code index}
     * @param beyond the bytes that follow elsewhere
     * @return false, and nothing has changed, if the header is not there or its length lies
     */
    public boolean wrap(ByteBuf buffer, int index, int length, int beyond) {
        if (length < Udp.HEADER_LENGTH) {
            return false;
        }
        int all = buffer.getUnsignedShort(index + 4);
        if (all < Udp.HEADER_LENGTH || all > length + beyond) {
            return false;
        }
        this.buffer = buffer;
        this.index = index;
        this.here = Math.min(all, length);
        this.length = all;
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

    /** The source port. */
    public int sourcePort() {
        return buffer.getUnsignedShort(index);
    }

    /** The destination port. */
    public int destinationPort() {
        return buffer.getUnsignedShort(index + 2);
    }

    /** The bytes of header and payload. */
    public int length() {
        return length;
    }

    /** The checksum; 0 means none (over IPv4 only). */
    public int checksum() {
        return buffer.getUnsignedShort(index + 6);
    }

    /** Where the payload begins in {@link #buffer()}. */
    public int payloadIndex() {
        return index + Udp.HEADER_LENGTH;
    }

    /** The bytes of payload, wherever they are. */
    public int payloadLength() {
        return length - Udp.HEADER_LENGTH;
    }

    /** The bytes of payload that are in {@link #buffer()}. */
    public int payloadHere() {
        return here - Udp.HEADER_LENGTH;
    }
}
