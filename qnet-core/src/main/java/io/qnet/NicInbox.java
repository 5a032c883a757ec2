package io.qnet;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.loop.TurnTask;
import io.qnet.stat.Counter;
import io.qnet.wire.Ethernet;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What a NIC receives. With a handler on the loop frames are delivered as they come; else they are copied into a bounded ring, from which the embedder's thread polls, or an executor's task hands them to
 * the handler. A full ring makes the sender wait.
 */
final class NicInbox implements Port.Device {
    private final Nic nic;
    private final NicConfig config;
    private final FrameRing ring;
    private final Frame polled = new Frame();
    private final Runnable wakePort = this::wakePort;
    private final Runnable handAll = this::handAll;
    private final SoftwareOffload finisher = new SoftwareOffload();
    private final Frame finished = new Frame();
    private final TurnTask nextTurn = new NextTurn();
    private final AtomicBoolean handing = new AtomicBoolean();
    /** The loop refused a frame for want of room; whoever makes room wakes it. */
    private volatile boolean blocked;

    private @Nullable FrameHandler handler;
    private @Nullable Executor executor;
    private @Nullable ByteBuf finishedBuffer;
    private @Nullable Counter dropTooLong;
    private @Nullable Counter dropBadOffload;
    private int framesThisTurn;

    NicInbox(Nic nic, NicConfig config) {
        this.nic = nic;
        this.config = config;
        ring = new FrameRing(config.inboxBytes(), config.inboxFrames());
    }

    void open() {
        dropTooLong = nic.port().counters().counter("drop.too-long");
        dropBadOffload = nic.port().counters().counter("drop.bad-offload");
    }

    /** Forgets what a reader has not taken. Loop thread; the reader may be at work still, and the ring is left to it. */
    void close() {
        finisher.end();
    }

    /** Frames go to {@code handler}, on the loop or on {@code executor}; those that came before are handed over first. Loop thread. */
    void handle(@Nullable FrameHandler handler, @Nullable Executor executor) {
        this.executor = executor;
        this.handler = handler;
        if (handler != null && executor == null) {
            while (ring.poll(polled)) {
                handler.onFrame(polled);
            }
        } else if (handler != null) {
            handToExecutor();
        }
        wakePort();
    }

    /** The next frame, or null. The consumer's thread. */
    @Nullable Frame poll() {
        boolean some = ring.poll(polled);
        if (blocked && ring.isHalfFree()) {
            unblock();
        }
        return some ? polled : null;
    }

    @Override
    public boolean receive(Frame frame) {
        if (finisher.isPending()) {
            return false; // the rest of a super-frame comes first; when it is done the port is woken
        }
        if (Offload.fits(frame, config.takes())) {
            return receiveFinished(frame);
        }
        if (!finisher.begin(frame)) {
            count(dropBadOffload);
        } else if (finisher.nextLength() > nic.maxFrameBytes()) {
            count(dropTooLong);
            finisher.end();
        } else {
            receiveSegments();
            finisher.keep(nic.loop().allocator());
        }
        return true;
    }

    private boolean receiveFinished(Frame frame) {
        if (frame.length() > nic.maxFrameBytes()) {
            count(dropTooLong);
            return true;
        }
        FrameHandler direct = direct();
        if (direct == null) {
            return copyIn(frame);
        }
        if (!mayHandOver()) {
            return false;
        }
        if (padded(frame.length()) > frame.length()) {
            ByteBuf buffer = finishedBytes();
            frame.getBytes(buffer, 0);
            handOver(direct, buffer, frame.length(), frame);
        } else {
            direct.onFrame(frame);
        }
        return true;
    }

    /** Takes segments of the super-frame in hand until all are taken, or there is no room, or the burst is used up. */
    private void receiveSegments() {
        try {
            while (finisher.isPending() && receiveSegment(finisher.nextLength())) {
                // all is done by the condition
            }
        } catch (RuntimeException | Error e) {
            finisher.end();
            throw e;
        }
        handToExecutor();
    }

