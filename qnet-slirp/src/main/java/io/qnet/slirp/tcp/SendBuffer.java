package io.qnet.slirp.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.slirp.ip.OutPacket;
import io.qnet.wire.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * Data of the host's that the guest has not acknowledged: a queue of buffers as the host socket filled them. What fills less than half of its buffer, or is small, is copied into a tail buffer. An empty
 * queue holds no buffer. The budget is charged for the capacity of what is held.
 *
 * <p>Positions are bytes from the first that is not acknowledged.
 */
final class SendBuffer {
    /** Smaller pieces are copied, so that a super-segment needs few slices. */
    static final int SMALL = 4 << 10;

    private static final int FIRST_TAIL = 4 << 10;
    private static final int LARGEST_TAIL = 64 << 10;

    private final ByteBufAllocator allocator;
    private final MemoryBudget budget;

    /** A ring, its size a power of two. */
    private @Nullable ByteBuf[] buffers = new @Nullable ByteBuf[0];

    private int[] indices = new int[0];
    private int[] lengths = new int[0];
    private int head;
    private int count;
    private long length;
    private long pinned;
    /** Whether the last buffer is ours to append to. */
    private boolean tailOpen;

    /** Where the last search ended: the entry that contains position {@code cursorPosition}, its first byte. */
    private int cursorEntry;

    private long cursorPosition;

    SendBuffer(ByteBufAllocator allocator, MemoryBudget budget) {
        this.allocator = allocator;
        this.budget = budget;
    }

    /** The bytes held. */
    long length() {
        return length;
    }

    /** The capacity of the buffers held. */
    long pinnedBytes() {
        return pinned;
    }

    /** Appends data; takes over the reference. */
    void append(ByteBuf data) {
        int readable = data.readableBytes();
        if (readable >= SMALL && 2L * readable >= data.capacity()) {
            add(data, data.readerIndex(), readable);
            tailOpen = false;
            length += readable;
            return;
        }
        copy(data, data.readerIndex(), readable);
        data.release();
    }

    private void copy(ByteBuf data, int index, int bytes) {
        int at = index;
        int left = bytes;
        while (left > 0) {
            int room = tailOpen ? tailRoom() : 0;
            if (room == 0) {
                newTail(left);
                room = tailRoom();
            }
            int last = slot(count - 1);
            int part = Math.min(room, left);
            Bytes.copy(data, at, buffer(last), indices[last] + lengths[last], part);
            lengths[last] += part;
            length += part;
            at += part;
            left -= part;
        }
    }

    private int tailRoom() {
        int last = slot(count - 1);
        return buffer(last).capacity() - indices[last] - lengths[last];
    }

    private void newTail(int atLeast) {
        int capacity = FIRST_TAIL;
        if (count > 0) {
            capacity = Math.min(
                    LARGEST_TAIL,
                    Math.max(FIRST_TAIL, 2 * buffer(slot(count - 1)).capacity()));
        }
        while (capacity < atLeast && capacity < LARGEST_TAIL) {
            capacity *= 2;
        }
        add(allocator.directBuffer(capacity, capacity), 0, 0);
        tailOpen = true;
    }

    private void add(ByteBuf buffer, int index, int bytes) {
        if (count == buffers.length) {
            grow();
        }
        int at = slot(count++);
        buffers[at] = buffer;
        indices[at] = index;
        lengths[at] = bytes;
        pinned += buffer.capacity();
        budget.charge(buffer.capacity());
    }

    private void grow() {
        int size = Math.max(4, 2 * buffers.length);
        @Nullable ByteBuf[] newBuffers = new @Nullable ByteBuf[size];
        int[] newIndices = new int[size];
        int[] newLengths = new int[size];
        for (int i = 0; i < count; i++) {
            int from = slot(i);
            newBuffers[i] = buffers[from];
            newIndices[i] = indices[from];
            newLengths[i] = lengths[from];
        }
        buffers = newBuffers;
        indices = newIndices;
        lengths = newLengths;
        head = 0;
    }

    /** Lets go of the first {@code bytes}, which were acknowledged. */
    void release(long bytes) {
        long left = bytes;
        length -= bytes;
        while (left > 0) {
            if (left < lengths[head]) {
                indices[head] += (int) left;
                lengths[head] -= (int) left;
                break;
            }
            left -= lengths[head];
            releaseFirst();
        }
        if (length == 0 && count > 0) {
            releaseFirst();
        }
        cursorEntry = 0;
        cursorPosition = 0;
    }

    private void releaseFirst() {
        ByteBuf first = buffer(head);
        buffers[head] = null;
        head = (head + 1) & (buffers.length - 1);
        count--;
        if (count == 0) {
            tailOpen = false;
        }
        pinned -= first.capacity();
        budget.charge(-first.capacity());
        first.release();
    }

    /** Lets go of everything. */
    void clear() {
        while (count > 0) {
            releaseFirst();
        }
        length = 0;
        cursorEntry = 0;
        cursorPosition = 0;
    }

    /** The bytes from {@code position} on, at most {@code max}, that lie in at most {@code maxSlices} buffers. */
    int reachable(long position, int max, int maxSlices) {
        seek(position);
        long reach = lengths[slot(cursorEntry)] - (position - cursorPosition);
        for (int i = 1; i < maxSlices && reach < max && cursorEntry + i < count; i++) {
            reach += lengths[slot(cursorEntry + i)];
        }
        return (int) Math.min(reach, max);
    }

    /** Of the {@code max} bytes before {@code end}, so many of the last that they lie in at most {@code maxSlices} buffers. */
    int reachableBefore(long end, int max, int maxSlices) {
        int bytes = max;
        while (bytes > 0 && reachable(end - bytes, bytes, maxSlices) < bytes) {
            bytes -= bytes / 2;
        }
        return bytes;
    }

    /** Appends {@code bytes} from {@code position} on to a packet, as slices. */
    void gather(long position, int bytes, OutPacket packet) {
        seek(position);
        int entry = cursorEntry;
        int skip = (int) (position - cursorPosition);
        int left = bytes;
        while (left > 0) {
            int at = slot(entry++);
            int part = Math.min(left, lengths[at] - skip);
            packet.addSlice(buffer(at), indices[at] + skip, part);
            left -= part;
            skip = 0;
        }
    }

    private void seek(long position) {
        if (position < cursorPosition) {
            cursorEntry = 0;
            cursorPosition = 0;
        }
        while (position - cursorPosition >= lengths[slot(cursorEntry)]) {
            cursorPosition += lengths[slot(cursorEntry)];
            cursorEntry++;
        }
    }

    private int slot(int i) {
        return (head + i) & (buffers.length - 1);
    }

    private ByteBuf buffer(int slot) {
        ByteBuf buffer = buffers[slot];
        if (buffer == null) {
            throw new IllegalStateException("no buffer at " + slot);
        }
        return buffer;
    }
}
