package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.SequenceNumber.lessOrEqual;
import static io.qnet.slirp.tcp.SequenceNumber.lessThan;

import io.qnet.wire.Tcp;

/** The window that the guest offers (RFC 9293 §3.3.1): SND.WND with the segment that it was last taken from. */
final class SendWindow {
    private int shift;
    private int window;
    private int largest;
    private int wl1;
    private int wl2;

    /** Begins with the shift that the guest's windows have. */
    void start(int windowShift) {
        shift = windowShift;
    }

    /** SND.WND. */
    int bytes() {
        return window;
    }

    /** The largest window that the guest has offered (MAX.SND.WND). */
    int largest() {
        return largest;
    }

    boolean isClosed() {
        return window == 0;
    }

    /** Takes the window of a segment whatever came before: the one that opened the connection, where it is not scaled, or that ended the handshake. */
    void first(Segment segment) {
        take(segment, scaled(segment));
    }

    /** RFC 7323 §2.2: the window of a segment with SYN is never scaled. The header is asked, since the SYN may have been taken off the segment. */
    private int scaled(Segment segment) {
        return (segment.header.flags() & Tcp.SYN) != 0 ? segment.window : segment.window << shift;
    }

    /**
     * Takes the window of a segment if it is newer than the one before (RFC 9293 §3.10.7.4, fifth step).
     *
     * @return whether the window has changed
     */
    boolean update(Segment segment, int sndUna) {
        boolean newer = lessThan(wl1, segment.seq) || (wl1 == segment.seq && lessOrEqual(wl2, segment.ack));
        if (!newer || lessThan(segment.ack, sndUna)) {
            return false;
        }
        int before = window;
        take(segment, scaled(segment));
        return window != before;
    }

    private void take(Segment segment, int bytes) {
        window = bytes;
        largest = Math.max(largest, bytes);
        wl1 = segment.seq;
        wl2 = segment.ack;
    }
}
