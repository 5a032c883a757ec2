package io.qnet.option;

import org.jspecify.annotations.Nullable;

/**
 * A number read as C's {@code strtol} family reads it: white space, a sign, in base 0 also {@code 0x} and octal, then as many digits as
 * there are. Needed because QEMU's options show it: {@code 0x1f90} and {@code 017620} are ports.
 */
final class CNumber {
    private final boolean negative;
    private final long magnitude;
    private final boolean overflow;
    private final int end;
    private final int length;

    private CNumber(boolean negative, long magnitude, boolean overflow, int end, int length) {
        this.negative = negative;
        this.magnitude = magnitude;
        this.overflow = overflow;
        this.end = end;
        this.length = length;
    }

    /** Reads a number at the start of the text; base 0, 10 or 16. */
    static CNumber scan(String text, int base) {
        int at = 0;
        while (at < text.length() && isSpace(text.charAt(at))) {
            at++;
        }
        boolean negative = false;
        if (at < text.length() && (text.charAt(at) == '-' || text.charAt(at) == '+')) {
            negative = text.charAt(at) == '-';
            at++;
        }
        int radix = base;
        if (base != 10 && isHexPrefix(text, at)) {
            radix = 16;
            at += 2;
        } else if (base == 0) {
            radix = text.startsWith("0", at) ? 8 : 10;
        }
        return digits(text, at, radix, negative);
    }

    private static boolean isHexPrefix(String text, int at) {
        boolean prefix = text.startsWith("0x", at) || text.startsWith("0X", at);
        return prefix && digit(text, at + 2, 16) >= 0;
    }

    private static CNumber digits(String text, int start, int radix, boolean negative) {
        long value = 0;
        boolean overflow = false;
        int at = start;
        for (int d = digit(text, at, radix); d >= 0; d = digit(text, ++at, radix)) {
            overflow |= Long.compareUnsigned(value, Long.divideUnsigned(-1L - d, radix)) > 0;
            value = value * radix + d;
        }
        return new CNumber(negative, value, overflow, at == start ? 0 : at, text.length());
    }

    private static int digit(String text, int at, int radix) {
        if (at >= text.length() || text.charAt(at) > 'z') {
            return -1;
        }
        return Character.digit(text.charAt(at), radix);
    }

    static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    /** Where the number ended; 0 if there was none. */
    int end() {
        return end;
    }

    /** Whether the text is the number and nothing else. */
    boolean whole() {
        return end > 0 && end == length;
    }

    /** Whether the text is the number and nothing else, or is empty, which C takes for 0. */
    boolean wholeOrEmpty() {
        return end == length;
    }

    /** The value as strtol's, held at the ends of its range. */
    long clamped() {
        Long exact = int64();
        return exact != null ? exact : negative ? Long.MIN_VALUE : Long.MAX_VALUE;
    }

    /** The value if it fits a signed 64-bit number, else null. */
    @Nullable Long int64() {
        if (overflow) {
            return null;
        }
        if (negative) {
            return magnitude >= 0 || magnitude == Long.MIN_VALUE ? -magnitude : null;
        }
        return magnitude >= 0 ? magnitude : null;
    }

    /** The bits of strtoull's value, which wraps a negative number around; null above 2^64-1. */
    @Nullable Long uint64() {
        return overflow ? null : negative ? -magnitude : magnitude;
    }

    boolean negative() {
        return negative;
    }
}
