package io.qnet;

import io.qnet.FrameFilter.Direction;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The filters of one port in QEMU's order. For each there are two passages, made once, which lead on from behind it.
 */
final class FilterChain {
    /** A filter in its place. */
    static final class Slot {
        final String id;
        final FrameFilter filter;
        final @Nullable Direction only;
        private final FrameFilter.Passage tx;
        private final FrameFilter.Passage rx;

        Slot(Port port, String id, FrameFilter filter, @Nullable Direction only) {
            this.id = id;
            this.filter = filter;
            this.only = only;
            tx = frame -> port.injectTx(frame, this);
            rx = frame -> port.injectRx(frame, this);
        }

        private boolean sees(Direction direction) {
            return only == null || only == direction;
        }
    }

    private final List<Slot> slots = new ArrayList<>();

    boolean isEmpty() {
        return slots.isEmpty();
    }

    List<Slot> slots() {
        return List.copyOf(slots);
    }

    void add(int position, Slot slot) {
        slots.add(position, slot);
    }

    boolean remove(Slot slot) {
        return slots.remove(slot);
    }

    /** Lets a frame that the endpoint sends pass the filters behind {@code after}, or all; false if one swallowed it. */
    boolean passTx(Frame frame, @Nullable Slot after) {
        for (int i = after == null ? 0 : slots.indexOf(after) + 1; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            if (slot.sees(Direction.TX) && !slot.filter.filter(frame, Direction.TX, slot.tx)) {
                return false;
            }
        }
        return true;
    }

    /** As {@link #passTx} for a frame that is sent to the endpoint: last filter first. */
    boolean passRx(Frame frame, @Nullable Slot after) {
        for (int i = (after == null ? slots.size() : slots.indexOf(after)) - 1; i >= 0; i--) {
            Slot slot = slots.get(i);
            if (slot.sees(Direction.RX) && !slot.filter.filter(frame, Direction.RX, slot.rx)) {
                return false;
            }
        }
        return true;
    }
}
