package io.qnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where a switch sends frames. Members are called a, b, c, d; a's address ends in 1, b's in 2 and so on; 0 stands for all. */
class SwitchTest extends CoreFixture {
    private static final long BASE = 0x5254_0000_0000L;
    private static final long ALL = 0xffff_ffff_ffffL;

    private Switch lan;
    private Probe a;
    private Probe b;
    private Probe c;

    @BeforeEach
    void members() {
        lan = network.hub(0, new Switch.Config(64, 8, 300));
        a = onHub("a");
        b = onHub("b");
        c = onHub("c");
    }

    @Test
    void unknownAndGroupsGoToAllAndKnownToOne() {
        send(a, 1, 2, 10);
        expect(List.of(), List.of(10), List.of(10));
        send(b, 2, 1, 11);
        expect(List.of(11), List.of(), List.of());
        send(a, 1, 2, 12);
        expect(List.of(), List.of(12), List.of());
        send(a, 1, 0, 13);
        expect(List.of(), List.of(13), List.of(13));
        assertThat(lan.counters().value("forward.known")).isEqualTo(2);
        assertThat(lan.counters().value("forward.flooded")).isEqualTo(2);
    }

    @Test
    void whatIsForTheSendersOwnPortGoesNowhere() {
        send(a, 1, 0, 1);
        send(a, 7, 0, 2);
        clear();
        send(a, 1, 7, 3);
        expect(List.of(), List.of(), List.of());
        assertThat(lan.counters().value("drop.same-port")).isEqualTo(1);
    }

    @Test
    void anAddressThatMovesIsFollowed() {
        send(a, 1, 0, 1);
        send(b, 1, 0, 2);
        clear();
        send(c, 3, 1, 3);
        expect(List.of(), List.of(3), List.of());
        assertThat(lan.counters().value("learn.moved")).isEqualTo(1);
    }

    @Test
    void anAddressThatIsNotSeenAgainAges() {
        send(a, 1, 0, 1);
        clear();
        after(300, TimeUnit.SECONDS);
        send(b, 2, 1, 2);
        expect(List.of(2), List.of(), List.of());
        after(1, TimeUnit.SECONDS);
        send(b, 2, 1, 3);
        expect(List.of(3), List.of(), List.of(3));
    }

    @Test
    void aGroupIsNotLearnedAsASource() {
        send(a, ALL, 0, 1);
        assertThat(network.call(lan::addressCount)).isZero();
    }

    @Test
    void aPortThatInventsAddressesFillsItsOwnShareAlone() {
        for (int i = 0; i < 100; i++) {
            send(a, 0x100 + i, 0, i);
        }
        assertThat(network.call(lan::addressCount)).isEqualTo(8);
        assertThat(lan.counters().value("learn.refused")).isEqualTo(92);
        send(b, 2, 0, 1);
        clear();
        send(c, 3, 2, 2);
        expect(List.of(), List.of(2), List.of());
    }

    @Test
    void whatHasAgedMakesRoom() {
        for (int i = 0; i < 8; i++) {
            send(a, 0x100 + i, 0, i);
        }
        after(301, TimeUnit.SECONDS);
        send(a, 1, 0, 1);
        clear();
        send(b, 2, 1, 2);
        expect(List.of(2), List.of(), List.of());
        assertThat(lan.counters().value("learn.refused")).isZero();
    }

    @Test
    void aMemberThatLeavesIsForgotten() {
        send(b, 2, 0, 1);
        network.remove(b);
        clear();
        send(a, 1, 2, 2);
        expect(List.of(), List.of(), List.of(2));
    }

    @Test
    void aMemberWhoseLinkGoesDownIsForgotten() {
        send(b, 2, 0, 1);
        clear();
        network.setLink("b", false);
        send(a, 1, 2, 2);
        network.setLink("b", true);
        send(a, 1, 2, 3);
        expect(List.of(), List.of(3), List.of(2, 3));
    }

    @Test
    void aStuckMemberHoldsUpNoOther() {
        send(b, 2, 0, 1);
        send(c, 3, 0, 2);
        clear();
        b.notReady();
        for (int i = 0; i < 20; i++) {
            send(a, 1, i % 2 == 0 ? 2 : 3, i);
        }
        assertThat(c.received).hasSize(10);
        b.readyAgain();
        assertThat(b.received).containsExactly(0, 2, 4, 6, 8, 10, 12, 14, 16, 18);
    }

