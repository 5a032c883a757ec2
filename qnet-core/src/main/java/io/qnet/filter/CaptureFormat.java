package io.qnet.filter;

import io.qnet.FrameFilter.Direction;
import java.nio.ByteBuffer;

/** How frames are written to a capture file. Buffers are little-endian, as QEMU's files are on x86. */
interface CaptureFormat {
    /** What the format adds to a frame at most. */
    int MAX_OVERHEAD_BYTES = 64;

    /** Puts what stands at the head of the file. */
    void putFileHeader(ByteBuffer target);

    /** The bytes of a record of which {@code kept} bytes of the frame are kept. */
    int recordBytes(int kept);

    /**
     * Puts a record.
     *
     * @param wallNanos the time in nanoseconds of 1970
     * @param length of the frame, of which {@code kept} bytes stand in {@code bytes}
     */
    void putRecord(ByteBuffer target, long wallNanos, byte[] bytes, int kept, int length, Direction direction);
}
