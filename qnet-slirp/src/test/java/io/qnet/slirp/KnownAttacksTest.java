package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.DhcpMessage;
import io.qnet.testkit.host.SimulatedUdp;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What has broken QEMU's user network before, by its CVE number (IPv4, ICMP, UDP, ARP): the input of each, answered as the protocol says or by silence, with nothing in the answer that was not in the question.
 */
class KnownAttacksTest extends VirtualTimeTest {
    private static final String GUEST = "10.0.2.15";
    private static final String GATEWAY = "10.0.2.2";

    private FakeGuest attacker() {
        user(options -> options.hostForward("udp:127.0.0.1:7000-:7"));
        host.udp(5000).echo();
        return net.guest("guest", builder -> builder.lenient())
                .address(GUEST, 24, GATEWAY)
                .silent(true);
    }

    private void assertAlive(FakeGuest guest) {
        net.advance(Duration.ofSeconds(31));
        assertThat(guest.ping(GATEWAY).ttl()).isEqualTo(255);
        assertThat(count("bug.frames")).isZero();
    }

    /** What the answers in fragments carry together, from the ICMP header on. */
    private static byte[] reassembled(List<byte[]> frames) {
        int length = frames.stream()
                .mapToInt(frame -> (Bytes.u16(frame, 20) & 0x1fff) * 8 + Bytes.u16(frame, 16) - 20)
                .max()
                .orElse(0);
        byte[] whole = new byte[length];
        for (byte[] frame : frames) {
            int offset = (Bytes.u16(frame, 20) & 0x1fff) * 8;
            System.arraycopy(frame, 34, whole, offset, Bytes.u16(frame, 16) - 20);
        }
        return whole;
    }

    private static byte[] random(int length) {
        byte[] data = new byte[length];
        new Random(length).nextBytes(data);
        return data;
    }

    private void assertEchoed(FakeGuest guest, byte[] data) {
        net.settle();
        byte[] answer = reassembled(received(guest));
        assertThat(Arrays.copyOfRange(answer, 8, answer.length)).isEqualTo(data);
    }

    @Test
    void cve2007x5729AFrameLargerThanTheMtu() {
        FakeGuest guest = attacker();
        guest.ping(GATEWAY);
        received(guest);
        byte[] data = random(9000);
        guest.sendFrame(RawFrames.echoRequest(GUEST, GATEWAY, 1, 1, data));
        assertEchoed(guest, data);
        guest.sendFrame(RawFrames.udp(GUEST, 4000, GATEWAY, 5000, random(65_507)));
        guest.sendFrame(Arrays.copyOf(RawFrames.arp(1, GUEST, GATEWAY), 65_000));
        assertAlive(guest);
    }

    @Test
    void cve2014x3640ADatagramFromNowhere() {
        FakeGuest guest = attacker();
        for (int port : new int[] {0, 68}) {
            guest.sendFrame(RawFrames.udp("0.0.0.0", port, GATEWAY, 5000, new byte[8]));
            guest.sendFrame(RawFrames.udp("0.0.0.0", port, "192.0.2.1", 5000, new byte[8]));
            guest.sendFrame(RawFrames.udp("0.0.0.0", port, "10.0.2.3", 53, new byte[20]));
        }
        net.settle();
        assertThat(received(guest)).isEmpty();
        assertThat(host.datagramSockets()).hasSize(1);
        guest.sendFrame(RawFrames.udp(GUEST, 0, GATEWAY, 5000, new byte[8]));
        net.settle();
        assertThat(host.udp(5000).received()).as("port 0 of a guest is a port").hasSize(1);
        assertAlive(guest);
    }

    @Test
    void cve2017x13711WhatWaitsOutlivesItsFlow() {
        FakeGuest guest = attacker();
        for (int i = 0; i < 20; i++) {
            host.udp(6000).send(at("127.0.0.1", 7000), new byte[] {(byte) i});
        }
        net.settle();
        assertThat(user.hostForwardRemove("udp:127.0.0.1:7000")).isTrue();
        guest.sendFrame(RawFrames.arp(2, GUEST, GATEWAY));
        net.advance(MOMENT);
        assertThat(received(guest).stream().filter(frame -> Bytes.u16(frame, 12) == 0x0800))
                .as("what waited was sent")
                .hasSize(20);
        assertAlive(guest);
    }

    @Test
    void cve2018x11806ATrainOfFragmentsThatGrows() {
        FakeGuest guest = attacker();
        guest.ping(GATEWAY);
        received(guest);
        byte[] data = random(60_000);
        byte[] whole = RawFrames.echoRequest(GUEST, GATEWAY, 1, 1, data);
        int length = whole.length - 34;
        for (int at = 0; at < length; at += 8) {
            guest.sendFrame(RawFrames.fragment(whole, at, Math.min(8, length - at), at + 8 < length));
            if (at % 4096 == 0) {
                net.settle();
            }
        }
        assertEchoed(guest, data);
        assertAlive(guest);
    }

    @Test
    void cve2019x14378AFirstFragmentLargerThanItsBuffer() {
        FakeGuest guest = attacker();
        guest.ping(GATEWAY);
        received(guest);
        byte[] data = random(20_000);
        byte[] whole = RawFrames.echoRequest(GUEST, GATEWAY, 1, 1, data);
        guest.sendFrame(RawFrames.fragment(whole, 0, 16_000, true));
        guest.sendFrame(RawFrames.fragment(whole, 16_000, 4008, false));
        assertEchoed(guest, data);
        assertAlive(guest);
    }

