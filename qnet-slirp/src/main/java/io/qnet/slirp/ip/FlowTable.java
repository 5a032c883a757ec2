package io.qnet.slirp.ip;

import io.qnet.wire.IpAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Flows by their addresses and ports, in the order of their last use, so that the one idle for longest is found at once. A flow is its own entry: looking up, touching, adding and removing allocate nothing (but
 * for the table's growth).
 *
 * <p>An endpoint-independent mapping (RFC 4787 §4.1) has no far end in its key: it is kept under {@link IpAddress#ANY6} and port 0.
 *
 * <p>Not thread-safe.
 *
 * @param <F> the kind of flow
 */
public final class FlowTable<F extends FlowTable.Entry<F>> {
    private @Nullable Entry<F>[] buckets = newBuckets(64);
    private int size;
    private @Nullable F oldest;
    private @Nullable F newest;

    /** Creates an empty table. */
    public FlowTable() {}

    /** The number of flows. */
    public int size() {
        return size;
    }

    /** The flow whose last use is the longest ago, or null. */
    public @Nullable F oldest() {
        return oldest;
    }

    /** The flow between these two ends, or null. */
    public @Nullable F get(IpAddress guest, int guestPort, IpAddress far, int farPort) {
        int hash = hash(guest, guestPort, far, farPort);
        for (Entry<F> entry = buckets[hash & (buckets.length - 1)]; entry != null; entry = entry.chain) {
            if (entry.hash == hash && entry.is(guest, guestPort, far, farPort)) {
                return entry.self();
            }
        }
        return null;
    }

    /** The flow of this guest's port, whatever the far end, or null. */
    public @Nullable F get(IpAddress guest, int guestPort) {
        return get(guest, guestPort, IpAddress.ANY6, 0);
    }

    /** Adds a flow as the one used last. There must be none with its key. */
    public void add(F flow) {
        if (size >= buckets.length) {
            grow();
        }
        Entry<F> entry = flow;
        int bucket = entry.hash & (buckets.length - 1);
        entry.chain = buckets[bucket];
        buckets[bucket] = entry;
        size++;
        linkNewest(flow);
    }

    /** Marks a flow as the one used last. */
    public void touch(F flow) {
        if (newest != flow) {
            unlink(flow);
            linkNewest(flow);
        }
    }

    /** Removes a flow that is in the table. */
    public void remove(F flow) {
        Entry<F> entry = flow;
        int bucket = entry.hash & (buckets.length - 1);
        Entry<F> before = null;
        for (Entry<F> at = buckets[bucket]; at != null; before = at, at = at.chain) {
            if (at != entry) {
                continue;
            }
            if (before == null) {
                buckets[bucket] = at.chain;
            } else {
                before.chain = at.chain;
            }
            entry.chain = null;
            size--;
            unlink(flow);
            return;
        }
        throw new IllegalStateException("not in the table: " + flow);
    }

    /** Calls {@code action} for every flow, the oldest first. The action may remove the flow that it is given, and no other. */
    public void forEach(Consumer<? super F> action) {
        F flow = oldest;
        while (flow != null) {
            F next = ((Entry<F>) flow).newer;
            action.accept(flow);
            flow = next;
        }
    }

    private void linkNewest(F flow) {
        Entry<F> entry = flow;
        entry.older = newest;
        entry.newer = null;
        if (newest == null) {
            oldest = flow;
        } else {
            ((Entry<F>) newest).newer = flow;
        }
        newest = flow;
    }

    private void unlink(F flow) {
        Entry<F> entry = flow;
        if (entry.older == null) {
            oldest = entry.newer;
        } else {
            ((Entry<F>) entry.older).newer = entry.newer;
        }
        if (entry.newer == null) {
            newest = entry.older;
        } else {
            ((Entry<F>) entry.newer).older = entry.older;
        }
        entry.older = null;
        entry.newer = null;
    }

    private void grow() {
        @Nullable Entry<F>[] old = buckets;
        buckets = newBuckets(old.length * 2);
        for (Entry<F> head : old) {
            Entry<F> entry = head;
            while (entry != null) {
                Entry<F> next = entry.chain;
                int bucket = entry.hash & (buckets.length - 1);
                entry.chain = buckets[bucket];
                buckets[bucket] = entry;
                entry = next;
            }
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static <F extends Entry<F>> @Nullable Entry<F>[] newBuckets(int length) {
        return new Entry[length];
    }

    private static int hash(IpAddress guest, int guestPort, IpAddress far, int farPort) {
        long mixed = guest.low() * 0x9e37_79b9_7f4a_7c15L + guest.high();
        mixed = (mixed ^ (mixed >>> 29)) * 0xbf58_476d_1ce4_e5b9L + far.low();
        mixed = (mixed ^ (mixed >>> 32)) * 0x94d0_49bb_1331_11ebL + far.high() + ((long) guestPort << 16) + farPort;
        mixed = (mixed ^ (mixed >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
        return (int) (mixed ^ (mixed >>> 31));
    }

    /**
     * What is kept in a {@link FlowTable}.
     *
     * @param <F> the class itself
     */
    public abstract static class Entry<F extends Entry<F>> {
        private final IpAddress guest;
        private final int guestPort;
        private final IpAddress far;
        private final int farPort;
        private final int hash;
        private @Nullable Entry<F> chain;
        private @Nullable F older;
        private @Nullable F newer;

        /** A flow between two ends. */
        protected Entry(IpAddress guest, int guestPort, IpAddress far, int farPort) {
            this.guest = guest;
            this.guestPort = guestPort;
            this.far = far;
            this.farPort = farPort;
            this.hash = hash(guest, guestPort, far, farPort);
        }

        /** A mapping of a guest's port (or echo identifier), whatever the far end. */
        protected Entry(IpAddress guest, int guestPort) {
            this(guest, guestPort, IpAddress.ANY6, 0);
        }

        /** The guest's address. */
        public final IpAddress guest() {
            return guest;
        }

        /** The guest's port. */
        public final int guestPort() {
            return guestPort;
        }

        /** The far end's address as the guest sees it. */
        public final IpAddress far() {
            return far;
        }

        /** The far end's port. */
        public final int farPort() {
            return farPort;
        }

        private boolean is(IpAddress guest, int guestPort, IpAddress far, int farPort) {
            return this.guestPort == guestPort
                    && this.farPort == farPort
                    && this.guest.equals(guest)
                    && this.far.equals(far);
        }

        /** This. */
        protected abstract F self();
    }
}
