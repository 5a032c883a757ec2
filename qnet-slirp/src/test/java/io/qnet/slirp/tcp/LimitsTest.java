package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.GuestFrames.join;
import static io.qnet.slirp.tcp.GuestFrames.mss;
import static io.qnet.slirp.tcp.GuestFrames.sackPermitted;
import static io.qnet.slirp.tcp.GuestFrames.windowScale;
import static io.qnet.slirp.tcp.TcpDialogue.FLOW;
import static io.qnet.slirp.tcp.TcpDialogue.IRS;
import static io.qnet.slirp.tcp.TcpDialogue.ISS;
import static io.qnet.wire.Tcp.ACK;
import static io.qnet.wire.Tcp.PSH;
import static io.qnet.wire.Tcp.RST;
import static io.qnet.wire.Tcp.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.host.HostError;
import io.qnet.slirp.tcp.Opener.Decision;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a hostile or careless guest can cost: connections, memory, attention. */
@ExtendWith(LeakCheck.class)
class LimitsTest {
    private static final byte[] OFFER = join(mss(1460), sackPermitted(), windowScale(7));

    private final TcpDialogue dialogue = new TcpDialogue();

    private TcpDialogue on(int port) {
        dialogue.flow = new TcpFlow(FLOW.guest(), port, FLOW.host(), FLOW.hostPort());
        return dialogue;
    }

    // ---- connections

    @Test
    void theOldestIdleConnectionMakesRoom() {
        dialogue.config = TcpConfig.DEFAULT.withMaxFlows(4);
        for (int port = 1; port <= 4; port++) {
            on(port).opened(OFFER).after(10);
        }
        // the first shows a sign of life
        on(1).guestSends(ACK, IRS + 1, ISS + 1);
        dialogue.sent.clear();
        on(5).guestSends(SYN, IRS, 0, OFFER, "");
        on(2).expect(RST | ACK, ISS + 1, IRS + 1).expectState(TcpState.CLOSED);
        assertThat(dialogue.hosts.get(1).wasReset).isTrue();
        assertThat(dialogue.stack().flowCount()).isEqualTo(4);
        dialogue.expectCount("tcp.evicted", 1);
        on(1).expectState(TcpState.ESTABLISHED);
        on(5).expectState(TcpState.CONNECTING);
    }

    @Test
    void aFloodOfSynsDoesNotEvictWhatIsEstablished() {
        dialogue.config = TcpConfig.DEFAULT.withMaxFlows(100);
        on(1).opened(OFFER);
        for (int port = 2; port < 10_000; port++) {
            on(port).guestSends(SYN, IRS, 0, OFFER, "");
            dialogue.sent.clear();
        }
        assertThat(dialogue.stack().flowCount()).isEqualTo(100);
        on(1).expectState(TcpState.ESTABLISHED);
        on(9_999).hostConnects().expect(SYN | ACK, ISS, IRS + 1);
        long reset = dialogue.hosts.stream().filter(host -> host.wasReset).count();
        assertThat(reset).isEqualTo(9_999 - 100);
    }

    @Test
    void noDescriptorLeftEvictsAndTriesAgain() {
        on(1).opened(OFFER);
        dialogue.decision = new Decision.Refuse(HostError.NO_RESOURCES);
        on(2).guestSends(SYN, IRS, 0, OFFER, "");
        on(1).expect(RST | ACK, ISS + 1, IRS + 1);
        assertThat(dialogue.unreachables).containsExactly(HostError.NO_RESOURCES);
        dialogue.expectGone();
    }

    @Test
    void everyFlowHasItsOwnConnection() {
        Map<Integer, FakeHostStream> hosts = new HashMap<>();
        for (int port = 1; port <= 3000; port++) {
            on(port).opened(OFFER);
            hosts.put(port, dialogue.host());
        }
        for (int port = 3000; port >= 1; port -= 3) {
            on(port).guestSends(RST, IRS + 1, 0);
        }
        for (int port = 1; port <= 3000; port++) {
            on(port);
            boolean gone = port % 3 == 0;
            dialogue.expectState(gone ? TcpState.CLOSED : TcpState.ESTABLISHED);
            if (!gone) {
                dialogue.guestSends(ACK, IRS + 1, ISS + 1, "port " + port);
                assertThat(hosts.get(port).written.toString(StandardCharsets.US_ASCII))
                        .isEqualTo("port " + port);
            }
        }
        assertThat(dialogue.stack().flowCount()).isEqualTo(2000);
    }

    // ---- memory

