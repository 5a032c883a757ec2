package io.qnet.internal.socket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that wait to be written to a stream socket, in order. What is small is copied into a staging buffer of the queue, what is large is kept as a slice of the writer's buffer, so that a turn's worth of
 * small writes leaves by one system call and a large one is not copied. An empty queue holds no buffer.
 *
 * <p>Loop thread only.
 */
public final class OutQueue {
    /** Runs of at least this many bytes are kept as slices if they are most of their buffer. */
    static final int GATHER_BYTES = 4096;

    private static final int SMALLEST_STAGING = 4096;

    private final ByteBufAllocator allocator;
    private final int largestStaging;

    private @Nullable ByteBuf[] buffers = new @Nullable ByteBuf[4];
    private int[] indices = new int[4];
    private int[] lengths = new int[4];
    private int first;
    private int count;

    /** The last entry's buffer if it is this queue's own and may be appended to. */
    private @Nullable ByteBuf staging;

    private long pendingBytes;
    private long stagedBytes;
    private long stagedBefore;

    /**
     * Creates an empty queue.
     *
     * @param largestStaging the capacity of a staging buffer when much is written; a power of two
     */
    public OutQueue(ByteBufAllocator allocator, int largestStaging) {
        this.allocator = allocator;
        this.largestStaging = largestStaging;
    }

    /** The bytes in the queue. */
    public long pendingBytes() {
        return pendingBytes;
    }

    /** Whether nothing waits. */
    public boolean isEmpty() {
        return pendingBytes == 0;
    }

    /** Appends bytes: copies them, or retains their buffer. */
    public void write(ByteBuf source, int index, int length) {
        if (length >= GATHER_BYTES && length >= source.capacity() >>> 1 && isGatherable(source)) {
            append(source.retain(), index, length);
            staging = null;
            return;
        }
        int from = index;
        int left = length;
        while (left > 0) {
            ByteBuf room = staging(1);
            int part = Math.min(left, room.writableBytes());
            room.writeBytes(source, from, part);
            staged(part);
            from += part;
            left -= part;
        }
    }

    /**
     * A buffer of the queue's own with at least {@code room} writable bytes, for a writer that produces bytes in place. What was written to it, from its former writer index on, is entered by
     * {@link #staged}.
     */
    public ByteBuf staging(int room) {
        ByteBuf present = staging;
        if (present != null && present.writableBytes() >= room) {
            return present;
        }
        long wanted = Math.max(room, Math.max(pendingBytes + room, stagedBefore));
        int capacity = SMALLEST_STAGING;
        while (capacity < largestStaging && capacity < wanted) {
            capacity <<= 1;
        }
        ByteBuf fresh = allocator.directBuffer(Math.max(capacity, room));
        append(fresh, 0, 0);
        staging = fresh;
        return fresh;
    }

    /** Enters {@code length} bytes that were written to {@link #staging}. */
    public void staged(int length) {
        lengths[slot(count - 1)] += length;
        pendingBytes += length;
        stagedBytes += length;
    }

    /** Drops everything and releases the buffers. */
    public void release() {
        while (count > 0) {
            removeFirst();
        }
        pendingBytes = 0;
    }

    int count() {
        return count;
    }

    ByteBuf buffer(int i) {
        return present(buffers[slot(i)]);
    }

    int index(int i) {
        return indices[slot(i)];
    }

    int length(int i) {
        return lengths[slot(i)];
    }

    /** Forgets the first {@code bytes}, which the socket has taken. */
    void removeBytes(long bytes) {
        long left = bytes;
        pendingBytes -= bytes;
        while (count > 0 && left >= lengths[first]) {
            left -= lengths[first];
            removeFirst();
        }
        if (left > 0) {
            indices[first] += (int) left;
            lengths[first] -= (int) left;
        }
        if (count == 0) {
            stagedBefore = stagedBytes;
            stagedBytes = 0;
        }
    }

    private static boolean isGatherable(ByteBuf source) {
        return source.isDirect() && source.nioBufferCount() == 1;
    }

    private void append(ByteBuf buffer, int index, int length) {
        if (count == buffers.length) {
            grow();
        }
        int slot = slot(count++);
        buffers[slot] = buffer;
        indices[slot] = index;
        lengths[slot] = length;
        pendingBytes += length;
    }

    private void removeFirst() {
        ByteBuf gone = present(buffers[first]);
        buffers[first] = null;
        first = (first + 1) & (buffers.length - 1);
        count--;
        if (count == 0) {
            staging = null; // it is the last entry or none
        }
        gone.release();
    }

    private void grow() {
        int size = buffers.length;
        @Nullable ByteBuf[] moreBuffers = new @Nullable ByteBuf[size * 2];
        int[] moreIndices = new int[size * 2];
        int[] moreLengths = Arrays.copyOf(lengths, size * 2);
        for (int i = 0; i < size; i++) {
            moreBuffers[i] = buffers[slot(i)];
            moreIndices[i] = indices[slot(i)];
            moreLengths[i] = lengths[slot(i)];
        }
        buffers = moreBuffers;
        indices = moreIndices;
        lengths = moreLengths;
        first = 0;
    }

    private int slot(int i) {
        return (first + i) & (buffers.length - 1);
    }

    private static ByteBuf present(@Nullable ByteBuf buffer) {
        if (buffer == null) {
            throw new IndexOutOfBoundsException("no such entry");
        }
        return buffer;
    }
}
