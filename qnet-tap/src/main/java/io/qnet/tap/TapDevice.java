package io.qnet.tap;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.Errors.NativeIoException;
import io.netty.channel.unix.FileDescriptor;
import io.qnet.Frame;
import io.qnet.Port;
import io.qnet.loop.Loop;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import java.io.IOException;
import jnr.constants.platform.Errno;
import org.jspecify.annotations.Nullable;

/**
 * A TAP's descriptor on the network's epoll loop. A turn reads until there is nothing more, at most {@value #READS_A_TURN} frames (a TAP moves one frame a system call); a frame is written at once, header
 * and payload gathered, nothing copied.
 *
 * <p>Frames that are read are padded to {@value #ETHERNET_MIN} bytes, as a wire would.
 *
 * <p>Owns its buffers and its registration; the descriptor is closed by whoever made it, after {@link #close()}. Loop thread only.
 */
final class TapDevice implements EpollIoHandle {
    /** The most frames read in one turn, so that other sources get theirs. */
    static final int READS_A_TURN = 64;

    private static final int ETHERNET_MIN = 60;
    private static final int BUFFER_BYTES = VnetHeader.BYTES + 65_536 + 64;
    private static final int IOVECS = Frame.MAX_SLICES + 2;
    private static final int IOVEC_BYTES = 16; // struct iovec of 64-bit Linux, the only one that Netty's epoll has
    private static final EpollIoOps READ_WRITE = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLOUT);

    /** What a TAP tells. Called on the loop. */
    interface Handler {
        /** A turn's frames are about to be read. */
        void beforeRead();

        /** A frame came from the host; false if it cannot be taken now: it is kept, and nothing more is read until {@link TapDevice#resumeReading()}. */
        boolean onFrame(Frame frame);

        /** Frames can be written again after {@link TapDevice#write} answered false. */
        void onWritable();

        /** The interface is gone; no more comes. Told once. */
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
    private final Counter dropDown;
    private final Counter dropWrite;
    private @Nullable ByteBuf buffer;
    private @Nullable IoRegistration registration;
    private boolean pendingFrame;
    private boolean readPaused;
    private boolean writeBlocked;
    private boolean closed;

    /**
     * @param descriptor of a non-blocking TAP
     * @param vnetHeader whether frames carry a virtio-net header
     */
    TapDevice(FileDescriptor descriptor, boolean vnetHeader, Loop loop, Handler handler, Counters counters) {
        this.descriptor = descriptor;
        headerBytes = vnetHeader ? VnetHeader.BYTES : 0;
        this.handler = handler;
        allocator = loop.allocator();
        iovecs = allocator.directBuffer(IOVECS * IOVEC_BYTES, IOVECS * IOVEC_BYTES);
        header = allocator.directBuffer(VnetHeader.BYTES, VnetHeader.BYTES);
        dropBadHeader = counters.counter("drop.vnet-header");
        dropDown = counters.counter("drop.interface-down");
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
                gone(String.valueOf(future.cause()));
            }
        });
    }

    /**
     * Writes one frame, whole.
     *
     * @return false if the kernel takes nothing now; {@link Handler#onWritable} follows
     */
    boolean write(Frame out) {
        if (closed) {
            dropWrite.increment();
            return true;
        }
        ByteBuf copy = isAddressable(out) ? null : copyOf(out);
        long written;
        try {
            written = descriptor.writevAddresses(iovecs.memoryAddress(), fillIovecs(out, copy));
        } catch (NativeIoException e) {
            countRefused(e);
            return true;
        } catch (IOException e) {
            gone(String.valueOf(e.getMessage())); // Netty's word for a closed descriptor
            return true;
        } finally {
            if (copy != null) {
                copy.release();
            }
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
        if (closed) {
            return;
        }
        if (ops.contains(EpollIoOps.EPOLLERR)) { // Linux: tun_chr_poll says so of nothing but an interface that is gone
            gone("the interface was deleted");
            return;
        }
        if (ops.contains(EpollIoOps.EPOLLOUT) && writeBlocked) {
            writeBlocked = false;
            submit();
            handler.onWritable();
        }
        if (!closed && !readPaused) {
            readTurn();
        }
    }

    /** Ends the registration and releases the buffers. */
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
        ByteBuf held = buffer;
        if (held != null) {
            held.release();
            buffer = null;
        }
        header.release();
        iovecs.release();
    }

    private static boolean isAddressable(Frame out) {
        boolean all = out.head().hasMemoryAddress();
        for (int i = 0; i < out.sliceCount(); i++) {
            all &= out.slice(i).hasMemoryAddress();
        }
        return all;
    }

    private ByteBuf copyOf(Frame out) {
        int length = Math.min(out.length(), Port.MAX_FRAME_BYTES);
        ByteBuf copy = allocator.directBuffer(length, length);
        out.getBytes(copy, 0);
        return copy;
    }

    private int fillIovecs(Frame out, @Nullable ByteBuf copy) {
        int count = 0;
        if (headerBytes != 0) {
            VnetHeader.write(out, header, 0);
            count = iovec(count, header, 0, headerBytes);
        }
        if (copy != null) {
            return iovec(count, copy, 0, out.length());
        }
        count = iovec(count, out.head(), out.headIndex(), out.headLength());
        for (int i = 0; i < out.sliceCount(); i++) {
            count = iovec(count, out.slice(i), out.sliceIndex(i), out.sliceLength(i));
        }
        return count;
    }

    private int iovec(int count, ByteBuf bytes, int index, int length) {
        iovecs.setLongLE(count * IOVEC_BYTES, bytes.memoryAddress() + index);
        iovecs.setLongLE(count * IOVEC_BYTES + 8, length);
        return count + 1;
    }

    /** EIO: the interface is down. EINVAL: shorter than an Ethernet header, or a descriptor that the kernel does not believe. */
    private void countRefused(NativeIoException e) {
        if (-e.expectedErr() == Errno.EIO.intValue()) {
            dropDown.increment();
        } else {
            dropWrite.increment();
        }
    }

    private void readTurn() {
        if (pendingFrame && !deliver()) {
            return;
        }
        handler.beforeRead();
        for (int i = 0; i < READS_A_TURN && !closed; i++) {
            if (!readOne() || !deliver()) {
                return;
            }
        }
    }

    /** Reads one frame into {@link #frame}, which stays empty if its header lies; false if there is none. */
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
        int length = n - headerBytes;
        if (length < ETHERNET_MIN) {
            into.setZero(n, ETHERNET_MIN - length);
            length = ETHERNET_MIN;
        }
        if (headerBytes == 0) {
            frame.clear().head(into, 0, length);
        } else if (!VnetHeader.read(into, 0, length, frame)) {
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
        if (!closed) {
            close();
            handler.onGone(reason);
        }
    }

    private void submit() {
        IoRegistration present = registration;
        if (present == null || !present.isValid()) {
            return;
        }
        if (writeBlocked) {
            present.submit(readPaused ? EpollIoOps.EPOLLOUT : READ_WRITE);
        } else {
            present.submit(readPaused ? EpollIoOps.NONE : EpollIoOps.EPOLLIN);
        }
    }
}
