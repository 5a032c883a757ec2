package io.qnet.filter;

import io.qnet.FrameFilter.Direction;
import java.nio.ByteBuffer;

/**
 * The format of the file type {@code pcapng} (draft-ietf-opsawg-pcapng): one section, one Ethernet interface with nanoseconds, and each frame with the direction in which it passed: inbound is what is sent
 * to the netdev.
 *
 * @param snapLength as the interface says it
 */
record PcapngFormat(int snapLength) implements CaptureFormat {
    private static final int SECTION_HEADER = 0x0a0d0d0a;
    private static final int BYTE_ORDER_MAGIC = 0x1a2b3c4d;
    private static final int INTERFACE_DESCRIPTION = 1;
    private static final int ENHANCED_PACKET = 6;
    private static final short LINKTYPE_ETHERNET = 1;
    private static final short IF_TSRESOL = 9;
    private static final short EPB_FLAGS = 2;
    private static final int SECTION_BYTES = 28;
    private static final int INTERFACE_BYTES = 32;
    /** Block header and trailer, five fields, the flags option and the end of options. */
    private static final int PACKET_OVERHEAD = 12 + 20 + 8 + 4;

    @Override
    public void putFileHeader(ByteBuffer target) {
        target.putInt(SECTION_HEADER).putInt(SECTION_BYTES).putInt(BYTE_ORDER_MAGIC);
        target.putShort((short) 1).putShort((short) 0).putLong(-1);
        target.putInt(SECTION_BYTES);
        target.putInt(INTERFACE_DESCRIPTION).putInt(INTERFACE_BYTES);
        target.putShort(LINKTYPE_ETHERNET).putShort((short) 0).putInt(snapLength);
        target.putShort(IF_TSRESOL).putShort((short) 1).put((byte) 9).put(new byte[3]); // 10^-9 s
        target.putInt(0);
        target.putInt(INTERFACE_BYTES);
    }

    @Override
    public int recordBytes(int kept) {
        return PACKET_OVERHEAD + padded(kept);
    }

    @Override
    public void putRecord(ByteBuffer target, long wallNanos, byte[] bytes, int kept, int length, Direction direction) {
        int blockBytes = recordBytes(kept);
        target.putInt(ENHANCED_PACKET).putInt(blockBytes).putInt(0);
        target.putInt((int) (wallNanos >>> 32)).putInt((int) wallNanos);
        target.putInt(kept).putInt(length).put(bytes, 0, kept);
        for (int i = kept; i < padded(kept); i++) {
            target.put((byte) 0);
        }
        target.putShort(EPB_FLAGS).putShort((short) 4).putInt(direction == Direction.RX ? 1 : 2);
        target.putInt(0);
        target.putInt(blockBytes);
    }

    private static int padded(int length) {
        return (length + 3) & ~3;
    }
}
