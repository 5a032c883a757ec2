package io.qnet.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.testkit.codec.Bytes;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two guests with IPv6 on one hub, without a router. */
class FakeGuestIpv6Test {
    private final VirtualNetwork net = VirtualNetwork.open();
    private final FakeGuest one = net.guest("one").address6("2001:db8::1", 64, null);
    private final FakeGuest two = net.guest("two").address6("2001:db8::2", 64, null);

    @AfterEach
    void close() {
        net.close();
    }

    @Test
    void theirMacsMakeTheirAddressesOnTheLink() {
        assertThat(one.linkLocal().getHostAddress()).isEqualTo("fe80:0:0:0:5054:ff:fe00:1");
        assertThat(one.neighbour("2001:db8::2")).contains(two.mac());
        assertThat(one.neighbour(two.linkLocal().getHostAddress())).contains(two.mac());
        assertThat(one.neighbour("2001:db8::3")).isEmpty();
    }

    @Test
    void pingsAreAnsweredInFragmentsToo() {
        assertThat(one.ping("2001:db8::2").ttl()).isEqualTo(64);
        assertThat(one.ping("2001:db8::2", 20_000, 7).bytes()).isEqualTo(20_000);
        assertThat(one.frames().sent()).allMatch(frame -> frame.length <= 1514);
    }

    @Test
    void datagramsAndErrorsAboutThem() {
        byte[] data = new byte[4000];
        new Random(1).nextBytes(data);
        two.udp(7).echo();
        GuestUdp udp = one.udp();
        udp.send("2001:db8::2", 7, data);
        assertThat(udp.receive().data()).isEqualTo(data);
        udp.send("2001:db8::2", 8, "x");
        assertThatThrownBy(udp::receive).hasMessageContaining("1/4 from 2001:db8:0:0:0:0:0:2");
    }

    @Test
    void connections() {
        GuestListener listener = two.listen(80);
        GuestTcp connection = one.connect("2001:db8::2", 80);
        assertThat(connection.negotiated()).startsWith("mss 1428, ");
        GuestTcp accepted = listener.accept();
        connection.write("over IPv6").shutdownOutput();
        assertThat(accepted.readAll()).asString().isEqualTo("over IPv6");
        assertThatThrownBy(() -> one.connect("2001:db8::2", 81)).hasMessageContaining("REFUSED");
        one.close();
        two.close();
    }

    @Test
    void wrongFramesAreViolations() {
        byte[] wrong = frameToTwo();
        wrong[60] ^= 1;
        one.sendFrame(wrong);
        byte[] long6 = frameToTwo();
        Bytes.put16(long6, 18, 2000);
        one.sendFrame(long6);
        net.settle();
        assertThat(two.violations()).hasSize(2);
        assertThat(two.violations().get(0)).contains("wrong ICMP checksum");
        assertThat(two.violations().get(1)).contains("malformed IPv6 header");
        two.forgetViolations();
    }

    private byte[] frameToTwo() {
        one.ping("2001:db8::2");
        return one.frames().sent().stream()
                .filter(frame -> frame[20] == 58 && frame[54] == (byte) 128)
                .reduce((first, second) -> second)
                .orElseThrow()
                .clone();
    }
}
