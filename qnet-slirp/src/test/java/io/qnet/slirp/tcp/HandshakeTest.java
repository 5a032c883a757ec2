package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.GuestFrames.join;
import static io.qnet.slirp.tcp.GuestFrames.mss;
import static io.qnet.slirp.tcp.GuestFrames.sackPermitted;
import static io.qnet.slirp.tcp.GuestFrames.timestamps;
import static io.qnet.slirp.tcp.GuestFrames.windowScale;
import static io.qnet.slirp.tcp.TcpDialogue.IRS;
import static io.qnet.slirp.tcp.TcpDialogue.ISS;
import static io.qnet.wire.Tcp.ACK;
import static io.qnet.wire.Tcp.FIN;
import static io.qnet.wire.Tcp.RST;
import static io.qnet.wire.Tcp.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.host.HostError;
import io.qnet.slirp.tcp.Opener.Decision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Opening from the guest: the host connects first, the SYN|ACK follows; what was agreed in it. */
@ExtendWith(LeakCheck.class)
class HandshakeTest {
    private static final byte[] NONE = {};
    private static final byte[] MSS_1460 = mss(1460);

    private final TcpDialogue dialogue = new TcpDialogue();

    @Test
    void theHostConnectsFirst() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .expectSilence()
                .expectState(TcpState.CONNECTING)
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 1)
                .expectState(TcpState.SYN_RECEIVED)
                .guestSends(ACK, IRS + 1, ISS + 1)
                .expectSilence()
                .expectState(TcpState.ESTABLISHED);
        assertThat(dialogue.host().credit).as("the host is read from now on").isPositive();
    }

    @Test
    void nothingIsReadFromTheHostBeforeTheGuestHasAnswered() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "").hostConnects();
        assertThat(dialogue.host().credits).isZero();
    }

    @Test
    void aRepeatedSynIsIgnoredWhileTheHostConnects() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .after(1000)
                .guestSends(SYN, IRS, 0, MSS_1460, "")
                .after(2000)
                .guestSends(SYN, IRS, 0, MSS_1460, "")
                .expectSilence();
        assertThat(dialogue.hosts).hasSize(1);
        dialogue.hostConnects().expect(SYN | ACK, ISS, IRS + 1);
    }

    @Test
    void aGuestThatBeginsAnewWhileTheHostConnectsGetsTheAnswerToItsNewSyn() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .guestSends(SYN, IRS + 77, 0, MSS_1460, "")
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 78);
        assertThat(dialogue.hosts).hasSize(1);
    }

    @Test
    void refusedByTheHostIsAReset() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .hostFails(HostError.REFUSED)
                .expect(RST | ACK, 0, IRS + 1)
                .expectGone();
        assertThat(dialogue.unreachables).isEmpty();
    }

    @Test
    void refusedByTheOpenerIsAReset() {
        dialogue.decision = new Decision.Refuse(HostError.REFUSED);
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .expect(RST | ACK, 0, IRS + 1)
                .expectGone();
    }

    @ParameterizedTest
    @EnumSource(
            value = HostError.class,
            names = {"HOST_UNREACHABLE", "NET_UNREACHABLE", "PROHIBITED", "OTHER"})
    void unreachableIsIcmpThatQuotesTheSyn(HostError error) {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .after(3000)
                .hostFails(error)
                .expectSilence()
                .expectGone();
        assertThat(dialogue.unreachables).containsExactly(error);
        byte[] quoted = dialogue.quoted.get(0);
        assertThat(quoted).as("IP header, TCP header and options").hasSize(20 + 20 + 4);
        assertThat(quoted[20 + 4]).as("the sequence number").isEqualTo((byte) 0xff);
    }

    @Test
    void unreachableAtOnceIsIcmpToo() {
        dialogue.decision = new Decision.Refuse(HostError.NET_UNREACHABLE);
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "").expectSilence().expectGone();
        assertThat(dialogue.unreachables).containsExactly(HostError.NET_UNREACHABLE);
    }

    @Test
    void aGuestMayTryAgainAfterUnreachable() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "").hostFails(HostError.HOST_UNREACHABLE);
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "").hostConnects().expect(SYN | ACK, ISS, IRS + 1);
        assertThat(dialogue.hosts).hasSize(2);
    }

    @Test
    void aConnectThatTakesTooLongIsAReset() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .hostFails(HostError.TIMED_OUT)
                .expect(RST | ACK, 0, IRS + 1)
                .expectGone();
    }

    @Test
    void dropIsSilence() {
        dialogue.decision = Decision.DROP;
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "").expectSilence().expectGone();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theGuestGivesUpWhileTheHostConnects(int beyond) {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .guestSends(RST, IRS + beyond, 0)
                .expectSilence()
                .expectHostReset()
                .expectGone();
    }

    @Test
    void aResetThatKnowsNothingDoesNotCancelTheConnect() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .guestSends(RST, IRS + 5, 0)
                .expectSilence()
                .expectState(TcpState.CONNECTING);
    }

    @Test
    void theSynAckIsSentAgainUntilTheGuestIsGivenUp() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "").hostConnects().expect(SYN | ACK, ISS, IRS + 1);
        for (long wait : new long[] {1000, 2000, 4000, 8000, 16_000}) {
            dialogue.after(wait - 1).expectSilence().after(1).expect(SYN | ACK, ISS, IRS + 1);
        }
        dialogue.after(32_000)
                .expect(RST | ACK, ISS + 1, IRS + 1)
                .expectHostReset()
                .expectGone();
    }

    @Test
    void aRepeatedSynIsAnsweredAgain() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 1)
                .guestSends(SYN, IRS, 0, MSS_1460, "")
                .expect(SYN | ACK, ISS, IRS + 1)
                .expectSilence();
    }

    @Test
    void dataThatEndsTheHandshakeIsTaken() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 1)
                .guestSends(ACK | FIN, IRS + 1, ISS + 1, "all at once")
                .expectHostGot("all at once")
                .expectHostEnded()
                .expectState(TcpState.CLOSE_WAIT)
                .after(20)
                .expect(ACK, ISS + 1, IRS + 13);
    }

    @Test
    void dataOnTheSynIsNotTaken() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "early")
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 1, "early")
                .expectHostGot("early");
    }

    @Test
    void anAcknowledgementOfWhatWasNotSentIsReset() {
        dialogue.guestSends(SYN, IRS, 0, MSS_1460, "")
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 2)
                .expect(RST, ISS + 2, 0)
                .guestSends(ACK, IRS + 1, ISS)
                .expect(RST, ISS, 0)
                .expectState(TcpState.SYN_RECEIVED)
                .guestSends(ACK, IRS + 1, ISS + 1)
                .expectState(TcpState.ESTABLISHED);
    }

    @Test
    void onlyWhatTheGuestOffersIsAgreed() {
        SentSegment answer = answerTo(MSS_1460);
        assertThat(answer.mss()).isEqualTo(1460);
        assertThat(answer.windowScale()).isEqualTo(-1);
        assertThat(answer.sackPermitted()).isFalse();
        assertThat(answer.timestamps()).isFalse();
        assertThat(answer.window()).isEqualTo(65_535);
    }

    @Test
    void allThatTheGuestOffersIsAgreed() {
        SentSegment answer = answerTo(join(MSS_1460, sackPermitted(), timestamps(4711, 0), windowScale(7)));
        assertThat(answer.mss()).isEqualTo(1460);
        assertThat(answer.windowScale()).isEqualTo(7);
        assertThat(answer.sackPermitted()).isTrue();
        assertThat(answer.timestamps()).isTrue();
        assertThat(answer.tsEcr()).isEqualTo(4711);
        assertThat(answer.window()).as("a SYN's window is not scaled").isEqualTo(65_535);
    }

    private SentSegment answerTo(byte[] options) {
        return dialogue.guestSends(SYN, IRS, 0, options, "").hostConnects().take();
    }

    @Test
    void anMssOf536IsHonoured() {
        dialogue.opened(mss(536)).hostSays(new byte[1000]);
        SentSegment sent = dialogue.take();
        assertThat(sent.payload()).hasSize(1000);
        assertThat(sent.gsoSize()).isEqualTo(536);
    }

    @Test
    void withoutAnMssTheDefaultIsAssumed() {
        dialogue.opened(NONE).hostSays(new byte[1000]);
        assertThat(dialogue.take().gsoSize()).isEqualTo(536);
    }

    @Test
    void withoutAnMssTheDefaultOfIpv6IsAssumed() {
        dialogue.flow = TcpDialogue.FLOW6;
        dialogue.opened(NONE).hostSays(new byte[3000]);
        assertThat(dialogue.take().gsoSize()).isEqualTo(1220);
    }

    @Test
    void ipv6LeavesLessInAPacket() {
        dialogue.flow = TcpDialogue.FLOW6;
        assertThat(answerTo(mss(1440)).mss()).isEqualTo(1440);
    }

    @Test
    void timestampsTakeTheirRoomFromEachSegment() {
        dialogue.opened(join(MSS_1460, timestamps(1000, 0))).hostSays(new byte[3000]);
        assertThat(dialogue.take().gsoSize()).isEqualTo(1448);
    }

    @Test
    void anMssLargerThanTheMtuIsNotUsed() {
        dialogue.opened(mss(9000)).hostSays(new byte[3000]);
        assertThat(dialogue.take().gsoSize()).isEqualTo(1460);
    }

    @Test
    void anMssOfOneIsNotBelieved() {
        dialogue.opened(mss(1)).hostSays(new byte[1000]);
        assertThat(dialogue.take().gsoSize()).isEqualTo(28);
    }

    @Test
    void theLargestMtu() {
        dialogue.output.mtu = 65_520;
        dialogue.opened(mss(65_480)).hostSays(new byte[70_000]);
        SentSegment sent = dialogue.take();
        assertThat(sent.payload()).hasSize(65_480);
        assertThat(sent.gsoSize()).isZero();
    }

    @Test
    void aScaleOfMoreThan14CountsAs14() {
        dialogue.opened(join(MSS_1460, windowScale(15)));
        dialogue.guestWindow(1).guestSends(ACK, IRS + 1, ISS + 1).hostSays(new byte[40_000]);
        int sent = 0;
        while (!dialogue.sent.isEmpty()) {
            sent += dialogue.take().payload().length;
        }
        assertThat(sent).isBetween(10_000, 1 << 14);
    }
}
