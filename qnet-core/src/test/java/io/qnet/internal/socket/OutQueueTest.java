package io.qnet.internal.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OutQueueTest {
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);
    private final OutQueue queue = new OutQueue(allocator, 64 << 10);

    @AfterEach
    void nothingIsLeft() {
        queue.release();
        assertThat(allocator.metric().usedDirectMemory()).isZero();
    }

    @Test
    void smallWritesShareOneBuffer() {
        queue.write(bytes(0, 100), 0, 100);
        queue.write(bytes(100, 200), 50, 100);
        assertThat(queue.count()).isEqualTo(1);
        assertThat(queue.pendingBytes()).isEqualTo(200);
        byte[] all = contents();
        assertThat(all[0]).isEqualTo((byte) 0);
        assertThat(all[99]).isEqualTo((byte) 99);
        assertThat(all[100]).isEqualTo((byte) 150);
    }

    @Test
    void aLargeRunIsKeptAsASliceAndReleasedOnceItIsWritten() {
        ByteBuf large = direct(8192);
        queue.write(large, 10, 8000);
        assertThat(large.refCnt()).isEqualTo(2);
        assertThat(queue.buffer(0)).isSameAs(large);
        assertThat(queue.index(0)).isEqualTo(10);
        queue.removeBytes(7999);
        assertThat(large.refCnt()).isEqualTo(2);
        assertThat(queue.index(0)).isEqualTo(8009);
        queue.removeBytes(1);
        assertThat(large.refCnt()).isEqualTo(1);
        assertThat(queue.isEmpty()).isTrue();
        large.release();
    }

    @Test
    void aSmallPartOfALargeBufferIsCopiedSoThatItDoesNotPinIt() {
        ByteBuf large = direct(64 << 10);
        queue.write(large, 0, OutQueue.GATHER_BYTES);
        assertThat(large.refCnt()).isEqualTo(1);
        assertThat(queue.pendingBytes()).isEqualTo(OutQueue.GATHER_BYTES);
        large.release();
    }

    @Test
    void aHeapBufferIsCopied() {
        ByteBuf heap = Unpooled.wrappedBuffer(new byte[8192]);
        queue.write(heap, 0, 8192);
        assertThat(heap.refCnt()).isEqualTo(1);
        assertThat(queue.pendingBytes()).isEqualTo(8192);
    }

    @Test
    void nothingIsAppendedToAStagingBufferBehindASlice() {
        queue.write(bytes(1, 1), 0, 1);
        ByteBuf large = direct(8192);
        queue.write(large, 0, 8192);
        queue.write(bytes(2, 1), 0, 1);
        assertThat(queue.count()).isEqualTo(3);
        byte[] all = contents();
        assertThat(all[0]).isEqualTo((byte) 1);
        assertThat(all[8193]).isEqualTo((byte) 2);
        queue.release();
        assertThat(large.refCnt()).isEqualTo(1);
        large.release();
    }

    @Test
    void stagingGivesTheRoomThatIsAskedForAndGrowsWithWhatIsWritten() {
        assertThat(queue.staging(1).capacity()).isEqualTo(4096);
        assertThat(queue.staging(70_000).writableBytes()).isGreaterThanOrEqualTo(70_000);
        queue.release();
        byte[] block = new byte[3000];
        ByteBuf source = Unpooled.wrappedBuffer(block);
        for (int i = 0; i < 40; i++) {
            queue.write(source, 0, block.length);
        }
        queue.removeBytes(queue.pendingBytes());
        assertThat(queue.staging(1).capacity())
                .as("after a turn that wrote much the next begins large")
                .isEqualTo(64 << 10);
    }

    @Test
    void anEmptyQueueHoldsNoBuffer() {
        queue.write(bytes(0, 10), 0, 10);
        queue.removeBytes(10);
        assertThat(queue.count()).isZero();
        assertThat(allocator.metric().usedDirectMemory()).isZero();
    }

    /** Random writes and removals against a plain array, across the growth and the wrap of the ring. */
    @Test
    void bytesComeOutInOrder() {
        Random random = new Random(7);
        byte written = 0;
        byte expected = 0;
        for (int round = 0; round < 2000; round++) {
            int length = random.nextInt(10) == 0 ? 4096 + random.nextInt(4096) : 1 + random.nextInt(300);
            ByteBuf source = direct(length);
            for (int i = 0; i < length; i++) {
                source.setByte(i, written++);
            }
            queue.write(source, 0, length);
            source.release();
            long take = random.nextInt(3) == 0 ? random.nextInt((int) queue.pendingBytes() + 1) : 0;
            byte[] all = take == 0 ? new byte[0] : contents();
            for (int i = 0; i < take; i++) {
                assertThat(all[i]).isEqualTo(expected++);
            }
            queue.removeBytes(take);
        }
    }

    private byte[] contents() {
        byte[] all = new byte[(int) queue.pendingBytes()];
        int at = 0;
        for (int i = 0; i < queue.count(); i++) {
            queue.buffer(i).getBytes(queue.index(i), all, at, queue.length(i));
            at += queue.length(i);
        }
        assertThat(at).isEqualTo(all.length);
        return all;
    }

    private ByteBuf direct(int length) {
        return allocator.directBuffer(length, length);
    }

    private static ByteBuf bytes(int first, int count) {
        byte[] array = new byte[count];
        for (int i = 0; i < count; i++) {
            array[i] = (byte) (first + i);
        }
        return Unpooled.wrappedBuffer(array);
    }
}
