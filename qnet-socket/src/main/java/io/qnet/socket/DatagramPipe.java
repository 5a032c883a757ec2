package io.qnet.socket;

import io.netty.buffer.ByteBuf;
import io.qnet.Frame;
import io.qnet.NetdevContext;
import io.qnet.Offload;
import io.qnet.Port;
import io.qnet.SoftwareOffload;
import io.qnet.host.HostError;
import io.qnet.internal.socket.PacketSocket;
import io.qnet.internal.socket.PeerSocket;
import io.qnet.loop.Timer;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Moves frames between a port and a datagram socket, one frame a datagram, with what a {@link Framing} puts before it.
 *
 * <p>A datagram that the kernel has no room for waits here, with the rest of its super-frame; further frames wait with their sender. It is tried again when the kernel tells of room, and every
 * millisecond, since a unix socket that is not connected is not told. Whatever else goes wrong with a datagram ends that datagram alone. An empty datagram is no end: it is counted and passed over.
 *
 * <p>Counters: {@code drop.disconnected}, {@code drop.bad-offload}, {@code drop.too-large}, {@code drop.unreachable}, {@code in.empty}, {@code in.short}, {@code in.oversized}, {@code in.error}.
 */
final class DatagramPipe implements Port.Device, PacketSocket.Handler {
    /** The most datagrams received at a stretch, so that a flood leaves the loop time for others. */
    private static final int BURST = 64;

    private static final long RETRY_NANOS = 1_000_000;

    /** Room for what may stand before a frame, and to tell a datagram that is too long from one that is just not. */
    private static final int SPARE_BYTES = 1024;

    /** What stands before a frame in its datagram. */
    interface Framing {
        /** Frames alone. */
        Framing NONE = new Framing() {
            @Override
            public void writeHeader(ByteBuf target) {
                // nothing
            }

            @Override
            public int frameAt(ByteBuf datagram, int length) {
                return 0;
            }
        };

        /** Appends what stands before the next frame. */
        void writeHeader(ByteBuf target);

        /** Where the frame begins in a datagram that was received, from index 0 on; -1 if it is not to be taken, which is counted. */
        int frameAt(ByteBuf datagram, int length);
    }

