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
        final FilterPlace place;
        private final FrameFilter.Passage tx;
        private final FrameFilter.Passage rx;
        private boolean enabled;

        Slot(Port port, String id, FrameFilter filter, FilterPlace place) {
            this.id = id;
            this.filter = filter;
            this.place = place;
            enabled = place.enabled();
            tx = frame -> port.injectTx(frame, this);
            rx = frame -> port.injectRx(frame, this);
        }

        boolean isEnabled() {
            return enabled;
        }

        /** QEMU: a filter that is off lets everything pass. */
        void setEnabled(boolean on) {
            if (enabled != on) {
                enabled = on;
                filter.onStatus(on);
            }
        }

        FrameFilter.@Nullable Passage onward(Direction direction) {
            if (place.only() != null && place.only() != direction) {
                return null;
            }
            return direction == Direction.TX ? tx : rx;
        }

        private boolean sees(Direction direction) {
            return enabled && (place.only() == null || place.only() == direction);
        }
    }

    private final List<Slot> slots = new ArrayList<>();

    boolean isEmpty() {
        return slots.isEmpty();
    }

    List<Slot> slots() {
        return List.copyOf(slots);
    }

    /** The filter with this name, or null. */
    @Nullable Slot find(String id) {
        for (Slot slot : slots) {
            if (slot.id.equals(id)) {
                return slot;
            }
        }
        return null;
    }

    /** Puts a filter where its place says; another filter that it names is in this chain. */
    void add(Slot slot) {
        String position = slot.place.position();
        if (position.equals("head")) {
            slots.add(0, slot);
        } else if (position.startsWith("id=")) {
            int other = slots.indexOf(find(position.substring("id=".length())));
            slots.add(slot.place.before() ? other : other + 1, slot);
        } else {
            slots.add(slot);
        }
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
