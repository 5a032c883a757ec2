package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Slow start, CUBIC (RFC 9438) and proportional rate reduction (RFC 6937), in segments of 1000 bytes. */
class CongestionTest {
    private static final int MSS = 1000;
    private static final long MS = 1_000_000L;

    private final Congestion congestion = new Congestion();
    private long now = 5;

    @BeforeEach
    void start() {
        congestion.start(MSS);
    }

    private void round(long rttMillis) {
        now += rttMillis * MS;
        for (int left = congestion.cwnd(); left > 0; left -= 2 * MSS) {
            congestion.onAck(Math.min(left, 2 * MSS), now, rttMillis * MS);
        }
    }

    @Test
    void tenSegmentsAtFirst() {
        assertThat(congestion.cwnd()).isEqualTo(10 * MSS);
    }

    @Test
    void slowStartDoubles() {
        round(20);
        assertThat(congestion.cwnd()).isEqualTo(20 * MSS);
        round(20);
        assertThat(congestion.cwnd()).isEqualTo(40 * MSS);
        for (int i = 0; i < 30; i++) {
            round(20);
        }
        assertThat(congestion.cwnd()).as("bounded").isEqualTo(16 << 20);
    }

    @Test
    void aRecoveryEndsAtSevenTenths() {
        growTo(100);
        congestion.enterRecovery(100 * MSS);
        congestion.exitRecovery();
        assertThat(congestion.cwnd()).isEqualTo(70 * MSS);
        assertThat(congestion.isSlowStart()).isFalse();
    }

    private void growTo(int segments) {
        while (congestion.cwnd() < segments * MSS) {
            congestion.onAck(MSS, now, 20 * MS);
        }
    }

    /** RFC 9438 §4.2: W(t) = C (t - K)^3 + W_max with K = cbrt(W_max (1 - beta) / C). */
    @Test
    void afterALossTheCurveReturnsToTheFormerWindow() {
        growTo(1000);
        congestion.enterRecovery(1000 * MSS);
        congestion.exitRecovery();
        double k = Math.cbrt(1000 * 0.3 / 0.4);
        double elapsed = 0;
        while (elapsed < k) {
            round(100);
            elapsed += 0.1;
            double expected = 0.4 * Math.pow(elapsed - k, 3) + 1000;
            assertThat(congestion.cwnd() / (double) MSS).isCloseTo(expected, within(0.03 * expected));
        }
        for (int i = 0; i < 50; i++) {
            round(100);
        }
        assertThat(congestion.cwnd()).as("then it probes beyond").isGreaterThan(1020 * MSS);
    }

    @Test
    void onShortRoundTripsItIsNotWorseThanReno() {
        growTo(20);
        congestion.enterRecovery(20 * MSS);
        congestion.exitRecovery();
        int before = congestion.cwnd();
        for (int i = 0; i < 20; i++) {
            round(1);
        }
        // RFC 9438 §4.3: at least 0.53 segments a round trip
        assertThat(congestion.cwnd() - before).isGreaterThan(8 * MSS);
    }

    @Test
    void fastConvergence() {
        growTo(100);
        congestion.enterRecovery(100 * MSS);
        congestion.exitRecovery();
        congestion.enterRecovery(70 * MSS);
        congestion.exitRecovery();
        assertThat(congestion.cwnd()).isEqualTo(49 * MSS);
    }

    @Test
    void aTimeOutLeavesOneSegmentAndSlowStart() {
        growTo(100);
        congestion.onTimeout(100 * MSS, true);
        assertThat(congestion.cwnd()).isEqualTo(MSS);
        assertThat(congestion.ssthresh()).isEqualTo(70 * MSS);
        congestion.onTimeout(MSS, false);
        assertThat(congestion.ssthresh()).as("lowered once").isEqualTo(70 * MSS);
        growTo(70);
        assertThat(congestion.isSlowStart()).isFalse();
    }

    @Test
    void aNeedlessTimeOutIsTakenBack() {
        growTo(100);
        int ssthresh = congestion.ssthresh();
        congestion.onTimeout(100 * MSS, true);
        congestion.undo();
        assertThat(congestion.cwnd()).isEqualTo(100 * MSS);
        assertThat(congestion.ssthresh()).isEqualTo(ssthresh);
    }

    @Test
    void theWindowNeverFallsBelowTwoSegments() {
        for (int i = 0; i < 20; i++) {
            congestion.enterRecovery(congestion.cwnd());
            congestion.exitRecovery();
        }
        assertThat(congestion.cwnd()).isEqualTo(2 * MSS);
    }

    @Test
    void recoverySendsSevenForEachTenThatArrive() {
        growTo(100);
        congestion.enterRecovery(100 * MSS);
        int sent = 0;
        int pipe = 99 * MSS;
        for (int i = 0; i < 20; i++) {
            pipe -= MSS;
            congestion.onRecoveryAck(MSS, pipe, false);
            while (congestion.cwnd() - pipe >= MSS) {
                congestion.onRecoverySent(MSS);
                pipe += MSS;
                sent++;
            }
        }
        assertThat(sent).isBetween(13, 15);
    }

    @Test
    void afterAPauseTheWindowHasHalvedForEveryTimeOut() {
        growTo(160);
        congestion.onIdle(650 * MS, 200 * MS);
        assertThat(congestion.cwnd()).isBetween(20 * MSS, 21 * MSS);
        congestion.onIdle(3_600_000 * MS, 200 * MS);
        assertThat(congestion.cwnd()).isEqualTo(10 * MSS);
    }

    @Test
    void afterALostSynOneSegment() {
        congestion.afterHandshakeTimeout();
        assertThat(congestion.cwnd()).isEqualTo(MSS);
    }
}
