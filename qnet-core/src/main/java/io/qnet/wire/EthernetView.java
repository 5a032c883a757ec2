package io.qnet.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Reads an Ethernet frame in place. Re-pointed by {@link #wrap}; after it answered true no accessor fails. */
public final class EthernetView {
    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    private int index;
    private int length;

    /** Creates a view of nothing. */
    public EthernetView() {}

    /** Points to a frame's first {@code length} bytes; false, and nothing has changed, if that is less than a header. */
    public boolean wrap(ByteBuf buffer, int index, int length) {
        if (length < Ethernet.HEADER_LENGTH) {
            return false;
        }
        this.buffer = buffer;
        this.index = index;
        this.length = length;
        return true;
    }

    /** The destination, 48 bits. */
    public long destination() {
        return Ethernet.readAddress(buffer, index);
    }

    /** The source, 48 bits. */
    public long source() {
        return Ethernet.readAddress(buffer, index + 6);
    }

    /** The EtherType as it stands behind the addresses: of a tagged frame, the tag's. */
    public int type() {
        return buffer.getUnsignedShort(index + 12);
    }

    /** The buffer that was wrapped. */
    public ByteBuf buffer() {
        return buffer;
    }

    /** Where the payload begins in {@link #buffer()}. */
    public int payloadIndex() {
        return index + Ethernet.HEADER_LENGTH;
    }

    /** The bytes of payload that were wrapped, padding included. */
    public int payloadLength() {
        return length - Ethernet.HEADER_LENGTH;
    }
}
