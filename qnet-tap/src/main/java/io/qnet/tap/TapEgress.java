package io.qnet.tap;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.Offload;
import io.qnet.Port;
import io.qnet.SoftwareOffload;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import org.jspecify.annotations.Nullable;

/**
 * The way of frames to the kernel: what it takes undone goes as it is, the rest is finished first, one segment a write. A super-frame is taken whole or not at all: what the kernel does not take of it now
 * is kept here and goes before all else.
 *
 * <p>Loop thread only.
 */
final class TapEgress {
    private final TapDevice device;
    private final int takes;
    private final ByteBufAllocator allocator;
    private final Counter dropBadOffload;
    private final SoftwareOffload offload = new SoftwareOffload();
    private final Frame finished = new Frame();
    private @Nullable ByteBuf staging;
    /** The length of the finished frame in {@link #staging} that the kernel has not taken, or 0. */
    private int staged;

    /**
     * @param takes what the kernel takes undone, a set of {@code Offload.TAKES_…}
     */
    TapEgress(TapDevice device, int takes, ByteBufAllocator allocator, Counters counters) {
        this.device = device;
        this.takes = takes;
        this.allocator = allocator;
        dropBadOffload = counters.counter("drop.bad-offload");
    }

    /** Takes a frame, or answers false if something else must go first; {@link #resume()} then. */
    boolean send(Frame frame) {
        if (isBusy()) {
            return false;
        }
        if (Offload.fits(frame, takes)) {
            return device.write(frame);
        }
        if (!offload.begin(frame)) {
            dropBadOffload.increment();
            return true;
        }
        if (!drain()) {
            offload.keep(allocator);
        }
        return true;
    }

    /** Goes on where the kernel took nothing; true if nothing is left. */
    boolean resume() {
        return !isBusy() || drain();
    }

    /** Forgets what is left and releases the buffer. */
    void close() {
        offload.end();
        staged = 0;
        ByteBuf present = staging;
        if (present != null) {
            present.release();
            staging = null;
        }
    }

    private boolean isBusy() {
        return staged != 0 || offload.isPending();
    }

    private boolean drain() {
        ByteBuf into = staging();
        while (isBusy()) {
            if (staged == 0) {
                staged = offload.nextLength();
                offload.write(into, 0);
            }
            boolean written = device.write(finished.clear().head(into, 0, staged));
            finished.clear();
            if (!written) {
                return false;
            }
            staged = 0;
        }
        return true;
    }

    private ByteBuf staging() {
        ByteBuf present = staging;
        if (present == null) {
            present = allocator.directBuffer(Port.MAX_FRAME_BYTES, Port.MAX_FRAME_BYTES);
            staging = present;
        }
        return present;
    }
}
