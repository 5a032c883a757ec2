package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.slirp.tcp.SimulatedLink.Weather;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Transfers both ways at once over links that lose, reorder, duplicate and corrupt: every byte arrives, and nothing is left. */
class LossyLinkTest {
    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static Stream<Arguments> weathers() {
        Stream.Builder<Arguments> all = Stream.builder();
        for (double loss : new double[] {0, 0.01, 0.05}) {
            for (double reordering : new double[] {0, 0.05}) {
                for (int options = 0; options < 4; options++) {
                    for (long seed = 1; seed <= 5; seed++) {
                        all.add(Arguments.of(loss, reordering, (options & 1) != 0, (options & 2) != 0, seed));
                    }
                }
            }
        }
        return all.build();
    }

    @ParameterizedTest(name = "loss {0}, reordering {1}, SACK {2}, timestamps {3}, seed {4}")
    @MethodSource("weathers")
    void everyByteArrives(double loss, double reordering, boolean sack, boolean timestamps, long seed) {
        Weather weather =
                new Weather(loss, reordering, reordering / 2, loss / 5, 500_000, 125_000_000, Integer.MAX_VALUE);
        byte[] down = random(300_000 + (int) seed * 1111, seed);
        byte[] up = random(300_000 + (int) seed * 777, -seed);
        new SimulatedLink(weather, seed, down, up, sack, timestamps, timestamps ? 3 : -1).run();
    }

    @Test
    void onAPerfectLinkNothingIsSentTwice() {
        SimulatedLink link =
                new SimulatedLink(Weather.FINE, 1, random(20_000_000, 1), random(5_000_000, 2), true, true, 7);
        link.run();
        assertThat(link.counters.value("tcp.retransmits")).isZero();
        assertThat(link.guest.duplicateSegments).isZero();
    }
}
