package io.qnet.slirp.ip;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FilledRangesTest {
    private final FilledRanges ranges = new FilledRanges();

    @Test
    void rangesThatTouchAreJoined() {
        ranges.add(0, 8);
        ranges.add(16, 24);
        assertThat(ranges.filledUntil(0)).isEqualTo(8);
        ranges.add(8, 16);
        assertThat(ranges.filledUntil(0)).isEqualTo(24);
        assertThat(ranges.last()).isEqualTo(24);
        assertThat(ranges.nextFilled(24)).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void isFullWithTooManyHoles() {
        for (int i = 0; i < FilledRanges.MAX_RANGES; i++) {
            assertThat(ranges.isFull()).isFalse();
            ranges.add(16 * i, 16 * i + 8);
        }
        assertThat(ranges.isFull()).isTrue();
    }

    @Test
    void agreesWithASetOfBits() {
        Random random = new Random(5);
        BitSet model = new BitSet();
        for (int i = 0; i < 300; i++) {
            int begin = random.nextInt(400);
            int end = begin + 1 + random.nextInt(12);
            ranges.add(begin, end);
            model.set(begin, end);
            for (int at = 0; at < 420; at++) {
                assertThat(ranges.filledUntil(at)).as("%d", at).isEqualTo(model.get(at) ? model.nextClearBit(at) : at);
            }
            assertThat(ranges.last()).isEqualTo(model.length());
        }
    }
}
