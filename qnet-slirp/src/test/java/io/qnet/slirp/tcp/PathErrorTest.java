package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.TcpDialogue.IRS;
import static io.qnet.slirp.tcp.TcpDialogue.ISS;
import static io.qnet.wire.Tcp.ACK;
import static io.qnet.wire.Tcp.PSH;
import static io.qnet.wire.Tcp.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** ICMP errors from the guest's side, by the rules of RFC 5927: they end what the host has only begun, and shrink segments; nothing else. */
@ExtendWith(LeakCheck.class)
class PathErrorTest {
    private final TcpDialogue dialogue = new TcpDialogue();

    private void unreachable(int quotedSequence) {
        dialogue.stack().onIcmpError(dialogue.flow, PathError.UNREACHABLE, quotedSequence, 0);
        dialogue.turn();
    }

    @Test
    void anUnreachableGuestEndsWhatTheHostHasBegun() {
        dialogue.hostAccepts().take();
        unreachable(ISS);
        dialogue.expectHostReset()
                .expectSilence()
                .expectCount("tcp.icmp-unreachable", 1)
                .expectGone();
    }

    @Test
    void anErrorAboutAnotherSegmentIsNotBelieved() {
        dialogue.hostAccepts().take();
        unreachable(ISS + 1);
        unreachable(0);
        dialogue.expectState(TcpState.SYN_SENT).expectCount("tcp.drop.icmp", 2);
    }

    @Test
    void anErrorAboutNoConnectionIsCounted() {
        unreachable(ISS);
        dialogue.expectSilence().expectCount("tcp.drop.icmp", 1).expectGone();
    }

    @Test
    void aSynAckThatDidNotArriveIsSentAgain() {
        dialogue.guestSends(SYN, IRS, 0).hostConnects().take();
        unreachable(ISS);
        dialogue.expectState(TcpState.SYN_RECEIVED).after(1000).expect(SYN | ACK, ISS, IRS + 1);
    }

    @ParameterizedTest
    @EnumSource(PathError.class)
    void anEstablishedConnectionLivesOn(PathError error) {
        TcpDialogue open = TcpDialogue.established().hostSays("text");
        open.expect(ACK | PSH, ISS + 1, IRS + 1, "text");
        open.stack().onIcmpError(open.flow, error, ISS + 1, 9000);
        open.turn().expectSilence().expectState(TcpState.ESTABLISHED).expectCount("tcp.drop.icmp", 1);
        open.guestSends(ACK, IRS + 1, ISS + 5).hostSays("more").expect(ACK | PSH, ISS + 5, IRS + 1, "more");
    }

    @Test
    void smallerSegmentsAreNoSignOfCongestion() {
        TcpDialogue open = TcpDialogue.established().hostSays(new byte[14_600]);
        assertThat(open.take().payload()).hasSize(14_600);
        open.stack().onIcmpError(open.flow, PathError.TOO_LARGE, ISS + 1461, 1400);
        SentSegment again = open.turn().take();
        assertThat(again.gsoSize()).isEqualTo(1360);
        assertThat(again.payload()).hasSize(14_600);
        open.expectSilence().expectCount("tcp.path-mtus", 1);
    }
}
