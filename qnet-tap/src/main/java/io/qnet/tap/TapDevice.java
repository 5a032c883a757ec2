package io.qnet.tap;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.qnet.Frame;
import io.qnet.Offload;
import io.qnet.loop.Loop;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A TAP's descriptor on the network's epoll loop. A turn reads until there is nothing more, at most {@value #READS_A_TURN} frames (a TAP moves one frame a system call); a frame is written at once, header
 * and payload gathered, nothing copied.
 *
 * <p>Owns the descriptor and its buffers. Loop thread only.
 */
final class TapDevice implements EpollIoHandle {
    /** The most frames read in one turn, so that other sources get theirs. */
    static final int READS_A_TURN = 64;

    private static final int BUFFER_BYTES = VnetHeader.BYTES + 65_536 + 64;
    private static final int IOVECS = Frame.MAX_SLICES + 2;
    private static final int IOVEC_BYTES = 16; // struct iovec of 64-bit Linux, the only one that Netty's epoll has
    private static final EpollIoOps READ = EpollIoOps.EPOLLIN;
    private static final EpollIoOps READ_WRITE = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLOUT);

    /** What a TAP tells. Called on the loop. */
    interface Handler {
        /** A frame came from the host; false if it cannot be taken now: it is kept, and nothing more is read until {@link TapDevice#resumeReading()}. */
        boolean onFrame(Frame frame);

        /** Frames can be written again after {@link TapDevice#write} answered false. */
        void onWritable();

        /** The interface is gone; no more comes. */
        void onGone(String reason);
    }

    private final FileDescriptor descriptor;
    private final int headerBytes;
    private final Handler handler;
    private final ByteBufAllocator allocator;
    private final Frame frame = new Frame();
    private final ByteBuf iovecs;
    private final ByteBuf header;
    private final Counter dropBadHeader;
    private final Counter dropWrite;
    private @Nullable ByteBuf buffer;
    private @Nullable IoRegistration registration;
    private boolean pendingFrame;
    private boolean readPaused;
    private boolean writeBlocked;
    private boolean closed;

    TapDevice(int fd, boolean vnetHeader, Loop loop, Handler handler, Counters counters) {
        descriptor = new FileDescriptor(fd);
        headerBytes = vnetHeader ? VnetHeader.BYTES : 0;
        this.handler = handler;
        allocator = loop.allocator();
        iovecs = allocator.directBuffer(IOVECS * IOVEC_BYTES, IOVECS * IOVEC_BYTES);
        header = allocator.directBuffer(VnetHeader.BYTES, VnetHeader.BYTES);
        dropBadHeader = counters.counter("drop.vnet-header");
        dropWrite = counters.counter("drop.write");
    }

    /** Begins to read. */
    void register(Loop loop) {
        loop.eventLoop().register(this).addListener(future -> {
            if (future.isSuccess()) {
                registration = (IoRegistration) future.getNow();
                if (closed) {
                    registration.cancel();
                } else {
                    submit();
                }
            } else if (!closed) {
                handler.onGone(String.valueOf(future.cause()));
            }
        });
    }

    /** What this TAP's kernel takes undone. */
    int takes() {
        return headerBytes == 0 ? Offload.TAKES_NOTHING : Offload.TAKES_ALL;
    }

    /**
     * Writes one frame, whole.
     *
     * @return false if the kernel takes nothing now; {@link Handler#onWritable} follows
     */
    boolean write(Frame out) {
        if (closed) {
            return true;
        }
        int count = 0;
        if (headerBytes != 0) {
            VnetHeader.write(out, header, 0);
            count = iovec(count, header, 0, headerBytes);
        }
        count = iovec(count, out.head(), out.headIndex(), out.headLength());
        for (int i = 0; i < out.sliceCount(); i++) {
            count = iovec(count, out.slice(i), out.sliceIndex(i), out.sliceLength(i));
        }
        long written;
        try {
            written = descriptor.writevAddresses(iovecs.memoryAddress(), count);
        } catch (IOException e) { // EIO: the interface is down; EINVAL: shorter than an Ethernet header
            dropWrite.increment();
            return true;
        }
        if (written == 0) {
            writeBlocked = true;
            submit();
            return false;
        }
        return true;
    }

    /** The handler can take frames again. */
    void resumeReading() {
        if (readPaused && !closed) {
            readPaused = false;
            submit();
            readTurn();
        }
    }

    @Override
    public FileDescriptor fd() {
        return descriptor;
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
        EpollIoOps ops = ((EpollIoEvent) event).ops();
        if (ops.contains(EpollIoOps.EPOLLOUT) && writeBlocked) {
            writeBlocked = false;
            submit();
            handler.onWritable();
        }
        if (!closed && !readPaused) {
            readTurn();
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        IoRegistration present = registration;
        if (present != null) {
            present.cancel();
        }
        try {
            descriptor.close();
        } catch (IOException e) {
            System.getLogger(TapDevice.class.getName()).log(System.Logger.Level.DEBUG, "closing a TAP", e);
        }
        ByteBuf held = buffer;
        if (held != null) {
            held.release();
            buffer = null;
        }
        header.release();
        iovecs.release();
    }

    private int iovec(int count, ByteBuf bytes, int index, int length) {
        iovecs.setLongLE(count * IOVEC_BYTES, bytes.memoryAddress() + index);
        iovecs.setLongLE(count * IOVEC_BYTES + 8, length);
        return count + 1;
    }

    private void readTurn() {
        if (pendingFrame && !deliver()) {
            return;
        }
        for (int i = 0; i < READS_A_TURN && !closed; i++) {
            if (!readOne() || !deliver()) {
                return;
            }
        }
    }

    /** Reads one frame into {@link #frame}; false if there is none. */
    private boolean readOne() {
        ByteBuf into = freeBuffer();
        int n;
        try {
            n = descriptor.readAddress(into.memoryAddress(), 0, BUFFER_BYTES);
        } catch (IOException e) {
            gone(String.valueOf(e.getMessage()));
            return false;
        }
        if (n <= headerBytes) {
            return false;
        }
        frame.clear().head(into, headerBytes, n - headerBytes);
        if (headerBytes != 0 && !VnetHeader.read(into, 0, n - headerBytes, frame)) {
            dropBadHeader.increment();
            frame.clear();
        }
        return true;
    }

    private boolean deliver() {
        if (frame.headLength() == 0) {
            return true;
        }
        pendingFrame = !handler.onFrame(frame);
        if (pendingFrame) {
            readPaused = true;
            submit();
            return false;
        }
        frame.clear();
        return true;
    }

    /** The buffer to read into: the last one, unless someone keeps a part of it. */
    private ByteBuf freeBuffer() {
        ByteBuf present = buffer;
        if (present != null && present.refCnt() == 1) {
            return present;
        }
        if (present != null) {
            present.release();
        }
        ByteBuf fresh = allocator.directBuffer(BUFFER_BYTES, BUFFER_BYTES);
        buffer = fresh;
        return fresh;
    }

    private void gone(String reason) {
        IoRegistration present = registration;
        if (present != null) {
            present.cancel();
        }
        close();
        handler.onGone(reason);
    }

    private void submit() {
        IoRegistration present = registration;
        if (present == null || !present.isValid()) {
            return;
        }
        EpollIoOps reading = readPaused ? EpollIoOps.NONE : READ;
        present.submit(writeBlocked ? (readPaused ? EpollIoOps.EPOLLOUT : READ_WRITE) : reading);
    }
}
