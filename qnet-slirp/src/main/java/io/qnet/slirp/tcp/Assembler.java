package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.SequenceNumber.greaterThan;
import static io.qnet.slirp.tcp.SequenceNumber.lessOrEqual;
import static io.qnet.slirp.tcp.SequenceNumber.lessThan;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.host.HostStream;
import io.qnet.wire.Bytes;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Data that came before its time: pieces in order of sequence, none overlapping another. What arrives first is kept; later copies of the same bytes are ignored.
 *
 * <p>A slice that fills at least half of its buffer is retained; all else is copied into a tail buffer that many pieces share. The budget is charged for the capacity of both.
 */
final class Assembler {
    /** More pieces than any honest reordering makes. */
    static final int MAX_PIECES = 4096;

    private static final int FIRST_TAIL = 4 << 10;
    private static final int LARGEST_TAIL = 64 << 10;
    private static final int RECENT = TcpOptions.MAX_SACK_BLOCKS;
    /** What a place in the arrays takes, with its chunk. The budget is charged for it: pieces may be of one byte each. */
    private static final int PLACE_BYTES = 32;
    /** So many places are kept, not charged, when nothing is held any more: a swap of two segments allocates nothing. */
    private static final int KEPT_PLACES = 256;

    /** A buffer held, and by how many pieces (and as the present tail). */
    private static final class Chunk {
        private final ByteBuf buffer;
        private int users = 1;

        Chunk(ByteBuf buffer) {
            this.buffer = buffer;
        }
    }

    private final ByteBufAllocator allocator;
    private final MemoryBudget budget;

    private int[] starts = new int[0];
    private int[] ends = new int[0];
    private int[] indices = new int[0];
    private @Nullable Chunk[] chunks = new @Nullable Chunk[0];
    /** The pieces are those from {@code first} to before {@code last}. */
    private int first;

    private int last;
    private int heldBytes;
    /** What the budget has been charged for; 0 while nothing is held. */
    private int chargedPlaces;

    private @Nullable Chunk tail;
    private int tailUsed;
    /** A sequence number within each of the last ranges that grew, the latest first. */
    private final int[] recent = new int[RECENT];

    private int recentCount;

    Assembler(ByteBufAllocator allocator, MemoryBudget budget) {
        this.allocator = allocator;
        this.budget = budget;
    }

    boolean isEmpty() {
        return first == last;
    }

    int pieceCount() {
        return last - first;
    }

    /** The bytes of all pieces. */
    int heldBytes() {
        return heldBytes;
    }

    /** Whether no more can be kept: too many pieces, or no memory left. */
    boolean isFull() {
        return last - first >= MAX_PIECES || budget.isExhausted();
    }

    /** Whether all of [start, end) is held. */
    boolean contains(int start, int end) {
        int i = firstEndingAfter(start);
        int at = start;
        while (lessThan(at, end)) {
            if (i == last || greaterThan(starts[i], at)) {
                return false;
            }
            at = ends[i++];
        }
        return true;
    }

    /**
     * Keeps bytes that are not held yet.
     *
     * @param retainable whether {@code source} may be retained; else it is copied
     */
    void insert(int sequence, ByteBuf source, int index, int length, boolean retainable) {
        int end = sequence + length;
        int at = sequence;
        int i = firstEndingAfter(sequence);
        while (lessThan(at, end)) {
            if (i < last && lessOrEqual(starts[i], at)) {
                at = ends[i++];
                continue;
            }
            int gapEnd = i < last ? SequenceNumber.min(end, starts[i]) : end;
            if (isFull()) {
                return;
            }
            boolean retain = retainable && 2L * (gapEnd - at) >= source.capacity();
            if (retain) {
                Chunk chunk = new Chunk(source.retain());
                budget.charge(source.capacity());
                i = addPiece(i, at, gapEnd, chunk, index + (at - sequence));
            } else {
                i = copy(i, at, gapEnd, source, index + (at - sequence));
            }
            heldBytes += gapEnd - at;
            at = gapEnd;
        }
        remember(sequence);
    }

    /**
     * Writes all that is in order to the host and lets go of it.
     *
     * @return the next sequence number that is missing
     */
    int deliver(int rcvNxt, HostStream host) {
        int next = rcvNxt;
        while (first < last && lessOrEqual(starts[first], next)) {
            int skip = next - starts[first];
            int length = ends[first] - starts[first];
            if (skip < length) {
                Chunk chunk = chunk(first);
                host.write(chunk.buffer, indices[first] + skip, length - skip);
                next = ends[first];
            }
            heldBytes -= length;
            release(chunk(first));
            chunks[first] = null;
            first++;
        }
        if (first == last) {
            clear();
        }
        return next;
    }

    /** Lets go of everything. */
    void clear() {
        for (int i = first; i < last; i++) {
            release(chunk(i));
        }
        first = 0;
        last = 0;
        heldBytes = 0;
        recentCount = 0;
        if (tail != null) {
            release(tail);
            tail = null;
        }
        chargePlaces(0);
        if (starts.length > KEPT_PLACES) {
            dropPlaces();
        }
    }

    private void chargePlaces(int places) {
        budget.charge((long) PLACE_BYTES * (places - chargedPlaces));
        chargedPlaces = places;
    }

