package io.qnet.slirp.ip;

import io.qnet.Frame;

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
        int sum = Checksum.fold(Checksum.sum(frame.head(), index, inHead) + initial);
        int at = inHead;
        for (int i = 0; at < length; i++) {
            int part = Math.min(length - at, frame.sliceLength(i));
            int partial = Checksum.fold(Checksum.sum(frame.slice(i), frame.sliceIndex(i), part));
            // RFC 1071 §2(B): what begins at an odd offset is summed with its bytes swapped.
            sum = Checksum.fold(sum + ((at & 1) == 0 ? partial : Integer.reverseBytes(partial) >>> 16));
            at += part;
        }
        return sum;
    }
}
