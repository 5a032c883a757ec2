package io.qnet;

import io.qnet.loop.TurnTask;
import io.qnet.stat.Counter;
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
    private final TurnTask nextTurn = new NextTurn();
    private final AtomicBoolean handing = new AtomicBoolean();
    /** The loop refused a frame for want of room; whoever makes room wakes it. */
    private volatile boolean blocked;

    private @Nullable FrameHandler handler;
    private @Nullable Executor executor;
    private @Nullable Counter dropTooLong;
    private int framesThisTurn;

    NicInbox(Nic nic, NicConfig config) {
        this.nic = nic;
        this.config = config;
        ring = new FrameRing(config.inboxBytes(), config.inboxFrames());
    }

    void open() {
        dropTooLong = nic.port().counters().counter("drop.too-long");
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
            hand();
        }
        nic.port().wake();
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
        if (frame.length() > nic.maxFrameBytes()) {
            if (dropTooLong != null) {
                dropTooLong.increment();
            }
            return true;
        }
        FrameHandler direct = handler;
        if (direct == null || executor != null) {
            return copyIn(frame);
        }
        if (framesThisTurn >= config.burstFrames()) {
            return false; // the end of this turn wakes the port
        }
        if (config.burstFrames() != Integer.MAX_VALUE) {
            framesThisTurn++;
            nic.loop().flushThisTurn(nextTurn);
        }
        direct.onFrame(frame);
        return true;
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

    private boolean copyIn(Frame frame) {
        int at = ring.claim(frame.length());
        if (at < 0) {
            blocked = true;
            // Room may have been made since: then nobody else would tell.
            at = ring.claim(frame.length());
            if (at < 0) {
                return false;
            }
            blocked = false;
        }
        frame.getBytes(ring.buffer(), at);
        ring.commit(frame);
        if (executor != null) {
            hand();
        }
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

    private void wakePort() {
        if (!nic.isClosed()) {
            nic.port().wake();
        }
    }

    /** Starts the task that hands frames over, unless it runs already. */
    private void hand() {
        Executor present = executor;
        if (present != null && handing.compareAndSet(false, true)) {
            present.execute(this::handOver);
        }
    }

    private void handOver() {
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
            hand();
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
