package io.qnet;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where MAC addresses were seen last: a hash table of a fixed size (open addressing, linear probing), so that looking up and learning allocate nothing and cost the same however many ports there are.
 *
 * <p>An entry that was not seen for the ageing time is as good as none. The table has a bound, and so has each port: a guest that invents addresses fills its own share and nobody else's. What is not
 * learned is flooded.
 */
final class MacTable {
    private static final long EMPTY = -1;

    private final int maxEntries;
    private final int maxEntriesPerPort;
    private final long ageNanos;
    private final long[] addresses;
    private final @Nullable HubPort[] ports;
    private final long[] seenNanos;
    private final int mask;
    private int size;
    private long sweptNanos;
    private boolean swept;

    /**
     * Creates an empty table.
     *
     * @param maxEntries the most addresses at a time
     * @param maxEntriesPerPort the most of them at one port
     * @param ageNanos how long one is believed
     */
    MacTable(int maxEntries, int maxEntriesPerPort, long ageNanos) {
        this.maxEntries = maxEntries;
        this.maxEntriesPerPort = maxEntriesPerPort;
        this.ageNanos = ageNanos;
        int capacity = Math.max(16, Integer.highestOneBit(maxEntries) << 2);
        addresses = new long[capacity];
        Arrays.fill(addresses, EMPTY);
        ports = new @Nullable HubPort[capacity];
        seenNanos = new long[capacity];
        mask = capacity - 1;
    }

    /** The addresses that are known, those that have aged included until they are cleared away. */
    int size() {
        return size;
    }

    /** Where an address was seen, or null. */
    @Nullable HubPort find(long address, long nowNanos) {
        int slot = slotOf(address);
        return addresses[slot] == address && nowNanos - seenNanos[slot] <= ageNanos ? ports[slot] : null;
    }

    /**
     * Notes that an address was seen at a port.
     *
     * @return false if there was no room for it
     */
    boolean learn(long address, HubPort port, long nowNanos) {
        int slot = slotOf(address);
        HubPort before = ports[slot];
        if (before != null && addresses[slot] == address) {
            if (before != port && !move(slot, before, port)) {
                return false;
            }
            seenNanos[slot] = nowNanos;
            return true;
        }
        if (size >= maxEntries || port.learned >= maxEntriesPerPort) {
            if (!clearAged(nowNanos) || size >= maxEntries || port.learned >= maxEntriesPerPort) {
                return false;
            }
            slot = slotOf(address);
        }
        addresses[slot] = address;
        ports[slot] = port;
        seenNanos[slot] = nowNanos;
        port.learned++;
        size++;
        return true;
    }

    private boolean move(int slot, HubPort before, HubPort port) {
        if (port.learned >= maxEntriesPerPort) {
            return false;
        }
        before.learned--;
        port.learned++;
        ports[slot] = port;
        return true;
    }

    /** Forgets what was seen at a port. */
    void forget(HubPort port) {
        for (int slot = 0; slot <= mask && port.learned > 0; slot++) {
            while (ports[slot] == port) {
                remove(slot); // another may have moved here
            }
        }
    }

    /** Clears away what has aged; at most once a second, since it looks at everything. */
    private boolean clearAged(long nowNanos) {
        if (swept && nowNanos - sweptNanos < 1_000_000_000L) {
            return false;
        }
        swept = true;
        sweptNanos = nowNanos;
        int before = size;
        for (int slot = 0; slot <= mask; slot++) {
            while (ports[slot] != null && nowNanos - seenNanos[slot] > ageNanos) {
                remove(slot);
            }
        }
        return size < before;
    }

    /** Takes an entry out and closes the gap, so that no search ends too early. */
    private void remove(int slot) {
        HubPort port = ports[slot];
        if (port != null) {
            port.learned--;
            size--;
        }
        int gap = slot;
        int next = (gap + 1) & mask;
        while (ports[next] != null) {
            int home = home(addresses[next]);
            boolean mayMove = ((next - home) & mask) >= ((next - gap) & mask);
            if (mayMove) {
                addresses[gap] = addresses[next];
                ports[gap] = ports[next];
                seenNanos[gap] = seenNanos[next];
                gap = next;
            }
            next = (next + 1) & mask;
        }
        addresses[gap] = EMPTY;
        ports[gap] = null;
    }

    /** The slot of an address, or the free one where it would be. */
    private int slotOf(long address) {
        int slot = home(address);
        while (addresses[slot] != EMPTY && addresses[slot] != address) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private int home(long address) {
        long mixed = address * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 40) & mask;
    }
}
