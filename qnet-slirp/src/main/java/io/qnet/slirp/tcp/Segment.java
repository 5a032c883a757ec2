package io.qnet.slirp.tcp;

import io.qnet.Frame;
import io.qnet.host.HostStream;
import io.qnet.wire.Tcp;
import io.qnet.wire.TcpView;

/**
 * One segment from the guest while it is handled: the fields of its header, its options, and where in the frame its payload lies. Reused for every segment; fields that a step of the protocol trims
 * (text before or after the window) are trimmed here.
 */
final class Segment {
    /** SEG.SEQ; of the first byte that is left after trimming. */
    int seq;
    /** SEG.ACK. */
    int ack;
    /** The flags, {@link Tcp#FIN} to {@link Tcp#URG}. */
    int flags;
    /** SEG.WND as on the wire, not scaled. */
    int window;
    /** The bytes of payload, after trimming. */
    int payloadLength;
    /** The payload bytes of one segment as the guest cut it: of a super-segment its GSO size, else all. */
    int unitLength;

    /** The header as it came, for its options and ports. */
    final TcpView header = new TcpView();

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
        int inHead = Math.min(tcpLength, frame.headLength() - tcpOffset);
        boolean whole = tcpOffset + tcpLength <= frame.length();
        if (!whole || !header.wrap(frame.head(), frame.headIndex() + tcpOffset, inHead, tcpLength - inHead)) {
            return false;
        }
        this.frame = frame;
        this.ipOffset = ipOffset;
        seq = header.sequence();
        ack = header.acknowledgment();
        flags = header.flags() & 0x3f;
        window = header.window();
        payloadOffset = tcpOffset + header.headerLength();
        payloadLength = header.payloadLength();
        unitLength = frame.gsoSize() > 0 ? Math.min(frame.gsoSize(), payloadLength) : payloadLength;
        return true;
    }

    /** The guest's port. */
    int guestPort() {
        return header.sourcePort();
    }

    /** The port that it addresses. */
    int hostPort() {
        return header.destinationPort();
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** SEG.LEN: payload, SYN and FIN. */
    int length() {
        return payloadLength + (has(Tcp.SYN) ? 1 : 0) + (has(Tcp.FIN) ? 1 : 0);
    }

    /** The sequence number after the last one of this segment. */
    int end() {
        return seq + length();
    }

    /** Takes the SYN away, which comes before the payload. */
    void dropSyn() {
        seq++;
        flags &= ~Tcp.SYN;
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
        flags &= ~Tcp.FIN;
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
