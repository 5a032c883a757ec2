package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestTcp;
import io.qnet.testkit.VirtualNetwork;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.DnsMessage;
import io.qnet.testkit.codec.InternetChecksum;
import io.qnet.testkit.host.SimulatedHost;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A whole user netdev in virtual time, fed with what a guest would never send: traffic of real sessions, changed, cut, doubled, out of order, with lengths that lie and checksums made right again. Nothing
 * breaks, what is held and answered is bounded, no answer has bytes that its question had not, and the gateway goes on answering. A failing seed is in the test's message.
 */
class FuzzTest {
    private static final int FRAMES = 120;
    /** What fills the netdev's buffers before; nothing that is sent later contains it. */
    private static final byte SECRET = 0x5a;

    /** Echoes of 64 KiB in fragments are the longest answers to one frame, retransmissions the most numerous. */
    private static final int MOST_ANSWERS = FRAMES * 20;

    private static List<byte[]> traffic = List.of();

    /** What a guest sends that uses everything once. */
    @BeforeAll
    static void recordASession() {
        try (VirtualNetwork net = VirtualNetwork.open(1)) {
            UserNetdev user = net.add(config());
            services(net.host());
            FakeGuest guest = net.guest("guest");
            guest.dhcp();
            guest.ping("10.0.2.2", 3080, 0);
            guest.ping("192.0.2.7");
            guest.resolve("a.example");
            guest.udp().send("10.0.2.2", 5000, new byte[4000]).receive();
            guest.udp().send("10.0.2.2", 69, "\0\1pxelinux.0\0octet\0blksize\0001024\0");
            try (GuestTcp connection = guest.connect("10.0.2.2", 8080)) {
                connection.write(new byte[3000]);
                connection.read(3000);
                connection.shutdownOutput();
                connection.readAll();
            }
            traffic = new ArrayList<>(guest.frames().sent());
            byte[] answer = guest.frames().received().stream()
                    .filter(frame -> Bytes.u16(frame, 12) == 0x0800 && frame[23] == 17)
                    .findFirst()
                    .orElseThrow();
            traffic.add(RawFrames.icmp("10.0.2.15", "10.0.2.2", 3, 0, Arrays.copyOfRange(answer, 14, 42)));
            traffic.add(RawFrames.arp(2, "10.0.2.15", "10.0.2.2"));
            traffic.add(
                    RawFrames.udp("10.0.2.15", 4001, "10.0.2.3", 53, DnsMessage.query(1, "b.example", DnsMessage.A)));
            net.network().remove(user);
        }
    }

    private static UserNetdevConfig config() {
        return UserNetdev.config("u0")
                .hostForward("udp:127.0.0.1:7000-:7")
                .hostForward("tcp:127.0.0.1:7001-:7")
                .dnsUpstream("192.0.2.53")
                .maxUdp(30)
                .maxTcp(30);
    }

    private static void services(SimulatedHost host) {
        host.udp(5000).echo();
        host.udp(VirtualTimeTest.at("192.0.2.53", 53))
                .answers((from, data) -> DnsMessage.decode(data) == null
                        ? new byte[] {1}
                        : DnsMessage.respond(DnsMessage.decode(data), List.of(far())));
        host.server(8080).echo();
        host.answersPing(far(), Duration.ofMillis(3));
    }

    private static InetAddress far() {
        return new InetSocketAddress("192.0.2.7", 0).getAddress();
    }

