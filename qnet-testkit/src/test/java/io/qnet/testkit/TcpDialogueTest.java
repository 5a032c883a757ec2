package io.qnet.testkit;

import static io.qnet.testkit.tcp.Segment.ACK;
import static io.qnet.testkit.tcp.Segment.FIN;
import static io.qnet.testkit.tcp.Segment.PSH;
import static io.qnet.testkit.tcp.Segment.RST;
import static io.qnet.testkit.tcp.Segment.SYN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.testkit.tcp.TcpSettings;
import io.qnet.testkit.tcp.TcpState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The guest's TCP, as one that plays its connection by hand sees it. */
class TcpDialogueTest {
    private final VirtualNetwork net = VirtualNetwork.open();
    private final FakeGuest one = net.guest("one").address("10.0.0.1", 24);
    private final FakeGuest two =
            net.guest("two", guest -> guest.initialSequenceNumber(0x7fff_fffe)).address("10.0.0.2", 24);
    private final GuestListener listener = two.listen(80);
    private final TcpDialogue tcp = one.dialogue("10.0.0.2", 80);

    @AfterEach
    void close() {
        tcp.close();
        net.close();
    }

    @Test
    void aConnectionFromHandshakeToEnd() {
        tcp.establish();
        GuestTcp server = listener.accept();
        server.write("abcd");
        tcp.expect(ACK | PSH, 1, 1, "abcd").send(ACK, 1, 5).expectSilence();
        tcp.send(ACK | PSH, 1, 5, "xyz").after(39).expectSilence().after(1).expect(ACK, 5, 4);
        assertThat(server.readText(3)).isEqualTo("xyz");
        tcp.send(ACK | FIN, 4, 5).expect(ACK, 5, 5);
        server.shutdownOutput();
        tcp.expect(ACK | FIN, 5, 5).send(ACK, 5, 6).expectSilence();
        assertThat(server.state()).isEqualTo(TcpState.CLOSED);
    }

    @Test
    void everySecondSegmentIsAcknowledgedAtOnce() {
        tcp.establish()
                .send(ACK, 1, 1, "a")
                .expectSilence()
                .send(ACK, 2, 1, "b")
                .expect(ACK, 1, 3);
    }

    @Test
    void whatIsNotAcknowledgedIsRepeatedLaterAndLater() {
        tcp.establish();
        listener.accept().write("abcd");
        tcp.expect(ACK | PSH, 1, 1, "abcd");
        for (long wait : new long[] {200, 400, 800, 1600}) {
            tcp.after(wait - 1).expectSilence().after(1).expect(ACK | PSH, 1, 1, "abcd");
        }
        tcp.send(ACK, 1, 5).after(100_000).expectSilence();
    }

    @Test
    void threeDuplicateAcknowledgementsBringOneRepetition() {
        tcp.sendSyn(100).expect("SYN|ACK", segment -> segment.mss == 1460).send(ACK, 1, 1);
        listener.accept().write("x".repeat(350));
        tcp.expect(ACK, 1, 1, "x".repeat(100))
                .expect(ACK, 101, 1, "x".repeat(100))
                .expect(ACK, 201, 1, "x".repeat(100))
                .expect(ACK | PSH, 301, 1, "x".repeat(50));
        tcp.send(ACK, 1, 1).send(ACK, 1, 1).expectSilence().send(ACK, 1, 1).expect(ACK, 1, 1, "x".repeat(100));
    }

    @Test
    void aClosedWindowIsProbedWithOneByte() {
        tcp.window(0).send(SYN, 0, 0).expect(SYN | ACK, 0, 1).send(ACK, 1, 1);
        listener.accept().write("abcd");
        tcp.expectSilence().after(200).expect(ACK, 1, 1, "a").send(ACK, 1, 1);
        tcp.after(399).expectSilence().after(1).expect(ACK, 1, 1, "a");
        tcp.window(100).send(ACK, 1, 2).expect(ACK | PSH, 2, 1, "bcd");
    }

