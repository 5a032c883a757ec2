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
import static io.qnet.wire.Tcp.PSH;
import static io.qnet.wire.Tcp.RST;
import static io.qnet.wire.Tcp.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.host.HostError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Connections from the host to the guest: forwards and dials. */
@ExtendWith(LeakCheck.class)
class AcceptTest {
    private final TcpDialogue dialogue = new TcpDialogue();

    @Test
    void theGuestAccepts() {
        dialogue.hostAccepts().expect(SYN, ISS, 0).expectState(TcpState.SYN_SENT);
        SentSegment syn = dialogue.last();
        assertThat(syn.mss()).isEqualTo(1460);
        assertThat(syn.windowScale()).isEqualTo(7);
        assertThat(syn.sackPermitted()).isTrue();
        assertThat(syn.timestamps()).isTrue();
        assertThat(syn.tsEcr()).isZero();
        assertThat(dialogue.host().credits).as("nothing is read yet").isZero();
        dialogue.guestSends(SYN | ACK, IRS, ISS + 1, mss(1460), "")
                .expect(ACK, ISS + 1, IRS + 1)
                .expectState(TcpState.ESTABLISHED);
        assertThat(dialogue.host().credit).isPositive();
        dialogue.hostSays("hello").expect(ACK | PSH, ISS + 1, IRS + 1, "hello");
        dialogue.guestSends(ACK, IRS + 1, ISS + 6, "hi").expectHostGot("hi");
    }

    @Test
    void whatTheGuestDoesNotOfferIsNotUsed() {
        dialogue.hostAccepts().guestSends(SYN | ACK, IRS, ISS + 1, mss(536), "").hostSays(new byte[1000]);
        dialogue.take();
        dialogue.take();
        SentSegment data = dialogue.take();
        assertThat(data.timestamps()).isFalse();
        assertThat(data.gsoSize()).isEqualTo(536);
        assertThat(data.window()).as("not scaled").isEqualTo(65_535);
    }

    @Test
    void whatTheGuestOffersIsUsed() {
        byte[] offer = join(mss(1460), sackPermitted(), timestamps(9, 0), windowScale(2));
        dialogue.hostAccepts().guestWindow(1000).guestSends(SYN | ACK, IRS, ISS + 1, offer, "");
        dialogue.take();
        SentSegment ack = dialogue.take();
        assertThat(ack.timestamps()).isTrue();
        assertThat(ack.tsEcr()).isEqualTo(9);
        assertThat(ack.window() << 7).as("scaled").isEqualTo(256 << 10);
        dialogue.hostSays(new byte[5000]);
        assertThat(dialogue.take().payload())
                .as("the window of a SYN|ACK is not scaled")
                .hasSize(1000);
        dialogue.expectSilence().guestSends(ACK, IRS + 1, ISS + 1001);
        assertThat(dialogue.take().payload()).as("later ones are").hasSize(4000);
    }

    @Test
    void theGuestRefuses() {
        dialogue.hostAccepts()
                .expect(SYN, ISS, 0)
                .guestSends(RST | ACK, 0, ISS + 1)
                .expectSilence()
                .expectHostReset()
                .expectGone();
    }

    @Test
    void aRefusalThatKnowsNothingIsIgnored() {
        dialogue.hostAccepts()
                .expect(SYN, ISS, 0)
                .guestSends(RST | ACK, 0, ISS + 2)
                .guestSends(RST, 0, 0)
                .expectSilence()
                .expectState(TcpState.SYN_SENT);
    }

    @Test
    void anAbsentGuestIsGivenUp() {
        dialogue.hostAccepts().expect(SYN, ISS, 0);
        for (long wait : new long[] {1000, 2000, 4000, 8000, 16_000}) {
            dialogue.after(wait - 1).expectSilence().after(1).expect(SYN, ISS, 0);
        }
        dialogue.after(32_000).expectSilence().expectHostReset().expectGone();
    }

    @Test
    void anOldConnectionOfTheGuestsIsResetAndTheSynSentAgain() {
        dialogue.hostAccepts()
                .expect(SYN, ISS, 0)
                .guestSends(ACK, IRS + 5, ISS - 100)
                .expect(RST, ISS - 100, 0)
                .after(1000)
                .expect(SYN, ISS, 0)
                .guestSends(SYN | ACK, IRS, ISS + 1, mss(1460), "")
                .expect(ACK, ISS + 1, IRS + 1);
    }

    @Test
    void bothOpenAtOnce() {
        dialogue.hostAccepts()
                .expect(SYN, ISS, 0)
                .guestSends(SYN, IRS, 0, mss(1460), "")
                .expect(SYN | ACK, ISS, IRS + 1)
                .guestSends(SYN | ACK, IRS, ISS + 1, mss(1460), "")
                .expect(ACK, ISS + 1, IRS + 1)
                .expectState(TcpState.ESTABLISHED);
    }

    @Test
    void theHostBreaksOffBeforeTheGuestHasAnswered() {
        dialogue.hostAccepts()
                .expect(SYN, ISS, 0)
                .hostFails(HostError.RESET)
                .expectSilence()
                .expectGone()
                .guestSends(SYN | ACK, IRS, ISS + 1, mss(1460), "")
                .expect(RST, ISS + 1, 0);
    }

    @Test
    void theHostEndsBeforeTheGuestHasAnswered() {
        dialogue.hostAccepts()
                .hostEnds()
                .expect(SYN, ISS, 0)
                .guestSends(SYN | ACK, IRS, ISS + 1, mss(1460), "")
                .expect(ACK | FIN, ISS + 1, IRS + 1)
                .expectState(TcpState.FIN_WAIT_1);
    }

    @Test
    void oneConnectionAFlow() {
        dialogue.hostAccepts();
        assertThat(dialogue.stack().accept(dialogue.flow, new FakeHostStream(), dialogue.loop.nowNanos))
                .isNull();
    }
}
