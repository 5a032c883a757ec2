package io.qnet.tap;

import io.netty.buffer.ByteBuf;
import io.qnet.Frame;
import io.qnet.Offload;

/**
 * The virtio-net header in front of each frame of a TAP that was opened with it: {@code struct virtio_net_hdr_mrg_rxbuf} of virtio 1.0, 12 bytes, little-endian as x86 and ARM hosts are.
 */
final class VnetHeader {
    static final int BYTES = 12;

    private VnetHeader() {}

    /** Puts what a header says into a frame's descriptor; false if it cannot be true of a frame of this length. */
    static boolean read(ByteBuf buffer, int index, int frameLength, Frame frame) {
        int flags = buffer.getUnsignedByte(index);
        int gsoType = buffer.getUnsignedByte(index + 1);
        int headerLength = buffer.getUnsignedShortLE(index + 2);
        int gsoSize = buffer.getUnsignedShortLE(index + 4);
        int csumStart = buffer.getUnsignedShortLE(index + 6);
        int csumOffset = buffer.getUnsignedShortLE(index + 8);
        boolean open = (flags & Offload.NEEDS_CSUM) != 0;
        if (open && csumStart + csumOffset + 2 > frameLength) {
            return false;
        }
        if (gsoType != Offload.GSO_NONE && (gsoSize == 0 || headerLength > frameLength || !open)) {
            return false;
        }
        frame.offload(flags, gsoType, headerLength, gsoSize, open ? csumStart : 0, open ? csumOffset : 0);
        return true;
    }

    /** Writes all 12 bytes of the header for a frame. */
    static void write(Frame frame, ByteBuf buffer, int index) {
        buffer.setByte(index, frame.flags() & (Offload.NEEDS_CSUM | Offload.DATA_VALID));
        buffer.setByte(index + 1, frame.gsoType());
        buffer.setShortLE(index + 2, frame.headerLength());
        buffer.setShortLE(index + 4, frame.gsoSize());
        buffer.setShortLE(index + 6, frame.csumStart());
        buffer.setShortLE(index + 8, frame.csumOffset());
        buffer.setShortLE(index + 10, 0); // num_buffers: receive only
    }
}