    @Test
    void cve2019x15890AFragmentThatCoversThoseBehindIt() {
        FakeGuest guest = attacker();
        guest.ping(GATEWAY);
        received(guest);
        byte[] data = random(3000);
        byte[] whole = RawFrames.echoRequest(GUEST, GATEWAY, 1, 1, data);
        for (int at = 800; at < 2400; at += 160) {
            guest.sendFrame(RawFrames.fragment(whole, at, 80, true));
        }
        guest.sendFrame(RawFrames.fragment(whole, 400, 2400, true));
        guest.sendFrame(RawFrames.fragment(whole, 2800, 208, false));
        guest.sendFrame(RawFrames.fragment(whole, 0, 400, true));
        assertEchoed(guest, data);
        assertAlive(guest);
    }

    @Test
    void cve2020x1983ManyFragmentsFromTheEndOn() {
        FakeGuest guest = attacker();
        guest.ping(GATEWAY);
        received(guest);
        byte[] data = random(40_000);
        byte[] whole = RawFrames.echoRequest(GUEST, GATEWAY, 1, 1, data);
        int length = whole.length - 34;
        for (int at = (length - 1) / 1480 * 1480; at >= 0; at -= 1480) {
            guest.sendFrame(RawFrames.fragment(whole, at, Math.min(1480, length - at), at + 1480 < length));
        }
        assertEchoed(guest, data);
        assertAlive(guest);
    }

    @Test
    void cve2020x29129And29130HeadersBeyondTheFrame() {
        FakeGuest guest = attacker();
        byte[] arp = RawFrames.arp(1, GUEST, GATEWAY);
        byte[] ncsi = RawFrames.arp(1, GUEST, GATEWAY);
        Bytes.put16(ncsi, 12, 0x88f8);
        for (int length = 0; length < 42; length++) {
            guest.sendFrame(Arrays.copyOf(arp, length));
            guest.sendFrame(Arrays.copyOf(ncsi, length));
        }
        net.settle();
        assertThat(received(guest)).isEmpty();
        assertAlive(guest);
    }

    @Test
    void cve2021x3592And3594And3595HeadersOfServicesBeyondTheDatagram() {
        FakeGuest guest = attacker();
        byte[] discover = new DhcpMessage().option(53, (byte) 1).encode();
        byte[] request = "\0\1file\0octet\0".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        for (int length = 0; length < 264 - 28; length++) {
            guest.sendFrame(RawFrames.udp("0.0.0.0", 68, "255.255.255.255", 67, Arrays.copyOf(discover, length)));
        }
        for (int length = 0; length < 4; length++) {
            guest.sendFrame(RawFrames.udp(GUEST, 4000, GATEWAY, 69, Arrays.copyOf(request, length)));
        }
        byte[] datagram = RawFrames.udp(GUEST, 4000, GATEWAY, 5000, new byte[0]);
        for (int length = 0; length < 8; length++) {
            Bytes.put16(datagram, 16, 20 + length);
            guest.sendFrame(RawFrames.withHeaderChecksum(datagram));
        }
        net.settle();
        assertThat(received(guest).stream().filter(frame -> Bytes.u16(frame, 12) == 0x0800 && frame[23] == 17))
                .allMatch(frame -> Bytes.u16(frame, 34) == 69);
        assertThat(host.udp(5000).received()).isEmpty();
        assertAlive(guest);
    }

    @Test
    void cve2026x120830AnErrorAboutAPacketThatLiesAboutItsLength() {
        FakeGuest guest = attacker();
        byte[] secret = new byte[1400];
        Arrays.fill(secret, (byte) 0x5a);
        guest.ping(GATEWAY);
        guest.sendFrame(RawFrames.echoRequest(GUEST, GATEWAY, 1, 1, secret));
        net.settle();
        received(guest);
        for (int length = 20; length <= 600; length++) {
            byte[] packet = RawFrames.udp(GUEST, 4000, "192.0.2.7", 33_434, new byte[4]);
            Bytes.put16(packet, 16, length);
            Bytes.put8(packet, 22, length % 2);
            guest.sendFrame(RawFrames.withHeaderChecksum(packet));
            net.advance(Duration.ofMillis(5));
        }
        List<byte[]> errors = received(guest);
        assertThat(errors.size()).isPositive();
        for (byte[] error : errors) {
            assertThat(Bytes.u16(error, 16))
                    .as("header, 8, what was in the frame")
                    .isLessThanOrEqualTo(28 + 46);
            // four in a row: a checksum or an identification may have one by chance
            assertThat(new String(error, StandardCharsets.ISO_8859_1)).doesNotContain("ZZZZ");
        }
        assertAlive(guest);
    }

    @Test
    void cve2026x120831BurstsOfALowDelaySession() {
        FakeGuest guest = attacker();
        byte[] question = RawFrames.udp(GUEST, 4000, GATEWAY, 5000, new byte[4]);
        Bytes.put8(question, 15, 0x10);
        guest.sendFrame(RawFrames.withHeaderChecksum(question));
        net.settle();
        SimulatedUdp service = host.udp(5000);
        for (int i = 0; i < 60; i++) {
            service.send(service.received().get(0).from(), new byte[] {(byte) i});
        }
        received(guest);
        net.settle();
        List<byte[]> answers = received(guest);
        assertThat(answers).hasSize(60);
        for (int i = 0; i < 60; i++) {
            assertThat(answers.get(i)[42]).isEqualTo((byte) i);
        }
        assertAlive(guest);
    }
}
