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
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Losses and how they are repaired: RACK and TLP with SACK, duplicate acknowledgements without, time-outs behind both. */
@ExtendWith(LeakCheck.class)
class RecoveryTest {
    private static final byte[] WITH_SACK = join(mss(1000), sackPermitted(), windowScale(7));
    private static final byte[] WITHOUT_SACK = join(mss(1000), windowScale(7));

    /** Ten segments of 1000 bytes are on their way; the round trip is 20 ms. */
    private static TcpDialogue tenSent(byte[] options) {
        TcpDialogue dialogue = new TcpDialogue();
        dialogue.guestSends(SYN, IRS, 0, options, "").hostConnects();
        dialogue.take();
        dialogue.after(20).guestSends(ACK, IRS + 1, ISS + 1);
        dialogue.hostSays(new byte[10_000]).expectLength(ACK | PSH, ISS + 1, IRS + 1, 10_000);
        return dialogue.after(20);
    }

    private static int at(int segment) {
        return ISS + 1 + 1000 * segment;
    }

    // ---- RACK

    @Test
    void aHoleIsSentAgainAfterTheReorderingWindow() {
        tenSent(WITH_SACK)
                .guestSacks(IRS + 1, at(0), at(1), at(2))
                .expectSilence()
                .after(4)
                .expectSilence()
                .after(1)
                .expectLength(ACK, at(0), IRS + 1, 1000)
                .expectSilence();
    }

    @Test
    void threeSegmentsBeyondTheHoleAreProof() {
        tenSent(WITH_SACK)
                .guestSacks(IRS + 1, at(0), at(1), at(3))
                .expectSilence()
                .guestSacks(IRS + 1, at(0), at(1), at(4))
                .expectLength(ACK, at(0), IRS + 1, 1000)
                .guestSends(ACK, IRS + 1, at(4))
                .expectSilence()
                .guestSends(ACK, IRS + 1, at(10))
                .after(1000)
                .expectSilence()
                .expectCount("tcp.recoveries", 1)
                .expectCount("tcp.retransmits", 1);
    }

    @Test
    void whatIsOnlyReorderedIsNotSentAgain() {
        tenSent(WITH_SACK)
                .guestSacks(IRS + 1, at(0), at(1), at(3))
                .after(3)
                .guestSends(ACK, IRS + 1, at(3))
                .after(3)
                .guestSends(ACK, IRS + 1, at(10))
                .after(1000)
                .expectSilence()
                .expectCount("tcp.retransmits", 0);
    }

