package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.TcpDialogue.IRS;
import static io.qnet.slirp.tcp.TcpDialogue.ISS;
import static io.qnet.slirp.tcp.TcpDialogue.established;
import static io.qnet.wire.Tcp.ACK;
import static io.qnet.wire.Tcp.FIN;
import static io.qnet.wire.Tcp.PSH;
import static io.qnet.wire.Tcp.RST;
import static io.qnet.wire.Tcp.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.host.HostError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The ends of connections: in order from either side or both, half, by reset, in TIME_WAIT, and by giving up. */
@ExtendWith(LeakCheck.class)
class ClosingTest {
    @Test
    void theGuestEndsFirst() {
        established()
                .guestSends(ACK | FIN, IRS + 1, ISS + 1)
                .expect(ACK, ISS + 1, IRS + 2)
                .expectHostEnded()
                .expectState(TcpState.CLOSE_WAIT)
                .hostEnds()
                .expect(ACK | FIN, ISS + 1, IRS + 2)
                .expectState(TcpState.LAST_ACK)
                .guestSends(ACK, IRS + 2, ISS + 2)
                .expectSilence()
                .expectHostClosed()
                .expectGone();
    }

    @Test
    void theHostEndsFirst() {
        established()
                .hostEnds()
                .expect(ACK | FIN, ISS + 1, IRS + 1)
                .expectState(TcpState.FIN_WAIT_1)
                .guestSends(ACK, IRS + 1, ISS + 2)
                .expectState(TcpState.FIN_WAIT_2)
                .guestSends(ACK | FIN, IRS + 1, ISS + 2)
                .expect(ACK, ISS + 2, IRS + 2)
                .expectState(TcpState.TIME_WAIT)
                .expectHostClosed()
                .after(9_999)
                .expectState(TcpState.TIME_WAIT)
                .after(1)
                .expectSilence()
                .expectGone();
    }

    @Test
    void finAndItsAcknowledgementInOne() {
        established()
                .hostEnds()
                .expect(ACK | FIN, ISS + 1, IRS + 1)
                .guestSends(ACK | FIN, IRS + 1, ISS + 2)
                .expect(ACK, ISS + 2, IRS + 2)
                .expectState(TcpState.TIME_WAIT);
    }

    @Test
    void bothEndAtOnce() {
        established()
                .hostEnds()
                .expect(ACK | FIN, ISS + 1, IRS + 1)
                .guestSends(ACK | FIN, IRS + 1, ISS + 1)
                .expect(ACK, ISS + 2, IRS + 2)
                .expectState(TcpState.CLOSING)
                .guestSends(ACK, IRS + 2, ISS + 2)
                .expectSilence()
                .expectState(TcpState.TIME_WAIT)
                .expectHostClosed()
                .after(10_000)
                .expectGone();
    }

    @Test
    void theHostStillSpeaksWhenTheGuestHasEnded() {
        TcpDialogue dialogue = established()
                .guestSends(ACK | FIN, IRS + 1, ISS + 1, "q")
                .expectHostGot("q")
                .expectHostEnded()
                .expectSilence()
                .hostSays("answer")
                .expect(ACK | PSH, ISS + 1, IRS + 3, "answer")
                .guestSends(ACK, IRS + 3, ISS + 7)
                .hostSays("more")
                .expect(ACK | PSH, ISS + 7, IRS + 3, "more");
        assertThat(dialogue.host().credit).isPositive();
    }

    @Test
    void theLastTextAndItsFinAreAcknowledgedByTheHostsFin() {
        established()
                .guestSends(ACK | FIN, IRS + 1, ISS + 1, "q")
                .expectHostEnded()
                .expectSilence()
                .hostEnds()
                .expect(ACK | FIN, ISS + 1, IRS + 3)
                .expectSilence();
    }

    @Test
    void theLastTextAndItsFinAreAcknowledgedInTimeIfTheHostSaysNothing() {
        established()
                .guestSends(ACK | FIN, IRS + 1, ISS + 1, "q")
                .after(19)
                .expectSilence()
                .after(1)
                .expect(ACK, ISS + 1, IRS + 3)
                .expectSilence();
    }

    @Test
    void theGuestStillSpeaksWhenTheHostHasEnded() {
        established()
                .hostSays("bye")
                .hostEnds()
                .expect(ACK | PSH, ISS + 1, IRS + 1, "bye")
                .expect(ACK | FIN, ISS + 4, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 5)
                .expectState(TcpState.FIN_WAIT_2)
                .guestSends(ACK, IRS + 1, ISS + 5, "one ")
                .guestSends(ACK, IRS + 5, ISS + 5, "two")
                .expectHostGot("one two")
                .guestSends(ACK | FIN, IRS + 8, ISS + 5)
                .expectHostClosed();
    }

    @Test
    void theFinGoesWithTheLastData() {
        TcpDialogue dialogue = established();
        dialogue.inOneTurn(() -> dialogue.hostSays("bye").hostEnds())
                .expect(ACK | PSH | FIN, ISS + 1, IRS + 1, "bye")
                .guestSends(ACK, IRS + 1, ISS + 5)
                .expectState(TcpState.FIN_WAIT_2);
    }