    @Test
    void aMillionOneByteSegmentsIntoASocketThatDoesNotRead() {
        on(1).opened(OFFER);
        dialogue.host().holds = true;
        for (int i = 0; i < 1_000_000; i++) {
            dialogue.guestSends(ACK, IRS + 1 + i, ISS + 1, "x");
            dialogue.sent.clear();
        }
        assertThat(dialogue.host().pending).isBetween(256L << 10, (256L << 10) + 128);
        assertThat(dialogue.budget.peakBytes()).isLessThan(300_000);
    }

    @Test
    void oneByteSegmentsWithGaps() {
        on(1).opened(OFFER);
        dialogue.guestSends(ACK, IRS + 1, ISS + 1, "x".repeat(3000));
        for (int i = 1; i < 120_000; i++) {
            dialogue.guestSends(ACK, IRS + 3001 + 2 * i, ISS + 1, "x");
            dialogue.sent.clear();
        }
        assertThat(dialogue.counters.value("tcp.drop.early")).isPositive();
        assertThat(dialogue.allocator.metric().usedDirectMemory())
                .as("what is really held")
                .isLessThanOrEqualTo(dialogue.budget.usedBytes())
                .isPositive();
        assertThat(dialogue.budget.peakBytes()).isLessThan(400_000);
    }

    @Test
    void aGuestThatNeverAcknowledges() {
        dialogue.budget = new MemoryBudget(4 << 20);
        for (int port = 1; port <= 40; port++) {
            on(port).opened(OFFER);
            feed();
        }
        assertThat(dialogue.budget.peakBytes()).isLessThan((4 << 20) + 40 * (16 << 10) + (256 << 10));
        assertThat(dialogue.allocator.metric().usedDirectMemory())
                .as("what is really held")
                .isLessThanOrEqualTo(dialogue.budget.usedBytes())
                .isGreaterThan(4 << 20);
        // a newcomer is served all the same
        on(99).opened(OFFER);
        dialogue.sent.clear();
        dialogue.hostSays("served").expect(ACK | PSH, ISS + 1, IRS + 1, "served");
        on(1).after(600_000);
        dialogue.sent.clear();
        assertThat(dialogue.budget.usedBytes()).as("given up").isZero();
    }

    @Test
    void creditGivenWhileThereWasMemoryIsNotUsedWhenThereIsNoneLeft() {
        dialogue.budget = new MemoryBudget(4 << 20);
        for (int port = 1; port <= 500; port++) {
            on(port).opened(OFFER);
        }
        dialogue.inOneTurn(() -> {
            for (FakeHostStream host : dialogue.hosts) {
                long limit = Math.min(host.credit, host.handler.readLimit());
                if (limit > 0) {
                    host.handler.onData(
                            dialogue.allocator.directBuffer((int) limit).writeZero((int) limit));
                }
            }
        });
        dialogue.sent.clear();
        assertThat(dialogue.allocator.metric().usedDirectMemory())
                .as("the budget, and what each of the others needs to get on")
                .isBetween(4L << 20, (4L << 20) + 500 * (4 << 10) + (256 << 10));
        // when memory is free again, everyone may read again
        for (int port = 1; port <= 500; port++) {
            on(port).guestSends(ACK, IRS + 1, ISS + 1 + (256 << 10));
            on(port).guestSends(ACK, IRS + 1, ISS + 1 + 4096);
        }
        assertThat(dialogue.hosts).allMatch(host -> host.closed || host.credit >= 4096);
    }

    @Test
    void whatWasPromisedIsDroppedWhenNoMemoryIsLeft() {
        dialogue.budget = new MemoryBudget(1 << 20);
        for (int port = 1; port <= 100; port++) {
            on(port).opened(OFFER);
            dialogue.host().holds = true;
        }
        for (int port = 1; port <= 100; port++) {
            for (int at = 0; at < 60_000; at += 1000) {
                on(port).guestSends(ACK, IRS + 1 + at, ISS + 1, "x".repeat(1000));
            }
            dialogue.sent.clear();
        }
        assertThat(dialogue.budget.peakBytes()).isLessThan((1 << 20) + 100 * (4 << 10) + 100_000);
        assertThat(dialogue.counters.value("tcp.drop.memory")).isPositive();
        // and comes again when there is some
        FakeHostStream last = dialogue.host();
        int taken = last.written.size();
        assertThat(taken).isLessThan(60_000);
        for (FakeHostStream host : dialogue.hosts) {
            host.pending = 0;
            host.handler.onWritten(0);
        }
        on(100).turn().sent.clear();
        dialogue.guestSends(ACK, IRS + 1 + taken, ISS + 1, "again");
        assertThat(last.written.size()).isEqualTo(taken + 5);
    }

    /** The host sends whatever it may, 16 KiB at a time. */
    private void feed() {
        while (dialogue.host().credit > 0) {
            int part = (int) Math.min(16 << 10, dialogue.host().credit);
            dialogue.host().credit -= part;
            dialogue.hostSays(new byte[part]);
        }
        dialogue.sent.clear();
    }

