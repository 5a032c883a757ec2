package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.GuestFrames.join;
import static io.qnet.slirp.tcp.GuestFrames.mss;
import static io.qnet.slirp.tcp.GuestFrames.sackPermitted;
import static io.qnet.slirp.tcp.GuestFrames.windowScale;
import static io.qnet.slirp.tcp.TcpDialogue.IRS;
import static io.qnet.slirp.tcp.TcpDialogue.ISS;
import static io.qnet.slirp.tcp.TcpDialogue.established;
import static io.qnet.wire.Tcp.ACK;
import static io.qnet.wire.Tcp.FIN;
import static io.qnet.wire.Tcp.PSH;
import static io.qnet.wire.Tcp.RST;
import static io.qnet.wire.Tcp.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Data to the guest: windows, super-segments, probes of a closed window, what is read from the host, and an output that refuses. */
@ExtendWith(LeakCheck.class)
class SendingTest {
    private static final byte[] SCALED = join(mss(1460), sackPermitted(), windowScale(7));

    @Test
    void aSegmentIsNotSentAgainBeforeTheTimeOut() {
        established()
                .hostSays("abcd")
                .expect(ACK | PSH, ISS + 1, IRS + 1, "abcd")
                .after(199)
                .expectSilence()
                .guestSends(ACK, IRS + 1, ISS + 5)
                .after(10_000)
                .expectSilence();
    }

    @Test
    void theInitialWindowIsTenSegments() {
        TcpDialogue dialogue = established(SCALED).hostSays(new byte[100_000]);
        SentSegment first = dialogue.take();
        assertThat(first.payload()).hasSize(14_600);
        assertThat(first.gsoSize()).isEqualTo(1460);
        assertThat(first.flags()).isEqualTo(ACK);
        dialogue.expectSilence();
    }

    @Test
    void theCongestionWindowDoublesEachRound() {
        TcpDialogue dialogue = established(SCALED).guestWindow(65_535);
        dialogue.guestSends(ACK, IRS + 1, ISS + 1);
        int queued = 0;
        int acked = 0;
        int expected = 14_600;
        for (int round = 0; round < 7; round++) {
            while (queued - acked < 3_000_000) {
                dialogue.inOneTurn(() -> dialogue.host().handler.onData(buffer(dialogue, 200_000)));
                queued += 200_000;
            }
            int sent = drain(dialogue);
            assertThat(sent).isBetween(expected - 1460, expected + 1460);
            acked += sent;
            dialogue.afterNanos(100_000).guestSends(ACK, IRS + 1, ISS + 1 + acked);
            expected *= 2;
        }
    }

    private static ByteBuf buffer(TcpDialogue dialogue, int length) {
        return dialogue.allocator.directBuffer(length).writeZero(length);
    }

    private static int drain(TcpDialogue dialogue) {
        int length = 0;
        while (!dialogue.sent.isEmpty()) {
            length += dialogue.take().payload().length;
        }
        return length;
    }

    @Test
    void theGuestsWindowIsNotOverrun() {
        TcpDialogue dialogue = established().guestWindow(5000).guestSends(ACK, IRS + 1, ISS + 1);
        dialogue.hostSays(new byte[20_000]);
        assertThat(drain(dialogue)).as("whole segments").isEqualTo(4380);
        dialogue.guestSends(ACK, IRS + 1, ISS + 1 + 1460);
        assertThat(drain(dialogue)).isEqualTo(1460);
        dialogue.guestWindow(0).guestSends(ACK, IRS + 1, ISS + 1 + 5840).expectSilence();
    }

    @Test
    void aWindowThatShrinksIsNotOverrunFurther() {
        TcpDialogue dialogue = established().guestWindow(5000).guestSends(ACK, IRS + 1, ISS + 1);
        dialogue.hostSays(new byte[20_000]);
        drain(dialogue);
        dialogue.guestWindow(1000).guestSends(ACK, IRS + 1, ISS + 1).expectSilence();
        dialogue.guestWindow(6000).guestSends(ACK, IRS + 1, ISS + 1 + 4380);
        assertThat(drain(dialogue)).isEqualTo(5840);
    }

    @Test
    void anOldAcknowledgementDoesNotChangeTheWindow() {
        established()
                .hostSays("abc")
                .expect(ACK | PSH, ISS + 1, IRS + 1, "abc")
                .guestSends(ACK, IRS + 1, ISS + 4)
                .guestWindow(0)
                .guestSends(ACK, IRS + 1, ISS + 1, "later")
                .hostSays("def")
                .expect(ACK | PSH, ISS + 4, IRS + 6, "def");
    }

    @Test
    void aGuestThatClosesItsWindowOverWhatIsOnItsWayIsNotGivenUp() {
        TcpDialogue dialogue = established().hostSays("abc").expect(ACK | PSH, ISS + 1, IRS + 1, "abc");
        dialogue.guestWindow(0);
        for (int i = 0; i < 50; i++) {
            dialogue.after(60_000).guestSends(ACK, IRS + 1, ISS + 1);
            dialogue.sent.clear();
        }
        dialogue.expectState(TcpState.ESTABLISHED);
    }