    @Test
    void theFinWaitsForTheWindow() {
        established()
                .guestWindow(3)
                .guestSends(ACK, IRS + 1, ISS + 1)
                .hostSays("bye")
                .hostEnds()
                .expect(ACK | PSH, ISS + 1, IRS + 1, "bye")
                .expectSilence()
                .guestWindow(1)
                .guestSends(ACK, IRS + 1, ISS + 4)
                .expect(ACK | FIN, ISS + 4, IRS + 1);
    }

    @Test
    void aLostFinIsSentAgain() {
        established()
                .hostEnds()
                .expect(ACK | FIN, ISS + 1, IRS + 1)
                .after(200)
                .expect(ACK | FIN, ISS + 1, IRS + 1)
                .after(399)
                .expectSilence()
                .after(1)
                .expect(ACK | FIN, ISS + 1, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 2)
                .expectState(TcpState.FIN_WAIT_2)
                .after(20_000)
                .expectSilence();
    }

    @Test
    void dataAndFinAreSentAgainTogether() {
        TcpDialogue dialogue = established();
        dialogue.inOneTurn(() -> dialogue.hostSays("bye").hostEnds())
                .expect(ACK | PSH | FIN, ISS + 1, IRS + 1, "bye")
                .after(200)
                .take();
        assertThat(dialogue.last().seq()).isEqualTo(ISS + 1);
        assertThat(dialogue.last().text()).isEqualTo("bye");
        assertThat(dialogue.last().flags() & FIN).isEqualTo(FIN);
    }

    @Test
    void aRepeatedFinIsAcknowledgedAgain() {
        established()
                .guestSends(ACK | FIN, IRS + 1, ISS + 1)
                .expect(ACK, ISS + 1, IRS + 2)
                .guestSends(ACK | FIN, IRS + 1, ISS + 1)
                .expect(ACK, ISS + 1, IRS + 2)
                .expectState(TcpState.CLOSE_WAIT);
    }

    @Test
    void aFinBeforeTheDataThatItFollows() {
        established()
                .guestSends(ACK | FIN, IRS + 4, ISS + 1, "def")
                .expect(ACK, ISS + 1, IRS + 1)
                .expectState(TcpState.ESTABLISHED)
                .guestSends(ACK, IRS + 1, ISS + 1, "abc")
                .expect(ACK, ISS + 1, IRS + 8)
                .expectHostGot("abcdef")
                .expectHostEnded()
                .expectState(TcpState.CLOSE_WAIT);
    }

    // ---- TIME_WAIT

    private static TcpDialogue inTimeWait() {
        return established()
                .hostEnds()
                .expect(ACK | FIN, ISS + 1, IRS + 1)
                .guestSends(ACK | FIN, IRS + 1, ISS + 2)
                .expect(ACK, ISS + 2, IRS + 2)
                .expectState(TcpState.TIME_WAIT);
    }

    @Test
    void aRepeatedFinRestartsTimeWait() {
        inTimeWait()
                .after(6000)
                .guestSends(ACK | FIN, IRS + 1, ISS + 2)
                .expect(ACK, ISS + 2, IRS + 2)
                .after(6000)
                .expectState(TcpState.TIME_WAIT)
                .after(4000)
                .expectGone();
    }

    @Test
    void aResetEndsTimeWait() {
        inTimeWait().guestSends(RST, IRS + 2, 0).expectSilence().expectGone();
    }

