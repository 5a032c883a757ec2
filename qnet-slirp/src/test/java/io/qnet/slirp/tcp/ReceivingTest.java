package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.GuestFrames.join;
import static io.qnet.slirp.tcp.GuestFrames.mss;
import static io.qnet.slirp.tcp.GuestFrames.sackPermitted;
import static io.qnet.slirp.tcp.GuestFrames.timestamps;
import static io.qnet.slirp.tcp.GuestFrames.windowScale;
import static io.qnet.slirp.tcp.TcpDialogue.IRS;
import static io.qnet.slirp.tcp.TcpDialogue.ISS;
import static io.qnet.slirp.tcp.TcpDialogue.established;
import static io.qnet.wire.Tcp.ACK;
import static io.qnet.wire.Tcp.FIN;
import static io.qnet.wire.Tcp.PSH;
import static io.qnet.wire.Tcp.RST;
import static io.qnet.wire.Tcp.SYN;
import static io.qnet.wire.Tcp.URG;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Data from the guest: order, duplicates, the window, when it is acknowledged, and what is not believed. */
@ExtendWith(LeakCheck.class)
class ReceivingTest {
    private static final String FULL = "f".repeat(1460);

    // ---- acknowledgements

    @Test
    void aSmallSegmentIsAcknowledgedWithTheAnswer() {
        established()
                .guestSends(ACK | PSH, IRS + 1, ISS + 1, "question")
                .expectSilence()
                .hostSays("answer")
                .expect(ACK | PSH, ISS + 1, IRS + 9, "answer")
                .guestSends(ACK, IRS + 9, ISS + 7)
                .after(1000)
                .expectSilence();
    }

    @Test
    void aSmallSegmentIsAcknowledgedSoonWithoutAnAnswer() {
        established()
                .guestSends(ACK | PSH, IRS + 1, ISS + 1, "question")
                .after(19)
                .expectSilence()
                .after(1)
                .expect(ACK, ISS + 1, IRS + 9)
                .after(1000)
                .expectSilence();
    }

    @Test
    void whenTheHostDoesNotAnswerAcknowledgementsDoNotWaitForIt() {
        established()
                .guestSends(ACK | PSH, IRS + 1, ISS + 1, "a")
                .after(20)
                .expect(ACK, ISS + 1, IRS + 2)
                .guestSends(ACK | PSH, IRS + 2, ISS + 1, "b")
                .expect(ACK, ISS + 1, IRS + 3)
                .guestSends(ACK | PSH, IRS + 3, ISS + 1, "c")
                .expect(ACK, ISS + 1, IRS + 4);
    }

    @Test
    void twoFullSegmentsAreAcknowledgedAtOnce() {
        established()
                .guestSends(ACK, IRS + 1, ISS + 1, FULL)
                .guestSends(ACK, IRS + 1461, ISS + 1, FULL)
                .expect(ACK, ISS + 1, IRS + 2921)
                .expectSilence();
    }

    @Test
    void manySegmentsOfOneTurnAreAcknowledgedOnce() {
        TcpDialogue dialogue = established();
        dialogue.inOneTurn(() -> {
                    for (int i = 0; i < 40; i++) {
                        dialogue.guestSends(ACK, IRS + 1 + 1460 * i, ISS + 1, FULL);
                    }
                })
                .expect(ACK, ISS + 1, IRS + 1 + 40 * 1460)
                .expectSilence();
    }

