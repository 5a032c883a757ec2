package io.qnet.slirp.tcp;

/**
 * Arithmetic of 32-bit sequence numbers (RFC 9293 §3.4): comparisons by difference, true as long as the two are less than 2^31 apart.
 */
final class SequenceNumber {
    private SequenceNumber() {}

    /** a &lt; b. */
    static boolean lessThan(int a, int b) {
        return a - b < 0;
    }

    /** a &lt;= b. */
    static boolean lessOrEqual(int a, int b) {
        return a - b <= 0;
    }

    /** a &gt; b. */
    static boolean greaterThan(int a, int b) {
        return a - b > 0;
    }

    /** a &gt;= b. */
    static boolean greaterOrEqual(int a, int b) {
        return a - b >= 0;
    }

    /** Whether start &lt;= sequence &lt; start + length. */
    static boolean inWindow(int sequence, int start, int length) {
        return Integer.compareUnsigned(sequence - start, length) < 0;
    }

    /** The later of two. */
    static int max(int a, int b) {
        return a - b >= 0 ? a : b;
    }

    /** The earlier of two. */
    static int min(int a, int b) {
        return a - b <= 0 ? a : b;
    }

    /**
     * The acceptability test of RFC 9293 §3.10.7.4, first step: whether any of a segment lies in the receive window.
     *
     * @param length the segment's length with SYN and FIN
     * @param window bytes from {@code rcvNxt} on
     */
    static boolean acceptable(int sequence, int length, int rcvNxt, int window) {
        if (length == 0) {
            return window == 0 ? sequence == rcvNxt : inWindow(sequence, rcvNxt, window);
        }
        return window != 0 && (inWindow(sequence, rcvNxt, window) || inWindow(sequence + length - 1, rcvNxt, window));
    }
}
