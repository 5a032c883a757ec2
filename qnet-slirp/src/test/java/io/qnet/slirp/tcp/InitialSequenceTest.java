package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.wire.IpAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** RFC 6528: one clock for all, an offset of its own for each flow, which is the keyed hash that it is said to be. */
class InitialSequenceTest {
    private final InitialSequence sequence = new InitialSequence(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

    private static TcpFlow flow(int port) {
        return new TcpFlow(IpAddress.parse("10.0.2.15"), port, IpAddress.parse("10.0.2.2"), 80);
    }

    @Test
    void theClockGoesOnceInFourMicroseconds() {
        int first = sequence.iss(flow(1), 0);
        assertThat(sequence.iss(flow(1), 4_000) - first).isEqualTo(1);
        assertThat(sequence.iss(flow(1), 1_000_000_000L) - first).isEqualTo(250_000);
    }

    @Test
    void flowsDoNotTellOfEachOther() {
        Set<Integer> seen = new HashSet<>();
        for (int port = 0; port < 10_000; port++) {
            seen.add(sequence.iss(flow(port), 0) >>> 12);
        }
        assertThat(seen).hasSizeGreaterThan(9_900);
    }

    @Test
    void anotherSecretAnotherNumber() {
        InitialSequence other = InitialSequence.random(new Random(1));
        assertThat(other.iss(flow(1), 0)).isNotEqualTo(sequence.iss(flow(1), 0));
        assertThat(other.timestampOffset(flow(1))).isNotEqualTo(sequence.timestampOffset(flow(1)));
    }

    @Test
    void theHashIsSipHash24() {
        // the reference implementation's vectors for its key, whose message of n bytes is 0, 1, 2…
        assertThat(reference(new byte[0])).isEqualTo(0x726fdb47dd0e0e31L);
        assertThat(reference(new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}))
                .isEqualTo(0xa129ca6149be45e5L);
        TcpFlow flow = flow(40_000);
        ByteBuffer message = ByteBuffer.allocate(36).order(ByteOrder.LITTLE_ENDIAN);
        message.putLong(flow.guest().high()).putLong(flow.guest().low());
        message.putLong(flow.host().high()).putLong(flow.host().low());
        message.putInt(40_000 << 16 | 80);
        long hash = reference(message.array());
        assertThat(sequence.iss(flow, 0)).isEqualTo((int) hash);
        assertThat(sequence.timestampOffset(flow)).isEqualTo((int) (hash >>> 32));
    }

    /** SipHash-2-4 with the key 0, 1, … 15, written after its paper. */
    private static long reference(byte[] message) {
        long[] v = {
            0x0706050403020100L ^ 0x736f6d6570736575L,
            0x0f0e0d0c0b0a0908L ^ 0x646f72616e646f6dL,
            0x0706050403020100L ^ 0x6c7967656e657261L,
            0x0f0e0d0c0b0a0908L ^ 0x7465646279746573L
        };
        byte[] padded = Arrays.copyOf(message, message.length / 8 * 8 + 8);
        padded[padded.length - 1] = (byte) message.length;
        ByteBuffer words = ByteBuffer.wrap(padded).order(ByteOrder.LITTLE_ENDIAN);
        while (words.hasRemaining()) {
            long word = words.getLong();
            v[3] ^= word;
            round(v);
            round(v);
            v[0] ^= word;
        }
        v[2] ^= 0xff;
        for (int i = 0; i < 4; i++) {
            round(v);
        }
        return v[0] ^ v[1] ^ v[2] ^ v[3];
    }

    private static void round(long[] v) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = Long.rotateLeft(v[1], 13);
        v[3] = Long.rotateLeft(v[3], 16);
        v[1] ^= v[0];
        v[3] ^= v[2];
        v[0] = Long.rotateLeft(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = Long.rotateLeft(v[1], 17);
        v[3] = Long.rotateLeft(v[3], 21);
        v[1] ^= v[2];
        v[3] ^= v[0];
        v[2] = Long.rotateLeft(v[2], 32);
    }
}