    private final Framing framing;
    private final SoftwareOffload offload = new SoftwareOffload();
    private final Frame frame = new Frame();
    private final Timer retry = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            goOn();
        }
    };

    private @Nullable DatagramCounters counters;
    private @Nullable Opened open;

    /** A datagram in the output buffer waits for the kernel. */
    private boolean waiting;
    /** The network has refused the frame in the input buffer. */
    private boolean refused;

    private int refusedAt;
    private int refusedLength;

    DatagramPipe(Framing framing) {
        this.framing = framing;
    }

    /** What there is while it is open. */
    private record Opened(
            Port port, NetdevContext network, PeerSocket socket, ByteBuf in, ByteBuf out, DatagramCounters counters) {}

    /** Makes the counters, when the netdev opens. */
    void prepare(Port port) {
        counters = new DatagramCounters(port.counters());
    }

    /** Begins. Before, and after {@link #close}, frames are dropped and counted. */
    void open(Port port, NetdevContext network, PeerSocket socket) {
        int capacity = Port.MAX_FRAME_BYTES + SPARE_BYTES;
        open = new Opened(
                port,
                network,
                socket,
                network.loop().allocator().directBuffer(capacity, capacity),
                network.loop().allocator().directBuffer(capacity, capacity),
                counters());
    }

    private DatagramCounters counters() {
        DatagramCounters present = counters;
        if (present == null) {
            throw new IllegalStateException("not prepared");
        }
        return present;
    }

    /** Whether it is open. */
    boolean isOpen() {
        return open != null;
    }

    /** Closes the socket; whoever waits for it is woken. */
    void close() {
        Opened present = open;
        if (present == null) {
            return;
        }
        open = null;
        present.network.loop().timers().cancel(retry);
        present.socket.close();
        present.in.release();
        present.out.release();
        offload.end();
        waiting = false;
        refused = false;
        present.port.wake();
    }

    @Override
    public boolean receive(Frame sent) {
        Opened present = open;
        if (present == null) {
            counters().dropDisconnected.increment();
            return true;
        }
        if (waiting) {
            return false;
        }
        if (!offload.begin(sent)) {
            present.counters.dropBadOffload.increment();
            return true;
        }
        sendPending(present);
        offload.keep(present.network.loop().allocator());
        return true;
    }

    @Override
    public int takes() {
        return Offload.TAKES_NOTHING;
    }

    private void sendPending(Opened present) {
        while (waiting || offload.isPending()) {
            ByteBuf out = present.out;
            if (!waiting) {
                out.clear();
                framing.writeHeader(out);
                offload.next(out);
            }
            HostError error = present.socket.sendDatagram(out, 0, out.writerIndex());
            waiting = error == HostError.NO_RESOURCES;
            if (waiting) {
                present.network
                        .loop()
                        .timers()
                        .arm(retry, present.network.loop().nowNanos() + RETRY_NANOS);
                return;
            }
            if (error == HostError.MESSAGE_TOO_LARGE) {
                present.counters.dropTooLarge.increment();
            } else if (error != null) {
                present.counters.dropUnreachable.increment();
            }
        }
    }

    private void goOn() {
        Opened present = open;
        if (waiting && present != null) {
            sendPending(present);
            if (!waiting) {
                present.port.wake();
            }
        }
    }

    @Override
    public void onWritable() {
        goOn();
    }

    @Override
    public void onError() {
        Opened present = open;
        if (present != null) {
            present.counters.inError.increment();
        }
    }

    @Override
    public void onReadable() {
        for (int i = 0; i < BURST; i++) {
            Opened present = open;
            if (present == null || refused || !receiveOne(present)) {
                return;
            }
        }
    }

    private boolean receiveOne(Opened present) {
        int length;
        try {
            length = present.socket.receiveDatagram(present.in);
        } catch (IOException e) {
            present.counters.inError.increment();
            return true;
        }
        if (length < 0) {
            return false;
        }
        if (length == 0) {
            present.counters.inEmpty.increment();
            return true;
        }
        int at = framing.frameAt(present.in, length);
        if (at >= length) {
            present.counters.inShort.increment();
        } else if (at >= 0 && length - at > Port.MAX_FRAME_BYTES) {
            present.counters.inOversized.increment();
        } else if (at >= 0) {
            deliver(present, at, length - at);
        }
        return true;
    }

    private void deliver(Opened present, int at, int length) {
        refused = !present.port.send(frame.clear().head(present.in, at, length));
        refusedAt = at;
        refusedLength = length;
        if (refused) {
            present.socket.setReading(false);
        }
    }

    @Override
    public void onSendable() {
        Opened present = open;
        if (refused && present != null) {
            deliver(present, refusedAt, refusedLength);
            if (!refused && isOpen()) {
                present.socket.setReading(true);
            }
        }
    }

    /** What a datagram netdev counts beside its port. */
    private static final class DatagramCounters {
        final Counter dropDisconnected;
        final Counter dropBadOffload;
        final Counter dropTooLarge;
        final Counter dropUnreachable;
        final Counter inEmpty;
        final Counter inShort;
        final Counter inOversized;
        final Counter inError;

        DatagramCounters(Counters counters) {
            dropDisconnected = counters.counter("drop.disconnected");
            dropBadOffload = counters.counter("drop.bad-offload");
            dropTooLarge = counters.counter("drop.too-large");
            dropUnreachable = counters.counter("drop.unreachable");
            inEmpty = counters.counter("in.empty");
            inShort = counters.counter("in.short");
            inOversized = counters.counter("in.oversized");
            inError = counters.counter("in.error");
        }
    }
}
