package io.qnet;

import io.netty.buffer.ByteBuf;
import io.qnet.loop.Loop;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The guest's network card as the network sees it: where an emulator, or a test, sends and receives frames.
 *
 * <p><b>Sending</b> may be done by any thread: the frame is copied before the call returns. <b>Receiving</b> is push ({@link #onFrame(FrameHandler)} on the loop, or on an executor) or pull: {@link #poll()}
 * from one thread at a time, at the cost of one volatile read when nothing is there. What is not received yet waits, bounded; then the sender waits.
 *
 * <p>Frames are Ethernet without FCS. Unless {@link NicConfig#takes} says otherwise they come finished: segmented, with their checksums. VLAN tags and any EtherType pass untouched.
 */
public final class Nic extends Endpoint {
    private static final int ETHERNET_HEADER = 14;
    /** Room for two VLAN tags beside the MTU. */
    private static final int VLAN_TAGS = 8;

    private final NicConfig config;
    private final NicInbox inbox;
    private final NicOutbox outbox;
    private volatile @Nullable Loop loop;
    private volatile boolean closed;
    private @Nullable Consumer<Boolean> linkListener;
    /** The link was taken down because the netdev at the other end was deleted. */
    private boolean peerDeleted;

    Nic(NicConfig config) {
        super(config.id());
        this.config = config;
        inbox = new NicInbox(this, config);
        outbox = new NicOutbox(this, config.outboxBytes(), config.outboxFrames());
    }

    /** A configuration with the defaults: model e1000, the next free MAC, no offloads, no MTU, 1 MiB each way. */
    public static NicConfig config() {
        return new NicConfig();
    }

    /** The card's address. */
    public MacAddress mac() {
        return config.mac();
    }

    /** How it was made. */
    public NicConfig configuration() {
        return config;
    }

    @Override
    public String type() {
        return "nic";
    }

    @Override
    public String info() {
        return "model=" + config.model() + ",macaddr=" + config.mac();
    }

    /**
     * Sends a frame. Any thread.
     *
     * @return false, counted as {@code drop.mailbox-full}, if so much is waiting that it has no room
     * @throws IllegalStateException if the NIC is closed
     */
    public boolean send(byte[] frame, int offset, int length) {
        return outbox.send(frame, offset, length);
    }

    /** As {@link #send(byte[], int, int)}, the whole array. */
    public boolean send(byte[] frame) {
        return outbox.send(frame, 0, frame.length);
    }

    /** As {@link #send(byte[], int, int)}: what remains in {@code frame}, whose position stays as it is. */
    public boolean send(ByteBuffer frame) {
        return outbox.send(frame);
    }

    /** As {@link #send(byte[], int, int)}: the readable bytes, whose indices stay as they are; the reference stays the caller's. */
    public boolean send(ByteBuf frame) {
        return outbox.send(frame, frame.readerIndex(), frame.readableBytes());
    }

    /** As {@link #send(byte[], int, int)}, with what the guest left undone (its virtio-net header) in the frame's offload fields. */
    public boolean send(Frame frame) {
        return outbox.send(frame);
    }

    /** Whether {@link #send} would have room for the longest frame now. Any thread. */
    public boolean canSend() {
        return outbox.hasRoom();
    }

    /** Gives every frame to {@code handler} on the network's loop, from now on; frames that wait come first. Any thread. */
    public void onFrame(FrameHandler handler) {
        onLoop(() -> inbox.handle(handler, null));
    }

    /** Gives every frame to {@code handler} in tasks of {@code executor}, one at a time and in order. Any thread. */
    public void onFrame(FrameHandler handler, Executor executor) {
        onLoop(() -> inbox.handle(handler, executor));
    }

    /**
     * The next frame, valid until the next call, or null if there is none. From one thread at a time; not together with a handler.
     */
    public @Nullable Frame poll() {
        return inbox.poll();
    }

    /**
     * Copies the next frame into an array.
     *
     * @return its length, or 0 if there is none
     * @throws IndexOutOfBoundsException if the frame is longer than the array; it is lost then
     */
    public int pollInto(byte[] target) {
        Frame frame = inbox.poll();
        if (frame == null) {
            return 0;
        }
        frame.getBytes(target, 0);
        return frame.length();
    }

    /** The next frame as an array of its length, or null if there is none. */
    public byte @Nullable [] pollBytes() {
        Frame frame = inbox.poll();
        if (frame == null) {
            return null;
        }
        byte[] bytes = new byte[frame.length()];
        frame.getBytes(bytes, 0);
        return bytes;
    }

    /**
     * Joins an emulated card that has only "read a frame or null" and "write a frame", called by the thread that steps it, between steps: reads what the guest sends while there is room, then writes what has
     * arrived, at most {@link NicConfig#burstFrames}.
     *
     * @return how many frames went either way
     */
    public int pump(Supplier<byte @Nullable []> read, Consumer<byte[]> write) {
        int moved = 0;
        while (canSend()) {
            byte[] sent = read.get();
            if (sent == null) {
                break;
            }
            send(sent);
            moved++;
        }
        for (int i = 0; i < config.burstFrames(); i++) {
            byte[] received = pollBytes();
            if (received == null) {
                break;
            }
            write.accept(received);
            moved++;
        }
        return moved;
    }

    /** Sets the link, as QEMU's {@code set_link} does. Any thread. */
    public void setLink(boolean up) {
        onLoop(() -> port().setLinkUp(up));
    }

    /** Told when the link goes up or down, on the loop. Any thread. */
    public void onLink(Consumer<Boolean> listener) {
        onLoop(() -> linkListener = listener);
    }

    @Override
    protected void open() {
        loop = context().loop();
        inbox.open();
        outbox.open();
    }

    @Override
    protected void close() {
        closed = true;
        inbox.close();
        port().counters().counter("drop.purged").add(outbox.clear());
    }

    @Override
    protected Port.Device device() {
        return inbox;
    }

    boolean isClosed() {
        return closed;
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("NIC '" + id() + "' is closed");
        }
    }

    Loop loop() {
        Loop present = loop;
        if (present == null) {
            throw new IllegalStateException("NIC '" + id() + "' has not been added to a network");
        }
        return present;
    }

    int maxFrameBytes() {
        return config.mtu() == 0
                ? Port.MAX_FRAME_BYTES
                : Math.min(config.mtu() + ETHERNET_HEADER + VLAN_TAGS, Port.MAX_FRAME_BYTES);
    }

    void drain() {
        outbox.drain();
    }

    void linkChanged(boolean up) {
        if (linkListener != null) {
            linkListener.accept(up);
        }
    }

    /** The netdev at the other end was deleted: the guest sees its link go down (QEMU's {@code peer_deleted}). */
    void peerDeleted() {
        peerDeleted = port().isLinkUp();
        port().setLinkUp(false);
    }

    /** A new netdev was joined. */
    void peerJoined() {
        if (peerDeleted) {
            peerDeleted = false;
            port().setLinkUp(true);
        }
    }

    private void onLoop(Runnable action) {
        context().call(action);
    }
}
