package io.qnet.slirp.tcp;

import io.qnet.wire.Tcp;

/** The first step of RFC 9293 §3.10.7.4 with that of RFC 7323 §5.3 before it: whether a segment belongs to the present of its connection. What does not is answered by an acknowledgement. */
final class Acceptance {
    private final Receiver receiver;
    private final Challenges challenges;
    private final TcpCounters counters;

    Acceptance(Receiver receiver, Challenges challenges, TcpCounters counters) {
        this.receiver = receiver;
        this.challenges = challenges;
        this.counters = counters;
    }

    /** Whether its timestamp is not older than the latest; resets need none (RFC 7323 §5.2). */
    boolean isNew(Segment segment, long now) {
        if (segment.has(Tcp.RST) || !receiver.isOldDuplicate(segment, now)) {
            return true;
        }
        counters.oldDuplicates.increment();
        challenges.challenge(now);
        return false;
    }

    /** Whether any of it lies within the window; its timestamp is kept then. */
    boolean isAcceptable(Segment segment, long now) {
        int rcvNxt = receiver.rcvNxt();
        int window = receiver.rcvWnd();
        boolean acceptable = SequenceNumber.acceptable(segment.seq, segment.length(), rcvNxt, window);
        // at the right edge, of a closed window too, its acknowledgement is still good: a guest that has filled the
        // window has no other number (Linux takes it as well)
        if (acceptable || segment.seq == rcvNxt + window) {
            receiver.takeTimestamp(segment, now);
            return true;
        }
        counters.outOfWindow.increment();
        if (segment.has(Tcp.RST)) {
            return false;
        }
        if (segment.payloadLength > 0 || segment.has(Tcp.FIN)) {
            // sent again, most likely because our acknowledgement was lost
            receiver.onOutside(segment);
        } else {
            challenges.challenge(now);
        }
        return false;
    }
}