    @Test
    void theLastPartOfASegmentIsSentAtOnce() {
        established()
                .hostSays("a")
                .expect(ACK | PSH, ISS + 1, IRS + 1, "a")
                .hostSays("b")
                .expect(ACK | PSH, ISS + 2, IRS + 1, "b");
    }

    @Test
    void manySmallWritesOfOneTurnMakeOneSegment() {
        TcpDialogue dialogue = established();
        dialogue.inOneTurn(() -> dialogue.hostSays("a").hostSays("bc").hostSays("def"))
                .expect(ACK | PSH, ISS + 1, IRS + 1, "abcdef")
                .expectSilence();
    }

    @Test
    void superSegmentsAreAsLargeAsTheOutputAllows() {
        TcpDialogue dialogue = new TcpDialogue();
        dialogue.output.maxGsoBytes = 20_000;
        dialogue.opened(SCALED).guestSends(ACK, IRS + 1, ISS + 1);
        openWindow(dialogue, 200_000);
        dialogue.hostSays(new byte[60_000]);
        assertThat(dialogue.take().payload()).as("whole segments").hasSize(13 * 1460);
        assertThat(dialogue.take().payload()).hasSize(13 * 1460);
        assertThat(dialogue.take().payload()).hasSize(13 * 1460);
        assertThat(dialogue.take().payload()).hasSize(60_000 - 39 * 1460);
        assertThat(dialogue.last().flags()).isEqualTo(ACK | PSH);
    }

    private int sentBefore;

    /** Lets the congestion window grow beyond so many bytes. */
    private void openWindow(TcpDialogue dialogue, int bytes) {
        sentBefore = 0;
        for (int i = 14_600; i < 2 * bytes; i *= 2) {
            dialogue.hostSays(new byte[i]);
            sentBefore += drain(dialogue);
            dialogue.afterNanos(100_000).guestSends(ACK, IRS + 1, ISS + 1 + sentBefore);
        }
        sentBefore += drain(dialogue);
        dialogue.guestSends(ACK, IRS + 1, ISS + 1 + sentBefore);
    }

    @Test
    void bytesOfManyBuffersArriveInOrder() {
        TcpDialogue dialogue = established(SCALED);
        Random random = new Random(5);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        for (int i = 0; i < 500; i++) {
            byte[] part = new byte[1 + random.nextInt(random.nextBoolean() ? 100 : 20_000)];
            random.nextBytes(part);
            all.writeBytes(part);
            dialogue.hostSays(part).afterNanos(50_000);
            while (!dialogue.sent.isEmpty()) {
                got.writeBytes(dialogue.take().payload());
                dialogue.guestSends(ACK, IRS + 1, ISS + 1 + got.size());
            }
        }
        assertThat(got.toByteArray()).isEqualTo(all.toByteArray());
        assertThat(dialogue.budget.usedBytes()).as("an idle flow holds nothing").isZero();
    }

    // ---- the closed window

    @Test
    void aClosedWindowIsProbed() {
        TcpDialogue dialogue = established()
                .guestWindow(0)
                .guestSends(ACK, IRS + 1, ISS + 1)
                .hostSays("waiting")
                .expectSilence();
        for (long wait = 200; wait < 10_000; wait *= 2) {
            dialogue.after(wait - 1)
                    .expectSilence()
                    .after(1)
                    .expect(ACK, ISS, IRS + 1)
                    .guestSends(ACK, IRS + 1, ISS + 1)
                    .expectSilence();
        }
        dialogue.guestWindow(100).guestSends(ACK, IRS + 1, ISS + 1).expect(ACK | PSH, ISS + 1, IRS + 1, "waiting");
    }

    @Test
    void aClosedWindowIsProbedForEverAsLongAsTheGuestAnswers() {
        TcpDialogue dialogue =
                established().guestWindow(0).guestSends(ACK, IRS + 1, ISS + 1).hostSays("waiting");
        for (int i = 0; i < 200; i++) {
            dialogue.after(60_000);
            dialogue.sent.clear();
            dialogue.guestSends(ACK, IRS + 1, ISS + 1);
        }
        dialogue.expectState(TcpState.ESTABLISHED);
    }

    @Test
    void aGuestThatAnswersNoProbeIsGivenUp() {
        TcpDialogue dialogue =
                established().guestWindow(0).guestSends(ACK, IRS + 1, ISS + 1).hostSays("waiting");
        dialogue.after(10 * 60_000);
        int probes = 0;
        while (dialogue.sent.size() > 1) {
            dialogue.expect(ACK, ISS, IRS + 1);
            probes++;
        }
        assertThat(probes).isBetween(8, 20);
        dialogue.expect(RST | ACK, ISS + 1, IRS + 1).expectHostReset().expectGone();
    }