    /** One frame of the session, made wrong. */
    private static byte[] mutated(Random random) {
        byte[] frame = traffic.get(random.nextInt(traffic.size())).clone();
        switch (random.nextInt(8)) {
            case 0 -> frame = Arrays.copyOf(frame, random.nextInt(frame.length + 1));
            case 1 -> frame = Arrays.copyOf(frame, frame.length + random.nextInt(60));
            case 2 -> {
                byte[] other = traffic.get(random.nextInt(traffic.size()));
                int at = random.nextInt(Math.min(frame.length, other.length));
                System.arraycopy(other, at, frame, at, Math.min(frame.length, other.length) - at);
            }
            default -> {
                // as it is, but for what follows
            }
        }
        for (int changes = random.nextInt(5); changes > 0 && frame.length > 12; changes--) {
            int most = random.nextInt(4) == 0 ? frame.length : Math.min(frame.length, 80);
            int at = 12 + random.nextInt(most - 12);
            frame[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (frame[at] + random.nextInt(3) - 1);
        }
        if (frame.length >= 42 && Bytes.u16(frame, 12) == 0x0800 && random.nextInt(4) > 0) {
            repair(frame, random);
        }
        return withoutSecret(frame);
    }

    /** Makes lengths and checksums right, or nearly, so that what is behind them is reached. */
    private static void repair(byte[] frame, Random random) {
        if (random.nextInt(3) > 0) {
            Bytes.put8(frame, 14, 0x45);
        }
        if (random.nextInt(3) > 0) {
            Bytes.put16(frame, 16, frame.length - 14 + (random.nextInt(4) == 0 ? random.nextInt(5) - 2 : 0));
        }
        RawFrames.withHeaderChecksum(frame);
        if (frame[23] == 17 && random.nextInt(4) > 0) {
            Bytes.put16(frame, 40, 0);
        } else if (frame[23] == 1) {
            Bytes.put16(frame, 36, 0);
            Bytes.put16(frame, 36, InternetChecksum.finish(InternetChecksum.add(0, frame, 34, frame.length - 34)));
        } else if (frame[23] == 6 && frame.length >= 54) {
            Bytes.put16(frame, 50, 0);
            long sum = InternetChecksum.add(0, frame, 26, 8) + 6 + frame.length - 34;
            Bytes.put16(frame, 50, InternetChecksum.finish(InternetChecksum.add(sum, frame, 34, frame.length - 34)));
        }
    }

    private static byte[] withoutSecret(byte[] frame) {
        for (int i = 0; i < frame.length; i++) {
            frame[i] = frame[i] == SECRET ? 0x5b : frame[i];
        }
        return frame;
    }

    private static boolean hasSecret(byte[] frame) {
        for (int i = 0; i + 3 < frame.length; i++) {
            if (frame[i] == SECRET && frame[i + 1] == SECRET && frame[i + 2] == SECRET && frame[i + 3] == SECRET) {
                return true;
            }
        }
        return false;
    }

    /** Fills the buffers that frames, fragments and datagrams are put together in. */
    private static void fill(VirtualNetwork net, FakeGuest guest) {
        byte[] secret = new byte[60_000];
        Arrays.fill(secret, SECRET);
        guest.ping("10.0.2.2");
        guest.udp(9).send("10.0.2.2", 5000, secret).receive();
        byte[] echo = RawFrames.echoRequest("10.0.2.15", "10.0.2.2", 1, 1, Arrays.copyOf(secret, 1400));
        guest.sendFrame(echo);
        net.advance(Duration.ofMillis(10));
        assertThat(guest.frames().received()).anyMatch(FuzzTest::hasSecret);
        guest.frames().clear();
    }

    private static void run(long seed) {
        Random random = new Random(seed);
        try (VirtualNetwork net = VirtualNetwork.open(seed)) {
            SimulatedHost host = net.host().descriptorLimit(400);
            UserNetdev user = net.add(config());
            services(host);
            FakeGuest guest = net.guest("guest", builder -> builder.lenient())
                    .address("10.0.2.15", 24, "10.0.2.2")
                    .silent(true);
            fill(net, guest);
            for (int i = 0; i < FRAMES; i++) {
                byte[] frame = mutated(random);
                for (int times = random.nextInt(20) == 0 ? 3 : 1; times > 0; times--) {
                    guest.sendFrame(frame);
                }
                if (random.nextInt(4) == 0) {
                    net.advance(Duration.ofMillis(random.nextInt(200)));
                }
                assertThat(host.openCount()).isLessThan(200);
            }
            net.advance(Duration.ofSeconds(40));
            List<byte[]> answers = guest.frames().received();
            assertThat(answers.size()).isLessThan(MOST_ANSWERS);
            assertThat(answers.stream().anyMatch(FuzzTest::hasSecret))
                    .as("bytes of others")
                    .isFalse();
            assertThat(answers.stream().mapToInt(frame -> frame.length))
                    .allMatch(length -> length >= 60 && length <= 1514);
            guest.sendFrame(RawFrames.arp(1, "10.0.2.15", "10.0.2.2"));
            assertThat(guest.ping("10.0.2.2").ttl()).isEqualTo(255);
            assertThat(user.counters().value("bug.frames")).isZero();
            assertThat(net.network().loop().counters().value("task.failed")).isZero();
            net.network().remove(user);
            net.settle();
            assertThat(host.openCount()).as("left open").isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
    void nothingBreaks(long tens) {
        for (long seed = 20 * tens; seed < 20 * tens + 20; seed++) {
            try {
                run(seed);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    @Test
    void theSessionIsWorthIt() {
        assertThat(traffic.size()).isGreaterThan(20);
        for (int type : new int[] {0x0800, 0x0806}) {
            assertThat(traffic.stream().anyMatch(frame -> Bytes.u16(frame, 12) == type))
                    .isTrue();
        }
        for (int protocol : new int[] {1, 6, 17}) {
            assertThat(traffic.stream().anyMatch(frame -> Bytes.u16(frame, 12) == 0x0800 && frame[23] == protocol))
                    .isTrue();
        }
        assertThat(traffic.stream().anyMatch(frame -> (Bytes.u16(frame, 20) & 0x2000) != 0))
                .as("fragments")
                .isTrue();
    }
}