    private boolean receiveSegment(int length) {
        FrameHandler direct = direct();
        if (direct != null) {
            if (!mayHandOver()) {
                return false;
            }
            ByteBuf buffer = finishedBytes();
            finisher.write(buffer, 0);
            handOver(direct, buffer, length, null);
            return true;
        }
        int at = claim(padded(length));
        if (at < 0) {
            return false;
        }
        finisher.write(ring.buffer(), at);
        pad(ring.buffer(), at, length);
        ring.commit();
        return true;
    }

    /** Gives the handler a frame that is in a buffer of this inbox. */
    private void handOver(FrameHandler direct, ByteBuf buffer, int length, @Nullable Frame offload) {
        finished.clear().head(buffer, 0, padded(length));
        if (offload != null) {
            finished.offloadOf(offload);
        }
        pad(buffer, 0, length);
        direct.onFrame(finished);
    }

    private int padded(int length) {
        return config.padTo60() ? Math.max(length, Ethernet.MIN_LENGTH) : length;
    }

    private void pad(ByteBuf buffer, int at, int length) {
        int padding = padded(length) - length;
        if (padding > 0) {
            buffer.setZero(at + length, padding);
        }
    }

    /** The handler, if it is called on the loop. */
    private @Nullable FrameHandler direct() {
        return executor == null ? handler : null;
    }

    /** Whether this turn's burst is not used up; if it is, the end of the turn wakes the port. */
    private boolean mayHandOver() {
        if (config.burstFrames() == Integer.MAX_VALUE) {
            return true;
        }
        nic.loop().flushThisTurn(nextTurn);
        if (framesThisTurn >= config.burstFrames()) {
            return false;
        }
        framesThisTurn++;
        return true;
    }

    private ByteBuf finishedBytes() {
        ByteBuf buffer = finishedBuffer;
        if (buffer == null) {
            buffer = Unpooled.buffer(Port.MAX_FRAME_BYTES, Port.MAX_FRAME_BYTES);
            finishedBuffer = buffer;
        }
        return buffer;
    }

    @Override
    public int takes() {
        return config.takes();
    }

    @Override
    public void onSendable() {
        nic.drain();
    }

    @Override
    public void onLink(boolean up) {
        nic.linkChanged(up);
    }

    /** Room for a frame in the ring, or -1; then whoever reads from it wakes the port. */
    private int claim(int length) {
        int at = ring.claim(length);
        if (at < 0) {
            blocked = true;
            // Room may have been made since: then nobody else would tell.
            at = ring.claim(length);
            if (at >= 0) {
                blocked = false;
            }
        }
        return at;
    }

    private boolean copyIn(Frame frame) {
        int length = frame.length();
        int at = claim(padded(length));
        if (at < 0) {
            return false;
        }
        frame.getBytes(ring.buffer(), at);
        pad(ring.buffer(), at, length);
        ring.commit(frame);
        handToExecutor();
        return true;
    }

    private void unblock() {
        blocked = false;
        try {
            nic.loop().eventLoop().execute(wakePort);
        } catch (RejectedExecutionException e) {
            if (!nic.isClosed()) {
                throw e;
            }
        }
    }

    private static void count(@Nullable Counter counter) {
        if (counter != null) {
            counter.increment();
        }
    }

    private void wakePort() {
        if (nic.isClosed()) {
            return;
        }
        receiveSegments();
        if (!finisher.isPending()) {
            nic.port().wake();
        }
    }

    /** Starts the task that hands frames over, unless it runs already. */
    private void handToExecutor() {
        Executor present = executor;
        if (present != null && handing.compareAndSet(false, true)) {
            present.execute(handAll);
        }
    }

    private void handAll() {
        FrameHandler present = handler;
        try {
            Frame frame = poll();
            while (frame != null && present != null) {
                present.onFrame(frame);
                frame = poll();
            }
        } catch (RuntimeException | Error e) {
            nic.loop().taskFailed(nic.id(), e);
        } finally {
            handing.set(false);
        }
        if (!ring.isEmpty()) {
            handToExecutor();
        }
    }

    private final class NextTurn extends TurnTask {
        @Override
        protected void run(long nowNanos) {
            framesThisTurn = 0;
            wakePort();
        }
    }
}
