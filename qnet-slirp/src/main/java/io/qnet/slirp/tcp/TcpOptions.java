package io.qnet.slirp.tcp;

import static io.qnet.wire.Tcp.OPTION_MSS;
import static io.qnet.wire.Tcp.OPTION_NOP;
import static io.qnet.wire.Tcp.OPTION_SACK;
import static io.qnet.wire.Tcp.OPTION_SACK_PERMITTED;
import static io.qnet.wire.Tcp.OPTION_TIMESTAMPS;
import static io.qnet.wire.Tcp.OPTION_WINDOW_SCALE;

import io.netty.buffer.ByteBuf;

/**
 * Writes the options of segments: MSS (RFC 9293 §3.7.1), window scale and timestamps (RFC 7323), SACK (RFC 2018). Each is aligned to four bytes by NOPs before it.
 */
final class TcpOptions {
    /** Timestamps with the two NOPs that align them. */
    static final int LENGTH_TIMESTAMPS = 12;

    /** The most SACK blocks that fit into 40 bytes. */
    static final int MAX_SACK_BLOCKS = 4;

    private static final int TWO_NOPS = OPTION_NOP << 24 | OPTION_NOP << 16;

    private TcpOptions() {}

    /** Writes timestamps with two NOPs before them and returns the bytes written. */
    static int writeTimestamps(ByteBuf buffer, int at, int tsVal, int tsEcr) {
        buffer.setInt(at, TWO_NOPS | OPTION_TIMESTAMPS << 8 | 10);
        buffer.setInt(at + 4, tsVal);
        buffer.setInt(at + 8, tsEcr);
        return LENGTH_TIMESTAMPS;
    }

    /** Writes the first {@code count} pairs of edges with two NOPs before them and returns the bytes written. */
    static int writeSack(ByteBuf buffer, int at, int[] edges, int count) {
        buffer.setInt(at, TWO_NOPS | OPTION_SACK << 8 | (2 + 8 * count));
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
        buffer.setInt(at, OPTION_MSS << 24 | 4 << 16 | mss);
        int next = at + 4;
        if (timestamps) {
            next += writeTimestamps(buffer, next, tsVal, tsEcr);
        }
        if (sack) {
            buffer.setInt(next, TWO_NOPS | OPTION_SACK_PERMITTED << 8 | 2);
            next += 4;
        }
        if (windowScale >= 0) {
            buffer.setInt(next, OPTION_NOP << 24 | OPTION_WINDOW_SCALE << 16 | 3 << 8 | windowScale);
            next += 4;
        }
        return next - at;
    }
}
