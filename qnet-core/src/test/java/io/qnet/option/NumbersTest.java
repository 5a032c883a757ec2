package io.qnet.option;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumbersTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0, 1, 0",
        "10, 0, 2, 10",
        "010, 0, 3, 8",
        "0x1F, 0, 4, 31",
        "0X1f, 0, 4, 31",
        "0x, 0, 1, 0",
        "0xg, 0, 1, 0",
        "09, 0, 1, 0",
        "010, 10, 3, 10",
        "0x10, 10, 1, 0",
        "ff, 16, 2, 255",
        "0xff, 16, 4, 255",
        "-5, 0, 2, -5",
        "+5, 0, 2, 5",
        "' \t5', 0, 3, 5",
        "5x, 0, 1, 5",
        "'', 0, 0, 0",
        "-, 0, 0, 0",
        "x, 0, 0, 0",
        "--5, 0, 0, 0",
        "- 5, 0, 0, 0",
        "9223372036854775807, 0, 19, 9223372036854775807",
        "9223372036854775808, 0, 19, 9223372036854775807",
        "-9223372036854775808, 0, 20, -9223372036854775808",
        "-9223372036854775809, 0, 20, -9223372036854775808",
        "0xffffffffffffffffff, 0, 20, 9223372036854775807",
        "٣, 0, 0, 0"
    })
    void readAsStrtol(String text, int base, int end, long value) {
        CNumber number = CNumber.scan(text, base);
        assertThat(number.end()).isEqualTo(end);
        assertThat(number.clamped()).isEqualTo(value);
        assertThat(number.whole()).isEqualTo(end > 0 && end == text.length());
    }

    @ParameterizedTest
    @CsvSource({
        "18446744073709551615, -1",
        "18446744073709551616, ",
        "-1, -1",
        "0xffffffffffffffff, -1",
        "0x10000000000000000, ",
        "01777777777777777777777, -1",
        "02000000000000000000000, ",
        "18446744073709551609, -7"
    })
    void readAsStrtoull(String text, Long value) {
        assertThat(CNumber.scan(text, 0).uint64()).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1",
        "1b, 1",
        "1B, 1",
        "1k, 1024",
        "1K, 1024",
        "2M, 2097152",
        "1g, 1073741824",
        "1T, 1099511627776",
        "1P, 1125899906842624",
        "15E, -1152921504606846976",
        "16E, ",
        "1.5k, 1536",
        "0.5k, 512",
        "1.0, 1",
        "1., 1",
        "1.5, ",
        "1.0004k, 1024",
        "0.00049k, 1",
        "010, 10",
        "089k, 91136",
        "0x10, 16",
        "0x10k, 16384",
        "0x1.8k, ",
        "0x, ",
        "-1, ",
        "+1, 1",
        "' 1', 1",
        "'1 ', ",
        "1kb, ",
        "k, ",
        "'', ",
        ".5k, ",
        "1e3, ",
        "18446744073709551615, -1",
        "18446744073709551616, "
    })
    void sizes(String text, Long bytes) {
        assertThat(Quantity.size(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1",
        "0.25, 0.25",
        ".5, 0.5",
        "25%, 0.25",
        "0.1%, 0.001",
        "100%, 1",
        "101%, ",
        "1.1, ",
        "-1, ",
        "x, ",
        "%, ",
        "'', "
    })
    void fractions(String text, Double fraction) {
        assertThat(Quantity.fraction(text)).isEqualTo(fraction);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "5, 5000000",
        "20ms, 20000000",
        "1.5s, 1500000000",
        "300us, 300000",
        "7ns, 7",
        "0.4ns, 0",
        "5m, ",
        "-1ms, ",
        "ms, ",
        "'', ",
        "9223372036s, 9223372036000000000",
        "9223372037s, "
    })
    void durations(String text, Long nanos) {
        assertThat(Quantity.nanos(text)).isEqualTo(nanos);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "9600, 9600",
        "512kbit, 512000",
        "10M, 10000000",
        "1.5Gbit, 1500000000",
        "10bit, 10",
        "10x, ",
        "10MB, ",
        "'', "
    })
    void rates(String text, Long bitsPerSecond) {
        assertThat(Quantity.bitsPerSecond(text)).isEqualTo(bitsPerSecond);
    }
}
