package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranges of what is on its way, across the wrap. */
class ScoreboardTest {
    private static final int BASE = -1000;

    private final List<String> delivered = new ArrayList<>();
    private final Scoreboard board = new Scoreboard((start, end, sent, again) ->
            delivered.add((start - BASE) + "-" + (end - BASE) + "@" + sent + (again ? " again" : "")));

    private void sent(int end, long at) {
        board.sent(BASE + end, at);
    }

    private void begin() {
        board.begin(BASE);
    }

    @Test
    void whatIsSentAtOnceIsOneRange() {
        begin();
        sent(1000, 1);
        sent(2000, 1);
        sent(3000, 2);
        assertThat(board.rangeCount()).isEqualTo(2);
        assertThat(board.pipe()).isEqualTo(3000);
    }

    @Test
    void anAcknowledgementSplitsARange() {
        begin();
        sent(3000, 1);
        board.acknowledge(BASE + 1000);
        assertThat(delivered).containsExactly("0-1000@1");
        assertThat(board.una()).isEqualTo(BASE + 1000);
        assertThat(board.outstanding()).isEqualTo(2000);
        board.acknowledge(BASE + 3000);
        assertThat(delivered).containsExactly("0-1000@1", "1000-3000@1");
        assertThat(board.rangeCount()).isZero();
    }

    @Test
    void aSackSplitsAndIsDeliveredOnce() {
        begin();
        sent(5000, 1);
        board.sack(BASE + 1000, BASE + 2000);
        board.sack(BASE + 1000, BASE + 2000);
        board.sack(BASE + 500, BASE + 2500);
        assertThat(delivered).containsExactly("1000-2000@1", "500-1000@1", "2000-2500@1");
        assertThat(board.sackedBytes()).isEqualTo(2000);
        assertThat(board.pipe()).isEqualTo(3000);
        assertThat(board.rangeCount()).as("SACKed neighbours are joined").isEqualTo(3);
        board.acknowledge(BASE + 5000);
        assertThat(delivered).hasSize(5);
        assertThat(board.sackedBytes()).isZero();
    }

    @Test
    void lostAndSentAgain() {
        begin();
        sent(5000, 1);
        board.sack(BASE + 3000, BASE + 4000);
        board.markLost(0);
        assertThat(board.lostBytes()).isEqualTo(3000);
        assertThat(board.pipe()).isEqualTo(1000);
        assertThat(board.firstLost()).isZero();
        board.retransmitted(0, 1000, 7);
        assertThat(board.lostBytes()).isEqualTo(2000);
        assertThat(board.firstLost()).isEqualTo(1);
        assertThat(board.pipe()).isEqualTo(2000);
        board.acknowledge(BASE + 1000);
        assertThat(delivered).contains("0-1000@7 again");
        board.markAllLost();
        assertThat(board.lostBytes()).isEqualTo(3000);
        board.unmarkLost();
        assertThat(board.lostBytes()).isZero();
        board.forgetSacks();
        assertThat(board.pipe()).isEqualTo(4000);
    }

    @Test
    void whatIsLostAndThenSackedIsNotLost() {
        begin();
        sent(3000, 1);
        board.markAllLost();
        board.sack(BASE + 1000, BASE + 2000);
        assertThat(board.lostBytes()).isEqualTo(2000);
        board.acknowledge(BASE + 1500);
        assertThat(board.lostBytes()).isEqualTo(1000);
        assertThat(board.sackedBytes()).isEqualTo(500);
        assertThat(board.pipe()).isZero();
    }

    /** Against a plain array with one entry a byte. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void agreesWithAnArray(long seed) {
        Random random = new Random(seed);
        begin();
        int una = 0;
        int nxt = 0;
        byte[] state = new byte[60_000];
        for (int step = 0; step < 4000; step++) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    nxt = Math.min(state.length, nxt + 1 + random.nextInt(300));
                    if (BASE + nxt != board.nxt()) {
                        sent(nxt, step);
                    }
                }
                case 1, 2 -> {
                    int start = una + random.nextInt(nxt - una + 1);
                    int end = start + random.nextInt(Math.min(200, nxt - start) + 1);
                    if (start < end) {
                        board.sack(BASE + start, BASE + end);
                        Arrays.fill(state, start, end, (byte) 1);
                    }
                }
                case 3 -> {
                    if (board.rangeCount() > 0) {
                        int i = random.nextInt(board.rangeCount());
                        int start = board.start(i) - BASE;
                        int end = board.end(i) - BASE;
                        board.markLost(i);
                        for (int b = start; b < end; b++) {
                            state[b] = state[b] == 0 ? 2 : state[b];
                        }
                    }
                }
                default -> {
                    una = Math.min(nxt, una + random.nextInt(400));
                    board.acknowledge(BASE + una);
                }
            }
            check(state, una, nxt);
        }
    }

    private void check(byte[] state, int una, int nxt) {
        int sacked = 0;
        int lost = 0;
        for (int b = una; b < nxt; b++) {
            sacked += state[b] == 1 ? 1 : 0;
            lost += state[b] == 2 ? 1 : 0;
        }
        assertThat(board.sackedBytes()).isEqualTo(sacked);
        assertThat(board.lostBytes()).isEqualTo(lost);
        assertThat(board.outstanding()).isEqualTo(nxt - una);
        int at = board.una();
        for (int i = 0; i < board.rangeCount(); i++) {
            assertThat(board.start(i)).isEqualTo(at);
            at = board.end(i);
        }
        assertThat(at).isEqualTo(board.nxt());
    }
}
