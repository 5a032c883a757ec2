package io.qnet.slirp.service;

import io.qnet.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which guest has which address of the DHCP pool (RFC 2131 §4.3.1): a MAC address keeps its address as long as nobody else needs it, also after its lease ended. One MAC address holds one lease.
 *
 * <p>Pure, not thread-safe. Addresses are the 32 bits of IPv4, MAC addresses the 48 low bits of a {@code long}.
 */
public final class LeaseTable {
    /** No address. */
    public static final int NONE = 0;

    /** How long an offer is kept for its guest. */
    static final long OFFER_NANOS = 60_000_000_000L;
    /** How long an address that a guest found in use (DECLINE) is left alone. */
    static final long DECLINED_NANOS = 600_000_000_000L;

    private final int start;
    private final List<Slot> slots = new ArrayList<>();
    private final int size;
    private final long leaseNanos;

    /** A pool of {@code size} addresses from {@code start} on. */
    public LeaseTable(int start, int size, long leaseSeconds) {
        this.start = start;
        this.size = size;
        for (int i = 0; i < size; i++) {
            slots.add(new Slot(start + i));
        }
        this.leaseNanos = leaseSeconds * 1_000_000_000L;
    }

    /** Keeps an address for one guest, which gets no other. It may lie outside the pool. */
    public void reserve(long mac, int address) {
        Slot slot = slot(address);
        if (slot == null) {
            slot = new Slot(address);
            slots.add(slot);
        }
        slot.reservedFor = mac;
    }

    /**
     * Finds an address to offer: the one that is kept for this guest, else the wanted one if it is free for this guest, else the guest's own, else one that was never used, else one whose lease has ended.
     *
     * @param wanted the address that the guest asks for, or {@link #NONE}
     * @return the address, or {@link #NONE} if the pool is used up
     */
    public int offer(long mac, int wanted, long nowNanos) {
        Slot kept = reservedSlot(mac);
        Slot slot = freeSlot(kept == null ? wanted : kept.address, mac, nowNanos);
        if (slot == null && kept == null) {
            slot = ownSlot(mac, nowNanos);
        }
        if (slot == null && kept == null) {
            slot = unusedSlot(nowNanos);
        }
        if (slot == null) {
            return NONE;
        }
        if (slot.state == State.BOUND && slot.isLive(nowNanos)) {
            return slot.address;
        }
        freeOthers(mac, slot, State.OFFERED);
        slot.set(State.OFFERED, mac, nowNanos + OFFER_NANOS);
        return slot.address;
    }

    /** Gives a guest the address that it asks for; false if it cannot have it. */
    public boolean bind(long mac, int address, long nowNanos) {
        Slot slot = freeSlot(address, mac, nowNanos);
        Slot kept = reservedSlot(mac);
        if (slot == null || (kept != null && kept != slot)) {
            return false;
        }
        freeOthers(mac, slot, State.BOUND);
        slot.set(State.BOUND, mac, nowNanos + leaseNanos);
        return true;
    }

    /** The guest gives its address back (RELEASE), or took another server's offer. */
    public void release(long mac, int address) {
        Slot slot = slot(address);
        if (slot != null && slot.mac == mac && slot.state != State.DECLINED) {
            slot.state = State.FREE;
        }
    }

    /** Frees what was offered to this guest and not taken. */
    public void withdrawOffer(long mac) {
        freeOthers(mac, null, State.OFFERED);
    }

    /** The guest found its address in use by another (DECLINE). */
    public void decline(long mac, int address, long nowNanos) {
        Slot slot = slot(address);
        if (slot != null && slot.mac == mac && slot.isLive(nowNanos)) {
            slot.set(State.DECLINED, mac, nowNanos + DECLINED_NANOS);
        }
    }

    /** The address that a guest has, or null if it has no lease in force. */
    public @Nullable IpAddress addressOf(long mac, long nowNanos) {
        for (Slot slot : slots) {
            if (slot.mac == mac && slot.state == State.BOUND && slot.isLive(nowNanos)) {
                return IpAddress.ofIpv4(slot.address);
            }
        }
        return null;
    }

    /** The leases in force. */
    public List<Lease> leases(long nowNanos) {
        List<Lease> leases = new ArrayList<>();
        for (Slot slot : slots) {
            if (slot.state == State.BOUND && slot.isLive(nowNanos)) {
                leases.add(new Lease(IpAddress.ofIpv4(slot.address), slot.mac, slot.endNanos - nowNanos));
            }
        }
        return leases;
    }

    private @Nullable Slot slot(int address) {
        int index = address - start;
        if (index >= 0 && index < size) {
            return slots.get(index);
        }
        for (int i = size; i < slots.size(); i++) {
            if (slots.get(i).address == address) {
                return slots.get(i);
            }
        }
        return null;
    }

    private @Nullable Slot reservedSlot(long mac) {
        for (Slot slot : slots) {
            if (slot.reservedFor == mac) {
                return slot;
            }
        }
        return null;
    }

    private @Nullable Slot freeSlot(int address, long mac, long nowNanos) {
        Slot slot = slot(address);
        if (slot == null || slot.isKeptFromOthersThan(mac)) {
            return null;
        }
        if (slot.isLive(nowNanos) && (slot.mac != mac || slot.state == State.DECLINED)) {
            return null;
        }
        return slot;
    }

    private @Nullable Slot ownSlot(long mac, long nowNanos) {
        Slot formerly = null;
        for (Slot slot : slots) {
            if (slot.mac == mac && slot.state != State.DECLINED && !slot.isKeptFromOthersThan(mac)) {
                if (slot.isLive(nowNanos)) {
                    return slot;
                }
                formerly = slot;
            }
        }
        return formerly;
    }

    private @Nullable Slot unusedSlot(long nowNanos) {
        Slot ended = null;
        for (Slot slot : slots) {
            if (slot.reservedFor != Slot.NOBODY) {
                continue;
            }
            if (slot.mac == Slot.NOBODY) {
                return slot;
            }
            if (!slot.isLive(nowNanos) && (ended == null || slot.endNanos - ended.endNanos < 0)) {
                ended = slot;
            }
        }
        return ended;
    }

    private void freeOthers(long mac, @Nullable Slot keep, State upTo) {
        for (Slot slot : slots) {
            boolean freed = slot.state == State.OFFERED || (slot.state == State.BOUND && upTo == State.BOUND);
            if (slot != keep && slot.mac == mac && freed) {
                slot.state = State.FREE;
            }
        }
    }

    /**
     * A lease in force.
     *
     * @param address the guest's address
     * @param mac the guest's MAC address, in the 48 low bits
     * @param remainingNanos how long it lasts
     */
    public record Lease(IpAddress address, long mac, long remainingNanos) {}

    private enum State {
        FREE,
        OFFERED,
        BOUND,
        DECLINED
    }

    private static final class Slot {
        static final long NOBODY = -1;

        final int address;
        State state = State.FREE;
        /** Whose it is, or was. */
        long mac = NOBODY;

        long endNanos;

        /** The one guest that may have it, or nobody in particular. */
        long reservedFor = NOBODY;

        Slot(int address) {
            this.address = address;
        }

        boolean isKeptFromOthersThan(long guest) {
            return reservedFor != NOBODY && reservedFor != guest;
        }

        boolean isLive(long nowNanos) {
            return state != State.FREE && endNanos - nowNanos > 0;
        }

        void set(State newState, long newMac, long newEndNanos) {
            state = newState;
            mac = newMac;
            endNanos = newEndNanos;
        }
    }
}