    @Test
    void manyHolesAreSentAgainInOrder() {
        TcpDialogue dialogue =
                tenSent(WITH_SACK).guestSacks(IRS + 1, at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8));
        dialogue.expectLength(ACK, at(0), IRS + 1, 1000);
        dialogue.expectLength(ACK, at(2), IRS + 1, 1000);
        dialogue.after(20).guestSacks(IRS + 1, at(2), at(3), at(4), at(5), at(6), at(7), at(8));
        dialogue.expectLength(ACK, at(4), IRS + 1, 1000);
        dialogue.guestSacks(IRS + 1, at(4), at(5), at(6), at(7), at(8)).expectLength(ACK, at(6), IRS + 1, 1000);
        dialogue.after(20).guestSacks(IRS + 1, at(6), at(7), at(8));
        dialogue.guestSends(ACK, IRS + 1, at(8)).expectLength(ACK, at(8), IRS + 1, 1000);
        dialogue.expectLength(ACK, at(9), IRS + 1, 1000);
        dialogue.guestSends(ACK, IRS + 1, at(10)).after(1000).expectSilence();
        dialogue.expectCount("tcp.timeouts", 0);
    }

    @Test
    void aLostRetransmissionIsSentAgain() {
        TcpDialogue dialogue =
                tenSent(WITH_SACK).guestSacks(IRS + 1, at(0), at(1), at(5)).expectLength(ACK, at(0), IRS + 1, 1000);
        // new data leaves after the retransmission; its SACK shows that the retransmission is lost
        dialogue.hostSays(new byte[3000]);
        int sent = 0;
        while (!dialogue.sent.isEmpty()) {
            sent += dialogue.take().payload().length;
        }
        assertThat(sent).isPositive();
        dialogue.after(20).guestSacks(IRS + 1, at(0), at(1), at(10));
        while (!dialogue.sent.isEmpty()) {
            sent += dialogue.take().payload().length;
        }
        dialogue.after(20).guestSacks(IRS + 1, at(0), at(1), at(10) + sent);
        dialogue.after(6).take();
        assertThat(dialogue.last().seq()).isEqualTo(at(0));
        dialogue.expectCount("tcp.timeouts", 0);
    }

    @Test
    void theWindowFallsOnceForAllLossesOfARound() {
        TcpDialogue dialogue = tenSent(WITH_SACK).hostSays(new byte[100_000]);
        dialogue.expectSilence();
        dialogue.guestSacks(IRS + 1, at(0), at(1), at(2), at(4), at(9));
        int inFlight = 0;
        while (!dialogue.sent.isEmpty()) {
            inFlight += dialogue.take().payload().length;
        }
        assertThat(inFlight).isBetween(1000, 7000);
        dialogue.expectCount("tcp.recoveries", 1);
        dialogue.after(20).guestSacks(IRS + 1, at(2), at(4), at(9)).expectCount("tcp.recoveries", 1);
    }

    @Test
    void aDuplicateReportedWidensTheReorderingWindow() {
        tenSent(WITH_SACK)
                .guestSacks(IRS + 1, at(1), at(0), at(1))
                .guestSacks(IRS + 1, at(1), at(2), at(3))
                .after(9)
                .expectSilence()
                .after(1)
                .expectLength(ACK, at(1), IRS + 1, 1000);
    }

    @Test
    void aSackOfWhatWasNeverSentIsIgnored() {
        tenSent(WITH_SACK)
                .guestSacks(IRS + 1, at(0), at(10), at(12))
                .guestSacks(IRS + 1, at(0), at(5), at(5))
                .guestSacks(IRS + 1, at(0), at(7), at(6))
                .guestSacks(IRS + 1, at(0), ISS - 5000, at(3))
                .after(19)
                .expectSilence();
    }

    @Test
    void sacksAreIgnoredIfNotAgreed() {
        tenSent(WITHOUT_SACK)
                .guestSacks(IRS + 1, at(0), at(1), at(5))
                .after(100)
                .expectSilence();
    }

    // ---- TLP

    @Test
    void aLostTailIsProbed() {
        tenSent(WITH_SACK)
                .guestSends(ACK, IRS + 1, at(7))
                .after(39)
                .expectSilence()
                .after(1)
                .expectLength(ACK, at(9), IRS + 1, 1000)
                .expectCount("tcp.tail-probes", 1)
                .after(20)
                .guestSacks(IRS + 1, at(7), at(9), at(10))
                .after(5)
                .expectLength(ACK, at(7), IRS + 1, 1000)
                .after(20)
                .guestSacks(IRS + 1, at(8), at(9), at(10))
                .expectLength(ACK, at(8), IRS + 1, 1000)
                .guestSends(ACK, IRS + 1, at(10))
                .after(1000)
                .expectSilence()
                .expectCount("tcp.timeouts", 0);
    }

    @Test
    void aProbeWithNewDataIfThereIsSome() {
        TcpDialogue dialogue = tenSent(WITH_SACK).hostSays("new");
        dialogue.expectSilence().after(20).expect(ACK | PSH, at(10), IRS + 1, "new");
    }

    @Test
    void aProbeThatRepairsTheOnlyLossLowersTheWindow() {
        TcpDialogue dialogue =
                tenSent(WITH_SACK).guestSends(ACK, IRS + 1, at(9)).after(1000).expectLength(ACK, at(9), IRS + 1, 1000);
        dialogue.sent.clear();
        dialogue.guestSends(ACK, IRS + 1, at(10)).hostSays(new byte[100_000]);
        int inFlight = 0;
        while (!dialogue.sent.isEmpty()) {
            inFlight += dialogue.take().payload().length;
        }
        assertThat(inFlight).isLessThan(8000);
    }

    @Test
    void aLostFinIsProbed() {
        tenSent(WITH_SACK)
                .guestSends(ACK, IRS + 1, at(10))
                .hostEnds()
                .expect(ACK | FIN, at(10), IRS + 1)
                .after(240)
                .expect(ACK | FIN, at(10), IRS + 1);
    }

    // ---- without SACK

    @Test
    void threeDuplicatesAreProof() {
        tenSent(WITHOUT_SACK)
                .guestSends(ACK, IRS + 1, at(2))
                .guestSends(ACK, IRS + 1, at(2))
                .guestSends(ACK, IRS + 1, at(2))
                .expectSilence()
                .guestSends(ACK, IRS + 1, at(2))
                .expectLength(ACK, at(2), IRS + 1, 1000)
                .expectSilence()
                .guestSends(ACK, IRS + 1, at(10))
                .after(1000)
                .expectSilence()
                .expectCount("tcp.retransmits", 1);
    }

    @Test
    void aPartialAcknowledgementShowsTheNextLoss() {
        tenSent(WITHOUT_SACK)
                .guestSends(ACK, IRS + 1, at(0))
                .guestSends(ACK, IRS + 1, at(0))
                .guestSends(ACK, IRS + 1, at(0))
                .expectLength(ACK, at(0), IRS + 1, 1000)
                .after(20)
                .guestSends(ACK, IRS + 1, at(4))
                .expectLength(ACK, at(4), IRS + 1, 1000)
                .after(20)
                .guestSends(ACK, IRS + 1, at(10))
                .after(1000)
                .expectSilence();
    }

    @Test
    void aWindowUpdateIsNoDuplicate() {
        TcpDialogue dialogue = tenSent(WITHOUT_SACK);
        for (int i = 1; i <= 5; i++) {
            dialogue.guestWindow(10_000 + i).guestSends(ACK, IRS + 1, at(0));
        }
        dialogue.expectSilence();
    }

    // ---- time-outs

    @Test
    void dataThatIsNeverAcknowledgedIsSentAgainEverLater() {
        TcpDialogue dialogue = established(mss(1460)).hostSays("abcd").expect(ACK | PSH, ISS + 1, IRS + 1, "abcd");
        long wait = 200;
        for (int i = 0; i < 10; i++) {
            dialogue.after(wait - 1).expectSilence().after(1).expect(ACK, ISS + 1, IRS + 1, "abcd");
            wait = Math.min(2 * wait, 60_000);
        }
        dialogue.after(wait)
                .expect(RST | ACK, ISS + 5, IRS + 1)
                .expectHostReset()
                .expectGone()
                .expectCount("tcp.given-up", 1);
    }

    @Test
    void afterATimeOutOneSegmentIsSentThenMore() {
        tenSent(WITHOUT_SACK)
                .after(199)
                .expectSilence()
                .after(1)
                .expectLength(ACK, at(0), IRS + 1, 1000)
                .expectSilence()
                .after(20)
                .guestSends(ACK, IRS + 1, at(1))
                .expectLength(ACK, at(1), IRS + 1, 2000)
                .expectSilence()
                .after(20)
                .guestSends(ACK, IRS + 1, at(3))
                .expectLength(ACK, at(3), IRS + 1, 4000);
    }

    @Test
    void whatWasSackedIsNotSentAgainAfterATimeOut() {
        TcpDialogue dialogue = tenSent(WITH_SACK).guestSacks(IRS + 1, at(0), at(1), at(2));
        dialogue.after(5).expectLength(ACK, at(0), IRS + 1, 1000);
        dialogue.after(220).expectLength(ACK, at(0), IRS + 1, 1000).expectSilence();
        dialogue.after(20).guestSends(ACK, IRS + 1, at(2)).expectLength(ACK, at(2), IRS + 1, 3000);
    }

    @Test
    void aGuestThatForgetsWhatItSackedGetsIt() {
        TcpDialogue dialogue = tenSent(WITH_SACK).guestSacks(IRS + 1, at(0), at(1), at(10));
        dialogue.expectLength(ACK, at(0), IRS + 1, 1000);
        dialogue.after(20).guestSends(ACK, IRS + 1, at(1)).after(400);
        assertThat(dialogue.take().seq()).isEqualTo(at(1));
    }

    @Test
    void aNeedlessTimeOutIsFoundByTheTimestampAndTakenBack() {
        byte[] offer = join(mss(1012), sackPermitted(), timestamps(1000, 0), windowScale(7));
        TcpDialogue dialogue = new TcpDialogue().opened(offer);
        dialogue.hostSays(new byte[10_000]).expectLength(ACK | PSH, ISS + 1, IRS + 1, 10_000);
        int stamp = dialogue.last().tsVal();
        // the guest sleeps for a second
        dialogue.after(1000);
        assertThat(dialogue.sent).isNotEmpty();
        dialogue.sent.clear();
        dialogue.guestTimestamp(2000, stamp).guestSends(ACK, IRS + 1, at(5)).expectSilence();
        dialogue.expectCount("tcp.spurious-timeouts", 1);
        dialogue.guestTimestamp(2000, stamp).guestSends(ACK, IRS + 1, at(10)).hostSays(new byte[30_000]);
        int inFlight = 0;
        while (!dialogue.sent.isEmpty()) {
            inFlight += dialogue.take().payload().length;
        }
        assertThat(inFlight).as("the congestion window is what it was").isGreaterThanOrEqualTo(10_000);
    }

    @Test
    void theTimeOutFollowsTheRoundTrip() {
        TcpDialogue dialogue = new TcpDialogue();
        dialogue.guestSends(SYN, IRS, 0, mss(1460), "").hostConnects();
        dialogue.take();
        dialogue.after(500).guestSends(ACK, IRS + 1, ISS + 1).hostSays("x");
        // RFC 6298: 500 + 4 * 250
        dialogue.expect(ACK | PSH, ISS + 1, IRS + 1, "x")
                .after(1499)
                .expectSilence()
                .after(1);
        dialogue.expect(ACK, ISS + 1, IRS + 1, "x");
    }
}