    @Test
    void windowsCloseWhenTheMemoryIsUsedUp() {
        dialogue.budget = new MemoryBudget(1 << 20);
        long taken = 0;
        for (int port = 1; port <= 30; port++) {
            on(port).opened(OFFER);
            dialogue.host().holds = true;
            int edge = IRS + 1 + 65_535;
            int sent = 0;
            while (edge - (IRS + 1 + sent) > 0 && sent < 400_000) {
                int length = Math.min(1400, edge - (IRS + 1 + sent));
                dialogue.guestSends(ACK, IRS + 1 + sent, ISS + 1, "x".repeat(length))
                        .after(20);
                sent += length;
                while (!dialogue.sent.isEmpty()) {
                    SentSegment answer = dialogue.take();
                    edge = answer.ack() + (answer.window() << 7);
                }
            }
            taken += sent;
        }
        assertThat(taken).as("what had been promised by SYNs, and the budget").isLessThan((1 << 20) + 30L * 66_000);
    }

    // ---- fairness

    @Test
    void connectionsTakeTurnsAtANarrowOutput() {
        for (int port = 1; port <= 4; port++) {
            on(port).opened(OFFER);
        }
        dialogue.output.takesPackets = 0;
        dialogue.output.maxGsoBytes = 1460;
        for (int port = 1; port <= 4; port++) {
            dialogue.hosts
                    .get(port - 1)
                    .handler
                    .onData(dialogue.allocator.directBuffer(8000).writeZero(8000));
        }
        dialogue.turn();
        Map<Integer, Integer> shares = new HashMap<>();
        for (int i = 0; i < 24; i++) {
            dialogue.output.takeAgain(1);
            dialogue.turn();
            for (SentSegment segment : dialogue.sent) {
                shares.merge(segment.guestPort(), 1, Integer::sum);
            }
            dialogue.sent.clear();
            if (i == 11) {
                assertThat(shares.values()).containsExactlyInAnyOrder(3, 3, 3, 3);
            }
        }
        assertThat(shares.values()).containsExactlyInAnyOrder(6, 6, 6, 6);
    }

    @Test
    void aSlowGuestDoesNotStallAnother() {
        on(1).opened(OFFER).guestWindow(0).guestSends(ACK, IRS + 1, ISS + 1);
        feed();
        dialogue.guestWindow(65_535);
        on(2).opened(OFFER).hostSays("quick").expect(ACK | PSH, ISS + 1, IRS + 1, "quick");
    }

    // ---- bugs

    @Test
    void aBugEndsItsOwnConnectionOnly() {
        on(1).opened(OFFER);
        FakeHostStream broken = dialogue.host();
        on(2).opened(OFFER);
        broken.outputShut = true; // so that it throws when it is written to
        on(1);
        dialogue.inOneTurn(() -> {
            dialogue.guestSends(ACK, IRS + 1, ISS + 1, "boom");
            assertThat(dialogue.loop.failure).isInstanceOf(IllegalStateException.class);
            dialogue.loop.failure = null;
        });
        dialogue.expect(RST | ACK, ISS + 1, IRS + 1).expectCount("tcp.failed", 1);
        on(2).guestSends(ACK, IRS + 1, ISS + 1, "fine").expectHostGot("fine");
    }

    // ---- path MTU

    @Test
    void aSmallerPathMtuIsHonoured() {
        on(1).opened(OFFER).hostSays(new byte[4000]);
        assertThat(dialogue.take().gsoSize()).isEqualTo(1460);
        dialogue.stack().onIcmpError(dialogue.flow, PathError.TOO_LARGE, ISS + 1, 576);
        SentSegment again = dialogue.turn().take();
        assertThat(again.seq()).isEqualTo(ISS + 1);
        assertThat(again.gsoSize()).isEqualTo(536);
        assertThat(again.payload()).hasSize(4000);
    }

    @Test
    void aPathMtuIsNotBelievedIfItQuotesNothingOnItsWay() {
        on(1).opened(OFFER).hostSays(new byte[4000]);
        dialogue.sent.clear();
        dialogue.stack().onIcmpError(dialogue.flow, PathError.TOO_LARGE, ISS + 5000, 576);
        dialogue.stack().onIcmpError(dialogue.flow, PathError.TOO_LARGE, ISS, 576);
        dialogue.turn().expectSilence();
    }

    @Test
    void aTinyPathMtuIsNotBelieved() {
        on(1).opened(OFFER).hostSays(new byte[4000]);
        dialogue.sent.clear();
        dialogue.stack().onIcmpError(dialogue.flow, PathError.TOO_LARGE, ISS + 1, 1);
        assertThat(dialogue.turn().take().gsoSize()).isEqualTo(28);
    }
}
