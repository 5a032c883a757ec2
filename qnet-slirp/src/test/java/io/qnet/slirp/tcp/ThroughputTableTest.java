package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.slirp.tcp.SimulatedLink.Weather;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * How fast 4 MB reach the guest over a link of 1 Gbit/s, by what happens to frames, round trip, the guest's buffer and the link's queue: a table kept in the tree, so that a change of behaviour is a diff.
 * Every transfer is whole. To write it anew: {@code -Dqnet.golden=src/test/resources/io/qnet/slirp/tcp/throughput.txt}.
 */
class ThroughputTableTest {
    private static final int[] ROUND_TRIPS = {0, 1, 20, 200};
    private static final int SEEDS = 3;
    private static final int NO_QUEUE = Integer.MAX_VALUE;
    private static final int FULL_WINDOW = 60_000;
    private static final byte[] DATA = new byte[4_000_000];

    static {
        new Random(9).nextBytes(DATA);
    }

    /** In per cent: loss, reordering, duplication, corruption. */
    private static final double[][] WEATHERS = {
        {0, 0, 0, 0},
        {0.1, 0, 0, 0},
        {1, 0, 0, 0},
        {5, 0, 0, 0},
        {0, 1, 0, 0},
        {0, 0, 1, 0},
        {0, 0, 0, 0.2},
        {0.5, 1, 0.5, 0.2},
        {5, 5, 5, 1},
    };

    private final StringBuilder table = new StringBuilder();

    @Test
    void table() throws IOException {
        table.append("Mbit/s to the guest, mean of 3 runs; then time-outs in all of them\n");
        byWeather();
        byBuffer();
        byQueue();
        String target = System.getProperty("qnet.golden");
        if (target != null) {
            Files.writeString(Path.of(target), table);
        }
        try (InputStream in = ThroughputTableTest.class.getResourceAsStream("throughput.txt")) {
            assertThat(in).as("the table").isNotNull();
            assertThat(table).hasToString(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private void byWeather() {
        heading("lost  reordered  twice  corrupted  SACK");
        for (double[] percent : WEATHERS) {
            for (boolean sack : new boolean[] {true, false}) {
                row(
                        "%3.1f%%      %3.1f%%   %3.1f%%       %3.1f%%  %-4s",
                        percent[0], percent[1], percent[2], percent[3], sack ? "yes" : "no");
                for (int roundTrip : ROUND_TRIPS) {
                    cell(weather(percent, roundTrip, NO_QUEUE), sack, FULL_WINDOW);
                }
                table.append('\n');
            }
        }
    }

    /** The guest's buffer in units of its window scale, 128 bytes. */
    private void byBuffer() {
        heading("lost  the guest's buffer              ");
        for (double loss : new double[] {0, 1}) {
            for (int window : new int[] {64, 512, 2048, 8192, 32_768}) {
                row("%3.1f%%  %4d KiB                        ", loss, window / 8);
                for (int roundTrip : ROUND_TRIPS) {
                    cell(weather(new double[] {loss, 0, 0, 0}, roundTrip, NO_QUEUE), true, window);
                }
                table.append('\n');
            }
        }
    }

    private void byQueue() {
        heading("the link's queue                      ");
        for (int queue : new int[] {16 << 10, 64 << 10, 256 << 10, 1 << 20}) {
            row("%4d KiB                              ", queue >> 10);
            for (int roundTrip : ROUND_TRIPS) {
                cell(weather(new double[] {0, 0, 0, 0}, roundTrip, queue), true, FULL_WINDOW);
            }
            table.append('\n');
        }
    }

    private void heading(String name) {
        table.append('\n').append(name).append("    RTT 0 ms    RTT 1 ms   RTT 20 ms  RTT 200 ms\n");
    }

    private void row(String format, Object... values) {
        table.append(String.format(Locale.ROOT, format, values));
    }

    private static Weather weather(double[] percent, int roundTripMillis, int queue) {
        return new Weather(
                percent[0] / 100,
                percent[1] / 100,
                percent[2] / 100,
                percent[3] / 100,
                roundTripMillis * 500_000L,
                125_000_000,
                queue);
    }

    private void cell(Weather weather, boolean sack, int window) {
        double rates = 0;
        long timeouts = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            SimulatedLink link = new SimulatedLink(weather, seed, DATA, new byte[100], sack, true, 7);
            link.guest.windowField = window;
            rates += DATA.length * 8e3 / link.run();
            timeouts += link.counters.value("tcp.timeouts");
        }
        table.append(String.format(Locale.ROOT, "%8.1f %3d", rates / SEEDS, timeouts));
    }
}
