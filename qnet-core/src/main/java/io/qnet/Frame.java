package io.qnet;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.wire.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * One Ethernet frame on its way: a contiguous <em>head</em> that holds at least all headers up to layer 4 (of a small frame, everything), up to {@value #MAX_SLICES} <em>payload slices</em> that follow
 * it, and what is left undone (the fields of virtio-net's header; {@link Offload}).
 *
 * <p><b>Ownership.</b> A frame is borrowed and read-only: whoever delivers it owns the object and the references to its buffers, and reuses them when the call returns. A receiver reads during the call;
 * what it keeps it retains (slices) or copies (head, descriptor). A frame that waits or goes to another thread is an owned copy ({@link #copy}), released by {@link #release()}.
 *
 * <p>Frame objects are reused by their owner through {@link #clear()} and the setters. They do not retain what is set; {@link #copy} is the exception. Not thread-safe. Indices are absolute; reader and
 * writer indices of the buffers are neither used nor moved.
 */
public final class Frame {
    /** The most payload slices of one frame. */
    public static final int MAX_SLICES = 20;

    private @Nullable ByteBuf head;
    private int headIndex;
    private int headLength;
    private final @Nullable ByteBuf[] buffers = new @Nullable ByteBuf[MAX_SLICES];
    private final int[] indices = new int[MAX_SLICES];
    private final int[] lengths = new int[MAX_SLICES];
    private int sliceCount;
    private int payloadLength;

    private int flags;
    private int gsoType;
    private int gsoSize;
    private int headerLength;
    private int csumStart;
    private int csumOffset;

    /** Creates an empty frame. */
    public Frame() {}

    /** Makes this frame empty, without offload, forgetting (not releasing) its buffers. */
    public Frame clear() {
        head = null;
        headIndex = 0;
        headLength = 0;
        for (int i = 0; i < sliceCount; i++) {
            buffers[i] = null;
        }
        sliceCount = 0;
        payloadLength = 0;
        clearOffload();
        return this;
    }

    /** Sets the head. */
    public Frame head(ByteBuf buffer, int index, int length) {
        head = buffer;
        headIndex = index;
        headLength = length;
        return this;
    }

    /** Appends a payload slice. */
    public Frame addSlice(ByteBuf buffer, int index, int length) {
        buffers[sliceCount] = buffer;
        indices[sliceCount] = index;
        lengths[sliceCount] = length;
        sliceCount++;
        payloadLength += length;
        return this;
    }

    /** Sets the offload fields to none. */
    public Frame clearOffload() {
        flags = 0;
        gsoType = Offload.GSO_NONE;
        gsoSize = 0;
        headerLength = 0;
        csumStart = 0;
        csumOffset = 0;
        return this;
    }

    /** Leaves a checksum open: over everything from {@code csumStart} of the frame to its end, stored {@code csumOffset} bytes after {@code csumStart}, where the pseudo-header's sum is now. */
    public Frame needsChecksum(int csumStart, int csumOffset) {
        this.flags |= Offload.NEEDS_CSUM;
        this.csumStart = csumStart;
        this.csumOffset = csumOffset;
        return this;
    }

    /** Leaves segmentation open: payload from {@code headerLength} of the frame on is cut every {@code gsoSize} bytes. */
    public Frame gso(int gsoType, int gsoSize, int headerLength) {
        this.gsoType = gsoType;
        this.gsoSize = gsoSize;
        this.headerLength = headerLength;
        return this;
    }

    /** Sets all offload fields, as read from a virtio-net header. */
    public Frame offload(int flags, int gsoType, int headerLength, int gsoSize, int csumStart, int csumOffset) {
        this.flags = flags;
        this.gsoType = gsoType;
        this.headerLength = headerLength;
        this.gsoSize = gsoSize;
        this.csumStart = csumStart;
        this.csumOffset = csumOffset;
        return this;
    }

    /** Copies the offload fields of another frame. */
    public Frame offloadOf(Frame other) {
        return offload(
                other.flags, other.gsoType, other.headerLength, other.gsoSize, other.csumStart, other.csumOffset);
    }

    /** The buffer that holds the head. */
    public ByteBuf head() {
        ByteBuf present = head;
        if (present == null) {
            throw new IllegalStateException("the frame has no head");
        }
        return present;
    }

    /** Where the head begins in {@link #head()}. */
    public int headIndex() {
        return headIndex;
    }

    /** The bytes in the head. */
    public int headLength() {
        return headLength;
    }

    /** The number of payload slices after the head; 0 for a frame that is all head. */
    public int sliceCount() {
        return sliceCount;
    }

    /** The buffer of slice {@code i}. */
    public ByteBuf slice(int i) {
        ByteBuf present = buffers[i];
        if (present == null) {
            throw new IndexOutOfBoundsException(i);
        }
        return present;
    }

    /** Where slice {@code i} begins in its buffer. */
    public int sliceIndex(int i) {
        return indices[i];
    }

    /** The bytes of slice {@code i}. */
    public int sliceLength(int i) {
        return lengths[i];
    }

    /** The bytes of all slices. */
    public int payloadLength() {
        return payloadLength;
    }

    /** The bytes of the whole frame, without FCS. */
    public int length() {
        return headLength + payloadLength;
    }

    /** Whether something is left undone: an open checksum or segmentation. */
    public boolean hasOffload() {
        return gsoType != Offload.GSO_NONE || (flags & Offload.NEEDS_CSUM) != 0;
    }

    /** Whether the checksum is left open. */
    public boolean needsChecksum() {
        return (flags & Offload.NEEDS_CSUM) != 0;
    }

    /** The flags of virtio-net's header. */
    public int flags() {
        return flags;
    }

    /** The GSO type of virtio-net's header. */
    public int gsoType() {
        return gsoType;
    }

    /** Payload bytes a segment when {@link #gsoType()} is not none. */
    public int gsoSize() {
        return gsoSize;
    }

    /** The length of all headers when {@link #gsoType()} is not none. */
    public int headerLength() {
        return headerLength;
    }

    /** Where the open checksum's range begins, from the start of the frame. */
    public int csumStart() {
        return csumStart;
    }

    /** Where the checksum is stored, from {@link #csumStart()}. */
    public int csumOffset() {
        return csumOffset;
    }

    /** Copies the whole frame, head and payload, into {@code target} at {@code index}. */
    public void getBytes(ByteBuf target, int index) {
        Bytes.copy(head(), headIndex, target, index, headLength);
        int at = index + headLength;
        for (int i = 0; i < sliceCount; i++) {
            Bytes.copy(slice(i), indices[i], target, at, lengths[i]);
            at += lengths[i];
        }
    }

    /** Copies the whole frame into an array, which must be long enough. */
    public void getBytes(byte[] target, int index) {
        Bytes.copy(head(), headIndex, target, index, headLength);
        int at = index + headLength;
        for (int i = 0; i < sliceCount; i++) {
            Bytes.copy(slice(i), indices[i], target, at, lengths[i]);
            at += lengths[i];
        }
    }

    /**
     * Makes this frame an owned copy of another: the head's bytes are copied into a new buffer, payload slices are retained, the descriptor is copied. To be ended with {@link #release()}.
     */
    public Frame copy(Frame source, ByteBufAllocator allocator) {
        clear();
        ByteBuf ownHead = allocator.directBuffer(source.headLength, source.headLength);
        Bytes.copy(source.head(), source.headIndex, ownHead, 0, source.headLength);
        head(ownHead, 0, source.headLength);
        for (int i = 0; i < source.sliceCount; i++) {
            addSlice(source.slice(i).retain(), source.indices[i], source.lengths[i]);
        }
        return offloadOf(source);
    }

    /** As {@link #copy}, but with the payload copied behind the head: no buffer of another owner is pinned. */
    public Frame copyWhole(Frame source, ByteBufAllocator allocator) {
        clear();
        int length = source.length();
        ByteBuf own = allocator.directBuffer(length, length);
        source.getBytes(own, 0);
        return head(own, 0, length).offloadOf(source);
    }

    /** Releases the buffers of an owned copy and clears the frame. */
    public void release() {
        if (head != null) {
            head.release();
        }
        for (int i = 0; i < sliceCount; i++) {
            slice(i).release();
        }
        clear();
    }

    @Override
    public String toString() {
        return "Frame[" + headLength + "+" + payloadLength + (hasOffload() ? ", gso " + gsoType + "/" + gsoSize : "")
                + "]";
    }
}
