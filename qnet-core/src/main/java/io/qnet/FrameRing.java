package io.qnet;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Whole frames, with their offload fields, in one bounded array between one producer and one consumer, which may be different threads: claim, fill, commit on one side, poll on the other. Nothing is
 * allocated but the array, at the first frame.
 *
 * <p>A record is 16 bytes (length, the six offload fields) and the frame, padded to eight; it never wraps: what is left at the end of the array is skipped.
 */
final class FrameRing {
    private static final int HEADER = 16;
    private static final int SKIP = -1;
    private static final VarHandle TAIL = handle("tail");
    private static final VarHandle HEAD = handle("head");
    private static final VarHandle PRODUCED = handle("produced");

    private final int capacity;
    private final int maxFrames;
    /** Each side has a view of its own, since a buffer's view for NIO is not for two threads. */
    private @Nullable ByteBuf producerView;

    private @Nullable ByteBuf consumerView;

    // The producer's.
    @SuppressWarnings("unused") // through TAIL
    private long tail;

    private long claimedAt;
    private int claimedLength;

    @SuppressWarnings("unused") // through PRODUCED
    private long produced;

    private volatile long consumed;

    // The consumer's.
    @SuppressWarnings("unused") // through HEAD
    private long head;

    private long seenTail;
    private long nextHead;
    private long taken;

    /**
     * @param minBytes the least capacity; rounded up to a power of two, and to hold the longest frame twice
     */
    FrameRing(int minBytes, int maxFrames) {
        int least = Math.max(minBytes, 2 * (Port.MAX_FRAME_BYTES + HEADER));
        this.capacity = Integer.highestOneBit(least - 1) << 1;
        this.maxFrames = maxFrames;
    }

    /** Whether the longest frame is sure to fit. Producer. */
    boolean hasRoom() {
        // What is left at the end of the array may be too short for it, and is skipped.
        return used() + 2L * recordLength(Port.MAX_FRAME_BYTES) <= capacity && usedFrames() < maxFrames;
    }

    /** Whether at least half is free. Any thread. */
    boolean isHalfFree() {
        return used() <= capacity / 2 && usedFrames() <= maxFrames / 2;
    }

    /** Whether nothing waits to be consumed. Any thread. */
    boolean isEmpty() {
        return used() == 0;
    }

    /**
     * Finds room for a frame of at most {@code length} bytes. Producer.
     *
     * @return where to write it in {@link #buffer()}, or -1 if there is no room
     */
    int claim(int length) {
        if (usedFrames() >= maxFrames) {
            return -1;
        }
        int record = recordLength(length);
        long at = (long) TAIL.getOpaque(this);
        int index = (int) at & (capacity - 1);
        int skip = index + record > capacity ? capacity - index : 0;
        if (used() + skip + record > capacity) {
            return -1;
        }
        if (skip > 0) {
            buffer().setInt(index, SKIP);
            at += skip;
            index = 0;
        }
        claimedAt = at;
        claimedLength = length;
        return index + HEADER;
    }

    /** Where to write what was claimed. Producer. */
    ByteBuf buffer() {
        ByteBuf view = producerView;
        if (view == null) {
            byte[] memory = new byte[capacity];
            view = Unpooled.wrappedBuffer(memory);
            producerView = view;
            consumerView = Unpooled.wrappedBuffer(memory);
        }
        return view;
    }

    /** Hands over the frame that was claimed, without offload. Producer. */
    void commit() {
        commit(claimedLength, 0, 0, 0, 0, 0, 0);
    }

    /** Hands over the frame that was claimed, with the offload fields of {@code of}. Producer. */
    void commit(Frame of) {
        commit(
                claimedLength,
                of.flags(),
                of.gsoType(),
                of.headerLength(),
                of.gsoSize(),
                of.csumStart(),
                of.csumOffset());
    }

    private void commit(int length, int flags, int gsoType, int headerLength, int gsoSize, int start, int offset) {
        ByteBuf view = buffer();
        int index = (int) claimedAt & (capacity - 1);
        view.setInt(index, length);
        view.setByte(index + 4, flags);
        view.setByte(index + 5, gsoType);
        view.setShort(index + 6, headerLength);
        view.setShort(index + 8, gsoSize);
        view.setShort(index + 10, start);
        view.setShort(index + 12, offset);
        view.setShort(index + 14, 0);
        PRODUCED.setOpaque(this, (long) PRODUCED.getOpaque(this) + 1);
        // Volatile, not only released: the producer looks next whether the consumer must be woken.
        TAIL.setVolatile(this, claimedAt + recordLength(length));
    }

    /**
     * Points {@code frame} to the next frame, which stays valid until the next call; the one before is given back. Consumer.
     *
     * @return false if there is none
     */
    boolean poll(Frame frame) {
        release();
        return peek(frame);
    }

    /** As {@link #poll}, but answers the same frame until {@link #release()}. Consumer. */
    boolean peek(Frame frame) {
        long at = (long) HEAD.getOpaque(this);
        if (at == seenTail) {
            seenTail = (long) TAIL.getVolatile(this);
            if (at == seenTail) {
                return false;
            }
        }
        ByteBuf view = view();
        int index = (int) at & (capacity - 1);
        int length = view.getInt(index);
        if (length == SKIP) {
            at += capacity - index;
            index = 0;
            length = view.getInt(0);
        }
        nextHead = at + recordLength(length);
        frame.clear()
                .head(view, index + HEADER, length)
                .offload(
                        view.getUnsignedByte(index + 4),
                        view.getUnsignedByte(index + 5),
                        view.getUnsignedShort(index + 6),
                        view.getUnsignedShort(index + 8),
                        view.getUnsignedShort(index + 10),
                        view.getUnsignedShort(index + 12));
        return true;
    }

    /** Gives back the frame that was polled or peeked. Does nothing if there is none. Consumer. */
    void release() {
        long next = nextHead;
        if (next > (long) HEAD.getOpaque(this)) {
            consumed = ++taken;
            HEAD.setVolatile(this, next);
        }
    }

    /** Gives back everything, also a frame that was peeked; answers how many there were. Consumer. */
    int clear(Frame scratch) {
        int count = 0;
        while (peek(scratch)) {
            release();
            count++;
        }
        return count;
    }

    private ByteBuf view() {
        ByteBuf view = consumerView;
        if (view == null) {
            throw new IllegalStateException("no frame has been committed");
        }
        return view;
    }

    private long usedFrames() {
        return (long) PRODUCED.getOpaque(this) - consumed;
    }

    private long used() {
        return (long) TAIL.getOpaque(this) - (long) HEAD.getVolatile(this);
    }

    private static int recordLength(int length) {
        return (HEADER + length + 7) & ~7;
    }

    private static VarHandle handle(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(FrameRing.class, field, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @Override
    public String toString() {
        return "FrameRing[" + used() + " of " + capacity + "]";
    }
}