    private void dropPlaces() {
        starts = new int[0];
        ends = new int[0];
        indices = new int[0];
        chunks = new @Nullable Chunk[0];
    }

    /**
     * The ranges held, as pairs of edges: the one that grew last first, then those that grew before it (RFC 2018 §4).
     *
     * @return the number of ranges, at most {@code max}
     */
    int sackBlocks(int[] edges, int from, int max) {
        int count = 0;
        for (int r = 0; r < recentCount && count < max; r++) {
            int i = firstEndingAfter(recent[r]);
            if (i == last || greaterThan(starts[i], recent[r])) {
                continue;
            }
            int low = i;
            while (low > first && ends[low - 1] == starts[low]) {
                low--;
            }
            int high = i;
            while (high + 1 < last && starts[high + 1] == ends[high]) {
                high++;
            }
            if (!listed(edges, from, count, starts[low])) {
                edges[from + 2 * count] = starts[low];
                edges[from + 2 * count + 1] = ends[high];
                count++;
            }
        }
        return count;
    }

    private static boolean listed(int[] edges, int from, int count, int start) {
        for (int i = 0; i < count; i++) {
            if (edges[from + 2 * i] == start) {
                return true;
            }
        }
        return false;
    }

    private void remember(int sequence) {
        int i = 0;
        while (i < recentCount && i < RECENT - 1 && !sameRange(recent[i], sequence)) {
            i++;
        }
        if (i == recentCount) {
            recentCount++;
        }
        System.arraycopy(recent, 0, recent, 1, i);
        recent[0] = sequence;
    }

    private boolean sameRange(int a, int b) {
        return lessThan(a, b) ? contains(a, b + 1) : contains(b, a + 1);
    }

    /** The first piece that ends after {@code sequence}; {@code last} if none does. */
    private int firstEndingAfter(int sequence) {
        int low = first;
        int high = last;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (greaterThan(ends[middle], sequence)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** Copies into the tail, beginning new ones as needed; returns the position after what was added. */
    private int copy(int position, int start, int end, ByteBuf source, int index) {
        int i = position;
        int at = start;
        while (lessThan(at, end)) {
            Chunk into = tail;
            if (into == null || tailUsed == into.buffer.capacity()) {
                into = newTail(end - at);
            }
            int length = Math.min(end - at, into.buffer.capacity() - tailUsed);
            Bytes.copy(source, index + (at - start), into.buffer, tailUsed, length);
            boolean extends_ = i > first
                    && ends[i - 1] == at
                    && chunks[i - 1] == into
                    && indices[i - 1] + (ends[i - 1] - starts[i - 1]) == tailUsed;
            if (extends_) {
                ends[i - 1] = at + length;
            } else {
                into.users++;
                i = addPiece(i, at, at + length, into, tailUsed);
            }
            tailUsed += length;
            at += length;
        }
        return i;
    }

    private Chunk newTail(int atLeast) {
        int capacity = FIRST_TAIL;
        if (tail != null) {
            capacity = Math.min(2 * tail.buffer.capacity(), LARGEST_TAIL);
            release(tail);
        }
        while (capacity < atLeast && capacity < LARGEST_TAIL) {
            capacity *= 2;
        }
        Chunk made = new Chunk(allocator.directBuffer(capacity, capacity));
        budget.charge(capacity);
        tail = made;
        tailUsed = 0;
        return made;
    }

    private int addPiece(int position, int start, int end, Chunk chunk, int index) {
        int i = position;
        if (last == starts.length) {
            i -= makeRoom();
        }
        int after = last - i;
        System.arraycopy(starts, i, starts, i + 1, after);
        System.arraycopy(ends, i, ends, i + 1, after);
        System.arraycopy(indices, i, indices, i + 1, after);
        System.arraycopy(chunks, i, chunks, i + 1, after);
        starts[i] = start;
        ends[i] = end;
        indices[i] = index;
        chunks[i] = chunk;
        last++;
        chargePlaces(starts.length);
        return i + 1;
    }

    /** Moves the pieces to the beginning of the arrays, or grows the arrays; returns by how much positions have fallen. */
    private int makeRoom() {
        int fallen = first;
        int count = last - first;
        int size = first >= starts.length / 2 && first > 0 ? starts.length : Math.max(8, 2 * starts.length);
        starts = moved(starts, count, size);
        ends = moved(ends, count, size);
        indices = moved(indices, count, size);
        @Nullable Chunk[] oldChunks = chunks;
        if (size != chunks.length) {
            chunks = new @Nullable Chunk[size];
        }
        System.arraycopy(oldChunks, first, chunks, 0, count);
        Arrays.fill(chunks, count, size, null);
        first = 0;
        last = count;
        return fallen;
    }

    private int[] moved(int[] array, int count, int size) {
        int[] target = size == array.length ? array : new int[size];
        System.arraycopy(array, first, target, 0, count);
        return target;
    }

    private Chunk chunk(int i) {
        Chunk chunk = chunks[i];
        if (chunk == null) {
            throw new IllegalStateException("no piece at " + i);
        }
        return chunk;
    }

    private void release(Chunk chunk) {
        if (--chunk.users == 0) {
            budget.charge(-chunk.buffer.capacity());
            chunk.buffer.release();
        }
    }
}
