package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.GuestFrames.join;
import static io.qnet.slirp.tcp.GuestFrames.mss;
import static io.qnet.slirp.tcp.GuestFrames.sackPermitted;
import static io.qnet.slirp.tcp.GuestFrames.timestamps;
import static io.qnet.slirp.tcp.GuestFrames.windowScale;
import static io.qnet.slirp.tcp.TcpDialogue.FLOW;
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
import io.qnet.wire.IpAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The cases that packetimpact (gVisor) and vpnkit test, under their names, as far as they concern TCP. */
@ExtendWith(LeakCheck.class)
class NamedCasesTest {
    private static final byte[] OFFER = join(mss(1460), sackPermitted(), windowScale(7));

    private final TcpDialogue dialogue = new TcpDialogue();

    private TcpDialogue on(int guestPort, int hostPort) {
        dialogue.flow = new TcpFlow(FLOW.guest(), guestPort, FLOW.host(), hostPort);
        return dialogue;
    }

    @Test
    void finWait2Timeout() {
        established()
                .hostEnds()
                .expect(FIN | ACK, ISS + 1, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 2)
                .expectState(TcpState.FIN_WAIT_2)
                .after(119_999)
                .expectSilence()
                .after(1)
                .expect(ACK, ISS + 1, IRS + 1)
                .after(40_000)
                .expect(ACK, ISS + 1, IRS + 1)
                .expect(ACK, ISS + 1, IRS + 1)
                .expect(ACK, ISS + 1, IRS + 1)
                .expect(ACK, ISS + 1, IRS + 1)
                .after(10_000)
                .expect(RST | ACK, ISS + 2, IRS + 1)
                .expectHostReset()
                .expectGone();
    }

    @Test
    void finRetransmission() {
        TcpDialogue ending = established().hostEnds().expect(FIN | ACK, ISS + 1, IRS + 1);
        for (long wait = 200; wait < 5000; wait *= 2) {
            ending.after(wait - 1).expectSilence().after(1).expect(FIN | ACK, ISS + 1, IRS + 1);
        }
        ending.guestSends(ACK, IRS + 1, ISS + 2)
                .expectState(TcpState.FIN_WAIT_2)
                .expectSilence();
    }

    @Test
    void handshakeWindowSize() {
        dialogue.guestWindow(10).guestSends(SYN, IRS, 0, OFFER, "").hostConnects();
        assertThat(dialogue.take().window()).as("not scaled").isEqualTo(65_535);
        // of the guest's SYN the window would be 10 bytes, of its ACK it is 1280
        dialogue.guestSends(ACK, IRS + 1, ISS + 1).hostSays(new byte[5000]);
        dialogue.expectLength(ACK, ISS + 1, IRS + 1, 1280).expectSilence();
        assertThat(dialogue.last().window() << 7).isBetween(256 << 10, (256 << 10) + 127);
    }

    @Test
    void linger() {
        TcpDialogue slow = established();
        slow.host().holds = true;
        slow.guestSends(ACK | FIN, IRS + 1, ISS + 1, "last words")
                .after(20)
                .expect(ACK, ISS + 1, IRS + 12)
                .hostEnds()
                .expect(FIN | ACK, ISS + 1, IRS + 12)
                .guestSends(ACK, IRS + 12, ISS + 2)
                .expectHostGot("last words")
                .expectHostEnded()
                .expectHostClosed()
                .expectGone();
    }

    @Test
    void listenBacklog() {
        for (int port = 1; port <= 2000; port++) {
            on(port, 80).guestSends(SYN, IRS, 0, OFFER, "").expectSilence();
        }
        for (int port = 1; port <= 2000; port++) {
            dialogue.hosts.get(port - 1).handler.onConnected();
            on(port, 80).turn().expect(SYN | ACK, ISS, IRS + 1);
            dialogue.guestSends(ACK, IRS + 1, ISS + 1).expectState(TcpState.ESTABLISHED);
        }
    }

    @Test
    void networkUnreachableOnConnect() {
        dialogue.guestSends(SYN, IRS, 0, OFFER, "")
                .hostFails(HostError.NET_UNREACHABLE)
                .expectSilence()
                .expectGone();
        assertThat(dialogue.unreachables).containsExactly(HostError.NET_UNREACHABLE);
    }

    @Test
    void closeWithoutAcceptGivesRst() {
        dialogue.guestSends(SYN, IRS, 0, OFFER, "").stack().close();
        dialogue.expect(RST | ACK, 0, IRS + 1).expectHostReset().expectGone();
    }

