package io.qnet.slirp.tcp;

import io.netty.buffer.ByteBuf;

/**
 * The options of one segment, read into fields: MSS (RFC 9293 §3.7.1), window scale and timestamps (RFC 7323), SACK (RFC 2018). Reused for every segment. What is malformed ends the reading; what came
 * before it counts.
 */
final class TcpOptions {
    static final int KIND_END = 0;
    static final int KIND_NOP = 1;
    static final int KIND_MSS = 2;
    static final int KIND_WINDOW_SCALE = 3;
    static final int KIND_SACK_PERMITTED = 4;
    static final int KIND_SACK = 5;
    static final int KIND_TIMESTAMPS = 8;

    static final int LENGTH_MSS = 4;
    static final int LENGTH_WINDOW_SCALE = 3;
    static final int LENGTH_SACK_PERMITTED = 2;
    static final int LENGTH_TIMESTAMPS = 10;
    /** Timestamps with the two NOPs that align them. */
    static final int LENGTH_TIMESTAMPS_PADDED = 12;

    /** The most blocks that fit into 40 bytes. */
    static final int MAX_SACK_BLOCKS = 4;
    /** RFC 7323 §2.3: larger shifts are taken for 14. */
    static final int MAX_WINDOW_SCALE = 14;

    private int mss;
    private int windowScale;
    private boolean sackPermitted;
    private boolean timestamps;
    private int tsVal;
    private int tsEcr;
    private int sackCount;
    private final int[] sackEdges = new int[2 * MAX_SACK_BLOCKS];

    /** Forgets everything: a segment without options. */
    void clear() {
        mss = 0;
        windowScale = -1;
        sackPermitted = false;
        timestamps = false;
        tsVal = 0;
        tsEcr = 0;
        sackCount = 0;
    }

    /** Reads {@code length} bytes of options. */
    void read(ByteBuf buffer, int index, int length) {
        clear();
        int at = index;
        int end = index + length;
        while (at < end) {
            int kind = buffer.getUnsignedByte(at);
            if (kind == KIND_END) {
                return;
            }
            if (kind == KIND_NOP) {
                at++;
                continue;
            }
            if (at + 1 >= end) {
                return;
            }
            int size = buffer.getUnsignedByte(at + 1);
            if (size < 2 || at + size > end) {
                return;
            }
            readOne(kind, buffer, at + 2, size);
            at += size;
        }
    }

    private void readOne(int kind, ByteBuf buffer, int at, int size) {
        switch (kind) {
            case KIND_MSS -> {
                if (size == LENGTH_MSS) {
                    mss = buffer.getUnsignedShort(at);
                }
            }
            case KIND_WINDOW_SCALE -> {
                if (size == LENGTH_WINDOW_SCALE) {
                    windowScale = Math.min(buffer.getUnsignedByte(at), MAX_WINDOW_SCALE);
                }
            }
            case KIND_SACK_PERMITTED -> sackPermitted |= size == LENGTH_SACK_PERMITTED;
            case KIND_TIMESTAMPS -> {
                if (size == LENGTH_TIMESTAMPS) {
                    timestamps = true;
                    tsVal = buffer.getInt(at);
                    tsEcr = buffer.getInt(at + 4);
                }
            }
            case KIND_SACK -> readSack(buffer, at, size - 2);
            default -> {
                // unknown options are skipped (RFC 9293 §3.2, MUST-6)
            }
        }
    }

    private void readSack(ByteBuf buffer, int at, int size) {
        if (size % 8 != 0) {
            return;
        }
        sackCount = Math.min(size / 8, MAX_SACK_BLOCKS);
        for (int i = 0; i < 2 * sackCount; i++) {
            sackEdges[i] = buffer.getInt(at + 4 * i);
        }
    }

    /** The MSS offered, 0 if none. */
    int mss() {
        return mss;
    }

    /** The window shift offered, -1 if none. */
    int windowScale() {
        return windowScale;
    }

    /** Whether SACK is permitted. */
    boolean isSackPermitted() {
        return sackPermitted;
    }

    /** Whether there are timestamps. */
    boolean hasTimestamps() {
        return timestamps;
    }

    /** The sender's timestamp. */
    int tsVal() {
        return tsVal;
    }

    /** The timestamp echoed. */
    int tsEcr() {
        return tsEcr;
    }

    /** The number of SACK blocks. */
    int sackCount() {
        return sackCount;
    }

    /** The left edge of block {@code i}. */
    int sackStart(int i) {
        return sackEdges[2 * i];
    }

    /** The right edge of block {@code i}. */
    int sackEnd(int i) {
        return sackEdges[2 * i + 1];
    }

    /** Writes timestamps with two NOPs before them and returns the bytes written. */
    static int writeTimestamps(ByteBuf buffer, int at, int tsVal, int tsEcr) {
        buffer.setInt(at, KIND_NOP << 24 | KIND_NOP << 16 | KIND_TIMESTAMPS << 8 | LENGTH_TIMESTAMPS);
        buffer.setInt(at + 4, tsVal);
        buffer.setInt(at + 8, tsEcr);
        return LENGTH_TIMESTAMPS_PADDED;
    }

    /** Writes the first {@code count} pairs of edges with two NOPs before them and returns the bytes written. */
    static int writeSack(ByteBuf buffer, int at, int[] edges, int count) {
        buffer.setInt(at, KIND_NOP << 24 | KIND_NOP << 16 | KIND_SACK << 8 | (2 + 8 * count));
        for (int i = 0; i < 2 * count; i++) {
            buffer.setInt(at + 4 + 4 * i, edges[i]);
        }
        return 4 + 8 * count;
    }

    /**
     * Writes the options of a SYN, each aligned to four bytes, and returns the bytes written.
     *
     * @param windowScale -1 for none
     * @param timestamps whether {@code tsVal} and {@code tsEcr} are written
     */
    static int writeSyn(
            ByteBuf buffer, int at, int mss, int windowScale, boolean sack, boolean timestamps, int tsVal, int tsEcr) {
        buffer.setInt(at, KIND_MSS << 24 | LENGTH_MSS << 16 | mss);
        int next = at + 4;
        if (timestamps) {
            next += writeTimestamps(buffer, next, tsVal, tsEcr);
        }
        if (sack) {
            buffer.setInt(next, KIND_NOP << 24 | KIND_NOP << 16 | KIND_SACK_PERMITTED << 8 | LENGTH_SACK_PERMITTED);
            next += 4;
        }
        if (windowScale >= 0) {
            buffer.setInt(next, KIND_NOP << 24 | KIND_WINDOW_SCALE << 16 | LENGTH_WINDOW_SCALE << 8 | windowScale);
            next += 4;
        }
        return next - at;
    }
}