    @Test
    void theWindowClosesInTheMiddle() {
        TcpDialogue dialogue = established().hostSays("abc").expect(ACK | PSH, ISS + 1, IRS + 1, "abc");
        dialogue.guestWindow(0)
                .guestSends(ACK, IRS + 1, ISS + 4)
                .hostSays("def")
                .expectSilence()
                .after(200)
                .expect(ACK, ISS + 3, IRS + 1)
                .guestWindow(2)
                .guestSends(ACK, IRS + 1, ISS + 4)
                .expectSilence()
                .after(200)
                .expect(ACK, ISS + 4, IRS + 1, "de")
                .guestWindow(100)
                .guestSends(ACK, IRS + 1, ISS + 6)
                .expect(ACK | PSH, ISS + 6, IRS + 1, "f");
    }

    @Test
    void lessThanASegmentFitsIntoAWindowThatWasNeverLarger() {
        new TcpDialogue()
                .guestWindow(4)
                .opened(mss(1460))
                .hostSays("abcdefgh")
                .expect(ACK, ISS + 1, IRS + 1, "abcd")
                .guestSends(ACK, IRS + 1, ISS + 5)
                .expect(ACK | PSH, ISS + 5, IRS + 1, "efgh");
    }

    // ---- reading from the host

    @Test
    void aSlowGuestStopsTheReading() {
        TcpDialogue dialogue = established().guestWindow(0).guestSends(ACK, IRS + 1, ISS + 1);
        int queued = 0;
        while (dialogue.host().credit > 0) {
            int part = (int) Math.min(dialogue.host().credit, 65_536);
            dialogue.host().credit -= part;
            dialogue.hostSays(new byte[part]);
            queued += part;
            assertThat(queued).isLessThan(300_000);
        }
        assertThat(queued).isBetween(200_000, 300_000);
        dialogue.guestWindow(65_535).guestSends(ACK, IRS + 1, ISS + 1);
        int acked = 0;
        while (acked < queued) {
            acked += drain(dialogue);
            dialogue.guestSends(ACK, IRS + 1, ISS + 1 + acked);
        }
        assertThat(dialogue.host().credit).isGreaterThan(200_000);
    }

    @Test
    void nothingMoreIsReadAfterTheEnd() {
        TcpDialogue dialogue = established().hostEnds();
        int credits = dialogue.host().credits;
        dialogue.guestSends(ACK, IRS + 1, ISS + 2).guestSends(ACK, IRS + 1, ISS + 2, "x");
        assertThat(dialogue.host().credits).isEqualTo(credits);
    }

    // ---- an output that refuses

    @Test
    void aRefusedSegmentIsSentLater() {
        TcpDialogue dialogue = established();
        dialogue.output.takesPackets = 0;
        dialogue.hostSays("abc").expectSilence().hostSays("def").expectSilence();
        assertThat(dialogue.output.isAwaited()).isTrue();
        dialogue.output.takeAgain(-1);
        dialogue.turn()
                .expect(ACK | PSH, ISS + 1, IRS + 1, "abcdef")
                .expectSilence()
                .guestSends(ACK, IRS + 1, ISS + 7)
                .after(1000)
                .expectSilence();
    }

    @Test
    void aRefusedAcknowledgementIsSentLater() {
        TcpDialogue dialogue = established();
        dialogue.output.takesPackets = 0;
        dialogue.guestSends(ACK, IRS + 2, ISS + 1, "early").after(5000).expectSilence();
        dialogue.output.takeAgain(-1);
        dialogue.turn().expect(ACK, ISS + 1, IRS + 1).expectSilence();
        assertThat(dialogue.last().sackEdges()).containsExactly(IRS + 2, IRS + 7);
    }

    @Test
    void aRefusedFinDoesNotChangeTheState() {
        TcpDialogue dialogue = established();
        dialogue.output.takesPackets = 0;
        dialogue.hostEnds().expectState(TcpState.ESTABLISHED);
        dialogue.output.takeAgain(1);
        dialogue.turn().expect(ACK | FIN, ISS + 1, IRS + 1).expectState(TcpState.FIN_WAIT_1);
    }

    @Test
    void aRefusedResetIsSentLater() {
        TcpDialogue dialogue = established();
        dialogue.output.takesPackets = 0;
        dialogue.hostFails(HostError.RESET).expectSilence();
        dialogue.output.takeAgain(1);
        dialogue.turn().expect(RST | ACK, ISS + 1, IRS + 1).expectGone();
    }

    @Test
    void aRefusedSynAckIsSentLater() {
        TcpDialogue dialogue = new TcpDialogue();
        dialogue.output.takesPackets = 0;
        dialogue.guestSends(SYN, IRS, 0, mss(1460), "").hostConnects().expectSilence();
        dialogue.output.takeAgain(1);
        dialogue.turn().expect(SYN | ACK, ISS, IRS + 1);
    }
}