    @Test
    void dataOutsideTheWindow() {
        int edge = IRS + 1 + 65_536;
        established()
                .guestSends(ACK, edge, ISS + 1, "beyond")
                .expect(ACK, ISS + 1, IRS + 1)
                .guestSends(ACK, IRS - 99, ISS + 1, "before")
                .expect(ACK, ISS + 1, IRS + 1)
                .expectHostGot("")
                .expectCount("tcp.drop.out-of-window", 2);
    }

    @Test
    void paws() {
        established(join(mss(1460), timestamps(1000, 0)))
                .guestTimestamp(999, 0)
                .guestSends(ACK, IRS + 1, ISS + 1, "old")
                .expect(ACK, ISS + 1, IRS + 1)
                .expectHostGot("")
                .expectCount("tcp.drop.paws", 1)
                .guestTimestamp(1000, 0)
                .guestSends(ACK, IRS + 1, ISS + 1, "new")
                .expectHostGot("new");
    }

    @Test
    void queueSendInSynSent() {
        dialogue.hostAccepts()
                .expect(SYN, ISS, 0)
                .hostSays("early")
                .hostEnds()
                .expectSilence()
                .guestSends(SYN | ACK, IRS, ISS + 1, OFFER, "")
                .expect(ACK | PSH | FIN, ISS + 1, IRS + 1, "early")
                .expectState(TcpState.FIN_WAIT_1);
    }

    @Test
    void rack() {
        dialogue.guestSends(SYN, IRS, 0, OFFER, "").hostConnects().take();
        dialogue.after(40).guestSends(ACK, IRS + 1, ISS + 1).hostSays(new byte[2920]);
        dialogue.expectLength(ACK | PSH, ISS + 1, IRS + 1, 2920)
                .after(40)
                .guestSacks(IRS + 1, ISS + 1, ISS + 1461, ISS + 2921)
                .after(9)
                .expectSilence()
                .after(1)
                .expectLength(ACK, ISS + 1, IRS + 1, 1460)
                .expectCount("tcp.timeouts", 0);
    }

    @Test
    void receiveBufferSpace() {
        TcpDialogue slow = established();
        slow.host().holds = true;
        int sent = 0;
        int edge = IRS + 1 + 65_535;
        while (edge - IRS - 1 - sent > 0) {
            int length = Math.min(1460, edge - IRS - 1 - sent);
            slow.guestSends(ACK, IRS + 1 + sent, ISS + 1, "x".repeat(length)).after(20);
            sent += length;
            while (!slow.sent.isEmpty()) {
                edge = slow.take().ack() + (slow.last().window() << 7);
            }
        }
        assertThat(sent).isBetween(256 << 10, (256 << 10) + 127);
        assertThat(slow.last().window()).as("closed").isZero();
        slow.hostTakes(0).expect(ACK, ISS + 1, IRS + 1 + sent);
        assertThat(slow.last().window() << 7).as("open").isBetween(256 << 10, (256 << 10) + 127);
    }

    @Test
    void retransmits() {
        TcpDialogue silent = established().hostSays("hello").expect(ACK | PSH, ISS + 1, IRS + 1, "hello");
        long wait = 200;
        for (int i = 0; i < 10; i++) {
            silent.after(wait - 1).expectSilence().after(1).expect(ACK, ISS + 1, IRS + 1, "hello");
            wait = Math.min(2 * wait, 60_000);
        }
        silent.after(wait).expect(RST | ACK, ISS + 6, IRS + 1).expectHostReset().expectGone();
    }

    @Test
    void synCookie() {
        // there are none: what has not answered makes room, what is established stays, and whoever does answer is
        // served
        dialogue.config = TcpConfig.DEFAULT.withMaxFlows(64);
        on(1, 80).opened(OFFER);
        for (int port = 1000; port < 3000; port++) {
            on(port, 80).guestSends(SYN, IRS, 0, OFFER, "").hostConnects();
        }
        dialogue.sent.clear();
        on(1000, 80).guestSends(ACK, IRS + 1, ISS + 1).expect(RST, ISS + 1, 0);
        on(2999, 80).guestSends(ACK, IRS + 1, ISS + 1).expectState(TcpState.ESTABLISHED);
        on(1, 80).expectState(TcpState.ESTABLISHED);
    }

    @Test
    void resetInSynReceived() {
        dialogue.guestSends(SYN, IRS, 0, OFFER, "").hostConnects().take();
        dialogue.guestSends(RST, IRS + 1, 0).expectSilence().expectHostReset().expectGone();
    }

    @Test
    void resetInSynSent() {
        dialogue.hostAccepts()
                .expect(SYN, ISS, 0)
                .guestSends(RST, 0, 0)
                .expectState(TcpState.SYN_SENT)
                .guestSends(RST | ACK, 0, ISS + 1)
                .expectSilence()
                .expectHostReset()
                .expectGone();
    }

