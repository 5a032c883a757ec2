package io.qnet.testkit.tcp;

import io.qnet.testkit.codec.Bytes;

/**
 * The header of one TCP segment, read from bytes or about to be written. One object is reused for all segments of a direction; a callee keeps nothing of it.
 */
public final class Segment {
    /** FIN. */
    public static final int FIN = 0x01;
    /** SYN. */
    public static final int SYN = 0x02;
    /** RST. */
    public static final int RST = 0x04;
    /** PSH. */
    public static final int PSH = 0x08;
    /** ACK. */
    public static final int ACK = 0x10;
    /** URG. */
    public static final int URG = 0x20;
    /** ECE. */
    public static final int ECE = 0x40;
    /** CWR. */
    public static final int CWR = 0x80;

    private static final int MOST_BLOCKS = 4;

    /** The sender's port. */
    public int sourcePort;
    /** The receiver's port. */
    public int destinationPort;
    /** SEG.SEQ. */
    public int seq;
    /** SEG.ACK. */
    public int ack;
    /** The flags, a set of {@link #FIN} and so on. */
    public int flags;
    /** SEG.WND as it stands in the header, not scaled. */
    public int window;
    /** The urgent pointer. */
    public int urgent;
    /** The MSS option, or 0 if there is none. */
    public int mss;
    /** The window scale option, or -1. */
    public int windowScale = -1;
    /** Whether SACK is permitted. */
    public boolean sackPermitted;
    /** Whether there is a timestamps option. */
    public boolean hasTimestamps;
    /** TSval. */
    public int tsval;
    /** TSecr. */
    public int tsecr;
    /** The number of SACK blocks. */
    public int sackCount;
    /** Where each SACK block begins. */
    public final int[] sackStart = new int[MOST_BLOCKS];
    /** Where each SACK block ends, excluded. */
    public final int[] sackEnd = new int[MOST_BLOCKS];
    /** The array that the payload of a segment read from bytes is in. */
    public byte[] data = new byte[0];
    /** Where the payload begins in {@link #data}. */
    public int dataAt;
    /** The bytes of payload. */
    public int dataLength;

    /** Creates an empty header. */
    public Segment() {}

    /** Makes this an empty header without options. */
    public Segment clear() {
        seq = 0;
        ack = 0;
        flags = 0;
        window = 0;
        urgent = 0;
        dataAt = 0;
        dataLength = 0;
        clearOptions();
        return this;
    }

    /** Whether all of these flags are set. */
    public boolean has(int wanted) {
        return (flags & wanted) == wanted;
    }

    /** SEG.LEN: payload, SYN and FIN. */
    public int length() {
        return dataLength + (has(SYN) ? 1 : 0) + (has(FIN) ? 1 : 0);
    }

    /**
     * Reads a header and its options.
     *
     * @return false if the lengths in it lie; this object is then undefined
     */
    public boolean parse(byte[] bytes, int at, int length) {
        if (length < 20) {
            return false;
        }
        int headerLength = (Bytes.u8(bytes, at + 12) >>> 4) * 4;
        if (headerLength < 20 || headerLength > length) {
            return false;
        }
        clear();
        sourcePort = Bytes.u16(bytes, at);
        destinationPort = Bytes.u16(bytes, at + 2);
        seq = Bytes.i32(bytes, at + 4);
        ack = Bytes.i32(bytes, at + 8);
        flags = Bytes.u8(bytes, at + 13);
        window = Bytes.u16(bytes, at + 14);
        urgent = Bytes.u16(bytes, at + 18);
        data = bytes;
        dataAt = at + headerLength;
        dataLength = length - headerLength;
        return headerLength == 20 || parseOptions(bytes, at + 20, at + headerLength);
    }

