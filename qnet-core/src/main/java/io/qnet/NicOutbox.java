package io.qnet;

import io.netty.buffer.ByteBuf;
import io.qnet.stat.Counter;
import java.nio.ByteBuffer;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * What a NIC sends: a bounded mailbox that any thread copies frames into, and that the loop empties into the port. The loop is woken once, however many frames come before it looks.
 */
final class NicOutbox {
    private final Nic nic;
    private final FrameRing ring;
    private final Object lock = new Object();
    private final Frame scratch = new Frame();
    private final Runnable drain = this::drainWoken;
    private volatile boolean woken;
    private boolean draining;
    private @Nullable Counter dropFull;
    private @Nullable Counter dropLength;

    NicOutbox(Nic nic, int bytes, int frames) {
        this.nic = nic;
        ring = new FrameRing(bytes, frames);
    }

    /** The counters are written under the lock only, since any thread sends. */
    void open() {
        dropFull = nic.port().counters().counter("drop.mailbox-full");
        dropLength = nic.port().counters().counter("drop.too-long");
    }

    boolean send(byte[] source, int offset, int length) {
        synchronized (lock) {
            int at = claim(length);
            if (at < 0) {
                return false;
            }
            if (at > 0) {
                ring.buffer().setBytes(at, source, offset, length);
                ring.commit();
            }
        }
        wake();
        return true;
    }

    boolean send(ByteBuffer source) {
        synchronized (lock) {
            int at = claim(source.remaining());
            if (at < 0) {
                return false;
            }
            if (at > 0) {
                ring.buffer().setBytes(at, source.duplicate());
                ring.commit();
            }
        }
        wake();
        return true;
    }

    boolean send(ByteBuf source, int index, int length) {
        synchronized (lock) {
            int at = claim(length);
            if (at < 0) {
                return false;
            }
            if (at > 0) {
                ring.buffer().setBytes(at, source, index, length);
                ring.commit();
            }
        }
        wake();
        return true;
    }

    boolean send(Frame frame) {
        synchronized (lock) {
            int at = claim(frame.length());
            if (at < 0) {
                return false;
            }
            if (at > 0) {
                frame.getBytes(ring.buffer(), at);
                ring.commit(frame);
            }
        }
        wake();
        return true;
    }

    /** Whether a frame of the greatest length would find room now. */
    boolean hasRoom() {
        synchronized (lock) {
            return ring.hasRoom();
        }
    }

    /** Sends what is in the mailbox, until the peer takes no more. Loop thread. */
    void drain() {
        if (draining) {
            return; // a receiver of what is being sent sends in turn: that follows
        }
        draining = true;
        try {
            while (!nic.isClosed() && ring.peek(scratch) && nic.port().send(scratch)) {
                ring.release();
            }
        } finally {
            draining = false;
        }
    }

    /** Forgets what was not sent. Loop thread. */
    int clear() {
        return ring.clear(scratch);
    }

    /** Room for a frame: its place, -1 if there is none, 0 if the frame is swallowed because of its length. */
    private int claim(int length) {
        nic.checkOpen();
        if (length == 0 || length > nic.maxFrameBytes()) {
            count(dropLength);
            return 0;
        }
        int at = ring.claim(length);
        if (at < 0) {
            count(dropFull);
        }
        return at;
    }

    private static void count(@Nullable Counter counter) {
        if (counter != null) {
            counter.increment();
        }
    }

    private void wake() {
        if (nic.loop().inLoop()) {
            drain();
        } else if (!woken) {
            woken = true;
            try {
                nic.loop().eventLoop().execute(drain);
            } catch (RejectedExecutionException e) {
                nic.checkOpen(); // the network was closed meanwhile
                throw e;
            }
        }
    }

    private void drainWoken() {
        woken = false;
        try {
            drain();
        } catch (RuntimeException | Error e) {
            nic.loop().taskFailed(nic.id(), e);
        }
    }
}
