package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest may send to do harm: it gets silence or the protocol's answer, the gateway goes on answering, and nothing is left behind. */
class LyingFramesTest extends VirtualTimeTest {
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

    /** Every kind of message, and after each of its bytes an end; then each with bytes that lie, checksums made right again where that lets them in deeper. */
    @ParameterizedTest
    @CsvSource({"1", "2", "3"})
    void framesThatLieDoNoHarm(long seed) {
        user();
        FakeGuest guest = guest();
        Random random = new Random(seed);
        for (byte[] whole : wholeFrames()) {
            for (int length = 1; length < whole.length; length++) {
                guest.sendFrame(Arrays.copyOf(whole, length));
            }
            for (int i = 0; i < 1500; i++) {
                guest.sendFrame(lie(whole, random));
            }
            net.advance(MOMENT);
        }
        assertAlive(guest);
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

    private void assertAlive(FakeGuest guest) {
        guest.forgetViolations();
        // it may have made itself known under another MAC address
        guest.sendFrame(RawFrames.arp(1, GUEST, GATEWAY));
        net.advance(Duration.ofMinutes(10));
        guest.forgetViolations();
        assertThat(count("bug.frames")).isZero();
        assertThat(net.network().info()).isNotNull();
    }

    private static List<byte[]> wholeFrames() {
        byte[] dhcp = new byte[260];
        Bytes.put32(dhcp, 0, 0x0101_0600);
        Bytes.put48(dhcp, 28, RawFrames.GUEST_MAC);
        Bytes.put32(dhcp, 236, 0x6382_5363);
        Bytes.put64(dhcp, 240, 0x3501_0137_0301_0306L);
        Bytes.put8(dhcp, 248, 0xff);
        byte[] query = new byte[29];
        Bytes.put64(query, 0, 0x1234_0100_0001_0000L);
        Bytes.put64(query, 12, 0x0377_7777_0474_6573L);
        byte[] options = new byte[20];
        Bytes.put64(options, 0, 0x0204_05b4_0103_0307L);
        Bytes.put32(options, 8, 0x0402_080a);
        return List.of(
                RawFrames.arp(1, GUEST, GATEWAY),
                RawFrames.arp(2, GUEST, GATEWAY),
                RawFrames.echoRequest(GUEST, GATEWAY, 1, 1, new byte[40]),
                RawFrames.echoRequest(GUEST, "192.0.2.1", 1, 1, new byte[40]),
                RawFrames.udp("0.0.0.0", 68, "255.255.255.255", 67, dhcp),
                RawFrames.udp(GUEST, 1000, "10.0.2.3", 53, query),
                RawFrames.udp(GUEST, 1000, GATEWAY, 81, new byte[40]),
                tcp(GUEST, GATEWAY, 1000, SYN | 0x5000, options),
                tcp(GUEST, GATEWAY, 1001, ACK, options));
    }

    private static byte[] lie(byte[] whole, Random random) {
        byte[] frame = whole.clone();
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
            int at =
                    random.nextInt(10) == 0 ? random.nextInt(14) : 14 + random.nextInt(Math.min(80, frame.length - 14));
            frame[at] = (byte) new int[] {0, 1, 0x4f, 0x7f, 0x80, 0xff, random.nextInt(256)}[random.nextInt(7)];
        }
        if (Bytes.u16(frame, 12) == 0x0800 && random.nextInt(8) != 0) {
            int headerLength = 4 * (frame[14] & 15);
            if (headerLength >= 20 && 14 + headerLength <= frame.length) {
                Bytes.put16(frame, 24, 0);
                Bytes.put16(frame, 24, InternetChecksum.finish(InternetChecksum.add(0, frame, 14, headerLength)));
            }
            if (frame[23] == 17) {
                Bytes.put16(frame, 40, 0);
            }
        }
        return frame;
    }
}
