package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces in any order, overlapping, across the wrap; sequence numbers are relative to five before it. */
class AssemblerTest {
    private static final int BASE = -5;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    private final MemoryBudget budget = new MemoryBudget(10 << 20);
    private final Assembler assembler = new Assembler(allocator, budget);
    private final FakeHostStream host = new FakeHostStream();

    @AfterEach
    void nothingIsLeft() {
        assembler.clear();
        assertThat(budget.usedBytes()).isZero();
        assertThat(allocator.metric().usedDirectMemory()).isZero();
    }

    private void insert(int at, String text) {
        insert(at, text.getBytes(StandardCharsets.US_ASCII), false);
    }

    private void insert(int at, byte[] bytes, boolean retainable) {
        ByteBuf buffer = allocator.directBuffer(bytes.length + 2);
        buffer.writeByte(0).writeBytes(bytes);
        assembler.insert(BASE + at, buffer, 1, bytes.length, retainable);
        buffer.release();
    }

    private int deliver(int from) {
        return assembler.deliver(BASE + from, host) - BASE;
    }

    private String delivered() {
        return host.written.toString(StandardCharsets.US_ASCII);
    }

    /** Pieces as "offset:text", what is delivered from offset 0 after "abc" has come, and what stays. */
    @ParameterizedTest
    @CsvSource({
        "3:def, def, 6, 0",
        "4:ef, '', 3, 2",
        "6:ghi 3:def, defghi, 9, 0",
        "3:def 6:ghi, defghi, 9, 0",
        "3:def 4:XX, def, 6, 0",
        "4:ef 3:dXX, def, 6, 0",
        "5:f 3:dXX, dXf, 6, 0",
        "5:f 4:eX 3:d, def, 6, 0",
        "4:e 6:g 3:dXfXh, defgh, 8, 0",
        "4:e 6:g 8:i 3:dXfXhXj, defghij, 10, 0",
        "9:j 3:def 6:gh, defgh, 8, 1",
        "1:bcd, d, 4, 0",
        "0:abc, '', 3, 0",
        "8:ijk 4:efghi 3:d, defghijk, 11, 0"
    })
    void pieces(String inserts, String text, int next, int held) {
        for (String piece : inserts.split(" ")) {
            insert(Integer.parseInt(piece.substring(0, 1)), piece.substring(2));
        }
        int reached = deliver(3);
        // what came first is kept: an X shows a later copy
        assertThat(delivered()).isEqualTo(text);
        assertThat(reached).isEqualTo(next);
        assertThat(assembler.heldBytes()).isEqualTo(held);
    }

    @Test
    void whatCameFirstIsKept() {
        insert(1, "bcd");
        insert(0, "XXXXXX");
        deliver(0);
        assertThat(delivered()).isEqualTo("XbcdXX");
    }

    @Test
    void neighboursInTheTailAreOnePiece() {
        for (int i = 0; i < 100; i++) {
            insert(10 + i, "x");
        }
        assertThat(assembler.pieceCount()).isEqualTo(1);
        assertThat(assembler.heldBytes()).isEqualTo(100);
    }

    @Test
    void aLargeSliceIsRetained() {
        insert(10, new byte[60_000], true);
        assertThat(budget.usedBytes()).isBetween(60_002L, 61_000L);
    }

    @Test
    void aSmallPartOfALargeBufferIsCopied() {
        ByteBuf buffer = allocator.directBuffer(60_000).writeZero(60_000);
        assembler.insert(BASE + 10, buffer, 0, 1000, true);
        assertThat(buffer.refCnt()).isEqualTo(1);
        assertThat(budget.usedBytes()).isBetween(4096L, 5000L);
        buffer.release();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void anyOrderWithOverlaps(long seed) {
        Random random = new Random(seed);
        byte[] data = new byte[200_000];
        random.nextBytes(data);
        List<int[]> parts = new ArrayList<>();
        for (int at = 0; at < data.length; ) {
            int length = Math.min(data.length - at, 1 + random.nextInt(random.nextBoolean() ? 10 : 9000));
            int before = Math.min(at, random.nextInt(50));
            parts.add(new int[] {at - before, at + length});
            at += length;
        }
        Collections.shuffle(parts, random);
        int next = 0;
        for (int[] part : parts) {
            insert(part[0], Arrays.copyOfRange(data, part[0], part[1]), random.nextBoolean());
            if (random.nextInt(3) == 0) {
                next = deliver(next);
            }
        }
        assertThat(deliver(next)).isEqualTo(data.length);
        assertThat(host.written.toByteArray()).isEqualTo(data);
        assertThat(assembler.isEmpty()).isTrue();
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void sackBlocksTheLatestFirst() {
        insert(10, "aa");
        insert(20, "bb");
        insert(30, "cc");
        insert(22, "dd");
        assertThat(blocks(4)).containsExactly(20, 24, 30, 32, 10, 12);
        assertThat(blocks(2)).containsExactly(20, 24, 30, 32);
        insert(12, "eeeeeeee");
        assertThat(blocks(4)).containsExactly(10, 24, 30, 32);
    }

    @Test
    void aBlockThatWasDeliveredIsNotReported() {
        insert(10, "aa");
        insert(3, "bb");
        deliver(3);
        assertThat(blocks(4)).containsExactly(10, 12);
    }

    private int[] blocks(int max) {
        int[] edges = new int[2 * max];
        int count = assembler.sackBlocks(edges, 0, max);
        int[] relative = Arrays.copyOf(edges, 2 * count);
        for (int i = 0; i < relative.length; i++) {
            relative[i] -= BASE;
        }
        return relative;
    }

    @Test
    void contains() {
        insert(10, "aaaa");
        insert(14, new byte[5000], true);
        assertThat(assembler.contains(BASE + 10, BASE + 20)).isTrue();
        assertThat(assembler.contains(BASE + 9, BASE + 20)).isFalse();
        assertThat(assembler.contains(BASE + 5000, BASE + 5014)).isTrue();
        assertThat(assembler.contains(BASE + 5000, BASE + 5015)).isFalse();
    }

    @Test
    void piecesAreBounded() {
        for (int i = 0; i < Assembler.MAX_PIECES + 100; i++) {
            insert(10 + 2 * i, "x");
        }
        assertThat(assembler.pieceCount()).isEqualTo(Assembler.MAX_PIECES);
        assertThat(assembler.isFull()).isTrue();
    }
}
