package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.Test;

/** What a guest can make the engine keep by reporting, or sending, crumbs. */
class HostileSequencesTest {
    private static final int START = 0x7fff_f000;

    @Test
    void sacksOfCrumbsAreKeptUpToALimit() {
        int[] delivered = new int[1];
        Scoreboard board = new Scoreboard((start, end, sent, again) -> delivered[0] += end - start);
        board.begin(START);
        int bytes = 64 << 10;
        board.sent(START + bytes, 1);
        for (int at = 0; at < bytes; at += 2) {
            board.sack(START + at, START + at + 1);
        }
        assertThat(board.rangeCount()).isLessThanOrEqualTo(Scoreboard.MAX_RANGES + 2);
        assertThat(board.sackedBytes()).isEqualTo(Scoreboard.MAX_RANGES / 2);
        // what needs no split is still taken
        board.sack(START, START + bytes);
        assertThat(board.sackedBytes()).isEqualTo(bytes);
        board.acknowledge(START + bytes);
        assertThat(board.outstanding() + board.rangeCount() + board.sackedBytes())
                .isZero();
        assertThat(delivered[0]).isEqualTo(bytes);
    }

    @Test
    void thePlacesOfCrumbsAreCharged() {
        UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, false);
        MemoryBudget budget = new MemoryBudget(64 << 10);
        Assembler assembler = new Assembler(allocator, budget);
        ByteBuf crumb = Unpooled.wrappedBuffer(new byte[1]);
        for (int at = 0; at < Assembler.MAX_PIECES; at++) {
            assembler.insert(START + 2 * at, crumb, 0, 1, false);
        }
        // 64 KiB are 2048 places, not 4096 pieces of a byte each
        assertThat(assembler.pieceCount()).isBetween(1, 2048);
        assertThat(budget.isExhausted()).isTrue();
        assembler.clear();
        assertThat(budget.usedBytes()).isZero();
        assertThat(allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory())
                .isZero();
    }
}
