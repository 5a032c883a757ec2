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
import static io.qnet.wire.Tcp.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What belongs to a connection and what does not, at the edges of window and clock. */
@ExtendWith(LeakCheck.class)
class AcceptanceTest {
    private final TcpDialogue dialogue = new TcpDialogue();

    @Test
    void anAcknowledgementOfAGuestThatHasFilledTheWindowIsTaken() {
        TcpDialogue open = established().hostSays("text").expect(ACK | PSH, ISS + 1, IRS + 1, "text");
        // all of it was lost: it has no lower number
        open.guestSends(ACK, IRS + 1 + (open.last().window() << 7), ISS + 5)
                .expectSilence()
                .after(10_000)
                .expectSilence();
    }

    @Test
    void aFinAtTheEdgeOfAClosedWindowIsTaken() {
        TcpDialogue slow = established(mss(1460));
        slow.host().holds = true;
        int sent = 0;
        int edge = IRS + 1 + 65_535;
        while (edge - IRS - 1 - sent > 0) {
            int length = Math.min(1460, edge - IRS - 1 - sent);
            slow.guestSends(ACK, IRS + 1 + sent, ISS + 1, "x".repeat(length)).after(20);
            sent += length;
            while (!slow.sent.isEmpty()) {
                edge = slow.take().ack() + slow.last().window();
            }
        }
        int end = edge;
        slow.inOneTurn(() -> slow.guestSends(ACK | FIN, end, ISS + 1)
                        // what comes in the same turn is judged by a window that is still none
                        .guestSends(ACK, end + 5000, ISS + 1))
                .expect(ACK, ISS + 1, end + 1);
        slow.expectState(TcpState.CLOSE_WAIT).expectHostEnded().expectCount("tcp.drop.out-of-window", 1);
    }

    @Test
    void challengesAreCountedBySecondsWhateverTheClockSays() {
        dialogue.loop.nowNanos = -5000 * RttEstimator.SECOND;
        dialogue.opened(mss(1460));
        for (int second = 0; second < 3; second++) {
            for (int i = 0; i < 20; i++) {
                dialogue.guestSends(SYN, IRS + 100, 0);
            }
            assertThat(dialogue.sent).hasSize(10);
            dialogue.sent.clear();
            dialogue.after(1000);
        }
    }

    @Test
    void aGuestThatRepeatsItsSynIsNotGivenUpForIt() {
        dialogue.guestSends(SYN, IRS, 0, mss(1460), "").hostConnects();
        for (int i = 0; i < 100; i++) {
            dialogue.guestSends(SYN, IRS, 0, mss(1460), "");
        }
        dialogue.after(30_000).expectState(TcpState.SYN_RECEIVED);
        dialogue.sent.clear();
        dialogue.guestSends(ACK, IRS + 1, ISS + 1).expectState(TcpState.ESTABLISHED);
    }

    @Test
    void theWindowOfASynThatAnswersOursIsNotScaled() {
        byte[] offer = join(mss(1460), windowScale(7));
        dialogue.hostAccepts().take();
        dialogue.guestWindow(2000).guestSends(SYN, IRS, 0, offer, "").take();
        dialogue.guestSends(SYN | ACK, IRS, ISS + 1, offer, "").expect(ACK, ISS + 1, IRS + 1);
        dialogue.hostSays(new byte[10_000])
                .expectLength(ACK, ISS + 1, IRS + 1, 1460)
                .expectSilence();
    }

    @Test
    void aSynWithAnOlderTimestampDoesNotTakeThePlaceOfTimeWait() {
        TcpDialogue done = established(join(mss(1460), timestamps(1000, 0)))
                .hostEnds()
                .guestSends(ACK | FIN, IRS + 1, ISS + 2)
                .expectState(TcpState.TIME_WAIT);
        done.sent.clear();
        done.guestSends(SYN, IRS + 1000, 0, timestamps(999, 0), "").expectState(TcpState.TIME_WAIT);
        done.guestSends(SYN, IRS + 1000, 0, timestamps(1000, 0), "").expectState(TcpState.CONNECTING);
    }

    @Test
    void withoutMemoryALargeSegmentsWindowStillOpens() {
        dialogue.output.mtu = 65_520;
        dialogue.opened(join(mss(65_480), sackPermitted(), windowScale(7)));
        dialogue.host().holds = true;
        long others = MemoryBudget.DEFAULT_BYTES - 70_000;
        dialogue.budget.charge(others);
        int rcvNxt = IRS + 1;
        for (int left = 65_535; left > 0; left -= 13_107) {
            dialogue.guestSends(ACK, rcvNxt, ISS + 1, "x".repeat(13_107)).after(20);
            rcvNxt += 13_107;
        }
        dialogue.sent.clear();
        dialogue.budget.charge(70_000); // others have it all
        dialogue.hostTakes(0).expect(ACK, ISS + 1, rcvNxt);
        assertThat(dialogue.last().window() << 7).isEqualTo(16 << 10);
        dialogue.budget.charge(-others - 70_000);
    }

    @Test
    void aLargeLastSegmentInManyBuffersIsProbedInPart() {
        dialogue.output.mtu = 65_520;
        dialogue.opened(join(mss(65_480), sackPermitted(), windowScale(7)));
        dialogue.hostSays(new byte[65_480]).take();
        dialogue.inOneTurn(() -> {
            for (int i = 0; i < 12; i++) {
                dialogue.hostSays(new byte[10]).hostSays(new byte[5000]);
            }
        });
        while (!dialogue.sent.isEmpty()) {
            dialogue.take();
        }
        int end = dialogue.last().end();
        assertThat(end).isEqualTo(ISS + 65_481 + 12 * 5010);
        dialogue.after(10);
        assertThat(dialogue.take().end()).isEqualTo(end);
    }
}