    @Test
    void whatComesOutOfOrderIsKeptAndReported() {
        tcp.sendSyn(segment -> segment.sackPermitted = true)
                .expect("SYN|ACK with SACK", segment -> segment.sackPermitted)
                .send(ACK, 1, 1);
        tcp.send(ACK, 4, 1, "def")
                .expect(
                        "ACK of 1 with SACK 4-7",
                        segment -> segment.ack == TcpDialogue.ISS + 1
                                && segment.sackCount == 1
                                && segment.sackStart[0] == TcpDialogue.ISS + 4
                                && segment.sackEnd[0] == TcpDialogue.ISS + 7);
        tcp.send(ACK, 1, 1, "abc").expect(ACK, 1, 7);
        assertThat(listener.accept().readText(6)).isEqualTo("abcdef");
    }

    @Test
    void noOptionIsSentThatWasNotOffered() {
        tcp.send(SYN, 0, 0)
                .expect(
                        "SYN|ACK without options but MSS",
                        segment -> segment.windowScale < 0
                                && !segment.sackPermitted
                                && !segment.hasTimestamps
                                && segment.mss == 1460);
    }

    @Test
    void aResetOnlyCountsAtTheNextSequenceNumber() {
        tcp.establish();
        GuestTcp server = listener.accept();
        tcp.send(RST, 10, 0).expect(ACK, 1, 1);
        assertThat(server.state()).isEqualTo(TcpState.ESTABLISHED);
        tcp.send(RST, 1, 0).expectSilence();
        assertThatThrownBy(() -> server.read(1))
                .isInstanceOf(GuestException.class)
                .hasMessageContaining("RESET");
    }

    @Test
    void aSynInTheMiddleIsAnsweredByAnAcknowledgement() {
        tcp.establish().send(SYN, 5, 0).expect(ACK, 1, 1);
    }

    @Test
    void aSegmentForNoConnectionIsReset() {
        tcp.send(ACK, 7, 9).expect("RST with seq from the ACK", segment -> segment.has(RST) && segment.ack == 0);
    }

    @Test
    void aLieAboutTheMssIsAViolation() {
        FakeGuest lenient = net.guest("lenient", guest -> guest.lenient()).address("10.0.0.3", 24);
        lenient.listen(80);
        try (TcpDialogue liar = one.dialogue("10.0.0.3", 80)) {
            liar.establish().send(ACK, 1, 1, new byte[1460], segment -> segment.ack += 1000);
            liar.expect(ACK, 1, 1);
        }
        assertThat(lenient.violations()).singleElement().asString().contains("acknowledges what was never sent");
    }

    @Test
    void theOtherSideMayBegin() {
        try (TcpDialogue called = one.dialogue(7000)) {
            GuestTcp caller = two.beginConnect("10.0.0.1", 7000, 3000, TcpSettings.OLD);
            called.accept();
            caller.write("hello");
            called.expect(ACK | PSH, 1, 1, "hello").send(ACK | PSH, 1, 6, "you");
            assertThat(called.peerPort()).isEqualTo(3000);
            assertThat(caller.readText(3)).isEqualTo("you");
            called.send(RST, 4, 0);
        }
    }

    @Test
    void aFailedExpectationTellsWhatDiffersAndShowsTheFrames() {
        assertThatThrownBy(() -> tcp.send(SYN, 0, 0).expect(SYN | ACK, 0, 2))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("expected SYN|ACK seq 0 ack 2, but it has ack 1")
                .hasMessageContaining("10.0.0.2.80 > 10.0.0.1.")
                .hasMessageContaining("options [mss 1460]")
                .hasMessageContaining("seed " + net.seed());
        assertThatThrownBy(() -> tcp.expect(ACK, 1, 1)).hasMessageContaining("but nothing came");
        assertThatThrownBy(() -> tcp.after(1000).expectSilence())
                .hasMessageContaining("expected silence, but there came SYN|ACK seq 0 ack 1");
    }
}