    @Test
    void withTwoMembersTheSenderWaits() {
        network.remove(c);
        send(b, 2, 0, 1);
        b.notReady();
        assertThat(trySend(a, 1, 2, 2)).isFalse();
        b.readyAgain();
        assertThat(a.sendables).isPositive();
    }

    @Test
    void isolatedPortsSeeOnlyTheOthers() {
        Probe one = isolated("one");
        Probe two = isolated("two");
        send(one, 11, 0, 1);
        expect(List.of(1), List.of(1), List.of(1));
        assertThat(two.received).isEmpty();
        send(two, 12, 0, 2);
        send(two, 12, 11, 3);
        assertThat(one.received).isEmpty();
        clear();
        send(a, 1, 0, 4);
        assertThat(one.received).containsExactly(4);
        assertThat(two.received).containsExactly(4);
        send(one, 11, 1, 5);
        assertThat(a.received).containsExactly(5);
    }

    @Test
    void aStormIsLimited() {
        Probe noisy = probe("noisy");
        network.add(HubPort.config("pn", 0).stormLimit(100).netdev("noisy"));
        for (int i = 0; i < 50; i++) {
            send(noisy, 9, 0, i);
        }
        assertThat(a.received).as("a tenth of a second's worth").hasSize(10);
        send(a, 1, 0, 100);
        clear();
        send(noisy, 9, 1, 101);
        expect(List.of(101), List.of(), List.of());
        after(100, TimeUnit.MILLISECONDS);
        for (int i = 0; i < 50; i++) {
            send(noisy, 9, 0, i);
        }
        assertThat(b.received).hasSize(10);
        assertThat(lan.counters().value("drop.storm")).isEqualTo(80);
        assertThat(network.info().endpoint("pn").counters().get("drop.storm")).isEqualTo(80);
    }

    @Test
    void modesThatConflictAreRefused() {
        assertThatThrownBy(() -> network.addNetdev("hubport,id=p,hubid=0,mode=hub"))
                .isInstanceOf(NetdevException.class)
                .hasMessage("hub 0 is a switch already");
        network.hub(1);
        assertThatThrownBy(() -> network.addNetdev("hubport,id=p,hubid=1,mode=switch"))
                .hasMessage("hub 1 is a hub already");
        network.addNetdev("hubport,id=p,hubid=2,mode=switch,isolated=on,storm-limit=5");
        network.addNetdev("hubport,id=q,hubid=2");
        assertThat(network.hub(2)).isInstanceOf(Switch.class);
        assertThatThrownBy(() -> network.addNetdev("hubport,id=r,hubid=2,mode=bogus"))
                .hasMessage("Parameter 'mode' does not accept value 'bogus'");
    }

    private Probe isolated(String id) {
        Probe probe = probe(id);
        network.add(HubPort.config("p" + id, 0).isolated(true).netdev(id));
        return probe;
    }

    private void expect(List<Integer> atA, List<Integer> atB, List<Integer> atC) {
        assertThat(a.received).as("a").isEqualTo(atA);
        assertThat(b.received).as("b").isEqualTo(atB);
        assertThat(c.received).as("c").isEqualTo(atC);
        clear();
    }

    private void clear() {
        for (Endpoint each : network.endpoints()) {
            if (each instanceof Probe probe) {
                probe.received.clear();
            }
        }
    }

    private void send(Probe from, long source, long destination, int number) {
        assertThat(trySend(from, source, destination, number)).isTrue();
    }

    private boolean trySend(Probe from, long source, long destination, int number) {
        long to = destination == 0 ? ALL : BASE | destination;
        ByteBuf bytes = Unpooled.buffer(18)
                .writeShort((int) (to >> 32))
                .writeInt((int) to)
                .writeShort((int) ((BASE | source) >> 32))
                .writeInt((int) (BASE | source))
                .writeShort(0x88b5)
                .writeInt(number);
        return network.call(() -> from.port().send(new Frame().head(bytes, 0, 18)));
    }
}
