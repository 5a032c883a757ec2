package io.qnet.testkit.tcp;

/** Comparison of sequence numbers, which wrap (RFC 9293 §3.4). */
public final class Seq {
    private Seq() {}

    /** Whether {@code a} lies before {@code b}. */
    public static boolean before(int a, int b) {
        return a - b < 0;
    }

    /** Whether {@code a} lies after {@code b}. */
    public static boolean after(int a, int b) {
        return a - b > 0;
    }

    /** The later of two. */
    public static int max(int a, int b) {
        return after(a, b) ? a : b;
    }

    /** The earlier of two. */
    public static int min(int a, int b) {
        return before(a, b) ? a : b;
    }
}
