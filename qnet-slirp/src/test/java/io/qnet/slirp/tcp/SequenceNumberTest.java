package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SequenceNumberTest {
    @ParameterizedTest
    @CsvSource({
        "0, 1, true",
        "1, 0, false",
        "5, 5, false",
        "7fffffff, 80000000, true",
        "80000000, 7fffffff, false",
        "ffffffff, 0, true",
        "0, ffffffff, false",
        "fffffff0, f, true",
        "0, 7fffffff, true",
        "90000000, f000000, true"
    })
    void order(String a, String b, boolean less) {
        int x = Integer.parseUnsignedInt(a, 16);
        int y = Integer.parseUnsignedInt(b, 16);
        boolean equal = x == y;
        assertThat(SequenceNumber.lessThan(x, y)).isEqualTo(less);
        assertThat(SequenceNumber.lessOrEqual(x, y)).isEqualTo(less || equal);
        assertThat(SequenceNumber.greaterThan(x, y)).isEqualTo(!less && !equal);
        assertThat(SequenceNumber.greaterOrEqual(x, y)).isEqualTo(!less);
        assertThat(SequenceNumber.max(x, y)).isEqualTo(less ? y : x);
        assertThat(SequenceNumber.min(x, y)).isEqualTo(less || equal ? x : y);
    }

    /** RFC 9293 §3.10.7.4, first step, table 6. */
    @ParameterizedTest(name = "seq {0} len {1} rcvNxt {2} window {3}: {4}")
    @CsvSource({
        // an empty segment, a closed window
        "100, 0, 100, 0, true",
        "99, 0, 100, 0, false",
        "101, 0, 100, 0, false",
        // an empty segment, an open window
        "100, 0, 100, 10, true",
        "109, 0, 100, 10, true",
        "110, 0, 100, 10, false",
        "99, 0, 100, 10, false",
        // text, a closed window
        "100, 1, 100, 0, false",
        // text, an open window: its beginning or its end within
        "100, 5, 100, 10, true",
        "95, 5, 100, 10, false",
        "95, 6, 100, 10, true",
        "109, 50, 100, 10, true",
        "110, 1, 100, 10, false",
        // across the wrap
        "-5, 10, -2, 100, true",
        "-5, 3, -2, 100, false",
        "3, 10, -2, 5, false",
        "2, 10, -2, 5, true"
    })
    void acceptable(int sequence, int length, int rcvNxt, int window, boolean expected) {
        assertThat(SequenceNumber.acceptable(sequence, length, rcvNxt, window)).isEqualTo(expected);
    }
}
