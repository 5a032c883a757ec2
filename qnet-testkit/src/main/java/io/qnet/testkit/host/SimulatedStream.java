package io.qnet.testkit.host;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import io.qnet.host.HostStream;
import io.qnet.loop.TurnTask;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The netdev's end of a simulated connection; the other is a {@link HostConnection}. */
final class SimulatedStream implements HostStream {
    private static final int LARGEST_READ = 64 << 10;

    private final SimulatedHost host;
    private final SocketAddress local;
    private final SocketAddress remote;
    private final Flush flush = new Flush();
    private final ArrayDeque<byte[]> pending = new ArrayDeque<>();
    private final ArrayDeque<byte[]> arrived = new ArrayDeque<>();
    /** How much of the first of {@link #pending} is taken. */
    private int pendingTaken;
    /** How much of the first of {@link #arrived} is delivered. */
    private int arrivedTaken;

    private @Nullable Handler handler;
    private @Nullable HostConnection peer;
    private long pendingBytes;
    private long credit;
    private boolean outputShut;
    private boolean finPending;
    private boolean eofArrived;
    private boolean eofTold;
    private boolean writtenDue;
    private boolean deliveryDue;
    /** Nothing is told any more. */
    private boolean over;

    private final class Flush extends TurnTask {
        @Override
        protected void run(long nowNanos) {
            flush();
        }
    }

    SimulatedStream(SimulatedHost host, SocketAddress local, SocketAddress remote, @Nullable Handler handler) {
        this.host = host;
        this.local = local;
        this.remote = remote;
        this.handler = handler;
        host.opened(this);
    }

    @Override
    public void setReadCredit(long bytes) {
        host.checkLoop();
        credit = bytes;
        scheduleDelivery();
    }

    @Override
    public void write(ByteBuf source, int index, int length) {
        host.checkLoop();
        if (outputShut) {
            throw new IllegalStateException("write after shutdownOutput");
        }
        if (over || length == 0) {
            return;
        }
        byte[] bytes = new byte[length];
        source.getBytes(index, bytes);
        pending.add(bytes);
        pendingBytes += length;
        host.loop().flushThisTurn(flush);
    }

    @Override
    public void flush() {
        host.checkLoop();
        push();
    }

    @Override
    public long pendingBytes() {
        return pendingBytes;
    }

    @Override
    public void shutdownOutput() {
        host.checkLoop();
        if (!outputShut) {
            outputShut = true;
            finPending = true;
            host.loop().flushThisTurn(flush);
        }
    }

    @Override
    public void reset() {
        host.checkLoop();
        if (end()) {
            pending.clear();
            pendingBytes = 0;
            HostConnection other = peer;
            if (other != null) {
                host.later(other::resetArrived);
            }
        }
    }

    @Override
    public void close() {
        host.checkLoop();
        if (end()) {
            outputShut = true;
            finPending = true;
            push();
        }
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }

    /** The connect was accepted: the other end exists. Tells the handler if {@code tell}. */
    void connected(HostConnection other, boolean tell) {
        peer = other;
        if (tell && !over) {
            handler().onConnected();
        }
        push();
    }

    void setHandler(Handler accepting) {
        handler = accepting;
        scheduleDelivery();
    }

    /** Takes what the other end's program sends. */
    void arrive(byte[] bytes) {
        if (!over && bytes.length > 0) {
            arrived.add(bytes);
            scheduleDelivery();
        }
    }

    void eofArrive() {
        eofArrived = true;
        scheduleDelivery();
    }

    void fail(HostError error) {
        if (end()) {
            arrived.clear();
            pending.clear();
            pendingBytes = 0;
            Handler present = handler;
            if (present != null) {
                present.onFailed(error);
            }
        }
    }

    /** Hands on as much as the other end takes, then FIN. */
    void push() {
        HostConnection other = peer;
        if (other == null) {
            return;
        }
        long before = pendingBytes;
        for (byte[] next = pending.peek(); next != null; next = pending.peek()) {
            int taken = other.take(next, pendingTaken);
            pendingBytes -= taken;
            pendingTaken += taken;
            if (pendingTaken < next.length) {
                break;
            }
            pendingTaken = 0;
            pending.remove();
        }
        if (finPending && pending.isEmpty()) {
            finPending = false;
            host.later(other::eofArrived);
        }
        if (pendingBytes < before && !writtenDue && !over) {
            writtenDue = true;
            host.later(this::tellWritten);
        }
    }

    boolean isOver() {
        return over;
    }

    private void tellWritten() {
        writtenDue = false;
        if (!over) {
            handler().onWritten(pendingBytes);
        }
    }

    private void scheduleDelivery() {
        boolean something = (!arrived.isEmpty() && credit > 0) || (arrived.isEmpty() && eofArrived && !eofTold);
        if (something && !deliveryDue && !over && handler != null) {
            deliveryDue = true;
            host.later(this::deliver);
        }
    }

    private void deliver() {
        deliveryDue = false;
        if (over) {
            return;
        }
        byte[] next = credit > 0 ? arrived.peek() : null;
        if (next != null) {
            // as a socket read does, one delivery may be longer than the credit
            int part = Math.min(next.length - arrivedTaken, LARGEST_READ);
            credit = Math.max(0, credit - part);
            ByteBuf data = host.loop().allocator().directBuffer(part);
            data.writeBytes(next, arrivedTaken, part);
            arrivedTaken += part;
            if (arrivedTaken == next.length) {
                arrived.remove();
                arrivedTaken = 0;
            }
            HostConnection other = peer;
            if (other != null) {
                other.wasRead(part);
            }
            handler().onData(data);
        } else if (arrived.isEmpty() && eofArrived && !eofTold) {
            eofTold = true;
            handler().onEof();
        }
        scheduleDelivery();
    }

    @Override
    public String toString() {
        return "stream " + local + " to " + remote;
    }

    private boolean end() {
        if (over) {
            return false;
        }
        over = true;
        host.closed(this);
        return true;
    }

    private Handler handler() {
        Handler present = handler;
        if (present == null) {
            throw new IllegalStateException("no handler yet");
        }
        return present;
    }
}
