package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.SequenceNumber.greaterThan;
import static io.qnet.slirp.tcp.SequenceNumber.lessOrEqual;
import static io.qnet.slirp.tcp.SequenceNumber.lessThan;

import java.util.Arrays;

/**
 * What was sent and is not acknowledged, as ranges in order of sequence: each with the time it was last sent and whether it was sent more than once, is SACKed, or is taken for lost. Ranges touch: one
 * begins where the one before it ends, the first at SND.UNA.
 *
 * <p>What is sent in one go is one range, up to 64 KiB; it is split where an acknowledgement ends within it.
 */
final class Scoreboard {
    /** More ranges than this are not made: what is sent then joins the last range, and a SACK that would split one is passed over. */
    static final int MAX_RANGES = 4096;

    static final byte RETRANSMITTED = 1;
    static final byte SACKED = 2;
    static final byte LOST = 4;

    /** Told of every range that is delivered: acknowledged or SACKed for the first time. */
    interface Delivery {
        void delivered(int start, int end, long sentNanos, boolean retransmitted);
    }

    private final Delivery delivery;
    private int[] ends = new int[0];
    private long[] sentNanos = new long[0];
    private byte[] flags = new byte[0];
    /** The ranges are those from {@code first} to before {@code last}. */
    private int first;

    private int last;
    private int una;
    private int nxt;
    private int sackedBytes;
    private int lostBytes;

    Scoreboard(Delivery delivery) {
        this.delivery = delivery;
    }

    /** Begins empty at a sequence number. */
    void begin(int sequence) {
        una = sequence;
        nxt = sequence;
    }

    int una() {
        return una;
    }

    int nxt() {
        return nxt;
    }

    /** Bytes sent and not acknowledged. */
    int outstanding() {
        return nxt - una;
    }

    int sackedBytes() {
        return sackedBytes;
    }

    int lostBytes() {
        return lostBytes;
    }

    /** Bytes believed to be on their way (RFC 6675 §4, SetPipe). */
    int pipe() {
        return nxt - una - sackedBytes - lostBytes;
    }

    int rangeCount() {
        return last - first;
    }

    int start(int i) {
        return i == 0 ? una : ends[first + i - 1];
    }

    int end(int i) {
        return ends[first + i];
    }

    long sentNanos(int i) {
        return sentNanos[first + i];
    }

    boolean has(int i, byte flag) {
        return (flags[first + i] & flag) != 0;
    }

    /** New data was sent, from {@link #nxt} to {@code end}. */
    void sent(int end, long nowNanos) {
        boolean join =
                last > first && flags[last - 1] == 0 && (sentNanos[last - 1] == nowNanos || last - first >= MAX_RANGES);
        if (join) {
            ends[last - 1] = end;
            sentNanos[last - 1] = nowNanos;
        } else {
            insert(last, end, nowNanos, (byte) 0);
        }
        nxt = end;
    }

    /** The first {@code bytes} of range {@code i} were sent again. */
    void retransmitted(int i, int bytes, long nowNanos) {
        int from = start(i);
        splitAt(from + bytes);
        int at = first + i;
        if ((flags[at] & LOST) != 0) {
            lostBytes -= bytes;
        }
        flags[at] = (byte) ((flags[at] & ~LOST) | RETRANSMITTED);
        sentNanos[at] = nowNanos;
    }

    /** The last {@code bytes} of the last range were sent again. */
    void resentLast(int bytes, long nowNanos) {
        splitAt(nxt - bytes);
        retransmitted(last - first - 1, bytes, nowNanos);
    }

    /** Marks the part of range {@code i} that is its first {@code bytes} as lost. */
    void markLost(int i, int bytes) {
        splitAt(start(i) + bytes);
        int at = first + i;
        if ((flags[at] & (LOST | SACKED)) == 0) {
            flags[at] |= LOST;
            lostBytes += bytes;
        }
    }

    /** Marks a whole range as lost. */
    void markLost(int i) {
        markLost(i, end(i) - start(i));
    }

    /** After a time-out: everything that is not SACKed is lost. */
    void markAllLost() {
        for (int i = 0; i < rangeCount(); i++) {
            markLost(i);
        }
    }

    /** Takes back every mark of loss: the time-out was spurious. */
    void unmarkLost() {
        for (int i = first; i < last; i++) {
            flags[i] &= ~LOST;
        }
        lostBytes = 0;
    }

    /** Takes back every SACK: the guest has let go of data that it had reported (RFC 2018 §8). */
    void forgetSacks() {
        for (int i = first; i < last; i++) {
            flags[i] &= ~SACKED;
        }
        sackedBytes = 0;
    }

