package io.qnet.slirp.host;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.host.HostError;
import io.qnet.internal.socket.HostErrors;
import io.qnet.wire.Bytes;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Collects the datagrams of a turn and sends them with few calls: datagrams of one size to one address become one message that the kernel cuts again (udp(7), UDP_SEGMENT), and messages of one socket go
 * with one sendmmsg(2). Shared by all sockets of a network; its buffers are made at first need.
 *
 * <p>Loop thread only. Not for sockets that nobody flushes.
 */
final class SendBatch {
    private static final int UDP_SEGMENT = 103;
    private static final int MESSAGES = 32;
    private static final int CAPACITY = 256 << 10;
    /** The most of one message that is cut (UDP_MAX_SEGMENTS of older kernels). */
    private static final int MAX_SEGMENTS = 64;

    private static final int MAX_MESSAGE = 65_507;
    private static final int EIO = 5;
    private static final int EAGAIN = 11;
    private static final int EINVAL = 22;
    private static final int ENOBUFS = 105;

    private static final int EMSGSIZE = 90;

    private final ByteBufAllocator allocator;
    private @Nullable MessageVector vector;
    private @Nullable ByteBuf buffer;
    private @Nullable Source source;
    private int count;
    private int used;
    private boolean flushing;

    /** Of each message: where it goes, where it begins in the buffer, its bytes, the size of its datagrams and their number. */
    private final @Nullable InetSocketAddress[] to = new @Nullable InetSocketAddress[MESSAGES];

    private final int[] start = new int[MESSAGES];
    private final int[] length = new int[MESSAGES];
    private final int[] size = new int[MESSAGES];
    private final int[] datagrams = new int[MESSAGES];

    /** A socket whose datagrams are collected. */
    interface Source {
        /** The socket's descriptor. */
        int descriptor();

        /** Whether the kernel cuts messages of this socket. */
        boolean canSegment();

        /** It does not after all: its interface cannot, or the kernel is too old. */
        void cannotSegment();

        /** Datagrams to an address were not sent. */
        void failed(HostError error, InetSocketAddress to);
    }

    SendBatch(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /** Whether this socket's datagrams are collected just now. */
    boolean holds(Source socket) {
        return source == socket && count > 0;
    }

    /** Whether {@link #flush} is at work: nothing can be added. */
    boolean isFlushing() {
        return flushing;
    }

    /** Collects a datagram, which is copied; sends what was collected if there is no room, or if it is another socket's. */
    void add(LibC calls, Source from, ByteBuf data, int index, int bytes, InetSocketAddress target) {
        MessageVector messages = prepared(calls);
        boolean joins = joins(from, bytes, target);
        if (source != from || used + bytes > CAPACITY || (!joins && count == MESSAGES)) {
            flush(calls);
            source = from;
            joins = false;
        }
        if (!joins) {
            begin(messages, bytes, target);
        }
        int last = count - 1;
        ByteBuf staged = buffer;
        if (staged != null) {
            Bytes.copy(data, index, staged, used, bytes);
        }
        length[last] += bytes;
        datagrams[last]++;
        used += bytes;
    }

    /** Sends what was collected. */
    void flush(LibC calls) {
        Source from = source;
        MessageVector messages = vector;
        ByteBuf staged = buffer;
        if (from == null || messages == null || staged == null || count == 0) {
            return;
        }
        flushing = true;
        for (int i = 0; i < count; i++) {
            messages.buffer(i, staged.memoryAddress() + start[i], length[i]);
            messages.control(i, UDP_SEGMENT, datagrams[i] > 1 ? size[i] : 0);
        }
        send(calls, from, messages);
        Arrays.fill(to, 0, count, null);
        count = 0;
        used = 0;
        source = null;
        flushing = false;
    }

    void close() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
            vector = null;
        }
    }

    /** Whether a datagram can become part of the last message: all of it are of one size, but for the last, which may be shorter. */
    private boolean joins(Source from, int bytes, InetSocketAddress target) {
        int last = count - 1;
        return last >= 0
                && source == from
                && from.canSegment()
                && bytes > 0
                && bytes <= size[last]
                && length[last] == size[last] * datagrams[last]
                && datagrams[last] < MAX_SEGMENTS
                && length[last] + bytes <= MAX_MESSAGE
                && target.equals(to[last]);
    }

    private void begin(MessageVector messages, int bytes, InetSocketAddress target) {
        int message = count++;
        if (message > 0 && target.equals(to[message - 1])) {
            messages.toAsIn(message, message - 1);
        } else {
            messages.to(message, target);
        }
        to[message] = target;
        start[message] = used;
        length[message] = 0;
        size[message] = bytes;
        datagrams[message] = 0;
    }

    private void send(LibC calls, Source from, MessageVector messages) {
        int sent = 0;
        boolean again = false;
        while (sent < count) {
            int done = calls.sendMany(from.descriptor(), messages.address(sent), count - sent);
            if (done > 0) {
                sent += done;
                again = false;
                continue;
            }
            int errno = calls.errno();
            if (!again && errno != EAGAIN && errno != ENOBUFS) {
                again = true; // an error about an earlier datagram; this one was not sent, nor was it its fault
                continue;
            }
            again = false;
            if (datagrams[sent] > 1 && (errno == EINVAL || errno == EIO || errno == EMSGSIZE)) {
                from.cannotSegment();
                sendSingly(calls, from, messages, sent);
            } else {
                failed(from, errno, sent);
            }
            sent++;
        }
    }

    /** Sends the datagrams of a message one by one. */
    private void sendSingly(LibC calls, Source from, MessageVector messages, int message) {
        ByteBuf staged = buffer;
        if (staged == null) {
            return;
        }
        int end = start[message] + length[message];
        messages.toAsIn(MESSAGES, message);
        messages.control(MESSAGES, UDP_SEGMENT, 0);
        for (int at = start[message]; at < end; at += size[message]) {
            messages.buffer(MESSAGES, staged.memoryAddress() + at, Math.min(size[message], end - at));
            if (calls.sendMany(from.descriptor(), messages.address(MESSAGES), 1) < 0) {
                failed(from, calls.errno(), message);
            }
        }
    }

    private void failed(Source from, int errno, int message) {
        InetSocketAddress target = to[message];
        if (target != null) {
            from.failed(HostErrors.ofErrno(errno), target);
        }
    }

    private MessageVector prepared(LibC calls) {
        MessageVector present = vector;
        if (present == null) {
            buffer = allocator.directBuffer(CAPACITY, CAPACITY);
            present = new MessageVector(calls, MESSAGES + 1);
            vector = present;
        }
        return present;
    }
}
