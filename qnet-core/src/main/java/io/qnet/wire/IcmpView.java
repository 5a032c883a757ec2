package io.qnet.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Reads an ICMP or ICMPv6 message in place; data may go on elsewhere. */
public final class IcmpView {
    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    private int index;
    private int here;
    private int length;

    /** Creates a view of nothing. */
    public IcmpView() {}

    /** Points to a message that is all in {@code buffer}. */
    public boolean wrap(ByteBuf buffer, int index, int length) {
        return wrap(buffer, index, length, 0);
    }

    /**
     * Points to a message.
     *
     * @param length the bytes at {@code index}
     * @param beyond the bytes that follow elsewhere
     * @return false, and nothing has changed, if the header is not there
     */
    public boolean wrap(ByteBuf buffer, int index, int length, int beyond) {
        if (length < Icmp.HEADER_LENGTH) {
            return false;
        }
        this.buffer = buffer;
        this.index = index;
        this.here = length;
        this.length = length + beyond;
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

    /** The type. */
    public int type() {
        return buffer.getUnsignedByte(index);
    }

    /** The code. */
    public int code() {
        return buffer.getUnsignedByte(index + 1);
    }

    /** The checksum. */
    public int checksum() {
        return buffer.getUnsignedShort(index + 2);
    }

    /** The identifier of an echo. */
    public int identifier() {
        return buffer.getUnsignedShort(index + 4);
    }

    /** The sequence number of an echo. */
    public int sequence() {
        return buffer.getUnsignedShort(index + 6);
    }

    /** The second four bytes as one. */
    public int rest() {
        return buffer.getInt(index + 4);
    }

    /** The bytes of the whole message. */
    public int length() {
        return length;
    }

    /** Where the data begins in {@link #buffer()}. */
    public int dataIndex() {
        return index + Icmp.HEADER_LENGTH;
    }

    /** The bytes of data, wherever they are. */
    public int dataLength() {
        return length - Icmp.HEADER_LENGTH;
    }

    /** The bytes of data that are in {@link #buffer()}. */
    public int dataHere() {
        return here - Icmp.HEADER_LENGTH;
    }
}
