package io.qnet.slirp.ip;

import io.qnet.Frame;
import io.qnet.wire.Checksum;

/** The Internet checksum (RFC 1071) over what lies in a frame's head and slices. */
final class FrameSums {
    private FrameSums() {}

    /**
     * Sums a range that begins in the head.
     *
     * @param index where it begins, in the head's buffer
     * @param initial what to begin with, such as a pseudo-header's sum
     * @return the folded sum, not complemented
     */
    static int sum(Frame frame, int index, int length, int initial) {
        int inHead = Math.min(length, frame.headIndex() + frame.headLength() - index);
        int sum = Checksum.sum(frame.head(), index, inHead, initial);
        int at = inHead;
        for (int i = 0; at < length; i++) {
            int part = Math.min(length - at, frame.sliceLength(i));
            sum = Checksum.append(sum, at, Checksum.sum(frame.slice(i), frame.sliceIndex(i), part));
            at += part;
        }
        return sum;
    }
}
