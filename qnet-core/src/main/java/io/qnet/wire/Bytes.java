package io.qnet.wire;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/**
 * Copies between buffers without allocating, whatever the JDK: Netty's own copy makes a view per call where {@code Unsafe} is not to be had. Indices are absolute and no reader or writer index is moved.
 * A buffer must not be used here by two threads at a time.
 */
public final class Bytes {
    private Bytes() {}

    /** Copies {@code length} bytes. */
    @SuppressWarnings("ReferenceEquality") // is it the same object?
    public static void copy(ByteBuf source, int sourceIndex, ByteBuf target, int targetIndex, int length) {
        if (length == 0) {
            return;
        }
        if (source.hasArray()) {
            copy(source.array(), source.arrayOffset() + sourceIndex, target, targetIndex, length);
        } else if (target.hasArray()) {
            copy(source, sourceIndex, target.array(), target.arrayOffset() + targetIndex, length);
        } else if (source == target || source.nioBufferCount() != 1 || target.nioBufferCount() != 1) {
            target.setBytes(targetIndex, source, sourceIndex, length);
        } else {
            ByteBuffer from = source.internalNioBuffer(sourceIndex, length);
            ByteBuffer to = target.internalNioBuffer(targetIndex, length);
            if (from == to) { // two slices of one buffer share their view
                target.setBytes(targetIndex, source, sourceIndex, length);
            } else {
                to.put(to.position(), from, from.position(), length);
            }
        }
    }

    /** Copies {@code length} bytes out of an array. */
    public static void copy(byte[] source, int offset, ByteBuf target, int targetIndex, int length) {
        if (length == 0) {
            return;
        }
        if (target.hasArray()) {
            System.arraycopy(source, offset, target.array(), target.arrayOffset() + targetIndex, length);
        } else if (target.nioBufferCount() == 1) {
            ByteBuffer to = target.internalNioBuffer(targetIndex, length);
            to.put(to.position(), source, offset, length);
        } else {
            target.setBytes(targetIndex, source, offset, length);
        }
    }

    /** Copies {@code length} bytes into an array. */
    public static void copy(ByteBuf source, int sourceIndex, byte[] target, int offset, int length) {
        if (length == 0) {
            return;
        }
        if (source.hasArray()) {
            System.arraycopy(source.array(), source.arrayOffset() + sourceIndex, target, offset, length);
        } else if (source.nioBufferCount() == 1) {
            ByteBuffer from = source.internalNioBuffer(sourceIndex, length);
            from.get(from.position(), target, offset, length);
        } else {
            source.getBytes(sourceIndex, target, offset, length);
        }
    }
}
