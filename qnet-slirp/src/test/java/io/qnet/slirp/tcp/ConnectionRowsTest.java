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

import io.qnet.host.HostError;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rows of docs/compatibility.md about connections, as dialogues. */
@ExtendWith(LeakCheck.class)
class ConnectionRowsTest {
    private final TcpDialogue dialogue = new TcpDialogue();

    @Test
    @DisplayName("C1: connects to an open port")
    void c1() {
        dialogue.guestSends(SYN, IRS, 0, mss(1460), "")
                .after(3000)
                .expectSilence()
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 1)
                .expectState(TcpState.ESTABLISHED);
    }

    @Test
    @DisplayName("C2: connects to a closed port")
    void c2() {
        dialogue.guestSends(SYN, IRS, 0)
                .hostFails(HostError.REFUSED)
                .expect(RST | ACK, 0, IRS + 1)
                .expectGone();
    }

    @ParameterizedTest
    @EnumSource(
            value = HostError.class,
            names = {"NET_UNREACHABLE", "HOST_UNREACHABLE", "PROHIBITED"})
    @DisplayName("C3: connects where there is no route, no host; where it is forbidden")
    void c3(HostError error) {
        dialogue.decision = new Opener.Decision.Refuse(error);
        dialogue.guestSends(SYN, IRS, 0).expectSilence().expectGone();
        assertThat(dialogue.unreachables).containsExactly(error);
    }

    @Test
    @DisplayName("T1: connects to a host that turns out to be unreachable after 3 s")
    void t1() {
        dialogue.guestSends(SYN, IRS, 0)
                .after(1000)
                .guestSends(SYN, IRS, 0)
                .after(2000)
                .hostFails(HostError.HOST_UNREACHABLE)
                .after(120_000)
                .expectSilence()
                .expectGone();
        assertThat(dialogue.unreachables).as("once").containsExactly(HostError.HOST_UNREACHABLE);
        // and may try again
        dialogue.guestSends(SYN, IRS, 0).hostConnects().expect(SYN | ACK, ISS, IRS + 1);
    }

    @Test
    @DisplayName("T2: gives up before the host has answered")
    void t2() {
        dialogue.guestSends(SYN, IRS, 0)
                .guestSends(RST, IRS + 1, 0)
                .expectSilence()
                .expectHostReset()
                .expectGone();
    }

    @Test
    @DisplayName("T3: says an MSS of 536")
    void t3() {
        TcpDialogue small = established(mss(536)).hostSays(new byte[2000]);
        assertThat(small.take().gsoSize()).isEqualTo(536);
    }

    @Test
    @DisplayName("T4: offers window scale, SACK, timestamps")
    void t4() {
        dialogue.guestSends(SYN, IRS, 0, join(mss(1460), sackPermitted(), timestamps(7, 0), windowScale(7)), "")
                .hostConnects();
        SentSegment answer = dialogue.take();
        assertThat(answer.windowScale()).isEqualTo(Receiver.WINDOW_SHIFT);
        assertThat(answer.sackPermitted() && answer.timestamps()).isTrue();
        assertThat(answer.tsEcr()).isEqualTo(7);
    }

    @Test
    @DisplayName("T4: offers none of them")
    void t4None() {
        dialogue.guestSends(SYN, IRS, 0, mss(1460), "").hostConnects();
        SentSegment answer = dialogue.take();
        assertThat(answer.windowScale()).isEqualTo(-1);
        assertThat(answer.sackPermitted() || answer.timestamps()).isFalse();
    }

    @Test
    @DisplayName("T5: ends, and is still answered; hears the end, and still speaks")
    void t5() {
        established()
                .guestSends(ACK | FIN, IRS + 1, ISS + 1)
                .expect(ACK, ISS + 1, IRS + 2)
                .hostSays("late")
                .expect(ACK | PSH, ISS + 1, IRS + 2, "late");
        established()
                .hostEnds()
                .expect(ACK | FIN, ISS + 1, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 2, "late")
                .expectHostGot("late");
    }

    @Test
    @DisplayName("T6: the host resets; the guest resets")
    void t6() {
        established()
                .hostFails(HostError.RESET)
                .expect(RST | ACK, ISS + 1, IRS + 1)
                .expectGone();
        established()
                .guestSends(RST, IRS + 1, 0)
                .expectSilence()
                .expectHostReset()
                .expectGone();
    }

    @Test
    @DisplayName("T7: sends out of order, twice, overlapping")
    void t7() {
        established()
                .guestSends(ACK, IRS + 5, ISS + 1, "efgh")
                .expect(ACK, ISS + 1, IRS + 1)
                .guestSends(ACK, IRS + 5, ISS + 1, "efgh")
                .expect(ACK, ISS + 1, IRS + 1)
                .guestSends(ACK, IRS + 3, ISS + 1, "cdefg")
                .expect(ACK, ISS + 1, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 1, "abcdef")
                .expect(ACK, ISS + 1, IRS + 9)
                .expectHostGot("abcdefgh");
    }

    @Test
    @DisplayName("T8: closes its window, and opens it")
    void t8() {
        established()
                .guestWindow(0)
                .guestSends(ACK, IRS + 1, ISS + 1)
                .hostSays("text")
                .after(199)
                .expectSilence()
                .after(1)
                .expect(ACK, ISS, IRS + 1)
                .guestWindow(1000)
                .guestSends(ACK, IRS + 1, ISS + 1)
                .expect(ACK | PSH, ISS + 1, IRS + 1, "text");
    }

    @Test
    @DisplayName("T9: never acknowledges")
    void t9() {
        TcpDialogue silent = established().hostSays("text").expect(ACK | PSH, ISS + 1, IRS + 1, "text");
        for (long wait = 200; wait < 60_000; wait *= 2) {
            silent.after(wait - 1).expectSilence().after(1).expect(ACK, ISS + 1, IRS + 1, "text");
        }
        silent.after(120_000).take();
        silent.expect(RST | ACK, ISS + 5, IRS + 1).expectHostReset().expectGone();
    }

    @Test
    @DisplayName("T10: sends segments of no connection")
    void t10() {
        dialogue.guestSends(ACK, IRS, ISS)
                .expect(RST, ISS, 0)
                .guestSends(FIN, IRS, 0)
                .expect(RST | ACK, 0, IRS + 1)
                .guestSends(SYN | ACK, IRS, ISS)
                .expect(RST, ISS, 0)
                .guestSends(SYN | FIN, IRS, 0)
                .expect(RST | ACK, 0, IRS + 2)
                .guestSends(0, IRS, 0, "null")
                .expect(RST | ACK, 0, IRS + 4);
    }

    @Test
    @DisplayName("T11: sends a reset of no connection")
    void t11() {
        dialogue.guestSends(RST, IRS, 0)
                .guestSends(RST | ACK, IRS, ISS)
                .guestSends(RST | SYN, IRS, 0)
                .expectSilence()
                .expectCount("tcp.drop.stray", 3);
    }

    @Test
    @DisplayName("T12: says nothing for as long as tcp-idle-timeout")
    void t12() {
        dialogue.config = TcpConfig.DEFAULT.withKeepAliveNanos(7200 * RttEstimator.SECOND);
        dialogue.opened(mss(1460)).after(7_199_999).expectSilence().after(1).expect(ACK, ISS, IRS + 1);
        // alive
        dialogue.guestSends(ACK, IRS + 1, ISS + 1).after(7_199_999).expectSilence();
        // vanished: five probes, then the end
        dialogue.after(1 + 40_000);
        for (int i = 0; i < 5; i++) {
            dialogue.expect(ACK, ISS, IRS + 1);
        }
        dialogue.expectSilence()
                .after(10_000)
                .expect(RST | ACK, ISS + 1, IRS + 1)
                .expectHostReset()
                .expectGone();
    }

    @Test
    @DisplayName("T13: marks data as urgent")
    void t13() {
        established().guestSends(ACK | PSH | URG, IRS + 1, ISS + 1, "plain").expectHostGot("plain");
    }

    @Test
    @DisplayName("T14: begins anew in TIME_WAIT")
    void t14() {
        TcpDialogue done =
                established().hostEnds().guestSends(ACK | FIN, IRS + 1, ISS + 2).expectState(TcpState.TIME_WAIT);
        done.sent.clear();
        done.guestSends(SYN, IRS + 1000, 0)
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 1001)
                .expectState(TcpState.SYN_RECEIVED);
    }
}
