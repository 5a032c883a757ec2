package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.DhcpMessage;
import io.qnet.testkit.codec.DnsMessage;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Frames that are wrong in any way break nothing: no exception, and the gateway still answers. Same seed, same frames. */
class HostileGuestTest extends VirtualTimeTest {
    private static final int ROUNDS = 20_000;

    private FakeGuest hostile() {
        user(options -> options.hostForward("udp:127.0.0.1:7000-:7").maxUdp(50).maxTcp(50));
        host.udp(5000).echo();
        host.server(8080).echo();
        return net.guest("guest", builder -> builder.lenient().record(0)).address("10.0.2.15", 24, "10.0.2.2");
    }

    private static List<byte[]> seeds() {
        byte[] udp = RawFrames.udp("10.0.2.15", 4000, "10.0.2.2", 5000, new byte[600]);
        byte[] discover = Arrays.copyOf(discover(), 300);
        byte[] tcp = new byte[24];
        Bytes.put16(tcp, 0, 40_000);
        Bytes.put16(tcp, 2, 8080);
        Bytes.put16(tcp, 12, 0x6002);
        Bytes.put32(tcp, 20, 0x0204_05b4);
        return List.of(
                udp,
                RawFrames.fragment(udp, 0, 304, true),
                RawFrames.fragment(udp, 304, 304, false),
                RawFrames.udp("0.0.0.0", 68, "255.255.255.255", 67, discover),
                RawFrames.udp("10.0.2.15", 4001, "10.0.2.3", 53, DnsMessage.query(1, "a.example", DnsMessage.A)),
                RawFrames.udp("10.0.2.15", 7, "10.0.2.2", 5000, new byte[10]),
                RawFrames.echoRequest("10.0.2.15", "10.0.2.2", 1, 1, new byte[56]),
                RawFrames.echoRequest("10.0.2.15", "192.0.2.7", 1, 1, new byte[56]),
                RawFrames.icmp("10.0.2.15", "10.0.2.2", 3, 0, new byte[28]),
                RawFrames.ipv4("10.0.2.15", "10.0.2.2", 6, tcp),
                RawFrames.arp(1, "10.0.2.15", "10.0.2.2"),
                RawFrames.arp(2, "10.0.2.16", "10.0.2.2"));
    }

    private static byte[] discover() {
        DhcpMessage message = new DhcpMessage();
        message.chaddr = RawFrames.GUEST_MAC;
        return message.option(53, (byte) 1).optionInts(50, 0x0a00_0214).encode();
    }

    /** A frame with some bytes changed, cut or made longer; sometimes with its IP header made right again, so that what is behind it is reached. */
    private static byte[] mutated(byte[] seed, Random random) {
        byte[] frame = seed.clone();
        if (random.nextInt(4) == 0) {
            frame = Arrays.copyOf(frame, random.nextInt(frame.length + 40));
        }
        for (int changes = random.nextInt(6); changes > 0 && frame.length > 0; changes--) {
            int at = random.nextInt(4) == 0 ? random.nextInt(frame.length) : random.nextInt(Math.min(frame.length, 60));
            frame[at] = (byte) (random.nextBoolean() ? random.nextInt() : random.nextInt(3) - 1);
        }
        if (frame.length >= 34 && random.nextInt(3) > 0 && Bytes.u16(frame, 12) == 0x0800) {
            Bytes.put8(frame, 14, 0x45);
            RawFrames.withHeaderChecksum(frame);
            if (frame.length >= 42 && random.nextBoolean()) {
                Bytes.put16(frame, 40, 0);
            }
        }
        return frame;
    }

    @Test
    void mutatedFramesBreakNothing() {
        FakeGuest guest = hostile();
        Random random = new Random(20);
        List<byte[]> seeds = seeds();
        for (int i = 0; i < ROUNDS; i++) {
            guest.sendFrame(mutated(seeds.get(random.nextInt(seeds.size())), random));
            if (i % 20 == 0) {
                net.advance(Duration.ofMillis(random.nextInt(500)));
            }
        }
        assertThat(count("bug.frames")).isZero();
        assertThat(net.network().loop().counters().value("task.failed")).isZero();
        assertThat(guest.ping("10.0.2.2").ttl()).isEqualTo(255);
    }

    @Test
    void everyLengthOfEveryFrameBreaksNothing() {
        FakeGuest guest = hostile();
        for (byte[] seed : seeds()) {
            for (int length = 0; length < seed.length; length++) {
                guest.sendFrame(Arrays.copyOf(seed, length));
                if (length % 50 == 0) {
                    net.settle();
                }
            }
        }
        assertThat(count("bug.frames")).isZero();
        assertThat(guest.ping("10.0.2.2").ttl()).isEqualTo(255);
    }

    @Test
    void noAnswerHasBytesThatWereNotAsked() {
        FakeGuest guest = net.guest("plain").address("10.0.2.15", 24, "10.0.2.2");
        user();
        byte[] secret = new byte[1400];
        Arrays.fill(secret, (byte) 0x5a);
        guest.sendFrame(RawFrames.echoRequest("10.0.2.15", "10.0.2.2", 1, 1, secret));
        net.advance(MOMENT);
        received(guest);
        guest.sendFrame(RawFrames.echoRequest("10.0.2.15", "10.0.2.2", 1, 2, new byte[1]));
        guest.sendFrame(RawFrames.arp(1, "10.0.2.15", "10.0.2.3"));
        guest.sendFrame(RawFrames.withTtl(RawFrames.udp("10.0.2.15", 1, "10.0.2.2", 2, new byte[3]), 0));
        byte[] discover = Arrays.copyOf(discover(), 300);
        guest.sendFrame(RawFrames.udp("0.0.0.0", 68, "255.255.255.255", 67, discover));
        net.advance(MOMENT);
        List<byte[]> answers = received(guest);
        assertThat(answers).hasSize(4);
        for (byte[] answer : answers) {
            for (int i = 0; i + 3 < answer.length; i++) {
                assertThat(Bytes.i32(answer, i)).isNotEqualTo(0x5a5a_5a5a);
            }
        }
        forgetUnaskedEchoes(guest);
    }
}
