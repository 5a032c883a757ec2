package io.qnet;

import io.qnet.loop.TurnTask;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Where an endpoint (netdev, NIC, hub port) is joined to its peer: the link, the queue in front of the endpoint, the counters.
 *
 * <p>The rules of delivery, after QEMU's {@code net/queue.c}:
 * <ul>
 *   <li>A receiver that can take nothing answers false, and nothing has changed. The sender waits, and is told by {@link Device#onSendable()} once the receiver called {@link #wake()}.
 *   <li>A delivery in progress is never re-entered: what is sent to a receiver while it is receiving is queued (an owned copy) and delivered after it.
 *   <li>The queue is bounded in frames and bytes; what does not fit is dropped and counted. While something is queued, later frames wait behind it: the order of one source is kept.
 *   <li>A link that is down, and a missing peer, swallow frames, counted. So do empty frames and those above {@link #MAX_FRAME_BYTES}.
 *   <li>A frame passes the filters of both ports (see {@link FrameFilter}) once: whether the receiver can take something is asked before.
 *   <li>What a device throws is a bug: it is reported to the loop, the frame counts as taken, the network lives.
 * </ul>
 *
 * <p>Loop thread only.
 */
public final class Port {
    /** The most frames that wait in front of one endpoint, as in QEMU. */
    public static final int QUEUE_FRAMES = 10_000;
    /** The most bytes that wait in front of one endpoint. */
    public static final int QUEUE_BYTES = 16 << 20;

    /** The most payload bytes of a super-frame: an IP packet's 65 535 less the largest headers in use. */
    public static final int MAX_GSO_BYTES = 65_535 - 120;
    /** The longest frame, as in QEMU (NET_BUFSIZE). */
    public static final int MAX_FRAME_BYTES = 4096 + 65536;

    /** How many queued frames are delivered at a stretch, so that two endpoints that answer each other for ever do not hold the loop. */
    private static final int FLUSH_FRAMES = 1024;

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

        /** The most payload bytes of a super-frame that are welcome; more may still arrive. */
        default int maxGsoBytes() {
            return MAX_GSO_BYTES;
        }

        /** The hub that this endpoint is a port of, or null. */
        default @Nullable Hub hub() {
            return null;
        }

        /** The link of this endpoint went up or down. */
        default void onLink(boolean up) {}

        /** A peer was joined or has left, or the peer's link went up or down. */
        default void onPeerChanged() {}
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
    private final Counter dropPurged = counters.counter("drop.purged");
    private final Counter dropLength = counters.counter("drop.bad-length");
    private final Counter dropFailed = counters.counter("drop.failed");

    private final FilterChain filters = new FilterChain();
    private final ArrayDeque<Frame> queue = new ArrayDeque<>();
    private final TurnTask later = new WakeLater();
    private int queuedBytes;
    private int purges;
    private boolean closed;
    private @Nullable Port peer;
    private boolean linkUp = true;
    private boolean delivering;
    /** The device has refused a frame and not called {@link #wake()} since. */
    private boolean refused;
    /** {@link #wake()} was called during the delivery in progress. */
    private boolean wokenInside;
    /** The peer was refused and is to be told when frames can be taken. */
    private boolean senderWaits;

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

    /** The hub whose port the peer is, or null. */
    public @Nullable Hub peerHub() {
        return peer == null ? null : peer.device.hub();
    }

    /** The most payload bytes of a super-frame that the peer wants. A hub answers for its other ports: the smallest. */
    public int peerMaxGsoBytes() {
        return peer == null ? MAX_GSO_BYTES : peer.device.maxGsoBytes();
    }

    /** Frames that wait in front of this endpoint. */
    public int queuedFrames() {
        return queue.size();
    }

    /**
     * Sends a frame of this endpoint to the peer.
     *
     * @return false if the peer can take nothing now; the endpoint's {@link Device#onSendable()} will be called
     */
    public boolean send(Frame frame) {
        Port to = receiverOf(frame);
        if (to == null) {
            return true;
        }
        boolean sent = offer(frame, to);
        if (!sent) {
            to.senderWaits = true;
        }
        return sent;
    }

    /** Sends a frame that cannot wait with the sender: what the peer does not take now is queued in front of it, and dropped and counted there when the queue is full. */
    public void sendOrQueue(Frame frame) {
        Port to = receiverOf(frame);
        if (to != null && !offer(frame, to)) {
            countSent(frame.length());
            if (filters.passTx(frame, null) && to.filters.passRx(frame, null)) {
                to.enqueue(frame);
            }
        }
    }

    /** The endpoint can take frames again: delivers what is queued, then tells the sender that was refused. */
    public void wake() {
        refused = false;
        if (delivering) {
            wokenInside = true;
        } else {
            flushQueue();
            tellSender();
        }
    }

    void connect(Port other) {
        if (peer != null || other.peer != null) {
            throw new IllegalStateException("'" + name + "' or '" + other.name + "' already has a peer");
        }
        peer = other;
        other.peer = this;
        refused = false;
        other.refused = false;
        guarded(device::onPeerChanged);
        other.guarded(other.device::onPeerChanged);
    }

    void disconnect() {
        Port other = peer;
        if (other == null) {
            return;
        }
        peer = null;
        other.peer = null;
        // Whoever waits for the other side goes on, and finds that nobody is there.
        boolean otherWaits = purge();
        boolean thisWaits = other.purge();
        guarded(device::onPeerChanged);
        other.guarded(other.device::onPeerChanged);
        if (thisWaits) {
            guarded(device::onSendable);
        }
        if (otherWaits) {
            other.guarded(other.device::onSendable);
        }
    }

    void setLinkUp(boolean up) {
        if (linkUp == up) {
            return;
        }
        linkUp = up;
        boolean waits = !up && purge();
        guarded(() -> device.onLink(up));
        Port other = peer;
        if (other != null) {
            other.guarded(other.device::onPeerChanged);
            if (waits) {
                other.guarded(other.device::onSendable);
            }
        }
    }

    /** Delivery goes on after a pause. */
    void resumed() {
        flushQueue();
        tellSender();
    }

    /** Drops what is queued, at the end of this port. */
    void close() {
        closed = true;
        for (FilterChain.Slot slot : filters.slots()) {
            removeFilter(slot);
        }
        purge();
    }

    FilterChain filters() {
        return filters;
    }

    FilterChain.Slot addFilter(String id, FrameFilter filter, FilterPlace place) {
        FilterChain.Slot slot = new FilterChain.Slot(this, id, filter, place);
        filters.add(slot);
        guarded(() -> filter.placed(slot.onward(FrameFilter.Direction.TX), slot.onward(FrameFilter.Direction.RX)));
        return slot;
    }

    void removeFilter(FilterChain.Slot slot) {
        guarded(slot.filter::close);
        filters.remove(slot);
    }

    /** A frame that the endpoint sent goes on from behind a filter. */
    void injectTx(Frame frame, FilterChain.Slot after) {
        Port to = receiverOf(frame);
        if (to != null && filters.passTx(frame, after) && to.filters.passRx(frame, null)) {
            to.deliverOrEnqueue(frame);
        }
    }

    /** A frame that was sent to the endpoint goes on from behind a filter. */
    void injectRx(Frame frame, FilterChain.Slot after) {
        if (filters.passRx(frame, after)) {
            deliverOrEnqueue(frame);
        }
    }

    /** Where a frame of this endpoint goes, or null if it goes nowhere, counted. */
    private @Nullable Port receiverOf(Frame frame) {
        int length = frame.length();
        if (length == 0 || length > MAX_FRAME_BYTES) {
            dropLength.increment();
            return null;
        }
        if (!linkUp) {
            dropLinkDown.increment();
            return null;
        }
        Port to = peer;
        if (to == null) {
            dropNoPeer.increment();
            return null;
        }
        if (!to.linkUp) {
            to.dropLinkDown.increment();
            countSent(length);
            return null;
        }
        return to;
    }

    /** Gives a frame to the receiver unless that can take nothing; then nothing has changed. */
    private boolean offer(Frame frame, Port to) {
        if (!to.delivering && !to.isReady()) {
            return false;
        }
        int length = frame.length();
        if (!filters.isEmpty() || !to.filters.isEmpty()) {
            // From here on the frame is on its way: were it refused, it would pass the filters again.
            countSent(length);
            if (filters.passTx(frame, null) && to.filters.passRx(frame, null)) {
                to.deliverOrEnqueue(frame);
            }
            return true;
        }
        if (to.delivering) {
            to.enqueue(frame);
        } else if (!to.deliver(frame)) {
            return false;
        } else if (!to.queue.isEmpty()) {
            to.flushQueue();
        }
        countSent(length);
        return true;
    }

    private void countSent(int length) {
        outFrames.increment();
        outBytes.add(length);
    }

    private boolean isReady() {
        return !refused && queue.isEmpty() && !context.isPaused();
    }

    private void deliverOrEnqueue(Frame frame) {
        if (closed) {
            dropPurged.increment(); // a filter lets go what it held
        } else if (!linkUp) {
            dropLinkDown.increment();
        } else if (delivering || !isReady() || !deliver(frame)) {
            enqueue(frame);
        } else if (!queue.isEmpty()) {
            flushQueue();
        }
    }

    private boolean deliver(Frame frame) {
        int length = frame.length();
        boolean taken;
        delivering = true;
        wokenInside = false;
        try {
            taken = device.receive(frame);
        } catch (RuntimeException | Error e) {
            context.loop().taskFailed(name, e);
            dropFailed.increment();
            return true;
        } finally {
            delivering = false;
        }
        if (taken) {
            inFrames.increment();
            inBytes.add(length);
        } else if (wokenInside) {
            context.loop().transmitThisTurn(later);
        } else {
            refused = true;
        }
        return taken;
    }

    private void enqueue(Frame frame) {
        int length = frame.length();
        if (queue.size() >= QUEUE_FRAMES || queuedBytes + length > QUEUE_BYTES) {
            dropQueueFull.increment();
            return;
        }
        queue.add(new Frame().copyWhole(frame, context.loop().allocator()));
        queuedBytes += length;
    }

    private void flushQueue() {
        int budget = FLUSH_FRAMES;
        while (!delivering && !refused && !context.isPaused()) {
            Frame next = queue.peek();
            if (next == null) {
                return;
            }
            if (budget-- == 0) {
                context.loop().transmitThisTurn(later);
                return;
            }
            queue.remove();
            queuedBytes -= next.length();
            int before = purges;
            if (deliver(next) || purges != before) {
                next.release();
            } else {
                queue.addFirst(next);
                queuedBytes += next.length();
                return;
            }
        }
    }

    private void tellSender() {
        Port sender = peer;
        if (senderWaits && sender != null && !delivering && isReady()) {
            senderWaits = false;
            sender.guarded(sender.device::onSendable);
        }
    }

    /** Drops what is queued; answers whether the peer was waiting. */
    private boolean purge() {
        dropPurged.add(queue.size());
        for (Frame frame : queue) {
            frame.release();
        }
        queue.clear();
        queuedBytes = 0;
        purges++;
        boolean waits = senderWaits;
        senderWaits = false;
        return waits;
    }

    private void guarded(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException | Error e) {
            context.loop().taskFailed(name, e);
        }
    }

    /** Goes on where {@link #flushQueue} left off, or a wake-up came too early. */
    private final class WakeLater extends TurnTask {
        @Override
        protected void run(long nowNanos) {
            flushQueue();
            tellSender();
        }
    }
}
