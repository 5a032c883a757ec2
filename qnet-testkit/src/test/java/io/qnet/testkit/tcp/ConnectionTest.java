package io.qnet.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.tcp.LossyPair.End;
import io.qnet.testkit.tcp.LossyPair.Faults;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The guest's TCP against itself, on wires of all kinds. */
class ConnectionTest {
    private static final int LIMIT = 5_000_000;

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0",
        "0.01, 0, 0",
        "0.05, 0.01, 0",
        "0, 0.3, 0",
        "0, 0, 20",
        "0.1, 0.1, 5",
        "0.2, 0, 0",
    })
    void carriesBytesIntactBothWays(double loss, double doubling, long jitterMillis) {
        for (int seed = 1; seed <= 5; seed++) {
            Faults faults = new Faults(
                    loss, doubling, TimeUnit.MILLISECONDS.toNanos(2), TimeUnit.MILLISECONDS.toNanos(jitterMillis));
            LossyPair pair = new LossyPair(faults, TcpSettings.MODERN, seed);
            transfer(pair, 300_000, 200_000);
        }
    }

    @Test
    void carriesBytesWithoutAnyOption() {
        LossyPair pair = new LossyPair(new Faults(0.03, 0.03, 1_000_000, 2_000_000), TcpSettings.OLD, 7);
        transfer(pair, 100_000, 100_000);
    }

    @Test
    void needsNoRepetitionOnAPerfectWire() {
        LossyPair pair = new LossyPair(Faults.NONE, TcpSettings.MODERN, 1);
        transfer(pair, 5_000_000, 0);
        assertThat(pair.one.connection.retransmissions()).isZero();
        assertThat(pair.two.connection.retransmissions()).isZero();
    }

    @Test
    void negotiatesWhatBothOffer() {
        LossyPair pair = new LossyPair(Faults.NONE, TcpSettings.MODERN, 1);
        runUntilConnected(pair);
        assertThat(pair.one.connection.negotiated()).isEqualTo("mss 1448, scale 5/5, sack, timestamps");
        assertThat(pair.two.connection.negotiated()).isEqualTo("mss 1448, scale 5/5, sack, timestamps");
    }

    @Test
    void stopsAtAClosedWindowAndGoesOnWhenItOpens() {
        LossyPair pair = new LossyPair(Faults.NONE, TcpSettings.MODERN.withBuffers(20_000, 200_000), 1);
        runUntilConnected(pair);
        byte[] data = bytes(200_000);
        assertThat(pair.one.connection.write(data, 0, data.length)).isEqualTo(data.length);
        pair.one.connection.transmit(pair.now);
        long start = pair.now;
        while (pair.now - start < TimeUnit.SECONDS.toNanos(300)) {
            pair.step();
        }
        assertThat(pair.two.connection.readable()).isEqualTo(20_000);
        assertThat(pair.one.violation).isEmpty();
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        for (int steps = 0; got.size() < data.length && steps < LIMIT; steps++) {
            read(pair, pair.two, got);
            pair.step();
        }
        assertSame(got, data);
    }

    @Test
    void goesOnWhenTheWindowUpdateIsLost() {
        LossyPair pair = new LossyPair(
                new Faults(0.4, 0, 1_000_000, 0),
                TcpSettings.OLD.withRetries(20, 40).withTimeWait(Duration.ofHours(1)),
                11);
        transfer(pair, 60_000, 0);
    }

    @Test
    void givesUpWhenNobodyAnswers() {
        LossyPair pair = new LossyPair(new Faults(1, 0, 0, 0), TcpSettings.MODERN.withRetries(3, 5), 1);
        while (pair.step()) {}
        assertThat(pair.one.failure).isEqualTo(TcpFailure.TIMED_OUT);
        assertThat(pair.sent).isEqualTo(4);
        assertThat(Duration.ofNanos(pair.now)).isEqualTo(Duration.ofSeconds(1 + 2 + 4 + 8));
    }

    @Test
    void anAbortReachesTheOtherSideAsReset() {
        LossyPair pair = new LossyPair(Faults.NONE, TcpSettings.MODERN, 1);
        runUntilConnected(pair);
        pair.one.connection.abort();
        while (pair.step()) {}
        assertThat(pair.one.failure).isEqualTo(TcpFailure.ABORTED);
        assertThat(pair.two.failure).isEqualTo(TcpFailure.RESET);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void bothSidesEndHoweverTheirFinsAreLost(int seed) {
        LossyPair pair = new LossyPair(new Faults(0.4, 0.1, 1_000_000, 3_000_000), TcpSettings.MODERN, seed);
        runUntilConnected(pair);
        pair.one.connection.shutdownOutput();
        pair.one.connection.transmit(pair.now);
        pair.two.connection.shutdownOutput();
        pair.two.connection.transmit(pair.now);
        while (pair.step()) {}
        assertThat(pair.one.closed).isTrue();
        assertThat(pair.two.closed).isTrue();
        assertThat(pair.one.connection.state()).isEqualTo(TcpState.CLOSED);
    }

    /** Sends bytes both ways, ends both halves, and checks that all arrived and both ended in order. */
    private static void transfer(LossyPair pair, int forth, int back) {
        runUntilConnected(pair);
        byte[] forthBytes = bytes(forth);
        byte[] backBytes = bytes(back);
        ByteArrayOutputStream atTwo = new ByteArrayOutputStream();
        ByteArrayOutputStream atOne = new ByteArrayOutputStream();
        int written = 0;
        int writtenBack = 0;
        for (int steps = 0; !(pair.one.closed && pair.two.closed); steps++) {
            assertThat(steps).as("steps").isLessThan(LIMIT);
            written += write(pair, pair.one, forthBytes, written);
            writtenBack += write(pair, pair.two, backBytes, writtenBack);
            read(pair, pair.two, atTwo);
            read(pair, pair.one, atOne);
            if (!pair.step()) {
                break;
            }
        }
        for (int i = 0; i < 200; i++) {
            read(pair, pair.two, atTwo);
            read(pair, pair.one, atOne);
        }
        assertThat(pair.one.violation + pair.two.violation).isEmpty();
        assertThat(pair.one.failure).as(pair.toString()).isNull();
        assertThat(pair.two.failure).isNull();
        assertSame(atTwo, forthBytes);
        assertSame(atOne, backBytes);
    }

    private static void assertSame(ByteArrayOutputStream got, byte[] wanted) {
        assertThat(got.size()).isEqualTo(wanted.length);
        assertThat(Arrays.mismatch(got.toByteArray(), wanted))
                .as("first difference")
                .isEqualTo(-1);
    }

    private static int write(LossyPair pair, End end, byte[] data, int from) {
        int written = end.connection.write(data, from, data.length - from);
        if (from + written == data.length) {
            end.connection.shutdownOutput();
        }
        end.connection.transmit(pair.now);
        return written;
    }

    private static void read(LossyPair pair, End end, ByteArrayOutputStream into) {
        byte[] chunk = new byte[10_000];
        int read = end.connection.read(chunk, 0, chunk.length);
        into.write(chunk, 0, read);
        end.connection.transmit(pair.now);
    }

    private static void runUntilConnected(LossyPair pair) {
        while (!pair.one.connected || !pair.two.connected) {
            assertThat(pair.step()).as("a handshake that goes on").isTrue();
        }
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return Arrays.copyOf(bytes, length);
    }
}
