package io.qnet.slirp.ip;

import io.qnet.wire.Ethernet;
import io.qnet.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * Which MAC address each guest address has: ARP's cache and NDP's in one (RFC 826; RFC 4861 §5.1), learned from what guests send. Bounded; the entry that was confirmed longest ago makes room. MAC addresses are
 * the 48 low bits of a {@code long}.
 *
 * <p>Pure, not thread-safe.
 */
public final class NeighbourTable {
    /** Answer of {@link #lookup}: not known. */
    public static final long UNKNOWN = -1;

    private final int capacity;
    private final FlowTable<Neighbour> neighbours = new FlowTable<>();
    private @Nullable Neighbour latest;
    private long checkedMac = UNKNOWN;
    private boolean checkedMacIsGuest;

    /** A table of at most {@code capacity} neighbours. */
    public NeighbourTable(int capacity) {
        this.capacity = capacity;
    }

    /**
     * A guest showed this address with this MAC. Group addresses are not kept.
     *
     * @return whether the entry is new or its MAC has changed
     */
    public boolean learn(IpAddress address, long mac) {
        Neighbour present = latest;
        if (present != null && present.mac == mac && present.guest().equals(address)) {
            return false;
        }
        if (Ethernet.isMulticast(mac) || mac == 0) {
            return false;
        }
        present = neighbours.get(address, 0);
        boolean changed = present == null || present.mac != mac;
        if (present == null) {
            Neighbour oldest = neighbours.oldest();
            if (oldest != null && neighbours.size() >= capacity) {
                neighbours.remove(oldest);
            }
            present = new Neighbour(address);
            neighbours.add(present);
        } else {
            neighbours.touch(present);
        }
        present.mac = mac;
        latest = present;
        if (changed) {
            checkedMac = UNKNOWN;
        }
        return changed;
    }

    /** The MAC address of a neighbour, or {@link #UNKNOWN}. */
    public long lookup(IpAddress address) {
        Neighbour present = latest;
        if (present == null || !present.guest().equals(address)) {
            present = neighbours.get(address, 0);
        }
        return present == null ? UNKNOWN : present.mac;
    }

    /** Whether a guest has shown itself with this MAC: a frame to it is another guest's, not the gateway's. */
    public boolean isGuestMac(long mac) {
        if (mac != checkedMac) {
            checkedMac = mac;
            checkedMacIsGuest = false;
            neighbours.forEach(neighbour -> checkedMacIsGuest |= neighbour.mac == mac);
        }
        return checkedMacIsGuest;
    }

    /** The number of neighbours. */
    public int size() {
        return neighbours.size();
    }

    /** Calls {@code visitor} for every neighbour, the one confirmed longest ago first. */
    public void forEach(Visitor visitor) {
        neighbours.forEach(neighbour -> visitor.visit(neighbour.guest(), neighbour.mac));
    }

    /** Sees one neighbour. */
    public interface Visitor {
        /** A neighbour's address and MAC. */
        void visit(IpAddress address, long mac);
    }

    private static final class Neighbour extends FlowTable.Entry<Neighbour> {
        private long mac;

        Neighbour(IpAddress address) {
            super(address, 0);
        }

        @Override
        protected Neighbour self() {
            return this;
        }
    }
}
