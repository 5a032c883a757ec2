package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest may send to do harm: it gets silence or the protocol's answer, the gateway goes on answering, and nothing is left behind. */
class StrangeGuestTest extends VirtualTimeTest {
    private static final String GUEST = "10.0.2.15";
    private static final String GATEWAY = "10.0.2.2";
    private static final int SYN = 2;
    private static final int ACK = 16;

    private static byte[] tcp(String from, String to, int port, int flags, byte[] rest) {
        byte[] segment = new byte[20 + rest.length];
        Bytes.put16(segment, 0, port);
        Bytes.put16(segment, 2, 81);
        Bytes.put32(segment, 4, 0x7fff_ffff);
        Bytes.put16(segment, 12, 0x5000 | flags);
        Bytes.put16(segment, 14, 0xffff);
        System.arraycopy(rest, 0, segment, 20, rest.length);
        long pseudo = InternetChecksum.pseudoHeader(RawFrames.address(from), RawFrames.address(to), 6, segment.length);
        Bytes.put16(segment, 16, InternetChecksum.finish(InternetChecksum.add(pseudo, segment, 0, segment.length)));
        return RawFrames.ipv4(from, to, 6, segment);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"0.0.0.0", "0.1.2.3", "127.0.0.1", "10.0.2.255", "255.255.255.255", "224.0.0.1", "239.1.2.3"})
    void segmentsToWhatIsNoHostAreNotAnswered(String address) {
        user();
        FakeGuest guest = guest();
        guest.sendFrame(tcp(GUEST, address, 1000, SYN, new byte[0]));
        guest.sendFrame(tcp(GUEST, address, 1000, ACK, new byte[0]));
        net.advance(MOMENT);
        assertThat(received(guest)).isEmpty();
        assertThat(count("drop.tcp-destination")).isEqualTo(2);
    }

    @Test
    void whoHasNoAddressIsAnsweredByNothingButDhcp() {
        user();
        host.udp(81).echo();
        FakeGuest guest = guest();
        guest.sendFrame(tcp("0.0.0.0", GATEWAY, 1000, SYN, new byte[0]));
        guest.sendFrame(RawFrames.echoRequest("0.0.0.0", GATEWAY, 1, 1, new byte[8]));
        guest.sendFrame(RawFrames.udp("0.0.0.0", 1000, GATEWAY, 81, new byte[8]));
        guest.sendFrame(RawFrames.udp("0.0.0.0", 1000, "255.255.255.255", 81, new byte[8]));
        net.advance(Duration.ofSeconds(2));
        assertThat(received(guest)).isEmpty();
        assertThat(host.datagramSockets()).isEmpty();
    }

    @Test
    void randomBytesAndFragmentsDoNoHarm() {
        user();
        FakeGuest guest = guest();
        Random random = new Random(4);
        for (int i = 0; i < 6000; i++) {
            byte[] payload = new byte[8 * (1 + random.nextInt(180))];
            random.nextBytes(payload);
            byte[] packet = RawFrames.ipv4(GUEST, GATEWAY, new int[] {1, 6, 17, 99}[random.nextInt(4)], payload);
            Bytes.put16(packet, 18, random.nextInt(400));
            Bytes.put16(packet, 20, random.nextInt(4) == 0 ? 0 : random.nextInt(0x10000));
            guest.sendFrame(i % 2 == 0 ? payload : RawFrames.withHeaderChecksum(packet));
        }
        net.advance(MOMENT);
        assertAlive(guest);
        net.advance(Duration.ofSeconds(31));
        assertThat(count("drop.fragments-timed-out")).isPositive();
    }

    @Test
    void floodsOfEveryKindLeaveDescriptorsToTheRest() {
        host.descriptorLimit(400);
        user();
        host.udp(81);
        host.server(81);
        // or its stack would reset what it has not opened
        FakeGuest guest = guest().silent(true);
        for (int port = 1000; port < 1300; port++) {
            guest.sendFrame(RawFrames.udp(GUEST, port, GATEWAY, 81, new byte[8]));
            guest.sendFrame(RawFrames.udp(GUEST, port, "10.0.2.3", 53, new byte[20]));
            guest.sendFrame(RawFrames.echoRequest(GUEST, "192.0.2.1", port, 1, new byte[8]));
            guest.sendFrame(tcp(GUEST, GATEWAY, port, SYN, new byte[0]));
            net.settle();
        }
        assertThat(host.openCount()).isBetween(40, 200);
        assertAlive(guest.silent(false));
    }

    private void assertAlive(FakeGuest guest) {
        net.advance(MOMENT);
        guest.forgetViolations();
        // it may have made itself known under another MAC address
        guest.sendFrame(RawFrames.arp(1, GUEST, GATEWAY));
        assertThat(guest.ping(GATEWAY).ttl()).isEqualTo(255);
        guest.forgetViolations();
        assertThat(count("bug.frames")).isZero();
    }
}