    /** The first lost range, or -1. */
    int firstLost() {
        if (lostBytes == 0) {
            return -1;
        }
        for (int i = first; i < last; i++) {
            if ((flags[i] & LOST) != 0) {
                return i - first;
            }
        }
        return -1;
    }

    /** Everything before {@code ack} is acknowledged. */
    void acknowledge(int ack) {
        splitAt(ack);
        while (first < last && lessOrEqual(ends[first], ack)) {
            int length = ends[first] - una;
            if ((flags[first] & SACKED) != 0) {
                sackedBytes -= length;
            } else {
                if ((flags[first] & LOST) != 0) {
                    lostBytes -= length;
                }
                delivery.delivered(una, ends[first], sentNanos[first], (flags[first] & RETRANSMITTED) != 0);
            }
            una = ends[first++];
        }
        una = ack;
        if (first == last) {
            first = 0;
            last = 0;
        }
    }

    /**
     * The bytes from {@code start} to {@code end}, both within what is outstanding, have arrived. SACKs are advice (RFC 2018 §8): of a guest that reports crumbs so many are kept, and every
     * acknowledgement goes through all of them.
     */
    void sack(int start, int end) {
        if (isSacked(start, end) || (rangeCount() >= MAX_RANGES && (isWithin(start) || isWithin(end)))) {
            return;
        }
        splitAt(start);
        splitAt(end);
        for (int i = indexEndingAfter(start); i < last && lessOrEqual(ends[i], end); i++) {
            if ((flags[i] & SACKED) == 0) {
                int from = start(i - first);
                int length = ends[i] - from;
                if ((flags[i] & LOST) != 0) {
                    lostBytes -= length;
                    flags[i] &= ~LOST;
                }
                flags[i] |= SACKED;
                sackedBytes += length;
                delivery.delivered(from, ends[i], sentNanos[i], (flags[i] & RETRANSMITTED) != 0);
            }
        }
        merge(start, end);
    }

    private boolean isSacked(int start, int end) {
        int i = indexEndingAfter(start);
        return i < last && (flags[i] & SACKED) != 0 && lessOrEqual(end, ends[i]);
    }

    /** Whether {@code sequence} lies between the ends of a range, which would have to be split there. */
    private boolean isWithin(int sequence) {
        int i = indexEndingAfter(sequence);
        return i < last && lessThan(start(i - first), sequence);
    }

    /** Joins neighbouring SACKed ranges, of which nothing but their extent matters any more. */
    private void merge(int start, int end) {
        int low = indexEndingAfter(start);
        while (low > first && (flags[low - 1] & SACKED) != 0) {
            low--;
        }
        int high = low;
        while (high + 1 < last && (flags[high + 1] & SACKED) != 0 && !greaterThan(start(high + 1 - first), end)) {
            high++;
        }
        int gone = high - low;
        if (gone > 0) {
            ends[low] = ends[high];
            sentNanos[low] = sentNanos[high];
            close(low + 1, gone);
        }
    }

    private void close(int at, int gone) {
        int after = last - at - gone;
        System.arraycopy(ends, at + gone, ends, at, after);
        System.arraycopy(sentNanos, at + gone, sentNanos, at, after);
        System.arraycopy(flags, at + gone, flags, at, after);
        last -= gone;
    }

    /** The first range, as an index into the arrays, that ends after {@code sequence}. */
    private int indexEndingAfter(int sequence) {
        int low = first;
        int high = last;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (greaterThan(ends[middle], sequence)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private void splitAt(int sequence) {
        int i = indexEndingAfter(sequence);
        if (i < last && lessThan(start(i - first), sequence)) {
            insert(i, sequence, sentNanos[i], flags[i]);
        }
    }

    private void insert(int position, int end, long sent, byte flag) {
        int i = position;
        if (last == ends.length) {
            i -= makeRoom();
        }
        int after = last - i;
        System.arraycopy(ends, i, ends, i + 1, after);
        System.arraycopy(sentNanos, i, sentNanos, i + 1, after);
        System.arraycopy(flags, i, flags, i + 1, after);
        ends[i] = end;
        sentNanos[i] = sent;
        flags[i] = flag;
        last++;
    }

    /** Moves the ranges to the beginning of the arrays, or grows the arrays; returns by how much indices have fallen. */
    private int makeRoom() {
        int fallen = first;
        if (first < ends.length / 2 || first == 0) {
            int size = Math.max(8, 2 * ends.length);
            ends = Arrays.copyOf(ends, size);
            sentNanos = Arrays.copyOf(sentNanos, size);
            flags = Arrays.copyOf(flags, size);
        }
        int count = last - first;
        System.arraycopy(ends, first, ends, 0, count);
        System.arraycopy(sentNanos, first, sentNanos, 0, count);
        System.arraycopy(flags, first, flags, 0, count);
        first = 0;
        last = count;
        return fallen;
    }
}
