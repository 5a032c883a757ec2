package io.qnet.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.filter.Impairment;
import io.qnet.filter.ImpairmentConfig;
import io.qnet.testkit.tcp.TcpSettings;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two guests on one hub whose lines lose, delay, double, reorder and corrupt. */
@CheckLeaks
class BadLinesTest {
    @SuppressWarnings("ImmutableEnumChecker") // the configuration is an immutable record
    private enum Line {
        PERFECT(ImpairmentConfig.NONE),
        SLOW(ImpairmentConfig.NONE.delay(Duration.ofMillis(100))),
        LOSING(ImpairmentConfig.NONE.loss(0.05)),
        LOSING_IN_BURSTS(ImpairmentConfig.NONE.loss(0.05, 4)),
        DOUBLING(ImpairmentConfig.NONE.duplicate(0.2)),
        REORDERING(ImpairmentConfig.NONE.delay(Duration.ofMillis(5)).reorder(0.1, Duration.ofMillis(3))),
        CORRUPTING(ImpairmentConfig.NONE.corrupt(0.02)),
        NARROW(ImpairmentConfig.NONE.rate(10_000_000, 100_000).delay(Duration.ofMillis(10))),
        ALL(ImpairmentConfig.NONE
                .loss(0.02)
                .delay(Duration.ofMillis(20), Duration.ofMillis(5))
                .duplicate(0.02)
                .reorder(0.05, Duration.ofMillis(10))
                .corrupt(0.01));

        private final ImpairmentConfig config;

        Line(ImpairmentConfig config) {
            this.config = config;
        }
    }

    @ParameterizedTest
    @EnumSource(Line.class)
    void bytesArriveIntactBothWays(Line line) {
        String digest = transfer(line, 5);
        assertThat(transfer(line, 5)).as("the same seed again").isEqualTo(digest);
    }

    @Test
    void aPartitionIsSurvived() {
        try (VirtualNetwork net = VirtualNetwork.open()) {
            FakeGuest one = net.guest("one").address("10.0.0.1", 24);
            FakeGuest two = net.guest("two").address("10.0.0.2", 24);
            ImpairmentConfig slow =
                    ImpairmentConfig.NONE.delay(Duration.ofMillis(5)).rate(2_000_000, 100_000);
            Impairment line = net.impair(two, slow);
            net.at(Duration.ofSeconds(1), () -> line.configure(slow.loss(1)))
                    .at(Duration.ofSeconds(3), () -> line.configure(slow));
            two.serveHttp(80, "page ".repeat(200_000));
            HttpReply reply = one.httpGet("http://10.0.0.2/");
            assertThat(reply.text()).isEqualTo("page ".repeat(200_000));
            assertThat(line.counters().value("drop.lost")).isPositive();
            assertThat(net.elapsed()).isGreaterThan(Duration.ofSeconds(6));
        }
    }

    private static String transfer(Line line, long seed) {
        try (VirtualNetwork net = VirtualNetwork.open(seed)) {
            Duration patience = Duration.ofMinutes(10);
            TcpSettings patient = TcpSettings.MODERN.withRetries(20, 30);
            FakeGuest one =
                    net.guest("one", guest -> guest.lenient().patience(patience).tcp(patient));
            FakeGuest two =
                    net.guest("two", guest -> guest.lenient().patience(patience).tcp(patient));
            one.address("10.0.0.1", 24);
            two.address("10.0.0.2", 24);
            assertThat(one.arp("10.0.0.2")).isPresent();
            net.impair(two, line.config);
            GuestListener listener = two.listen(80);
            GuestTcp client = one.connect("10.0.0.2", 80, 0, patient);
            GuestTcp server = listener.accept();
            byte[] forth = bytes(200_000);
            byte[] back = bytes(100_000);
            client.write(forth).shutdownOutput();
            server.write(back).shutdownOutput();
            assertThat(Arrays.mismatch(server.readAll(), forth)).isEqualTo(-1);
            assertThat(Arrays.mismatch(client.readAll(), back)).isEqualTo(-1);
            return one.frames().digest() + two.frames().digest();
        }
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
