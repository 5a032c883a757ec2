package io.qnet.slirp.host;

import io.netty.buffer.ByteBuf;
import io.qnet.loop.Loop;
import io.qnet.loop.TurnTask;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * When the datagrams of a network are received and sent many at once: as soon as there are so many in one turn that the native calls are worth loading. Until then, and where there are none, each goes by
 * itself.
 *
 * <p>Loop thread only.
 */
final class DatagramBatches {
    /** The datagrams of one turn that make it worth while. */
    static final int BUSY = 32;

    private final Loop loop;
    private final NativeCalls nativeCalls;
    /** Whether sockets have descriptors, and buffers addresses. */
    private final boolean possible;

    private final ReceiveBatch received;
    private final SendBatch toSend;
    private final TurnTask flush = new TurnTask() {
        @Override
        protected void run(long nowNanos) {
            flush();
        }
    };
    private long turnNanos;
    private int inTurn;
    private boolean wanted;

    DatagramBatches(Loop loop, NativeCalls nativeCalls, boolean takesDescriptors) {
        this.loop = loop;
        this.nativeCalls = nativeCalls;
        possible = takesDescriptors && hasAddresses(loop);
        received = new ReceiveBatch(loop.allocator());
        toSend = new SendBatch(loop.allocator());
    }

    private static boolean hasAddresses(Loop loop) {
        ByteBuf probe = loop.allocator().directBuffer(16);
        try {
            return probe.hasMemoryAddress();
        } finally {
            probe.release();
        }
    }

    /** The native calls if they are loaded and can be used. */
    @Nullable LibC calls() {
        return possible ? nativeCalls.get() : null;
    }

    /** Datagrams went one by one: with many in a turn the native calls are loaded. */
    void counted(int datagrams) {
        if (!possible || wanted) {
            return;
        }
        long nowNanos = loop.nowNanos();
        inTurn = nowNanos == turnNanos ? inTurn + datagrams : datagrams;
        turnNanos = nowNanos;
        if (inTurn >= BUSY) {
            wanted = true;
            nativeCalls.load(() -> {});
        }
    }

    /** Whether a datagram can be collected now. */
    boolean canCollect() {
        return !toSend.isFlushing();
    }

    /** Collects a datagram until the end of the turn. */
    void collect(LibC calls, SendBatch.Source from, ByteBuf data, int index, int length, InetSocketAddress to) {
        toSend.add(calls, from, data, index, length, to);
        loop.flushThisTurn(flush);
    }

    /** Sends what was collected of a socket that changes or closes. */
    void flush(SendBatch.Source socket) {
        if (toSend.holds(socket)) {
            flush();
        }
    }

    /** Receives many at once; true if more may be there. */
    boolean receive(LibC calls, int descriptor, MessageVector.Sender last, ReceiveBatch.Taker taker) {
        return received.receive(calls, descriptor, last, taker);
    }

    void close() {
        flush();
        received.close();
        toSend.close();
    }

    private void flush() {
        LibC calls = calls();
        if (calls != null) {
            toSend.flush(calls);
        }
    }
}
