package io.qnet.filter;

import io.qnet.FrameFilter.Direction;
import java.nio.ByteBuffer;

/**
 * The classic format of libpcap, as QEMU writes it (net/dump.c): microseconds, Ethernet.
 *
 * @param snapLength as the file header says it
 */
record PcapFormat(int snapLength) implements CaptureFormat {
    static final int FILE_HEADER_BYTES = 24;

    private static final int RECORD_HEADER_BYTES = 16;
    private static final int MAGIC_MICROSECONDS = 0xa1b2c3d4;
    private static final int LINKTYPE_ETHERNET = 1;
    private static final long NANOS_A_SECOND = 1_000_000_000;
    private static final long NANOS_A_MICRO = 1000;

    @Override
    public void putFileHeader(ByteBuffer target) {
        target.putInt(MAGIC_MICROSECONDS);
        target.putShort((short) 2).putShort((short) 4);
        target.putInt(0).putInt(0);
        target.putInt(snapLength).putInt(LINKTYPE_ETHERNET);
    }

    @Override
    public int recordBytes(int kept) {
        return RECORD_HEADER_BYTES + kept;
    }

    @Override
    public void putRecord(ByteBuffer target, long wallNanos, byte[] bytes, int kept, int length, Direction direction) {
        target.putInt((int) (wallNanos / NANOS_A_SECOND));
        target.putInt((int) (wallNanos % NANOS_A_SECOND / NANOS_A_MICRO));
        target.putInt(kept).putInt(length);
        target.put(bytes, 0, kept);
    }
}
