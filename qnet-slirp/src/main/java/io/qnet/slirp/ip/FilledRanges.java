package io.qnet.slirp.ip;

import java.util.Arrays;

/**
 * Which bytes of a datagram have arrived: disjoint ranges in order, neighbours joined. At most {@value #MAX_RANGES} of them, so that a guest that sends every second fragment only is bounded.
 */
final class FilledRanges {
    static final int MAX_RANGES = 128;

    /** Begin and end of each range, in turn. */
    private int[] bounds = new int[8];

    private int count;

    /** Whether there are so many holes that the datagram is to be given up. */
    boolean isFull() {
        return count >= MAX_RANGES;
    }

    /** The end of the last range; 0 if there is none. */
    int last() {
        return count == 0 ? 0 : bounds[2 * count - 1];
    }

    /** The end of the range that holds {@code at}, or {@code at} if none does. */
    int filledUntil(int at) {
        for (int i = 0; i < count; i++) {
            if (bounds[2 * i] <= at && at < bounds[2 * i + 1]) {
                return bounds[2 * i + 1];
            }
        }
        return at;
    }

    /** The begin of the first range after {@code at}, which no range holds; {@link Integer#MAX_VALUE} if there is none. */
    int nextFilled(int at) {
        for (int i = 0; i < count; i++) {
            if (bounds[2 * i] > at) {
                return bounds[2 * i];
            }
        }
        return Integer.MAX_VALUE;
    }

    /** Adds a range, joining it with those that it touches. */
    void add(int begin, int end) {
        int first = 0;
        while (first < count && bounds[2 * first + 1] < begin) {
            first++;
        }
        int after = first;
        int joinedBegin = begin;
        int joinedEnd = end;
        while (after < count && bounds[2 * after] <= end) {
            joinedBegin = Math.min(joinedBegin, bounds[2 * after]);
            joinedEnd = Math.max(joinedEnd, bounds[2 * after + 1]);
            after++;
        }
        replace(first, after, joinedBegin, joinedEnd);
    }

    private void replace(int first, int after, int begin, int end) {
        int newCount = count - (after - first) + 1;
        if (2 * newCount > bounds.length) {
            bounds = Arrays.copyOf(bounds, 2 * bounds.length);
        }
        System.arraycopy(bounds, 2 * after, bounds, 2 * first + 2, 2 * (count - after));
        bounds[2 * first] = begin;
        bounds[2 * first + 1] = end;
        count = newCount;
    }
}
