package io.qnet.slirp.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.qnet.slirp.ip.FakeGuestOutput;
import io.qnet.slirp.ip.OutPacket;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What waits for acknowledgement: kept as it came, or copied where that pins less. */
class SendBufferTest {
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    private final MemoryBudget budget = new MemoryBudget(10 << 20);
    private final SendBuffer buffer = new SendBuffer(allocator, budget);
    private byte[] gathered;
    private final FakeGuestOutput output = new FakeGuestOutput(sent -> gathered = sent.bytes());

    @AfterEach
    void nothingIsLeft() {
        buffer.clear();
        assertThat(buffer.length()).isZero();
        assertThat(budget.usedBytes()).isZero();
        assertThat(allocator.metric().usedDirectMemory()).isZero();
    }

    private void append(byte[] bytes, int capacity) {
        buffer.append(allocator.directBuffer(capacity).writeBytes(bytes));
    }

    private byte[] gather(int position, int length) {
        OutPacket packet = output.begin(TcpDialogue.FLOW.host(), TcpDialogue.FLOW.guest(), 6);
        buffer.gather(position, length, packet);
        output.send(packet.transport(0));
        return gathered;
    }

    @Test
    void aFullBufferIsKept() {
        append(new byte[40_000], 65_536);
        assertThat(buffer.pinnedBytes()).isEqualTo(65_536);
        assertThat(budget.usedBytes()).isEqualTo(65_536);
    }

    @Test
    void aNearlyEmptyBufferIsCopied() {
        append(new byte[100], 65_536);
        append(new byte[200], 65_536);
        assertThat(buffer.pinnedBytes()).isEqualTo(4096);
        assertThat(buffer.length()).isEqualTo(300);
    }

    @Test
    void nothingIsHeldWhenAllIsAcknowledged() {
        append(new byte[100], 200);
        append(new byte[60_000], 65_536);
        buffer.release(99);
        assertThat(budget.usedBytes()).isEqualTo(4096 + 65_536);
        buffer.release(1);
        assertThat(budget.usedBytes()).isEqualTo(65_536);
        buffer.release(60_000);
        assertThat(budget.usedBytes()).isZero();
        append(new byte[10], 10);
        assertThat(gather(0, 10)).hasSize(10);
    }

    @Test
    void reachIsBoundedByBuffersAndBytes() {
        for (int i = 0; i < 30; i++) {
            append(new byte[5000], 5000);
        }
        assertThat(buffer.reachable(0, 1_000_000, 20)).isEqualTo(100_000);
        assertThat(buffer.reachable(2500, 1_000_000, 20)).isEqualTo(97_500);
        assertThat(buffer.reachable(2500, 4000, 20)).isEqualTo(4000);
        assertThat(buffer.reachable(149_999, 1_000_000, 20)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anyPartCanBeGathered(long seed) {
        Random random = new Random(seed);
        byte[] data = new byte[400_000];
        random.nextBytes(data);
        int appended = 0;
        int released = 0;
        while (released < data.length) {
            int length = Math.min(data.length - appended, random.nextInt(random.nextInt(4) == 0 ? 30_000 : 300));
            if (length > 0) {
                append(Arrays.copyOfRange(data, appended, appended + length), length + random.nextInt(9000));
                appended += length;
            }
            int held = appended - released;
            if (held > 0) {
                int position = random.nextInt(held);
                int reach = buffer.reachable(position, 1 + random.nextInt(held - position), 20);
                assertThat(gather(position, reach))
                        .isEqualTo(Arrays.copyOfRange(data, released + position, released + position + reach));
                int acked = random.nextInt(held + 1);
                buffer.release(acked);
                released += acked;
            }
            assertThat(buffer.length()).isEqualTo(appended - released);
        }
    }

    @Test
    void manySmallWritesNeedFewBuffers() {
        for (int i = 0; i < 10_000; i++) {
            append(new byte[20], 256);
        }
        assertThat(buffer.pinnedBytes()).isLessThan(300_000);
        assertThat(buffer.reachable(0, 65_000, 20)).isEqualTo(65_000);
    }
}
