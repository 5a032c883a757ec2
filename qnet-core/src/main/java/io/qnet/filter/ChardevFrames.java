package io.qnet.filter;

import io.netty.buffer.ByteBuf;
import io.qnet.Frame;
import io.qnet.Port;
import io.qnet.SoftwareOffload;
import io.qnet.chardev.Chardev;
import io.qnet.loop.Loop;
import java.util.function.Consumer;

/**
 * Frames over a character device, as QEMU's filters and colo-compare exchange them (net/filter-mirror.c): the length in 32 bits, big-endian; with {@code vnet_hdr_support} the length of a virtio-net header,
 * which is none here; the frame. What is left undone in a frame is done before it goes out.
 */
final class ChardevFrames {
    private static final int WORD = 4;

    private final Loop loop;
    private final boolean vnetHeader;
    private final SoftwareOffload offload = new SoftwareOffload();
    private final Frame frame = new Frame();
    /** What has come of the next frame, its lengths included. */
    private final ByteBuf begun;

    private boolean broken;

    ChardevFrames(Loop loop, boolean vnetHeader) {
        this.loop = loop;
        this.vnetHeader = vnetHeader;
        begun = loop.allocator().directBuffer(headerBytes());
    }

    private int headerBytes() {
        return vnetHeader ? 2 * WORD : WORD;
    }

    /** Writes a frame; false if the device did not take it. */
    boolean write(Frame sent, Chardev to) {
        if (!sent.hasOffload()) {
            ByteBuf message = message(sent.length());
            sent.getBytes(message, message.writerIndex());
            return write(message, sent.length(), to);
        }
        boolean taken = offload.begin(sent);
        while (taken && offload.isPending()) {
            int length = offload.nextLength();
            ByteBuf message = message(length);
            offload.write(message, message.writerIndex());
            taken = write(message, length, to);
        }
        return taken;
    }

    private ByteBuf message(int length) {
        ByteBuf message = loop.allocator().directBuffer(headerBytes() + length);
        message.writeInt(length);
        if (vnetHeader) {
            message.writeInt(0);
        }
        return message;
    }

    private static boolean write(ByteBuf message, int length, Chardev to) {
        try {
            return to.write(message.writerIndex(message.writerIndex() + length));
        } finally {
            message.release();
        }
    }

    /** Takes bytes from a device and gives the frames in them, each borrowed for the call. After a length that no frame has, nothing more is taken until the next connection. */
    void read(ByteBuf bytes, Consumer<Frame> onFrame) {
        if (!bytes.isReadable()) {
            begun.clear();
            broken = false;
        }
        while (bytes.isReadable() && !broken) {
            int wanted = wanted();
            if (wanted < 0) {
                broken = true;
                return;
            }
            begun.writeBytes(bytes, Math.min(wanted - begun.readableBytes(), bytes.readableBytes()));
            if (begun.readableBytes() >= headerBytes() && begun.readableBytes() == wanted()) {
                deliver(onFrame);
                begun.clear();
            }
        }
    }

    /** How many bytes the part ends at that is being read; -1 if it can end nowhere. */
    private int wanted() {
        int header = headerBytes();
        if (begun.readableBytes() < header) {
            return header;
        }
        long length = begun.getUnsignedInt(0);
        boolean good = length <= Port.MAX_FRAME_BYTES && skipped() <= length;
        return good ? header + (int) length : -1;
    }

    /** The bytes of a virtio-net header in front of the frame. */
    private long skipped() {
        return vnetHeader ? begun.getUnsignedInt(WORD) : 0;
    }

    private void deliver(Consumer<Frame> onFrame) {
        int from = headerBytes() + (int) skipped();
        int length = begun.readableBytes() - from;
        if (length > 0) {
            onFrame.accept(frame.clear().head(begun, from, length));
            frame.clear();
        }
    }

    void close() {
        begun.release();
    }
}
