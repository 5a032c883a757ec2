package io.qnet.slirp.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.qnet.Frame;
import java.io.ByteArrayOutputStream;

/** Frames as a guest would send them, written byte by byte without the codec under test. */
final class GuestFrames {
    static final int IP_OFFSET = 14;
    static final int TCP_OFFSET = 34;

    private GuestFrames() {}

    /** A frame whose payload is in the head, with some padding of the link behind it. */
    static Frame contiguous(ByteBufAllocator allocator, byte[] tcp) {
        ByteBuf buffer = allocator.directBuffer(TCP_OFFSET + tcp.length + 6);
        buffer.writeZero(TCP_OFFSET);
        buffer.writeBytes(tcp);
        buffer.writeBytes(new byte[] {'P', 'A', 'D', 'D', 'E', 'D'});
        return new Frame().head(buffer, 0, buffer.readableBytes());
    }

    /** A frame whose payload beyond {@code inHead} bytes lies in slices of {@code slice} bytes, each a buffer of its own. */
    static Frame sliced(ByteBufAllocator allocator, byte[] tcp, int headerLength, int inHead, int slice) {
        int head = Math.min(tcp.length, headerLength + inHead);
        ByteBuf buffer = allocator.directBuffer(TCP_OFFSET + head);
        buffer.writeZero(TCP_OFFSET);
        buffer.writeBytes(tcp, 0, head);
        Frame frame = new Frame().head(buffer, 0, buffer.readableBytes());
        for (int at = head; at < tcp.length; at += slice) {
            int length = Math.min(slice, tcp.length - at);
            ByteBuf own = allocator.directBuffer(length + 3);
            own.writeZero(3).writeBytes(tcp, at, length);
            frame.addSlice(own, 3, length);
        }
        return frame;
    }

    static byte[] tcp(
            int guestPort, int hostPort, int seq, int ack, int flags, int window, byte[] options, byte[] payload) {
        int headerLength = 20 + (options.length + 3) / 4 * 4;
        ByteBuf out = Unpooled.buffer(headerLength + payload.length);
        out.writeShort(guestPort);
        out.writeShort(hostPort);
        out.writeInt(seq);
        out.writeInt(ack);
        out.writeByte(headerLength / 4 * 16);
        out.writeByte(flags);
        out.writeShort(window);
        out.writeShort(0xbad);
        out.writeShort(0x7777);
        out.writeBytes(options);
        out.writeZero(headerLength - 20 - options.length);
        out.writeBytes(payload);
        return out.array();
    }

    static byte[] mss(int mss) {
        return new byte[] {2, 4, (byte) (mss >> 8), (byte) mss};
    }

    static byte[] windowScale(int shift) {
        return new byte[] {1, 3, 3, (byte) shift};
    }

    static byte[] sackPermitted() {
        return new byte[] {1, 1, 4, 2};
    }

    static byte[] timestamps(int value, int echo) {
        ByteBuf out = Unpooled.buffer(12);
        out.writeInt(0x0101080a);
        out.writeInt(value);
        out.writeInt(echo);
        return out.array();
    }

    static byte[] sack(int... edges) {
        ByteBuf out = Unpooled.buffer(4 + 4 * edges.length);
        out.writeShort(0x0101);
        out.writeByte(5);
        out.writeByte(2 + 4 * edges.length);
        for (int edge : edges) {
            out.writeInt(edge);
        }
        return out.array();
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
