package io.qnet.testkit.tcp;

/**
 * A ring of bytes with a fixed capacity that begins small and grows as it is filled. Positions count from the first byte that is still held. Bytes may be stored beyond the readable part, as
 * out-of-order segments are, and become readable by {@link #extend}.
 */
final class ByteRing {
    private static final int SMALLEST = 4096;

    private final int capacity;
    private byte[] bytes;
    private int head;
    private int readable;

    ByteRing(int capacity) {
        this.capacity = capacity;
        this.bytes = new byte[Math.min(capacity, SMALLEST)];
    }

    int capacity() {
        return capacity;
    }

    int readable() {
        return readable;
    }

    int free() {
        return capacity - readable;
    }

    /** Appends as much as fits and returns how much that was. */
    int append(byte[] source, int from, int length) {
        int taken = Math.min(length, free());
        store(readable, source, from, taken);
        readable += taken;
        return taken;
    }

    /** Stores bytes at a position, which may lie beyond the readable part; the readable part stays as it is. */
    void store(int position, byte[] source, int from, int length) {
        if (length == 0) {
            return;
        }
        ensure(position + length);
        int at = index(position);
        int first = Math.min(length, bytes.length - at);
        System.arraycopy(source, from, bytes, at, first);
        System.arraycopy(source, from + first, bytes, 0, length - first);
    }

    /** Makes {@code length} more bytes, stored before, readable. */
    void extend(int length) {
        readable += length;
    }

    /** Copies bytes from a position without taking them. */
    void peek(int position, byte[] target, int to, int length) {
        int at = index(position);
        int first = Math.min(length, bytes.length - at);
        System.arraycopy(bytes, at, target, to, first);
        System.arraycopy(bytes, 0, target, to + first, length - first);
    }

    /** Drops bytes from the beginning. */
    void drop(int length) {
        head = index(length);
        readable -= length;
    }

    private int index(int position) {
        int at = head + position;
        return at >= bytes.length ? at - bytes.length : at;
    }

    private void ensure(int needed) {
        if (needed <= bytes.length) {
            return;
        }
        if (needed > capacity) {
            throw new IllegalArgumentException(needed + " bytes in a ring of " + capacity);
        }
        int grown = bytes.length;
        while (grown < needed) {
            grown = Math.min(grown * 2, capacity);
        }
        byte[] larger = new byte[grown];
        int first = bytes.length - head;
        System.arraycopy(bytes, head, larger, 0, first);
        System.arraycopy(bytes, 0, larger, first, head);
        bytes = larger;
        head = 0;
    }
}
