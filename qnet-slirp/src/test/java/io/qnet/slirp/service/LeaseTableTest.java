package io.qnet.slirp.service;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LeaseTableTest {
    private static final int START = 0x0a00_020f;
    private static final long SECOND = 1_000_000_000L;

    private final LeaseTable table = new LeaseTable(START, 3, 100);
    private long now = Long.MAX_VALUE - 5 * SECOND;

    @Test
    void offersTheWantedAddressIfItIsFree() {
        assertThat(table.offer(1, START + 2, now)).isEqualTo(START + 2);
        assertThat(table.offer(2, START + 2, now)).isEqualTo(START);
        assertThat(table.offer(3, START + 50, now)).isEqualTo(START + 1);
    }

    @Test
    void anAddressThatIsKeptForAGuestIsItsOnlyOne() {
        table.reserve(7, START);
        table.reserve(8, START + 100);
        assertThat(table.offer(1, START, now)).isEqualTo(START + 1);
        assertThat(table.bind(1, START, now)).isFalse();
        assertThat(table.offer(7, START + 2, now)).isEqualTo(START);
        assertThat(table.bind(7, START + 2, now)).isFalse();
        assertThat(table.bind(7, START, now)).isTrue();
        assertThat(table.offer(8, 0, now)).isEqualTo(START + 100);
        assertThat(table.bind(8, START + 100, now)).isTrue();
        assertThat(table.offer(2, START + 100, now)).isEqualTo(START + 2);
        assertThat(table.offer(3, 0, now)).as("the pool is used up").isEqualTo(LeaseTable.NONE);
        now += 1000 * SECOND;
        assertThat(table.offer(3, 0, now)).as("not what is kept").isEqualTo(START + 1);
        table.decline(8, START + 100, now);
    }

    @Test
    void anOfferIsKeptForAMinute() {
        table.offer(1, 0, now);
        assertThat(table.bind(2, START, now + 59 * SECOND)).isFalse();
        assertThat(table.bind(2, START, now + 60 * SECOND)).isTrue();
        assertThat(table.bind(1, START, now + 60 * SECOND)).isFalse();
    }

    @Test
    void aMacKeepsItsAddressAndHoldsOnlyOne() {
        assertThat(table.bind(1, START, now)).isTrue();
        assertThat(table.offer(1, 0, now)).isEqualTo(START);
        assertThat(table.bind(1, START + 1, now)).isTrue();
        assertThat(table.leases(now))
                .extracting(lease -> lease.address().ipv4())
                .containsExactly(START + 1);
        assertThat(table.bind(2, START, now)).isTrue();
    }

    @Test
    void aLeaseThatEndedGoesToAnotherOnlyWhenTheRestIsTaken() {
        table.bind(1, START, now);
        now += 101 * SECOND;
        assertThat(table.leases(now)).isEmpty();
        assertThat(table.offer(2, 0, now)).isEqualTo(START + 1);
        assertThat(table.offer(1, 0, now)).as("still its own").isEqualTo(START);
        table.bind(2, START + 1, now);
        table.bind(3, START + 2, now);
        now += 61 * SECOND;
        assertThat(table.offer(4, 0, now)).as("an offer that nobody took").isEqualTo(START);
        assertThat(table.offer(5, 0, now)).as("the pool is used up").isEqualTo(LeaseTable.NONE);
    }

    @Test
    void aReleasedAddressIsFree() {
        table.bind(1, START, now);
        table.release(2, START);
        assertThat(table.bind(2, START, now)).as("only its owner releases it").isFalse();
        table.release(1, START);
        assertThat(table.bind(2, START, now)).isTrue();
    }

    @Test
    void aDeclinedAddressIsLeftAlone() {
        table.bind(1, START, now);
        table.decline(1, START, now);
        assertThat(table.offer(1, 0, now)).isEqualTo(START + 1);
        assertThat(table.bind(1, START, now)).isFalse();
        assertThat(table.bind(1, START, now + 600 * SECOND)).isTrue();
    }
}
