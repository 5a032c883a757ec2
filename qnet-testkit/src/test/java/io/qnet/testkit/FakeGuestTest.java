package io.qnet.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.testkit.GuestException.Reason;
import io.qnet.testkit.frame.FrameAssert;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two guests on one hub, in virtual time. */
class FakeGuestTest {
    private final VirtualNetwork net = VirtualNetwork.open();
    private final FakeGuest one = net.guest("one").address("10.0.0.1", 24);
    private final FakeGuest two = net.guest("two").address("10.0.0.2", 24);

    @AfterEach
    void close() {
        net.close();
    }

    @Test
    void asksWhoHasAnAddress() {
        assertThat(one.arp("10.0.0.2")).contains(two.mac());
    }

    @Test
    void nobodyAnswersForAnAddressThatNobodyHas() {
        assertThat(one.arp("10.0.0.3")).isEmpty();
        assertThat(net.elapsed()).isEqualTo(Duration.ofSeconds(3));
        assertThat(one.frames().sent()).hasSize(3);
    }

    @Test
    void pings() {
        PingReply reply = one.ping("10.0.0.2");
        assertThat(reply.from()).isEqualTo(two.address());
        assertThat(reply.ttl()).isEqualTo(64);
        assertThat(reply.bytes()).isEqualTo(56);
    }

    @Test
    void pingsInFragments() {
        assertThat(one.ping("10.0.0.2", 5000, 0).bytes()).isEqualTo(5000);
        assertThat(two.frames().received()).hasSizeGreaterThan(4).allMatch(frame -> frame.length <= 1514);
    }

    @Test
    void aPingToASilentGuestTimesOut() {
        two.silent(true);
        assertThatThrownBy(() -> one.ping("10.0.0.2"))
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TIMED_OUT))
                .hasMessageContaining("seed");
    }

    @Test
    void aPingToNobodyIsUnreachable() {
        assertThatThrownBy(() -> one.ping("10.0.0.3"))
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE));
    }

    @Test
    void datagramsGoBothWays() {
        GuestUdp server = two.udp(5000);
        GuestUdp client = one.udp().send("10.0.0.2", 5000, "hello");
        Datagram asked = server.receive();
        assertThat(asked.text()).isEqualTo("hello");
        assertThat(asked.port()).isEqualTo(client.port());
        server.send("10.0.0.1", asked.port(), "bye");
        assertThat(client.receive().text()).isEqualTo("bye");
    }

    @Test
    void aLongDatagramTravelsInFragments() {
        two.udp(5000).echo();
        byte[] data = new byte[60_000];
        new Random(1).nextBytes(data);
        GuestUdp client = one.udp().send("10.0.0.2", 5000, data);
        assertThat(client.receive().data()).isEqualTo(data);
    }

    @Test
    void aDatagramToAClosedPortIsAnsweredByIcmp() {
        GuestUdp client = one.udp().send("10.0.0.2", 5000, "hello");
        assertThatThrownBy(client::receive)
                .isInstanceOfSatisfying(
                        GuestException.class,
                        e -> assertThat(e.icmp()).extracting(IcmpError::kind).isEqualTo("3/3"));
    }

    @Test
    void aConnectionCarriesBytesBothWaysAndEnds() {
        GuestListener listener = two.listen(80);
        GuestTcp client = one.connect("10.0.0.2", 80);
        GuestTcp server = listener.accept();
        client.write("question");
        assertThat(server.readText(8)).isEqualTo("question");
        server.write("answer").shutdownOutput();
        assertThat(new String(client.readAll(), StandardCharsets.UTF_8)).isEqualTo("answer");
        client.close();
        server.awaitClosed();
        client.awaitClosed();
    }

    @Test
    void aConnectionToAClosedPortIsRefused() {
        assertThatThrownBy(() -> one.connect("10.0.0.2", 81))
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.reason()).isEqualTo(Reason.REFUSED));
    }

    @Test
    void framesMadeByHandAreAnsweredAndNoViolation() {
        one.ping("10.0.0.2");
        byte[] echo = one.frames().sent().get(1).clone();
        for (int at = 38; at < 40; at++) { // identifier and sequence number change places: the checksum stays right
            byte kept = echo[at];
            echo[at] = echo[at + 2];
            echo[at + 2] = kept;
        }
        one.frames().clear();
        assertThat(one.sendFrame(echo)).isTrue();
        net.settle();
        FrameAssert.of(one.frames().received().get(0)).icmp(0, 0).checksumsAreRight();
        one.assertNoViolations();
    }

    @Test
    void whatBreaksARuleIsThrownByTheNextCallThatWaits() {
        one.ping("10.0.0.2");
        byte[] broken = one.frames().sent().get(1).clone();
        broken[50] ^= 1;
        one.sendFrame(broken);
        net.settle();
        assertThatThrownBy(() -> two.ping("10.0.0.1"))
                .isInstanceOf(GuestViolationError.class)
                .hasMessageContaining("wrong ICMP checksum")
                .hasMessageContaining("< 10.0.0.1 > 10.0.0.2: ICMP echo request");
        two.forgetViolations();
    }

    @Test
    void aHandlerMustNotWait() {
        List<Throwable> thrown = new ArrayList<>();
        two.udp(5000).onDatagram(datagram -> {
            try {
                two.ping("10.0.0.1");
            } catch (IllegalStateException e) {
                thrown.add(e);
            }
        });
        one.udp().send("10.0.0.2", 5000, "x");
        one.after(Duration.ofSeconds(1));
        assertThat(thrown).singleElement().asString().contains("must not wait");
    }
}
