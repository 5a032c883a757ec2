package io.qnet.option;

/**
 * The whole numbers that an option takes. A number outside is refused with {@code Parameter 'NAME' expects WORDS}.
 *
 * @param min the smallest
 * @param max the largest; for {@link #UINT64} -1, which is 2^64-1 as unsigned
 * @param unsigned whether the text is read as an unsigned number (then a minus sign is refused in the classic grammar)
 * @param words what is accepted, in the words of the refusal: QEMU's C type name for its own options
 */
public record IntRange(long min, long max, boolean unsigned, String words) {
    static final IntRange INT64 = new IntRange(Long.MIN_VALUE, Long.MAX_VALUE, false, "int64_t");
    static final IntRange INT32 = new IntRange(Integer.MIN_VALUE, Integer.MAX_VALUE, false, "int32_t");
    static final IntRange UINT16 = new IntRange(0, 0xffff, true, "uint16_t");
    static final IntRange UINT32 = new IntRange(0, 0xffff_ffffL, true, "uint32_t");
    static final IntRange UINT64 = new IntRange(0, -1, true, "uint64_t");

    static IntRange between(long min, long max) {
        return new IntRange(min, max, false, "a number from " + min + " to " + max);
    }

    boolean contains(long value) {
        return unsigned
                ? Long.compareUnsigned(value, min) >= 0 && Long.compareUnsigned(value, max) <= 0
                : value >= min && value <= max;
    }
}