    @Test
    void resetInTimeWait() {
        TcpDialogue done =
                established().hostEnds().guestSends(ACK | FIN, IRS + 1, ISS + 2).expectState(TcpState.TIME_WAIT);
        done.sent.clear();
        done.guestSends(RST, IRS + 2, 0).expectSilence().expectHostClosed().expectGone();
    }

    @Test
    void unacceptableAckInSynReceived() {
        dialogue.guestSends(SYN, IRS, 0, OFFER, "").hostConnects().take();
        dialogue.guestSends(ACK, IRS + 1, ISS + 5)
                .expect(RST, ISS + 5, 0)
                .guestSends(ACK, IRS + 1, ISS)
                .expect(RST, ISS, 0)
                .expectState(TcpState.SYN_RECEIVED)
                .guestSends(ACK, IRS + 1, ISS + 1)
                .expectState(TcpState.ESTABLISHED);
    }

    @Test
    void icmpErrorDuringConnect() {
        dialogue.hostAccepts().take();
        dialogue.stack().onIcmpError(dialogue.flow, PathError.UNREACHABLE, ISS, 0);
        dialogue.turn().expectSilence().expectHostReset().expectGone();
    }

    @Test
    void zeroWindowProbes() {
        TcpDialogue closed =
                established().guestWindow(0).guestSends(ACK, IRS + 1, ISS + 1).hostSays("wait");
        for (long wait = 200; wait < 30_000; wait *= 2) {
            closed.after(wait - 1).expectSilence().after(1).expect(ACK, ISS, IRS + 1);
            closed.guestSends(ACK, IRS + 1, ISS + 1).expectSilence();
        }
        closed.guestWindow(4).guestSends(ACK, IRS + 1, ISS + 1).expect(ACK | PSH, ISS + 1, IRS + 1, "wait");
    }

    @Test
    void halfCloseOfTheGuest() {
        established()
                .guestSends(ACK | FIN, IRS + 1, ISS + 1, "question")
                .expectHostGot("question")
                .expectHostEnded()
                .after(20)
                .expect(ACK, ISS + 1, IRS + 10)
                .hostSays("answer")
                .expect(ACK | PSH, ISS + 1, IRS + 10, "answer")
                .guestSends(ACK, IRS + 10, ISS + 7)
                .hostEnds()
                .expect(FIN | ACK, ISS + 7, IRS + 10)
                .guestSends(ACK, IRS + 10, ISS + 8)
                .expectHostClosed()
                .expectGone();
    }

    @Test
    void halfCloseOfTheHost() {
        established()
                .hostSays("question")
                .expect(ACK | PSH, ISS + 1, IRS + 1, "question")
                .hostEnds()
                .expect(FIN | ACK, ISS + 9, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 10, "answer")
                .after(20)
                .expect(ACK, ISS + 10, IRS + 7)
                .guestSends(ACK | FIN, IRS + 7, ISS + 10)
                .expect(ACK, ISS + 10, IRS + 8)
                .expectHostGot("answer")
                .expectState(TcpState.TIME_WAIT)
                .after(10_000)
                .expectGone();
    }

    // ---- storms, twenty times the same

    @Test
    void synStorm() {
        for (int i = 0; i < 20; i++) {
            dialogue.guestSends(SYN, IRS, 0, OFFER, "").expectSilence();
        }
        assertThat(dialogue.hosts).hasSize(1);
        dialogue.hostConnects().expect(SYN | ACK, ISS, IRS + 1);
        for (int i = 0; i < 20; i++) {
            dialogue.guestSends(SYN, IRS, 0, OFFER, "").expect(SYN | ACK, ISS, IRS + 1);
        }
        // a storm of the guest's is no time-out of ours
        dialogue.after(1000).expect(SYN | ACK, ISS, IRS + 1).expectState(TcpState.SYN_RECEIVED);
        dialogue.guestSends(ACK, IRS + 1, ISS + 1).expectState(TcpState.ESTABLISHED);
        for (int i = 0; i < 20; i++) {
            dialogue.guestSends(SYN, IRS, 0, OFFER, "");
        }
        assertThat(dialogue.sent).as("challenges").hasSize(10);
    }

    @Test
    void synAckStorm() {
        for (int i = 0; i < 20; i++) {
            dialogue.guestSends(SYN | ACK, IRS, ISS + 7, OFFER, "").expect(RST, ISS + 7, 0);
        }
        dialogue.opened(OFFER);
        for (int i = 0; i < 20; i++) {
            dialogue.guestSends(SYN | ACK, IRS, ISS + 1, OFFER, "");
        }
        assertThat(dialogue.sent).as("challenges").hasSize(10);
        dialogue.expectState(TcpState.ESTABLISHED);
    }

