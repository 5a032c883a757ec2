package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 6298, its rules by number. */
class RttEstimatorTest {
    private static final long MS = 1_000_000L;

    private final RttEstimator rtt = new RttEstimator();
    private long now = Long.MAX_VALUE - 10;

    private void sample(long millis) {
        now += 1000 * MS;
        rtt.sample(millis * MS, now);
    }

    @Test
    void rule21BeforeAMeasurementOneSecond() {
        assertThat(rtt.rto()).isEqualTo(1000 * MS);
        assertThat(rtt.isMeasured()).isFalse();
    }

    @Test
    void rule22TheFirstMeasurement() {
        sample(400);
        assertThat(rtt.srtt()).isEqualTo(400 * MS);
        assertThat(rtt.rttVar()).isEqualTo(200 * MS);
        assertThat(rtt.rto()).isEqualTo(1200 * MS);
    }

    @Test
    void rule23LaterMeasurements() {
        sample(400);
        sample(800);
        // 3/4 * 200 + 1/4 * |400 - 800|, 7/8 * 400 + 1/8 * 800
        assertThat(rtt.rttVar()).isEqualTo(250 * MS);
        assertThat(rtt.srtt()).isEqualTo(450 * MS);
        assertThat(rtt.rto()).isEqualTo(1450 * MS);
        sample(50);
        assertThat(rtt.rttVar()).isEqualTo(287_500_000L);
        assertThat(rtt.srtt()).isEqualTo(400 * MS);
    }

    @Test
    void aSteadyRoundTripLeavesAMargin() {
        for (int i = 0; i < 200; i++) {
            sample(100);
        }
        assertThat(rtt.rto()).isBetween(300 * MS - 1000, 300 * MS + 1000);
    }

    @Test
    void rule25AtMostSixtySeconds() {
        sample(100_000);
        assertThat(rtt.rto()).isEqualTo(60_000 * MS);
    }

    @Test
    void rule55TheTimeOutDoubles() {
        sample(100);
        long first = rtt.rto();
        rtt.backOff();
        assertThat(rtt.rto()).isEqualTo(2 * first);
        rtt.backOff();
        assertThat(rtt.rto()).isEqualTo(4 * first);
        for (int i = 0; i < 100; i++) {
            rtt.backOff();
        }
        assertThat(rtt.rto()).isEqualTo(60_000 * MS);
        sample(100);
        assertThat(rtt.rto()).as("a measurement ends the back-off").isLessThanOrEqualTo(first);
    }

    @Test
    void rule57AfterALostSynThreeSeconds() {
        rtt.afterHandshakeTimeout();
        assertThat(rtt.rto()).isEqualTo(3000 * MS);
    }

    @Test
    void theLeastRoundTripIsForgottenAfterMinutes() {
        sample(5);
        sample(50);
        assertThat(rtt.minRtt()).isEqualTo(5 * MS);
        for (int i = 0; i < 400; i++) {
            sample(40);
        }
        assertThat(rtt.minRtt()).isEqualTo(40 * MS);
    }

    @Test
    void noTimeAtAllIsAMeasurement() {
        sample(0);
        assertThat(rtt.isMeasured()).isTrue();
        assertThat(rtt.rto()).isEqualTo(200 * MS);
    }
}
