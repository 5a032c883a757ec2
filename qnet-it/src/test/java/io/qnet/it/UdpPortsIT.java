package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.raw.StreamSocket;
import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.EchoServer;
import io.qnet.it.support.QemuSlirp;
import io.qnet.it.support.QnetProcess;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guest that uses all of its UDP ports in turn (row U15 of docs/compatibility.md), against a server in another process: each is answered, the program's descriptors are bounded, and none is left. */
class UdpPortsIT {
    private static final int PORTS = 65_000;
    private static final int AT_ONCE = 50;
    private static final int MOST_FLOWS = 4096;
    /** What the program may open beside flows: classes, the native library's file, sockets of the kernel's answers. */
    private static final int SPARE = 64;

    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    @Test
    void everyPortIsServedAndNoDescriptorIsLeft() throws Exception {
        Path socket = folder.resolve("hub");
        try (EchoServer server = EchoServer.start();
                QnetProcess qnet = QnetProcess.start(QemuSlirp.userOnUnixSocket(",udp-timeout=3", socket))
                        .awaitFile(socket);
                StreamSocket guest = StreamSocket.connect(socket)) {
            ChildProcess process = qnet.process();
            ping(guest, 1);
            int before = descriptors(process);
            int most = 0;
            BitSet answered = new BitSet();
            for (int first = 1; first <= PORTS; first += AT_ONCE) {
                for (int port = first; port < first + AT_ONCE; port++) {
                    guest.send(udp(port, server.port(), port));
                }
                await(guest, answered, first + AT_ONCE - 1);
                most = first % 5000 == 1 ? Math.max(most, descriptors(process)) : most;
            }
            assertThat(answered.cardinality()).isEqualTo(PORTS);
            assertThat(most).as("descriptors").isLessThanOrEqualTo(before + MOST_FLOWS + SPARE);
            ping(guest, 2);
            process.await(() -> descriptors(process) <= before + SPARE, "the end of idle flows");
            assertThat(qnet.complaints()).isEmpty();
        }
    }

    private static void await(StreamSocket guest, BitSet answered, int all) {
        while (answered.cardinality() < all) {
            byte[] frame = next(guest, answered.cardinality() + " of " + all + " answers");
            if (isUdp(frame)) {
                int port = Bytes.u16(frame, 36);
                assertThat(Bytes.i32(frame, 42)).isEqualTo(port);
                assertThat(answered.get(port)).as("answered twice: %s", port).isFalse();
                answered.set(port);
            }
        }
    }

    private static void ping(StreamSocket guest, int sequence) {
        byte[] frame = ipv4(1, 8 + 16);
        Bytes.put16(frame, 34, 0x0800);
        Bytes.put16(frame, 40, sequence);
        Bytes.put16(frame, 36, InternetChecksum.finish(InternetChecksum.add(0, frame, 34, 24)));
        guest.send(frame);
        byte[] answer = frame;
        while (!(Bytes.u16(answer, 12) == 0x0800 && answer[23] == 1 && answer[34] == 0)) {
            answer = next(guest, "echo reply " + sequence);
        }
        assertThat(Bytes.u16(answer, 40)).isEqualTo(sequence);
    }

    private static byte[] next(StreamSocket guest, String what) {
        Optional<byte[]> frame = guest.receive(LIMIT);
        return frame.orElseThrow(() -> new AssertionError("only " + what));
    }

    private static boolean isUdp(byte[] frame) {
        return Bytes.u16(frame, 12) == 0x0800 && frame[23] == 17;
    }

    private static byte[] udp(int from, int to, int payload) {
        byte[] frame = ipv4(17, 8 + 4);
        Bytes.put16(frame, 34, from);
        Bytes.put16(frame, 36, to);
        Bytes.put16(frame, 38, 12);
        Bytes.put32(frame, 42, payload);
        return frame;
    }

    /** A packet of the guest's to the gateway; UDP without a checksum. */
    private static byte[] ipv4(int protocol, int length) {
        byte[] frame = new byte[Math.max(60, 34 + length)];
        Bytes.put48(frame, 0, 0x5255_0a00_0202L);
        Bytes.put48(frame, 6, 0x5254_0012_3456L);
        Bytes.put16(frame, 12, 0x0800);
        Bytes.put16(frame, 14, 0x4500);
        Bytes.put16(frame, 16, 20 + length);
        Bytes.put8(frame, 22, 64);
        Bytes.put8(frame, 23, protocol);
        Bytes.put32(frame, 26, 0x0a00_020f);
        Bytes.put32(frame, 30, 0x0a00_0202);
        Bytes.put16(frame, 24, InternetChecksum.finish(InternetChecksum.add(0, frame, 14, 20)));
        return frame;
    }

    private static int descriptors(ChildProcess process) {
        try (Stream<Path> files = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
            return (int) files.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