    @Test
    void aNewSynTakesThePlaceOfTimeWait() {
        TcpDialogue dialogue = inTimeWait();
        dialogue.guestSends(SYN, IRS + 100, 0, GuestFrames.mss(1460), "")
                .expectSilence()
                .expectState(TcpState.CONNECTING)
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 101);
        assertThat(dialogue.hosts).hasSize(2);
    }

    @Test
    void anOldSynDoesNotTakeThePlaceOfTimeWait() {
        inTimeWait()
                .guestSends(SYN, IRS - 100, 0, GuestFrames.mss(1460), "")
                .expect(ACK, ISS + 2, IRS + 2)
                .expectState(TcpState.TIME_WAIT);
    }

    @Test
    void withTimestampsALaterOneTakesThePlaceOfTimeWait() {
        byte[] offer = GuestFrames.join(GuestFrames.mss(1460), GuestFrames.timestamps(1000, 0));
        TcpDialogue dialogue = established(offer)
                .hostEnds()
                .guestSends(ACK | FIN, IRS + 1, ISS + 2)
                .expectState(TcpState.TIME_WAIT);
        dialogue.sent.clear();
        dialogue.guestSends(SYN, IRS - 100, 0, GuestFrames.timestamps(1001, 0), "")
                .expectState(TcpState.CONNECTING);
    }

    // ---- FIN_WAIT_2

    @Test
    void aGuestThatHasVanishedInFinWait2IsGivenUp() {
        TcpDialogue dialogue = established()
                .hostEnds()
                .expect(ACK | FIN, ISS + 1, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 2)
                .after(119_999)
                .expectSilence();
        for (int probe = 0; probe < 5; probe++) {
            dialogue.after(probe == 0 ? 1 : 10_000).expect(ACK, ISS + 1, IRS + 1);
        }
        dialogue.after(10_000)
                .expect(RST | ACK, ISS + 2, IRS + 1)
                .expectHostReset()
                .expectGone();
    }

    @Test
    void aGuestThatLivesMayStayInFinWait2() {
        TcpDialogue dialogue =
                established().hostEnds().expect(ACK | FIN, ISS + 1, IRS + 1).guestSends(ACK, IRS + 1, ISS + 2);
        for (int hour = 0; hour < 3; hour++) {
            dialogue.after(120_000).expect(ACK, ISS + 1, IRS + 1).guestSends(ACK, IRS + 1, ISS + 2);
        }
        dialogue.expectSilence().expectState(TcpState.FIN_WAIT_2);
    }

    // ---- resets

    @Test
    void theGuestResets() {
        established()
                .hostSays("some")
                .expect(ACK | PSH, ISS + 1, IRS + 1, "some")
                .guestSends(RST, IRS + 1, 0)
                .expectSilence()
                .expectHostReset()
                .expectGone();
    }

    @Test
    void theHostResets() {
        established()
                .hostSays("some")
                .expect(ACK | PSH, ISS + 1, IRS + 1, "some")
                .hostFails(HostError.RESET)
                .expect(RST | ACK, ISS + 5, IRS + 1)
                .expectGone();
    }

    @Test
    void theHostResetsBeforeTheGuestHasAnswered() {
        new TcpDialogue()
                .guestSends(SYN, IRS, 0, GuestFrames.mss(1460), "")
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 1)
                .hostFails(HostError.RESET)
                .expect(RST | ACK, ISS + 1, IRS + 1)
                .expectGone();
    }

    @Test
    void theGuestResetsInSynReceived() {
        new TcpDialogue()
                .guestSends(SYN, IRS, 0, GuestFrames.mss(1460), "")
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 1)
                .guestSends(RST, IRS + 1, 0)
                .expectSilence()
                .expectHostReset()
                .expectGone();
    }

    @Test
    void aGuestThatHasRestartedResetsItsOldConnection() {
        established()
                .guestSends(SYN, IRS + 5000, 0, GuestFrames.mss(1460), "")
                .expect(ACK, ISS + 1, IRS + 1)
                .guestSends(RST, IRS + 1, 0)
                .expectHostReset()
                .expectGone()
                .guestSends(SYN, IRS + 5000, 0, GuestFrames.mss(1460), "")
                .expectState(TcpState.CONNECTING);
    }

    @Test
    void closeTellsBothSides() {
        TcpDialogue dialogue = established();
        dialogue.stack().close();
        dialogue.expect(RST | ACK, ISS + 1, IRS + 1).expectHostReset().expectGone();
    }

    // ---- strays

    @Test
    void strays() {
        new TcpDialogue()
                .guestSends(ACK, IRS, ISS + 9)
                .expect(RST, ISS + 9, 0)
                .guestSends(FIN, IRS, 0)
                .expect(RST | ACK, 0, IRS + 1)
                .guestSends(SYN | FIN, IRS, 0, "x")
                .expect(RST | ACK, 0, IRS + 3)
                .guestSends(0, IRS, 0, "null")
                .expect(RST | ACK, 0, IRS + 4)
                .guestSends(SYN | ACK, IRS, ISS + 1)
                .expect(RST, ISS + 1, 0)
                .expectGone();
    }

    @Test
    void aStrayResetIsNotAnswered() {
        new TcpDialogue()
                .guestSends(RST, IRS, 0)
                .guestSends(RST | ACK, IRS, ISS)
                .expectSilence()
                .expectCount("tcp.drop.stray", 2);
    }

    // ---- keepalive

    @Test
    void keepaliveIsOffByDefault() {
        established().after(24 * 3600 * 1000L).expectSilence().expectState(TcpState.ESTABLISHED);
    }

    @Test
    void keepaliveProbesASilentGuestAndGivesItUp() {
        TcpDialogue dialogue = new TcpDialogue();
        dialogue.config = TcpConfig.DEFAULT.withKeepAliveNanos(60_000_000_000L);
        dialogue.opened(GuestFrames.mss(1460))
                .after(59_999)
                .expectSilence()
                .after(1)
                .expect(ACK, ISS, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 1)
                .after(59_999)
                .expectSilence();
        for (int probe = 0; probe < 5; probe++) {
            dialogue.after(probe == 0 ? 1 : 10_000).expect(ACK, ISS, IRS + 1);
        }
        dialogue.after(10_000)
                .expect(RST | ACK, ISS + 1, IRS + 1)
                .expectHostReset()
                .expectGone();
    }
}