    /** Writes the header and its options, checksum zero, and returns how long it is. */
    public int write(byte[] bytes, int at) {
        Bytes.put16(bytes, at, sourcePort);
        Bytes.put16(bytes, at + 2, destinationPort);
        Bytes.put32(bytes, at + 4, seq);
        Bytes.put32(bytes, at + 8, ack);
        int end = writeOptions(bytes, at + 20);
        Bytes.put8(bytes, at + 12, ((end - at) / 4) << 4);
        Bytes.put8(bytes, at + 13, flags);
        Bytes.put16(bytes, at + 14, window);
        Bytes.put16(bytes, at + 16, 0);
        Bytes.put16(bytes, at + 18, urgent);
        return end - at;
    }

    /** How long the header will be. */
    public int headerLength() {
        int options = (mss > 0 ? 4 : 0)
                + (windowScale >= 0 ? 4 : 0)
                + (sackPermitted ? 4 : 0)
                + (hasTimestamps ? 12 : 0)
                + (sackCount > 0 ? 4 + 8 * sackCount : 0);
        return 20 + options;
    }

    private void clearOptions() {
        mss = 0;
        windowScale = -1;
        sackPermitted = false;
        hasTimestamps = false;
        tsval = 0;
        tsecr = 0;
        sackCount = 0;
    }

    private boolean parseOptions(byte[] bytes, int from, int end) {
        int at = from;
        while (at < end) {
            int kind = Bytes.u8(bytes, at);
            if (kind == 0) {
                return true;
            }
            if (kind == 1) {
                at++;
                continue;
            }
            int length = at + 1 < end ? Bytes.u8(bytes, at + 1) : 0;
            if (length < 2 || at + length > end) {
                return false;
            }
            parseOption(kind, bytes, at, length);
            at += length;
        }
        return true;
    }

    private void parseOption(int kind, byte[] bytes, int at, int length) {
        if (kind == 2 && length == 4) {
            mss = Bytes.u16(bytes, at + 2);
        } else if (kind == 3 && length == 3) {
            windowScale = Bytes.u8(bytes, at + 2);
        } else if (kind == 4 && length == 2) {
            sackPermitted = true;
        } else if (kind == 5 && (length - 2) % 8 == 0) {
            sackCount = Math.min(MOST_BLOCKS, (length - 2) / 8);
            for (int i = 0; i < sackCount; i++) {
                sackStart[i] = Bytes.i32(bytes, at + 2 + 8 * i);
                sackEnd[i] = Bytes.i32(bytes, at + 6 + 8 * i);
            }
        } else if (kind == 8 && length == 10) {
            hasTimestamps = true;
            tsval = Bytes.i32(bytes, at + 2);
            tsecr = Bytes.i32(bytes, at + 6);
        }
    }

    private int writeOptions(byte[] bytes, int from) {
        int at = from;
        if (mss > 0) {
            Bytes.put32(bytes, at, 0x0204_0000 | mss);
            at += 4;
        }
        if (windowScale >= 0) {
            Bytes.put32(bytes, at, 0x0103_0300 | windowScale);
            at += 4;
        }
        if (sackPermitted) {
            Bytes.put32(bytes, at, 0x01010402);
            at += 4;
        }
        if (hasTimestamps) {
            Bytes.put32(bytes, at, 0x0101080a);
            Bytes.put32(bytes, at + 4, tsval);
            Bytes.put32(bytes, at + 8, tsecr);
            at += 12;
        }
        if (sackCount > 0) {
            Bytes.put32(bytes, at, 0x01010500 | (2 + 8 * sackCount));
            at += 4;
            for (int i = 0; i < sackCount; i++, at += 8) {
                Bytes.put32(bytes, at, sackStart[i]);
                Bytes.put32(bytes, at + 4, sackEnd[i]);
            }
        }
        return at;
    }

    /** The names of the flags that are set, such as {@code SYN|ACK}; {@code none} without any. */
    public static String flagNames(int flags) {
        String[] names = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < names.length; i++) {
            if ((flags & (1 << i)) != 0) {
                text.append(text.isEmpty() ? "" : "|").append(names[i]);
            }
        }
        return text.isEmpty() ? "none" : text.toString();
    }

    @Override
    public String toString() {
        return flagNames(flags) + " seq=" + (seq & 0xffff_ffffL) + " ack=" + (ack & 0xffff_ffffL) + " win=" + window
                + " len=" + dataLength;
    }
}
