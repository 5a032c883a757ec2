package io.qnet.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChecksumTest {
    /** RFC 1071 §3 and cases at the ends of the loops. */
    @ParameterizedTest
    @CsvSource({
        "'', 0",
        "00, 0",
        "ab, ab00",
        "0001f203f4f5f6f7, ddf2",
        "ffff, ffff",
        "ffffffff, ffff",
        "ffff0001, 1",
        "8000800080008000, 2",
    })
    void sums(String bytes, String sum) {
        ByteBuf buffer = Unpooled.wrappedBuffer(HexFormat.of().parseHex(bytes));
        assertThat(Checksum.sum(buffer, 0, buffer.readableBytes())).isEqualTo(Integer.parseInt(sum, 16));
    }

    @Test
    void agreesWithTheDefinitionAtAnyPlaceAndLengthInAnyBuffer() {
        Random random = new Random(1);
        byte[] bytes = new byte[400];
        random.nextBytes(bytes);
        ByteBuf heap = Unpooled.wrappedBuffer(bytes);
        ByteBuf direct = PooledByteBufAllocator.DEFAULT.directBuffer(500).writeBytes(bytes);
        CompositeByteBuf parts = Unpooled.compositeBuffer();
        parts.addComponents(true, heap.retainedSlice(0, 111), heap.retainedSlice(111, 289));
        for (int index = 0; index < 70; index++) {
            for (int length = 0; length < 300; length++) {
                int expected = naive(bytes, index, length);
                assertThat(Checksum.sum(heap, index, length)).isEqualTo(expected);
                assertThat(Checksum.sum(direct, index, length)).isEqualTo(expected);
                assertThat(Checksum.sum(parts, index, length)).isEqualTo(expected);
            }
        }
        direct.release();
        parts.release();
    }

    @Test
    void doesNotOverflowOnTheLongestRange() {
        byte[] bytes = new byte[70_000];
        java.util.Arrays.fill(bytes, (byte) 0xff);
        bytes[69_999] = 1;
        assertThat(Checksum.sum(Unpooled.wrappedBuffer(bytes), 0, bytes.length))
                .isEqualTo(naive(bytes, 0, bytes.length));
    }

    @Test
    void partsOfAnyLengthAddUp() {
        Random random = new Random(2);
        for (int round = 0; round < 2000; round++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
            int sum = 0;
            int at = 0;
            while (at < bytes.length) {
                int length = 1 + random.nextInt(bytes.length - at);
                sum = Checksum.append(sum, at, Checksum.sum(buffer, at, length));
                at += length;
            }
            assertThat(sum).isEqualTo(naive(bytes, 0, bytes.length));
        }
    }

    @Test
    void updatingEqualsComputingAgain() {
        Random random = new Random(3);
        for (int round = 0; round < 5000; round++) {
            byte[] bytes = new byte[20];
            random.nextBytes(bytes);
            ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
            int before = Checksum.finish(Checksum.sum(buffer, 0, 20));
            int oldWords = buffer.getInt(8);
            int newWords = random.nextBoolean() ? random.nextInt() : 0;
            buffer.setInt(8, newWords);
            int after = Checksum.finish(Checksum.sum(buffer, 0, 20));
            assertThat(Checksum.update32(before, oldWords, newWords)).isEqualTo(after);
        }
    }

    /** RFC 1624 §4: the case that the older equation gets wrong. */
    @Test
    void updatesToZeroAsTheRfcDoes() {
        assertThat(Checksum.update(0xdd2f, 0x5555, 0x3285)).isEqualTo(0x0000);
    }

    @Test
    void pseudoHeaders() {
        ByteBuf four = Unpooled.wrappedBuffer(HexFormat.of().parseHex("0a00020f0a00020200060123"));
        assertThat(Checksum.pseudoHeader(IpAddress.parse("10.0.2.15"), IpAddress.parse("10.0.2.2"), 6, 0x123))
                .isEqualTo(Checksum.sum(four, 0, 12));
        ByteBuf six = Unpooled.wrappedBuffer(HexFormat.of()
                .parseHex("fec0000000000000000000000000000ffec00000000000000000000000000002" + "0001000000000011"));
        assertThat(Checksum.pseudoHeader(IpAddress.parse("fec0::f"), IpAddress.parse("fec0::2"), 17, 0x10000))
                .isEqualTo(Checksum.sum(six, 0, 40));
    }

    @Test
    void zeroIsNotSentByUdp() {
        assertThat(Checksum.finish(0xffff)).isZero();
        assertThat(Checksum.finishUdp(0xffff)).isEqualTo(0xffff);
    }

    /** RFC 1071 as it is written. */
    private static int naive(byte[] bytes, int index, int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            int octet = bytes[index + i] & 0xff;
            sum += (i & 1) == 0 ? octet << 8 : octet;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (int) sum;
    }
}