    @Test
    void sixtyFourKibibytesAreAcknowledgedWithinTheTurn() {
        TcpDialogue dialogue =
                established().guestSends(ACK, IRS + 1, ISS + 1, FULL + FULL).expect(ACK, ISS + 1, IRS + 2921);
        dialogue.inOneTurn(() -> {
            for (int i = 2; i < 52; i++) {
                dialogue.guestSends(ACK, IRS + 1 + 1460 * i, ISS + 1, FULL);
            }
            dialogue.expect(ACK, ISS + 1, IRS + 1 + 47 * 1460).expectSilence();
        });
        dialogue.expect(ACK, ISS + 1, IRS + 1 + 52 * 1460).expectSilence();
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 536, 1000})
    void aGuestThatSendsSmallerSegmentsThanAllowedIsNotStalled(int size) {
        String small = "s".repeat(size);
        TcpDialogue dialogue = established();
        int acks = 0;
        for (int i = 0; i < 20; i++) {
            dialogue.guestSends(ACK, IRS + 1 + size * i, ISS + 1, small).after(20);
            acks += dialogue.sent.size();
            dialogue.sent.clear();
        }
        assertThat(acks).isGreaterThanOrEqualTo(10);
    }

    // ---- order

    @Test
    void outOfOrderWithoutSackEachIsAnsweredByADuplicate() {
        TcpDialogue dialogue = established(mss(1460));
        dialogue.inOneTurn(() -> dialogue.guestSends(ACK, IRS + 4, ISS + 1, "def")
                        .guestSends(ACK, IRS + 7, ISS + 1, "ghi")
                        .guestSends(ACK, IRS + 10, ISS + 1, "jkl"))
                .expect(ACK, ISS + 1, IRS + 1)
                .expect(ACK, ISS + 1, IRS + 1)
                .expect(ACK, ISS + 1, IRS + 1)
                .expectSilence()
                .expectHostGot("")
                .guestSends(ACK, IRS + 1, ISS + 1, "abc")
                .expect(ACK, ISS + 1, IRS + 13)
                .expectHostGot("abcdefghijkl");
    }

    @Test
    void outOfOrderWithSackIsReported() {
        TcpDialogue dialogue =
                established().guestSends(ACK, IRS + 4, ISS + 1, "def").expect(ACK, ISS + 1, IRS + 1);
        assertThat(dialogue.last().sackEdges()).containsExactly(IRS + 4, IRS + 7);
        dialogue.guestSends(ACK, IRS + 10, ISS + 1, "jkl").expect(ACK, ISS + 1, IRS + 1);
        assertThat(dialogue.last().sackEdges())
                .as("the latest first")
                .containsExactly(IRS + 10, IRS + 13, IRS + 4, IRS + 7);
        dialogue.guestSends(ACK, IRS + 7, ISS + 1, "ghi").expect(ACK, ISS + 1, IRS + 1);
        assertThat(dialogue.last().sackEdges()).containsExactly(IRS + 4, IRS + 13);
        dialogue.guestSends(ACK, IRS + 1, ISS + 1, "abc").expect(ACK, ISS + 1, IRS + 13);
        assertThat(dialogue.last().sackEdges()).isEmpty();
        dialogue.expectHostGot("abcdefghijkl");
    }

    @Test
    void withTimestampsThreeBlocksFit() {
        byte[] offer = join(mss(1460), sackPermitted(), timestamps(1000, 0), windowScale(0));
        TcpDialogue dialogue = established(offer);
        for (int i = 0; i < 5; i++) {
            dialogue.guestSends(ACK, IRS + 11 + 10 * i, ISS + 1, "x");
        }
        while (dialogue.sent.size() > 1) {
            dialogue.sent.poll();
        }
        assertThat(dialogue.take().sackEdges())
                .containsExactly(IRS + 51, IRS + 52, IRS + 41, IRS + 42, IRS + 31, IRS + 32);
    }

    @Test
    void sackIsNotSentToAGuestThatDidNotOfferIt() {
        TcpDialogue dialogue = established(mss(1460)).guestSends(ACK, IRS + 4, ISS + 1, "def");
        assertThat(dialogue.take().sackEdges()).isEmpty();
    }

    @Test
    void aDuplicateIsReported() {
        TcpDialogue dialogue = established()
                .guestSends(ACK, IRS + 1, ISS + 1, "abc")
                .after(20)
                .expect(ACK, ISS + 1, IRS + 4)
                .guestSends(ACK, IRS + 1, ISS + 1, "abc")
                .expect(ACK, ISS + 1, IRS + 4);
        assertThat(dialogue.last().sackEdges()).as("RFC 2883").containsExactly(IRS + 1, IRS + 4);
        dialogue.guestSends(ACK, IRS + 4, ISS + 1, "d").expect(ACK, ISS + 1, IRS + 5);
        assertThat(dialogue.last().sackEdges()).as("once only").isEmpty();
        dialogue.expectHostGot("abcd");
    }

    @Test
    void anOverlapIsTakenOnce() {
        established()
                .guestSends(ACK, IRS + 1, ISS + 1, "abcd")
                .guestSends(ACK, IRS + 3, ISS + 1, "cdef")
                .guestSends(ACK, IRS + 2, ISS + 1, "bcdefgh")
                .expectHostGot("abcdefgh");
    }

    @ParameterizedTest
    @CsvSource({"0, 1000", "0, 17", "100, 3000", "1460, 65536"})
    void aSuperFrameOfSlices(int inHead, int slice) {
        byte[] data = new byte[40_000];
        new Random(1).nextBytes(data);
        established()
                .guestSendsSliced(IRS + 1, ISS + 1, data, inHead, Math.max(slice, (data.length - inHead) / 19 + 1))
                .expectHostGot(data)
                .expect(ACK, ISS + 1, IRS + 1 + data.length);
    }

    @Test
    void superFramesOutOfOrder() {
        byte[] data = new byte[60_000];
        new Random(2).nextBytes(data);
        byte[] first = Arrays.copyOfRange(data, 0, 20_000);
        byte[] second = Arrays.copyOfRange(data, 20_000, 40_000);
        byte[] third = Arrays.copyOfRange(data, 40_000, 60_000);
        TcpDialogue dialogue = established()
                .guestSendsSliced(IRS + 40_001, ISS + 1, third, 100, 7000)
                .guestSendsSliced(IRS + 20_001, ISS + 1, second, 0, 7000);
        assertThat(dialogue.budget.usedBytes()).isBetween(40_000L, 200_000L);
        dialogue.guestSendsSliced(IRS + 1, ISS + 1, first, 0, 7000).expectHostGot(data);
        assertThat(dialogue.budget.usedBytes()).isZero();
    }

    @Test
    void nothingFollowsTheFin() {
        established()
                .guestSends(ACK | FIN, IRS + 4, ISS + 1, "def")
                .guestSends(ACK, IRS + 6, ISS + 1, "Xghi")
                .guestSends(ACK, IRS + 1, ISS + 1, "abc")
                .expectHostGot("abcdef")
                .expectHostEnded()
                .expectState(TcpState.CLOSE_WAIT);
    }

    @Test
    void urgentDataIsData() {
        established().guestSends(ACK | URG | PSH, IRS + 1, ISS + 1, "urgent").expectHostGot("urgent");
    }

    // ---- the window

    @Test
    void aSlowHostClosesTheWindowAndOpensItAgain() {
        TcpDialogue dialogue = established(mss(1460));
        dialogue.host().holds = true;
        int sent = 0;
        String text = "x".repeat(1400);
        while (dialogue.last().window() > 0) {
            int length = Math.min(1400, dialogue.last().window());
            dialogue.guestSends(ACK, IRS + 1 + sent, ISS + 1, text.substring(0, length))
                    .after(20);
            sent += length;
            dialogue.take();
            assertThat(sent).isLessThan(100_000);
        }
        assertThat(sent).isEqualTo(65_535);
        // a probe of one byte is not taken, but answered
        dialogue.guestSends(ACK, IRS + 1 + sent, ISS + 1, "p").expect(ACK, ISS + 1, IRS + 1 + sent);
        assertThat(dialogue.last().window()).isZero();
        dialogue.hostTakes(65_000).expectSilence();
        dialogue.hostTakes(30_000).expect(ACK, ISS + 1, IRS + 1 + sent);
        assertThat(dialogue.last().window()).isEqualTo(35_535);
        dialogue.hostTakes(0).expectSilence();
    }

    @Test
    void theRightEdgeNeverMovesLeft() {
        TcpDialogue dialogue = established(join(mss(1460), windowScale(7)));
        dialogue.host().holds = true;
        Random random = new Random(3);
        int sent = 0;
        int edge = IRS + 1 + 65_535;
        for (int i = 0; i < 2000; i++) {
            int length = Math.min(1 + random.nextInt(1460), edge - (IRS + 1 + sent));
            if (length <= 0) {
                break;
            }
            dialogue.guestSends(ACK, IRS + 1 + sent, ISS + 1, FULL.substring(0, length))
                    .after(20);
            sent += length;
            while (!dialogue.sent.isEmpty()) {
                SentSegment answer = dialogue.take();
                int said = answer.ack() + (answer.window() << 7);
                assertThat(said - (IRS + 1 + (256 << 10))).as("the edge").isBetween(0, 127);
                edge = said - edge > 0 ? said : edge;
            }
        }
        assertThat(dialogue.host().pending)
                .as("all that was promised was taken")
                .isEqualTo(sent);
        assertThat(sent).isBetween(256 << 10, (256 << 10) + 128);
    }

    @Test
    void theWindowGrowsWithWhatTheHostTakes() {
        TcpDialogue dialogue = established(join(mss(1460), windowScale(7)));
        assertThat(windowAfter(dialogue, 20)).isGreaterThan(2 << 20).isLessThanOrEqualTo(4 << 20);
    }

    @Test
    void theWindowStaysSmallWhenTheHostIsSlow() {
        TcpDialogue dialogue = established(join(mss(1460), windowScale(7)));
        assertThat(windowAfter(dialogue, 100_000)).isLessThanOrEqualTo(256 << 10);
    }

    @Test
    void withoutOffloadsTheWindowStaysBelow700Segments() {
        TcpDialogue dialogue = new TcpDialogue();
        dialogue.output.takes = 0;
        dialogue.opened(join(mss(1460), windowScale(7)));
        assertThat(windowAfter(dialogue, 100)).isGreaterThan(900_000).isLessThan(700 * 1460 + 128);
    }

    /** Lets the guest send 16 MiB, 64 KiB every so many microseconds, and returns the last window. */
    private static int windowAfter(TcpDialogue dialogue, int micros) {
        byte[] data = new byte[65_536];
        int window = 0;
        dialogue.guestSends(ACK, IRS + 1, ISS + 1, FULL).after(20);
        for (int i = 0; i < 256; i++) {
            dialogue.guestSendsSliced(IRS + 1461 + data.length * i, ISS + 1, data, 0, 4000);
            dialogue.afterNanos(micros * 1000L);
            while (!dialogue.sent.isEmpty()) {
                window = dialogue.take().window() << 7;
            }
        }
        return window;
    }

    @Test
    void withoutScalingTheWindowIsThatOf16Bits() {
        TcpDialogue dialogue = established(mss(1460)).guestSends(ACK, IRS + 1, ISS + 1, FULL + FULL);
        assertThat(dialogue.take().window()).isEqualTo(65_535);
    }

    @Test
    void dataBeyondTheWindowIsCut() {
        TcpDialogue dialogue = established(mss(1460));
        dialogue.guestSends(ACK | FIN, IRS + 1 + 65_530, ISS + 1, "0123456789").expect(ACK, ISS + 1, IRS + 1);
        byte[] before = new byte[65_530];
        dialogue.guestSendsSliced(IRS + 1, ISS + 1, before, 0, 4000);
        assertThat(dialogue.host().written.size()).isEqualTo(65_535);
        dialogue.expectState(TcpState.ESTABLISHED);
    }

    @Test
    void dataBeyondTheWindowAltogetherIsAnswered() {
        established(mss(1460))
                .guestSends(ACK, IRS + 1 + 65_536, ISS + 1, "beyond")
                .expect(ACK, ISS + 1, IRS + 1)
                .expectCount("tcp.drop.out-of-window", 1);
    }

    @Test
    void anAcknowledgementIsTakenEvenWithAClosedWindow() {
        TcpDialogue dialogue = established(mss(1460));
        dialogue.host().holds = true;
        dialogue.guestSendsSliced(IRS + 1, ISS + 1, new byte[65_535], 0, 4000);
        assertThat(dialogue.take().window()).isZero();
        dialogue.hostSays("abc")
                .expect(ACK | PSH, ISS + 1, IRS + 65_536, "abc")
                .guestSends(ACK, IRS + 65_536, ISS + 4, "not this")
                .expect(ACK, ISS + 4, IRS + 65_536)
                .after(10_000)
                .expectSilence();
        dialogue.guestSends(RST, IRS + 65_536, 0).expectGone();
    }

    // ---- what is not believed

    @Test
    void aResetElsewhereInTheWindowIsChallenged() {
        established()
                .guestSends(RST, IRS + 2, 0)
                .expect(ACK, ISS + 1, IRS + 1)
                .guestSends(RST, IRS + 1 + 70_000_000, 0)
                .expectSilence()
                .guestSends(RST, IRS, 0)
                .expectSilence()
                .expectState(TcpState.ESTABLISHED);
    }

    @Test
    void aSynIsChallenged() {
        established()
                .guestSends(SYN, IRS + 100, 0)
                .expect(ACK, ISS + 1, IRS + 1)
                .guestSends(SYN | ACK, IRS, ISS + 1)
                .expect(ACK, ISS + 1, IRS + 1)
                .expectState(TcpState.ESTABLISHED);
    }

    @Test
    void challengesAreLimited() {
        TcpDialogue dialogue = established();
        for (int i = 0; i < 100; i++) {
            dialogue.guestSends(SYN, IRS + 100, 0);
        }
        assertThat(dialogue.sent).hasSize(10);
        dialogue.expectCount("tcp.challenge-acks-suppressed", 90);
        dialogue.sent.clear();
        dialogue.after(1000).guestSends(SYN, IRS + 100, 0).expect(ACK, ISS + 1, IRS + 1);
    }

    @Test
    void anAcknowledgementOfTheFutureIsChallenged() {
        established()
                .guestSends(ACK, IRS + 1, ISS + 2, "lie")
                .expect(ACK, ISS + 1, IRS + 1)
                .expectHostGot("");
    }

    @Test
    void anAcknowledgementOfTheFarPastIsChallenged() {
        established()
                .guestSends(ACK, IRS + 1, ISS + 1 - 100_000, "lie")
                .expect(ACK, ISS + 1, IRS + 1)
                .expectHostGot("");
    }

    @Test
    void dataWithoutAcknowledgementIsIgnored() {
        established().guestSends(PSH, IRS + 1, 0, "none").expectSilence().expectHostGot("");
    }

    @Test
    void aKeepaliveOfTheGuestIsAnswered() {
        established()
                .guestSends(ACK, IRS, ISS + 1)
                .expect(ACK, ISS + 1, IRS + 1)
                .guestSends(ACK, IRS, ISS + 1, "g")
                .expect(ACK, ISS + 1, IRS + 1)
                .expectHostGot("");
    }

    // ---- timestamps

    private static TcpDialogue withTimestamps() {
        return established(join(mss(1460), timestamps(1000, 0), windowScale(0)));
    }

    @Test
    void theTimestampIsEchoed() {
        TcpDialogue dialogue = withTimestamps();
        int echo = 0x7fff_0000;
        dialogue.guestTimestamp(5000, echo).guestSends(ACK, IRS + 1, ISS + 1, FULL);
        dialogue.guestTimestamp(5010, echo).guestSends(ACK, IRS + 1461, ISS + 1, FULL);
        assertThat(dialogue.take().tsEcr())
                .as("that of the first not acknowledged before")
                .isEqualTo(5000);
        dialogue.guestTimestamp(5020, echo)
                .guestSends(ACK, IRS + 2921, ISS + 1, "x")
                .hostSays("y");
        assertThat(dialogue.take().tsEcr()).isEqualTo(5020);
    }

    @Test
    void anOldDuplicateIsFoundByItsTimestamp() {
        TcpDialogue dialogue = withTimestamps();
        int echo = 0x7fff_0000;
        dialogue.guestTimestamp(5000, echo)
                .guestSends(ACK, IRS + 1, ISS + 1, "new")
                .guestTimestamp(4999, echo)
                .guestSends(ACK, IRS + 4, ISS + 1, "old")
                .expect(ACK, ISS + 1, IRS + 4)
                .expectCount("tcp.drop.paws", 1)
                .guestTimestamp(5000, echo)
                .guestSends(ACK, IRS + 4, ISS + 1, "next")
                .expectHostGot("newnext");
    }

    @Test
    void after24DaysAnyTimestampIsGood() {
        TcpDialogue dialogue = withTimestamps();
        int echo = 0x7fff_0000;
        dialogue.guestTimestamp(5000, echo)
                .guestSends(ACK, IRS + 1, ISS + 1, "new")
                .after(25L * 24 * 3600 * 1000)
                .guestTimestamp(1, echo)
                .guestSends(ACK, IRS + 4, ISS + 1, "later")
                .expectHostGot("newlater");
    }

    @Test
    void aResetNeedsNoTimestamp() {
        TcpDialogue dialogue = withTimestamps();
        dialogue.guestSends(RST, IRS + 1, 0, new byte[0], "").expectGone();
    }
}
