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
 * How fast 4 MB reach the guest over a link of 1 Gbit/s, by loss and round trip: a table kept in the tree, so that a change of behaviour is a diff. To write it anew:
 * {@code -Dqnet.golden=src/test/resources/io/qnet/slirp/tcp/throughput.txt}.
 */
class ThroughputTableTest {
    private static final double[] LOSSES = {0, 0.001, 0.01, 0.05};
    private static final int[] ROUND_TRIPS = {0, 1, 20, 200};
    private static final int SEEDS = 3;

    @Test
    void table() throws IOException {
        String table = measure();
        String target = System.getProperty("qnet.golden");
        if (target != null) {
            Files.writeString(Path.of(target), table);
        }
        try (InputStream in = ThroughputTableTest.class.getResourceAsStream("throughput.txt")) {
            assertThat(in).as("the table").isNotNull();
            assertThat(table).isEqualTo(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static String measure() {
        StringBuilder table = new StringBuilder("Mbit/s to the guest, mean of 3 runs; then time-outs in all of them\n");
        table.append("loss    SACK ").append("   RTT 0 ms    RTT 1 ms   RTT 20 ms  RTT 200 ms\n");
        for (double loss : LOSSES) {
            for (boolean sack : new boolean[] {true, false}) {
                table.append(String.format(Locale.ROOT, "%.3f   %-5s", loss, sack ? "yes" : "no"));
                for (int roundTrip : ROUND_TRIPS) {
                    table.append(cell(loss, roundTrip, sack));
                }
                table.append('\n');
            }
        }
        return table.toString();
    }

    private static String cell(double loss, int roundTripMillis, boolean sack) {
        byte[] data = new byte[4_000_000];
        new Random(9).nextBytes(data);
        Weather weather = new Weather(loss, 0, 0, roundTripMillis * 500_000L, 125_000_000);
        double rates = 0;
        long timeouts = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            SimulatedLink link = new SimulatedLink(weather, seed, data, new byte[100], sack, true, 7);
            rates += data.length * 8e3 / link.run();
            timeouts += link.counters.value("tcp.timeouts");
        }
        return String.format(Locale.ROOT, "%7.1f %3d ", rates / SEEDS, timeouts);
    }
}
