package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 8985 §6.2 step 4: the window widens with each round that reports a duplicate, and narrows after sixteen recoveries without one. */
class ReorderingWindowTest {
    private static final long MS = 1_000_000L;
    private static final int START = -3000;

    private final RttEstimator rtt = new RttEstimator();
    private final Recovery recovery = new Recovery(rtt);
    private final Scoreboard board = recovery.board();
    private long now = 77;

    @BeforeEach
    void start() {
        rtt.sample(40 * MS, now);
        recovery.start(START, 1000, true);
    }

    @ParameterizedTest(name = "{0} rounds with duplicates, then {1} recoveries: {2} ms")
    @CsvSource({"0, 0, 10", "1, 0, 20", "2, 0, 30", "3, 0, 40", "9, 0, 40", "2, 15, 30", "2, 16, 10"})
    void window(int rounds, int recoveries, long millis) {
        for (int i = 0; i < rounds; i++) {
            send(1000);
            recovery.onDsack();
            recovery.onDsack();
            acknowledgeAll();
        }
        for (int i = 0; i < recoveries; i++) {
            send(1000);
            recovery.onTimeout();
            acknowledgeAll();
        }
        recovery.clearTimers();
        send(2000);
        now += 40 * MS;
        recovery.beginAck(false, 0, now);
        board.sack(board.una() + 1000, board.nxt());
        recovery.detectLosses(now);
        assertThat(recovery.reorder.isSet()).isTrue();
        assertThat(recovery.reorder.atNanos() - now).isEqualTo(millis * MS);
    }

    private void send(int bytes) {
        now += 100 * MS;
        board.sent(board.nxt() + bytes, now);
    }

    private void acknowledgeAll() {
        now += 40 * MS;
        recovery.beginAck(false, 0, now);
        board.acknowledge(board.nxt());
        recovery.exitIfRecovered();
    }
}
