package io.qnet.slirp.ip;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TokenBucketTest {
    private final TokenBucket bucket = new TokenBucket(1000, 3);

    @Test
    void givesABurstThenTheRateAcrossTheWrapOfTime() {
        long now = Long.MAX_VALUE - 500_000;
        assertThat(takes(now)).isEqualTo(3);
        assertThat(takes(now + 500_000)).isZero();
        assertThat(takes(now + 1_000_000)).isEqualTo(1);
        assertThat(takes(now + 3_000_000)).isEqualTo(2);
        assertThat(takes(now + 3_600_000_000_000L)).isEqualTo(3);
    }

    @Test
    void neverHoldsMoreThanABurst() {
        assertThat(bucket.take(0)).isTrue();
        assertThat(takes(2_000_000)).isEqualTo(3);
    }

    private int takes(long nowNanos) {
        int taken = 0;
        while (bucket.take(nowNanos)) {
            taken++;
        }
        return taken;
    }
}
