package io.qnet.wire;

import io.netty.buffer.ByteBuf;

/** The TCP header (RFC 9293 §3.1) and its options. */
public final class Tcp {
    /** The bytes of a header without options. */
    public static final int HEADER_LENGTH = 20;
    /** The most bytes of a header. */
    public static final int MAX_HEADER_LENGTH = 60;
    /** Where the checksum stands in the header. */
    public static final int CHECKSUM_OFFSET = 16;

    /** Flag: the sender has finished. */
    public static final int FIN = 0x01;
    /** Flag: synchronise. */
    public static final int SYN = 0x02;
    /** Flag: reset. */
    public static final int RST = 0x04;
    /** Flag: push. */
    public static final int PSH = 0x08;
    /** Flag: the acknowledgment number is valid. */
    public static final int ACK = 0x10;
    /** Flag: the urgent pointer is valid. */
    public static final int URG = 0x20;
    /** Flag: congestion was seen (RFC 3168). */
    public static final int ECE = 0x40;
    /** Flag: the congestion window was reduced (RFC 3168). */
    public static final int CWR = 0x80;

    /** Option: end of list. */
    public static final int OPTION_END = 0;
    /** Option: nothing. */
    public static final int OPTION_NOP = 1;
    /** Option: maximum segment size. */
    public static final int OPTION_MSS = 2;
    /** Option: window scale (RFC 7323). */
    public static final int OPTION_WINDOW_SCALE = 3;
    /** Option: selective acknowledgment permitted (RFC 2018). */
    public static final int OPTION_SACK_PERMITTED = 4;
    /** Option: selective acknowledgment. */
    public static final int OPTION_SACK = 5;
    /** Option: timestamps (RFC 7323). */
    public static final int OPTION_TIMESTAMPS = 8;

    private Tcp() {}

    /**
     * Writes the fixed part of a header at {@code index}.
     *
     * @param headerLength with the options that the caller writes behind it, a multiple of four
     * @param checksum the finished one, or the pseudo-header's sum if it is left open
     */
    public static void write(
            ByteBuf buffer,
            int index,
            int sourcePort,
            int destinationPort,
            int sequence,
            int acknowledgment,
            int headerLength,
            int flags,
            int window,
            int checksum) {
        buffer.setShort(index, sourcePort);
        buffer.setShort(index + 2, destinationPort);
        buffer.setInt(index + 4, sequence);
        buffer.setInt(index + 8, acknowledgment);
        buffer.setShort(index + 12, headerLength << 10 | flags);
        buffer.setShort(index + 14, window);
        buffer.setShort(index + 16, checksum);
        buffer.setShort(index + 18, 0); // urgent pointer
    }
}
