package io.qnet.tap;

import io.netty.buffer.ByteBuf;
import io.qnet.Frame;
import io.qnet.Offload;

/**
 * The virtio-net header in front of each frame of a TAP that was opened with it: {@code struct virtio_net_hdr_mrg_rxbuf} of virtio 1.0, 12 bytes, little-endian as x86 and ARM hosts are.
 */
final class VnetHeader {
    static final int BYTES = 12;

    /** Where TCP's data offset stands in its header, and where its checksum does. */
    private static final int TCP_DATA_OFFSET = 12;

    private static final int TCP_CSUM_OFFSET = 16;
    private static final int TCP_HEADER = 20;
    private static final int UDP_CSUM_OFFSET = 6;
    private static final int UDP_HEADER = 8;
    private static final int MAX_HEADERS = 256;

    private VnetHeader() {}

    /**
     * Makes a frame of what was read: the header at {@code index}, behind it {@code length} bytes. Where the header says that a TCP or UDP checksum is open, the frame's head ends with the headers and the
     * payload is a slice, which a receiver may keep; other frames are all head.
     *
     * @return false if the header cannot be true of these bytes
     */
    static boolean read(ByteBuf buffer, int index, int length, Frame frame) {
        int start = index + BYTES;
        int flags = buffer.getUnsignedByte(index);
        int gsoType = buffer.getUnsignedByte(index + 1);
        if ((flags & Offload.NEEDS_CSUM) == 0) {
            frame.clear().head(buffer, start, length);
            frame.offload(flags & Offload.DATA_VALID, Offload.GSO_NONE, 0, 0, 0, 0);
            return gsoType == Offload.GSO_NONE;
        }
        int gsoSize = buffer.getUnsignedShortLE(index + 4);
        int csumStart = buffer.getUnsignedShortLE(index + 6);
        int csumOffset = buffer.getUnsignedShortLE(index + 8);
        if (csumStart + csumOffset + 2 > length) {
            return false;
        }
        int headers = headerLength(buffer, start, length, csumStart, csumOffset);
        if (gsoType != Offload.GSO_NONE && (gsoSize == 0 || headers == 0)) {
            return false;
        }
        int head = headers == 0 ? length : headers;
        frame.clear().head(buffer, start, head);
        if (length > head) {
            frame.addSlice(buffer, start + head, length - head);
        }
        frame.offload(
                Offload.NEEDS_CSUM, gsoType, gsoType == Offload.GSO_NONE ? 0 : headers, gsoSize, csumStart, csumOffset);
        return true;
    }

    /** The length of all headers, or 0 if this is neither TCP nor UDP. The kernel's own {@code hdr_len} is a hint only: how much of it lies in one piece. */
    private static int headerLength(ByteBuf buffer, int start, int length, int csumStart, int csumOffset) {
        int transport = 0;
        if (csumOffset == TCP_CSUM_OFFSET && csumStart + TCP_HEADER <= length) {
            transport = (buffer.getUnsignedByte(start + csumStart + TCP_DATA_OFFSET) >>> 4) * 4;
            transport = transport < TCP_HEADER ? 0 : transport;
        } else if (csumOffset == UDP_CSUM_OFFSET) {
            transport = UDP_HEADER;
        }
        int all = csumStart + transport;
        return transport == 0 || all > length || all > MAX_HEADERS ? 0 : all;
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
