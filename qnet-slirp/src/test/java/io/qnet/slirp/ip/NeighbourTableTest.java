package io.qnet.slirp.ip;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.wire.IpAddress;
import org.junit.jupiter.api.Test;

class NeighbourTableTest {
    private static final IpAddress ONE = IpAddress.parse("10.0.2.15");
    private static final IpAddress TWO = IpAddress.parse("fec0::15");
    private static final IpAddress THREE = IpAddress.parse("10.0.2.17");
    private static final long MAC_A = 0x5254_0012_3456L;
    private static final long MAC_B = 0x5254_0012_3457L;

    private final NeighbourTable table = new NeighbourTable(2);

    @Test
    void learnsBothFamiliesAndChanges() {
        assertThat(table.lookup(ONE)).isEqualTo(NeighbourTable.UNKNOWN);
        assertThat(table.learn(ONE, MAC_A)).isTrue();
        assertThat(table.learn(ONE, MAC_A)).isFalse();
        assertThat(table.learn(TWO, MAC_A)).isTrue();
        assertThat(table.learn(ONE, MAC_B)).isTrue();
        assertThat(table.lookup(ONE)).isEqualTo(MAC_B);
        assertThat(table.lookup(TWO)).isEqualTo(MAC_A);
    }

    @Test
    void theOneConfirmedLongestAgoMakesRoom() {
        table.learn(ONE, MAC_A);
        table.learn(TWO, MAC_B);
        table.learn(ONE, MAC_A);
        table.learn(THREE, MAC_A);
        assertThat(table.size()).isEqualTo(2);
        assertThat(table.lookup(ONE)).isEqualTo(MAC_A);
        assertThat(table.lookup(TWO)).isEqualTo(NeighbourTable.UNKNOWN);
    }

    @Test
    void groupsAndZeroAreNotKept() {
        assertThat(table.learn(ONE, 0xffff_ffff_ffffL)).isFalse();
        assertThat(table.learn(ONE, 0x0100_5e00_0001L)).isFalse();
        assertThat(table.learn(ONE, 0)).isFalse();
        assertThat(table.size()).isZero();
    }

    @Test
    void knowsTheMacsOfGuests() {
        assertThat(table.isGuestMac(MAC_A)).isFalse();
        table.learn(ONE, MAC_A);
        assertThat(table.isGuestMac(MAC_A)).isTrue();
        assertThat(table.isGuestMac(MAC_B)).isFalse();
        table.learn(ONE, MAC_B);
        assertThat(table.isGuestMac(MAC_A)).isFalse();
        assertThat(table.isGuestMac(MAC_B)).isTrue();
    }
}