    @Test
    void rstStorm() {
        for (int i = 0; i < 20; i++) {
            dialogue.guestSends(RST, IRS + i, 0)
                    .guestSends(RST | ACK, IRS + i, ISS)
                    .expectSilence();
        }
        dialogue.opened(OFFER);
        for (int i = 0; i < 20; i++) {
            dialogue.guestSends(RST, IRS + 2 + i, 0);
        }
        assertThat(dialogue.sent).as("challenges").hasSize(10);
        dialogue.sent.clear();
        for (int i = 0; i < 20; i++) {
            dialogue.guestSends(RST, IRS + 1, 0).expectSilence();
        }
        dialogue.expectHostReset().expectGone();
    }

    @Test
    void nmapOf65000PortsWithAConnectionCap() {
        dialogue.config = TcpConfig.DEFAULT.withMaxFlows(256);
        on(1, 80).opened(OFFER);
        for (int port = 1; port <= 65_535; port++) {
            on(2, port).guestSends(SYN, IRS, 0, OFFER, "");
            if (port % 2 == 0) {
                dialogue.sent.clear();
                dialogue.hostFails(HostError.REFUSED).expect(RST | ACK, 0, IRS + 1);
            }
        }
        assertThat(dialogue.stack().flowCount()).isLessThanOrEqualTo(256);
        on(1, 80).expectState(TcpState.ESTABLISHED).guestSends(ACK, IRS + 1, ISS + 1, "alive");
        assertThat(dialogue.hosts.get(0).written.toString(StandardCharsets.US_ASCII))
                .isEqualTo("alive");
    }

    // ---- what happens around connections

    @Test
    void guestRebootWithLiveFlows() {
        established()
                .guestSends(SYN, IRS + 99_999, 0, OFFER, "")
                .expect(ACK, ISS + 1, IRS + 1)
                .guestSends(RST, IRS + 1, 0)
                .expectHostReset()
                .guestSends(SYN, IRS + 99_999, 0, OFFER, "")
                .hostConnects()
                .expect(SYN | ACK, ISS, IRS + 100_000);
    }

    @Test
    void aRestoredGuestWhoseFlowsAreForgotten() {
        dialogue.guestSends(ACK, IRS + 5, ISS + 5, "still there?")
                .expect(RST, ISS + 5, 0)
                .guestSends(FIN | ACK, IRS + 5, ISS + 5)
                .expect(RST, ISS + 5, 0)
                .expectGone();
    }

    @Test
    void clockJumpOfAnHour() {
        dialogue.config = TcpConfig.DEFAULT.withKeepAliveNanos(600 * RttEstimator.SECOND);
        dialogue.opened(OFFER).hostSays("sent before the sleep").take();
        jump();
        dialogue.expect(ACK, ISS + 1, IRS + 1, "sent before the sleep")
                .guestSends(ACK, IRS + 1, ISS + 22)
                .expectState(TcpState.ESTABLISHED);
        jump();
        dialogue.expect(ACK, ISS + 21, IRS + 1)
                .guestSends(ACK, IRS + 1, ISS + 22)
                .after(60_000);
        dialogue.expectSilence().hostSays("after").expect(ACK | PSH, ISS + 22, IRS + 1, "after");
    }

    private void jump() {
        dialogue.expectSilence();
        dialogue.loop.nowNanos += 3600 * RttEstimator.SECOND;
        dialogue.loop.timers.expire(dialogue.loop.nowNanos);
        dialogue.turn();
    }

    @Test
    void aSlowGuestDoesNotStallAnother() {
        dialogue.budget = new MemoryBudget(1 << 20);
        for (int port = 1; port <= 8; port++) {
            on(port, 80).opened(OFFER).guestWindow(0).guestSends(ACK, IRS + 1, ISS + 1);
            while (dialogue.host().credit > 0) {
                int part = (int) Math.min(16 << 10, dialogue.host().credit);
                dialogue.host().credit -= part;
                dialogue.hostSays(new byte[part]);
            }
        }
        dialogue.flow = new TcpFlow(IpAddress.parse("10.0.2.16"), 1, FLOW.host(), 80);
        dialogue.guestWindow(65_535).opened(OFFER).hostSays("quick").expect(ACK | PSH, ISS + 1, IRS + 1, "quick");
        dialogue.guestSends(ACK, IRS + 1, ISS + 6, "quick too").expectHostGot("quick too");
    }
}
