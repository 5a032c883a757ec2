package io.qnet.slirp.host;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The buffers that all sockets of a network read into. A read that fills at least half of its buffer gives the buffer away and a new one is made for the next; a smaller one is copied into a buffer of its
 * size. So nobody pins more than twice what he holds, and idle streams hold nothing.
 *
 * <p>Loop thread only.
 */
final class ReadBuffers {
    /** The largest read. */
    static final int LARGEST = 256 << 10;

    private static final int SMALLEST = 64 << 10;
    private static final int SIZES = 3;

    private final ByteBufAllocator allocator;
    private final @Nullable ByteBuf[] bySize = new @Nullable ByteBuf[SIZES];

    ReadBuffers(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /** An empty buffer for a reader that can take {@code credit} bytes: of 64, 128 or 256 KiB. Still this object's own. */
    ByteBuf forRead(long credit) {
        int size = 0;
        while (size < SIZES - 1 && credit > SMALLEST << size) {
            size++;
        }
        ByteBuf present = bySize[size];
        if (present == null) {
            int capacity = SMALLEST << size;
            present = allocator.directBuffer(capacity, capacity);
            bySize[size] = present;
        }
        return present;
    }

    /** The first {@code length} bytes of a buffer of {@link #forRead}, as a buffer that the caller owns. */
    ByteBuf take(ByteBuf buffer, int length) {
        if (length < buffer.capacity() / 2) {
            return allocator.directBuffer(length, length).writeBytes(buffer, 0, length);
        }
        bySize[Integer.numberOfTrailingZeros(buffer.capacity() / SMALLEST)] = null;
        return buffer.setIndex(0, length);
    }

    void release() {
        for (int size = 0; size < SIZES; size++) {
            ByteBuf present = bySize[size];
            if (present != null) {
                present.release();
                bySize[size] = null;
            }
        }
    }
}
