package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.qnet.loop.Timer;
import io.qnet.loop.Timers;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Puts fragments together again, in whatever order they come (RFC 791 §3.2, RFC 815; RFC 8200 §4.5). Overlaps of IPv4 keep what came first; an overlap of IPv6 ends the datagram (RFC 5722). Bounded in
 * datagrams, in bytes, in holes a datagram, and in time; the oldest makes room.
 *
 * <p>Pure: time is an argument, timers are given. Owns the buffers of unfinished datagrams; a finished one is the caller's.
 */
public final class Reassembler {
    /** How long a datagram may take (RFC 1122 §3.3.2 allows up to 120 s; Linux and libslirp take 30 s). */
    static final long TIMEOUT_NANOS = 30_000_000_000L;

    private static final int MAX_DATAGRAMS = 256;
    private static final int MAX_BYTES = 4 << 20;
    private static final int MAX_PAYLOAD4 = 65_535 - 20;
    private static final int MAX_PAYLOAD6 = 65_535;

    private final ByteBufAllocator allocator;
    private final Timers timers;
    private final Expired expired;
    private final FlowTable<Datagram> datagrams = new FlowTable<>();
    private final Timer expiry = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            expire(nowNanos);
        }
    };
    private final Counter timedOut;
    private final Counter evicted;
    private final Counter malformed;
    private final Counter overlapping;
    private int heldBytes;
    private int completedProtocol;

    /** Who tells a guest that the rest of a datagram has not come (RFC 792; RFC 8200 §4.5). */
    @FunctionalInterface
    public interface Expired {
        /**
         * A datagram was given up, of which the first fragment is there.
         *
         * @param guest who sent it
         * @param packet from the IP header on, as much as an error may quote
         */
        void onExpired(IpAddress guest, byte[] packet, long nowNanos);
    }

    /** An empty reassembler. */
    public Reassembler(ByteBufAllocator allocator, Timers timers, Expired expired, Counters counters) {
        this.allocator = allocator;
        this.timers = timers;
        this.expired = expired;
        timedOut = counters.counter("drop.fragments-timed-out");
        evicted = counters.counter("drop.fragments-evicted");
        malformed = counters.counter("drop.fragments-malformed");
        overlapping = counters.counter("drop.fragments-overlapping");
    }

    /**
     * Takes one fragment.
     *
     * @param protocol what the fragment says; of IPv6, the first one's counts ({@link #completedProtocol}), and it is no part of what tells datagrams apart (RFC 8200 §4.5)
     * @param offset where its payload belongs in the datagram's, in bytes
     * @param more whether others follow it
     * @param data holds the fragment; borrowed
     * @param headerIndex where its IP header begins, which goes up to the payload. That of the first fragment is kept, for the error if the others do not come
     * @param index where its payload begins
     * @param length the bytes of the payload
     * @return the datagram's payload if it is complete now; the caller releases it. Null if it is not, or if the fragment was dropped
     */
    public @Nullable ByteBuf add(
            IpAddress source,
            IpAddress destination,
            int protocol,
            int id,
            int offset,
            boolean more,
            ByteBuf data,
            int headerIndex,
            int index,
            int length,
            long nowNanos) {
        int key = source.isIpv4() ? protocol : 0;
        Datagram datagram = datagrams.get(source, id, destination, key);
        if (length == 0 || offset + length > maxPayload(source) || (more && (length & 7) != 0)) {
            malformed.increment();
            drop(datagram);
            return null;
        }
        if (datagram == null) {
            datagram = new Datagram(source, id, destination, key, nowNanos + TIMEOUT_NANOS);
            datagram.buffer = allocator.directBuffer(Math.max(2048, offset + length));
            datagrams.add(datagram);
            heldBytes += datagram.buffer.capacity();
            armExpiry();
        }
        if (offset == 0) {
            datagram.firstProtocol = protocol;
        }
        if (datagram.isRepetition(offset, data, index, length)) {
            return null;
        }
        if (!datagram.setEnd(offset + length, more)) {
            malformed.increment();
            drop(datagram);
            return null;
        }
        if (offset == 0 && datagram.header.length == 0) {
            datagram.header =
                    ByteBufUtil.getBytes(data, headerIndex, Math.min(index - headerIndex, IcmpErrors.MAX_QUOTE));
        }
        store(datagram, offset, data, index, length);
        if (datagram.ranges.isFull() || (datagram.overlapped && !source.isIpv4())) {
            overlapping.increment();
            drop(datagram);
            return null;
        }
        if (datagram.isComplete()) {
            return complete(datagram);
        }
        makeRoom(datagram);
        return null;
    }

    /** The protocol of the datagram that {@link #add} gave back last, as its first fragment said. */
    public int completedProtocol() {
        return completedProtocol;
    }

    /** The number of unfinished datagrams. */
    public int size() {
        return datagrams.size();
    }

    /** Bytes of the buffers of unfinished datagrams. */
    int heldBytes() {
        return heldBytes;
    }

    /** Releases everything. */
    public void close() {
        timers.cancel(expiry);
        datagrams.forEach(this::drop);
    }

    private static int maxPayload(IpAddress source) {
        return source.isIpv4() ? MAX_PAYLOAD4 : MAX_PAYLOAD6;
    }

    private void store(Datagram datagram, int offset, ByteBuf data, int index, int length) {
        int before = datagram.buffer.capacity();
        if (before < offset + length) {
            datagram.buffer.capacity(Math.min(MAX_PAYLOAD6, Math.max(offset + length, before * 2)));
            heldBytes += datagram.buffer.capacity() - before;
        }
        // First come, first kept: only the holes that this fragment covers are filled.
        int at = offset;
        int end = offset + length;
        while (at < end) {
            int taken = datagram.ranges.filledUntil(at);
            if (taken > at) {
                datagram.overlapped = true;
                at = taken;
                continue;
            }
            int holeEnd = Math.min(end, datagram.ranges.nextFilled(at));
            datagram.buffer.setBytes(at, data, index + at - offset, holeEnd - at);
            at = holeEnd;
        }
        datagram.ranges.add(offset, end);
    }

    private ByteBuf complete(Datagram datagram) {
        ByteBuf buffer = datagram.buffer;
        datagrams.remove(datagram);
        heldBytes -= buffer.capacity();
        completedProtocol = datagram.firstProtocol;
        armExpiry();
        return buffer.setIndex(0, datagram.end);
    }

    private void makeRoom(Datagram keep) {
        while (datagrams.size() > MAX_DATAGRAMS || heldBytes > MAX_BYTES) {
            Datagram oldest = datagrams.oldest();
            if (oldest == null) {
                return;
            }
            evicted.increment();
            drop(oldest);
            if (oldest == keep) {
                return;
            }
        }
    }

    private void drop(@Nullable Datagram datagram) {
        if (datagram != null) {
            datagrams.remove(datagram);
            heldBytes -= datagram.buffer.capacity();
            datagram.buffer.release();
        }
    }

    private void expire(long nowNanos) {
        for (Datagram oldest = datagrams.oldest();
                oldest != null && oldest.deadlineNanos - nowNanos <= 0;
                oldest = datagrams.oldest()) {
            timedOut.increment();
            byte[] quote = oldest.quote();
            drop(oldest);
            if (quote.length > 0) {
                expired.onExpired(oldest.guest(), quote, nowNanos);
            }
        }
        armExpiry();
    }

    /** All take equally long, and none is moved in the table: the oldest is the first to expire. */
    private void armExpiry() {
        Datagram oldest = datagrams.oldest();
        if (oldest != null) {
            timers.arm(expiry, oldest.deadlineNanos);
        } else {
            timers.cancel(expiry);
        }
    }

    private static final class Datagram extends FlowTable.Entry<Datagram> {
        private static final int UNKNOWN = -1;

        private final long deadlineNanos;
        private final FilledRanges ranges = new FilledRanges();
        private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
        /** The first fragment's IP header; empty until it has come. */
        private byte[] header = new byte[0];

        private int end = UNKNOWN;
        private int firstProtocol;
        private boolean overlapped;

        Datagram(IpAddress source, int id, IpAddress destination, int protocol, long deadlineNanos) {
            super(source, id, destination, protocol);
            this.deadlineNanos = deadlineNanos;
        }

        /** Checks a fragment's end against what is known of the datagram's; false if they contradict each other. */
        boolean setEnd(int fragmentEnd, boolean more) {
            if (more) {
                return end == UNKNOWN || fragmentEnd <= end;
            }
            if (end != UNKNOWN && end != fragmentEnd) {
                return false;
            }
            end = fragmentEnd;
            return ranges.last() <= end;
        }

        /** The first fragment as far as an error may quote it; nothing if it has not come. */
        byte[] quote() {
            if (header.length == 0) {
                return header;
            }
            int payload = Math.min(ranges.filledUntil(0), IcmpErrors.MAX_QUOTE - header.length);
            byte[] quote = Arrays.copyOf(header, header.length + payload);
            buffer.getBytes(0, quote, header.length, payload);
            return quote;
        }

        /** RFC 8200 §4.5: of IPv6, a fragment that came already, byte by byte, is not an overlap. */
        boolean isRepetition(int offset, ByteBuf data, int index, int length) {
            if (guest().isIpv4() || ranges.filledUntil(offset) < offset + length) {
                return false;
            }
            for (int i = 0; i < length; i++) {
                if (buffer.getByte(offset + i) != data.getByte(index + i)) {
                    return false;
                }
            }
            return true;
        }

        boolean isComplete() {
            return end != UNKNOWN && ranges.filledUntil(0) == end;
        }

        @Override
        protected Datagram self() {
            return this;
        }
    }
}
