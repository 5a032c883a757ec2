package io.qnet.slirp.host;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Receives many datagrams with one call (recvmmsg(2)), and those that the kernel has joined (udp(7), UDP_GRO) one by one. Shared by all sockets of a network; its buffers are made at first need.
 *
 * <p>Loop thread only.
 */
final class ReceiveBatch {
    /** Option and control message: the kernel joins datagrams of one flow, and says of what size they were. */
    static final int UDP_GRO = 104;

    private static final int MESSAGES = 16;
    private static final int MOST_ERRORS = 64;
    private static final int EAGAIN = 11;
    /** What the kernel joins at most; a smaller buffer would lose data. */
    private static final int LARGEST = 64 << 10;

    private final ByteBufAllocator allocator;
    private @Nullable MessageVector vector;
    private @Nullable ByteBuf buffer;

    /** Takes each datagram; the buffer's indices are its bounds, and it is borrowed for the call. */
    interface Taker {
        void take(ByteBuf data, InetSocketAddress from);

        /** Whether no more is to be taken: the socket was closed. */
        boolean isOver();
    }

    ReceiveBatch(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /**
     * Receives what is there, up to a number.
     *
     * @return whether more may be there
     */
    boolean receive(LibC calls, int descriptor, MessageVector.Sender last, Taker taker) {
        MessageVector messages = prepared(calls);
        for (int i = 0; i < MESSAGES; i++) {
            messages.expect(i);
        }
        int count = receive(calls, descriptor, messages);
        for (int i = 0; i < count && !taker.isOver(); i++) {
            InetSocketAddress from = messages.from(i, last);
            if (from != null) {
                deliver(messages, i, from, taker);
            }
        }
        return count == MESSAGES;
    }

    /** Errors about earlier datagrams come first, each once; the error queue has them. */
    private static int receive(LibC calls, int descriptor, MessageVector messages) {
        int count = -1;
        for (int i = 0; i < MOST_ERRORS && count < 0; i++) {
            count = calls.receiveMany(descriptor, messages.address(0), MESSAGES);
            if (count < 0 && calls.errno() == EAGAIN) {
                break;
            }
        }
        return count;
    }

    private void deliver(MessageVector messages, int message, InetSocketAddress from, Taker taker) {
        ByteBuf data = buffer;
        if (data == null) {
            return;
        }
        int start = message * LARGEST;
        int end = start + messages.received(message);
        int joined = messages.control(message, UDP_GRO);
        int step = joined > 0 ? joined : LARGEST;
        int at = start;
        do {
            int next = Math.min(end, at + step);
            taker.take(data.setIndex(at, next), from);
            at = next;
        } while (at < end && !taker.isOver());
    }

    private MessageVector prepared(LibC calls) {
        MessageVector present = vector;
        if (present == null) {
            ByteBuf made = allocator.directBuffer(MESSAGES * LARGEST, MESSAGES * LARGEST);
            present = new MessageVector(calls, MESSAGES);
            for (int i = 0; i < MESSAGES; i++) {
                present.buffer(i, made.memoryAddress() + (long) i * LARGEST, LARGEST);
            }
            buffer = made;
            vector = present;
        }
        return present;
    }

    void close() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
            vector = null;
        }
    }
}
