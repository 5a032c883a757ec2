package io.qnet.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Reads a TCP segment in place; payload may go on elsewhere. The options are read by {@link #wrap} too; from one whose length lies on, they are ignored (RFC 9293 §3.2 leaves what to do open; Linux does the
 * same).
 */
public final class TcpView {
    /** The most SACK blocks that fit. */
    public static final int MAX_SACK_BLOCKS = 4;

    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    private int index;
    private int here;
    private int length;
    private int headerLength;

    private int mss;
    private int windowScale;
    private boolean sackPermitted;
    private int timestampIndex;
    private int sackIndex;
    private int sackCount;

    /** Creates a view of nothing. */
    public TcpView() {}

    /** Points to a segment that is all in {@code buffer}. */
    public boolean wrap(ByteBuf buffer, int index, int length) {
        return wrap(buffer, index, length, 0);
    }

    /**
     * Points to a segment.
     *
     * @param length the bytes at {@code index}; at least the header must be there
     * @param beyond the bytes that follow elsewhere
     * @return false, and nothing has changed, if the header's length lies
     */
    public boolean wrap(ByteBuf buffer, int index, int length, int beyond) {
        if (length < Tcp.HEADER_LENGTH) {
            return false;
        }
        int header = buffer.getUnsignedByte(index + 12) >>> 4 << 2;
        if (header < Tcp.HEADER_LENGTH || header > length) {
            return false;
        }
        this.buffer = buffer;
        this.index = index;
        this.here = length;
        this.length = length + beyond;
        headerLength = header;
        readOptions();
        return true;
    }

    private void readOptions() {
        mss = -1;
        windowScale = -1;
        sackPermitted = false;
        timestampIndex = -1;
        sackIndex = -1;
        sackCount = 0;
        int at = index + Tcp.HEADER_LENGTH;
        int end = index + headerLength;
        while (at < end) {
            int kind = buffer.getUnsignedByte(at);
            if (kind == Tcp.OPTION_END) {
                return;
            }
            if (kind == Tcp.OPTION_NOP) {
                at++;
                continue;
            }
            int size = at + 1 < end ? buffer.getUnsignedByte(at + 1) : 0;
            if (size < 2 || size > end - at) {
                return;
            }
            readOption(kind, at, size);
            at += size;
        }
    }

    private void readOption(int kind, int at, int size) {
        switch (kind) {
            case Tcp.OPTION_MSS -> mss = size == 4 ? buffer.getUnsignedShort(at + 2) : mss;
            case Tcp.OPTION_WINDOW_SCALE -> windowScale = size == 3 ? buffer.getUnsignedByte(at + 2) : windowScale;
            case Tcp.OPTION_SACK_PERMITTED -> sackPermitted |= size == 2;
            case Tcp.OPTION_TIMESTAMPS -> timestampIndex = size == 10 ? at + 2 : timestampIndex;
            case Tcp.OPTION_SACK -> {
                if (size >= 10 && (size - 2) % 8 == 0) {
                    sackIndex = at + 2;
                    sackCount = (size - 2) / 8;
                }
            }
            default -> {
                // An option that we do not know is passed over.
            }
        }
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

    /** SEG.SEQ. */
    public int sequence() {
        return buffer.getInt(index + 4);
    }

    /** SEG.ACK. */
    public int acknowledgment() {
        return buffer.getInt(index + 8);
    }

    /** The bytes of the header, options included. */
    public int headerLength() {
        return headerLength;
    }

    /** The flags, a set of {@link Tcp#FIN} and so on. */
    public int flags() {
        return buffer.getUnsignedByte(index + 13);
    }

    /** Whether all flags of a set are there. */
    public boolean has(int flags) {
        return (flags() & flags) == flags;
    }

    /** SEG.WND, not scaled. */
    public int window() {
        return buffer.getUnsignedShort(index + 14);
    }

    /** The checksum. */
    public int checksum() {
        return buffer.getUnsignedShort(index + 16);
    }

    /** SEG.UP. */
    public int urgentPointer() {
        return buffer.getUnsignedShort(index + 18);
    }

    /** The bytes of header and payload. */
    public int length() {
        return length;
    }

    /** Where the payload begins in {@link #buffer()}. */
    public int payloadIndex() {
        return index + headerLength;
    }

    /** The bytes of payload, wherever they are. */
    public int payloadLength() {
        return length - headerLength;
    }

    /** The bytes of payload that are in {@link #buffer()}. */
    public int payloadHere() {
        return here - headerLength;
    }

    /** The maximum segment size option, or -1. */
    public int mss() {
        return mss;
    }

    /** The window scale option as it stands there (RFC 7323 §2.3 caps its use at 14), or -1. */
    public int windowScale() {
        return windowScale;
    }

    /** Whether SACK is permitted. */
    public boolean isSackPermitted() {
        return sackPermitted;
    }

    /** Whether there are timestamps. */
    public boolean hasTimestamps() {
        return timestampIndex >= 0;
    }

    /** TSval; 0 if there are no timestamps. */
    public int timestampValue() {
        return timestampIndex < 0 ? 0 : buffer.getInt(timestampIndex);
    }

    /** TSecr; 0 if there are no timestamps. */
    public int timestampEcho() {
        return timestampIndex < 0 ? 0 : buffer.getInt(timestampIndex + 4);
    }

    /** The number of SACK blocks. */
    public int sackCount() {
        return sackCount;
    }

    /** The first sequence number of block {@code i}, below {@link #sackCount()}. */
    public int sackLeft(int i) {
        return buffer.getInt(sackIndex + 8 * i);
    }

    /** The sequence number after block {@code i}, below {@link #sackCount()}. */
    public int sackRight(int i) {
        return buffer.getInt(sackIndex + 8 * i + 4);
    }
}
