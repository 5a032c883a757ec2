package io.qnet;

import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where an endpoint (netdev, NIC, hub port) is joined to its peer: the link, the queue in front of the endpoint, the counters.
 *
 * <p>The rules of delivery, after QEMU's {@code net/queue.c}:
 * <ul>
 *   <li>A receiver that can take nothing answers false, and nothing has changed. The sender waits, in order, and is told by {@link Device#onSendable()} once the receiver called {@link #wake()}.
 *   <li>A delivery in progress is never re-entered: what is sent to a receiver while it is receiving is queued (an owned copy) and delivered after it.
 *   <li>The queue is bounded in frames and bytes; what does not fit is dropped and counted. While something is queued, later frames wait behind it: the order of one source is kept.
 *   <li>A link that is down, and a missing peer, swallow frames, counted.
 * </ul>
 *
 * <p>Loop thread only.
 */
public final class Port {
    /** The most frames that wait in front of one endpoint, as in QEMU. */
    public static final int QUEUE_FRAMES = 10_000;
    /** The most bytes that wait in front of one endpoint. */
    public static final int QUEUE_BYTES = 16 << 20;

    /** The endpoint's side of its port. */
    public interface Device {
        /**
         * Takes a frame that the peer sends, whole, or answers false with nothing changed. The frame is borrowed for the call. After false, {@link Port#wake()} must be called once frames can be taken
         * again.
         */
        boolean receive(Frame frame);

        /** What is taken undone, a set of {@code Offload.TAKES_…}. A frame that leaves more undone may still arrive: the endpoint's egress finishes it. */
        int takes();

        /** The peer had refused a frame and may take frames again. */
        void onSendable();

        /** The link of this endpoint went up or down. */
        default void onLink(boolean up) {}
    }

    private final String name;
    private final Device device;
    private final NetdevContext context;
    private final Counters counters = new Counters();
    private final Counter inFrames = counters.counter("in.frames");
    private final Counter inBytes = counters.counter("in.bytes");
    private final Counter outFrames = counters.counter("out.frames");
    private final Counter outBytes = counters.counter("out.bytes");
    private final Counter dropLinkDown = counters.counter("drop.link-down");
    private final Counter dropNoPeer = counters.counter("drop.no-peer");
    private final Counter dropQueueFull = counters.counter("drop.queue-full");

    private final ArrayDeque<Frame> queue = new ArrayDeque<>();
    private final List<Port> waiters = new ArrayList<>();
    private int queuedBytes;
    private @Nullable Port peer;
    private boolean linkUp = true;
    private boolean delivering;
    private boolean refused;

    Port(String name, Device device, NetdevContext context) {
        this.name = name;
        this.device = device;
        this.context = context;
    }

    /** The name of the endpoint that this port belongs to. */
    public String name() {
        return name;
    }

    /** The port at the other end of the cable, or null. */
    public @Nullable Port peer() {
        return peer;
    }

    /** Whether the link of this endpoint is up. */
    public boolean isLinkUp() {
        return linkUp;
    }

    /** The counters of this port: {@code in.*} is what the endpoint received, {@code out.*} what it sent. */
    public Counters counters() {
        return counters;
    }

    /** What the peer takes undone; nothing without a peer. A hub answers for its other ports: what any of them takes. */
    public int peerTakes() {
        return peer == null ? Offload.TAKES_NOTHING : peer.device.takes();
    }

    /**
     * Sends a frame of this endpoint to the peer.
     *
     * @return false if the peer can take nothing now; the endpoint's {@link Device#onSendable()} will be called
     */
    public boolean send(Frame frame) {
        if (!linkUp) {
            dropLinkDown.increment();
            return true;
        }
        Port to = peer;
        if (to == null) {
            dropNoPeer.increment();
            return true;
        }
        if (!to.accept(frame, this)) {
            return false;
        }
        outFrames.increment();
        outBytes.add(frame.length());
        return true;
    }

    /** Sends a frame that cannot wait with the sender: what the peer does not take now is queued in front of it, and dropped and counted there when the queue is full. */
    public void sendOrQueue(Frame frame) {
        if (!send(frame)) {
            Port to = peer;
            if (to != null) {
                to.enqueue(frame);
            }
        }
    }

    /** The endpoint can take frames again: delivers what is queued, then tells the senders that were refused, in order. */
    public void wake() {
        refused = false;
        flushQueue();
        if (refused || !queue.isEmpty() || waiters.isEmpty()) {
            return;
        }
        Port[] woken = waiters.toArray(new Port[0]);
        waiters.clear();
        for (Port sender : woken) {
            sender.device.onSendable();
        }
    }

    void connect(Port other) {
        if (peer != null || other.peer != null) {
            throw new IllegalStateException("'" + name + "' or '" + other.name + "' already has a peer");
        }
        peer = other;
        other.peer = this;
    }

    void disconnect() {
        Port other = peer;
        if (other == null) {
            return;
        }
        peer = null;
        other.peer = null;
        purge();
        other.purge();
    }

    void setLinkUp(boolean up) {
        if (linkUp != up) {
            linkUp = up;
            device.onLink(up);
            if (!up) {
                purge();
            }
        }
    }

    /** Drops what is queued and releases whoever waits. */
    void purge() {
        for (Frame frame : queue) {
            frame.release();
        }
        queue.clear();
        queuedBytes = 0;
        wake();
    }

    private boolean accept(Frame frame, Port sender) {
        if (!linkUp) {
            dropLinkDown.increment();
            return true;
        }
        if (delivering) {
            enqueue(frame);
            return true;
        }
        if (refused || !queue.isEmpty() || context.isPaused()) {
            await(sender);
            return false;
        }
        if (!deliver(frame)) {
            await(sender);
            return false;
        }
        if (!queue.isEmpty()) {
            flushQueue();
        }
        return true;
    }

    private boolean deliver(Frame frame) {
        delivering = true;
        boolean taken;
        try {
            taken = device.receive(frame);
        } finally {
            delivering = false;
        }
        if (taken) {
            inFrames.increment();
            inBytes.add(frame.length());
        } else {
            refused = true;
        }
        return taken;
    }

    private void enqueue(Frame frame) {
        if (queue.size() >= QUEUE_FRAMES || queuedBytes + frame.length() > QUEUE_BYTES) {
            dropQueueFull.increment();
            return;
        }
        queue.add(new Frame().copy(frame, context.loop().allocator()));
        queuedBytes += frame.length();
    }

    private void flushQueue() {
        while (!delivering && !refused && !context.isPaused()) {
            Frame next = queue.peek();
            if (next == null || !deliver(next)) {
                return;
            }
            queue.remove();
            queuedBytes -= next.length();
            next.release();
        }
    }

    private void await(Port sender) {
        if (!waiters.contains(sender)) {
            waiters.add(sender);
        }
    }
}
