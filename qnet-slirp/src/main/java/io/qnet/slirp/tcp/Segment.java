package io.qnet.slirp.tcp;

import io.netty.buffer.ByteBuf;
import io.qnet.Frame;
import io.qnet.host.HostStream;

/**
 * One segment from the guest while it is handled: the fields of its header, its options, and where in the frame its payload lies. Reused for every segment; fields that a step of the protocol trims
 * (text before or after the window) are trimmed here.
 */
final class Segment {
    static final int FIN = 0x01;
    static final int SYN = 0x02;
    static final int RST = 0x04;
    static final int PSH = 0x08;
    static final int ACK = 0x10;
    static final int URG = 0x20;

    /** The fixed header without options. */
    static final int HEADER_LENGTH = 20;

    /** SEG.SEQ; of the first byte that is left after trimming. */
    int seq;
    /** SEG.ACK. */
    int ack;
    /** The flags, {@link #FIN} to {@link #URG}. */
    int flags;
    /** SEG.WND as on the wire, not scaled. */
    int window;
    /** The bytes of payload, after trimming. */
    int payloadLength;
    /** The payload bytes of one segment as the guest cut it: of a super-segment its GSO size, else all. */
    int unitLength;

    final TcpOptions options = new TcpOptions();

    private Frame frame = EMPTY;
    private int ipOffset;
    private int payloadOffset;

    /**
     * Reads a segment.
     *
     * @param ipOffset where the IP header begins, from the start of the frame
     * @param tcpOffset where the TCP header begins, from the start of the frame; all of it lies in the head
     * @param tcpLength bytes of header and payload, without link padding
     * @return false if the header's length lies
     */
    boolean wrap(Frame frame, int ipOffset, int tcpOffset, int tcpLength) {
        ByteBuf head = frame.head();
        int at = frame.headIndex() + tcpOffset;
        if (tcpLength < HEADER_LENGTH || tcpOffset + HEADER_LENGTH > frame.headLength()) {
            return false;
        }
        int headerLength = (head.getUnsignedByte(at + 12) >>> 4) * 4;
        if (headerLength < HEADER_LENGTH
                || headerLength > tcpLength
                || tcpOffset + headerLength > frame.headLength()
                || tcpOffset + tcpLength > frame.length()) {
            return false;
        }
        this.frame = frame;
        seq = head.getInt(at + 4);
        ack = head.getInt(at + 8);
        flags = head.getUnsignedByte(at + 13) & 0x3f;
        window = head.getUnsignedShort(at + 14);
        this.ipOffset = ipOffset;
        payloadOffset = tcpOffset + headerLength;
        payloadLength = tcpLength - headerLength;
        unitLength = frame.gsoSize() > 0 ? Math.min(frame.gsoSize(), payloadLength) : payloadLength;
        if (headerLength > HEADER_LENGTH) {
            options.read(head, at + HEADER_LENGTH, headerLength - HEADER_LENGTH);
        } else {
            options.clear();
        }
        return true;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** SEG.LEN: payload, SYN and FIN. */
    int length() {
        return payloadLength + (has(SYN) ? 1 : 0) + (has(FIN) ? 1 : 0);
    }

    /** The sequence number after the last one of this segment. */
    int end() {
        return seq + length();
    }

    /** Cuts bytes off the beginning of the payload. */
    void trimStart(int bytes) {
        seq += bytes;
        payloadOffset += bytes;
        payloadLength -= bytes;
    }

    /** Cuts bytes off the end of the payload, and the FIN that follows it. */
    void trimEnd(int bytes) {
        payloadLength -= bytes;
        flags &= ~FIN;
    }

    /** Writes the whole payload to the host, straight from the frame's buffers. */
    void writePayloadTo(HostStream host) {
        int skip = payloadOffset;
        int left = payloadLength;
        int inHead = Math.min(left, frame.headLength() - skip);
        if (inHead > 0) {
            host.write(frame.head(), frame.headIndex() + skip, inHead);
            left -= inHead;
            skip = 0;
        } else {
            skip -= frame.headLength();
        }
        for (int i = 0; left > 0; i++) {
            int length = frame.sliceLength(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            int part = Math.min(left, length - skip);
            host.write(frame.slice(i), frame.sliceIndex(i) + skip, part);
            left -= part;
            skip = 0;
        }
    }

    /** Keeps the whole payload in an assembler, slice by slice. */
    void keepPayloadIn(Assembler assembler) {
        int at = seq;
        int skip = payloadOffset;
        int left = payloadLength;
        int inHead = Math.min(left, frame.headLength() - skip);
        if (inHead > 0) {
            assembler.insert(at, frame.head(), frame.headIndex() + skip, inHead, false);
            at += inHead;
            left -= inHead;
            skip = 0;
        } else {
            skip -= frame.headLength();
        }
        for (int i = 0; left > 0; i++) {
            int length = frame.sliceLength(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            int part = Math.min(left, length - skip);
            assembler.insert(at, frame.slice(i), frame.sliceIndex(i) + skip, part, true);
            at += part;
            left -= part;
            skip = 0;
        }
    }

    /** Copies the packet from the IP header to the end of the TCP header, for quoting in an ICMP error. */
    byte[] copyHeaders() {
        byte[] copy = new byte[payloadOffset - ipOffset];
        frame.head().getBytes(frame.headIndex() + ipOffset, copy);
        return copy;
    }

    /** Forgets the frame. */
    void release() {
        frame = EMPTY;
    }

    private static final Frame EMPTY = new Frame();
}
