package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.TcpDialogue.IRS;
import static io.qnet.slirp.tcp.TcpDialogue.ISS;
import static io.qnet.slirp.tcp.TcpDialogue.established;
import static io.qnet.wire.Tcp.ACK;
import static io.qnet.wire.Tcp.FIN;
import static io.qnet.wire.Tcp.PSH;

import org.junit.jupiter.api.Test;

class FirstWordsTest {
    @Test
    void dataToTheGuest() {
        established()
                .hostSays("abcd")
                .expect(ACK | PSH, ISS + 1, IRS + 1, "abcd")
                .after(199)
                .expectSilence()
                .guestSends(ACK, IRS + 1, ISS + 5)
                .after(10_000)
                .expectSilence();
    }

    @Test
    void dataToTheHostAndBothEnds() {
        established()
                .guestSends(ACK | PSH, IRS + 1, ISS + 1, "hello")
                .expectHostGot("hello")
                .expectSilence()
                .after(20)
                .expect(ACK, ISS + 1, IRS + 6)
                .guestSends(ACK | FIN, IRS + 6, ISS + 1)
                .expectHostEnded()
                .expect(ACK, ISS + 1, IRS + 7)
                .hostSays("bye")
                .expect(ACK | PSH, ISS + 1, IRS + 7, "bye")
                .hostEnds()
                .expect(ACK | FIN, ISS + 4, IRS + 7)
                .guestSends(ACK, IRS + 7, ISS + 5)
                .expectHostClosed()
                .expectGone();
    }
}
