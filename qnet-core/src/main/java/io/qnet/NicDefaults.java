package io.qnet;

import java.util.HashMap;
import java.util.Map;

/**
 * The MACs and names that a network gives to NICs which bring none, as QEMU does: {@code 52:54:00:12:34:56} and up, {@code MODEL.N}. An explicit MAC of that range is marked as used when its NIC comes,
 * which does not change one that was given before (so two NICs may have the same). Loop thread.
 */
public final class NicDefaults {
    private static final long BASE = 0x5254_0012_3400L;
    private static final int FIRST = 0x56;
    private static final int END = 0xff;

    private final int[] used = new int[256];
    private final Map<String, Integer> countByModel = new HashMap<>();

    NicDefaults() {}

    /** The MAC to use when {@code asked} was configured: itself, or the next free one if it is {@link MacAddress#ZERO}. It is marked as used. */
    public MacAddress macFor(MacAddress asked) {
        MacAddress mac = asked.equals(MacAddress.ZERO) ? new MacAddress(BASE | firstFree()) : asked;
        mark(mac, 1);
        return mac;
    }

    /** A NIC with this MAC has gone. */
    void free(MacAddress mac) {
        mark(mac, -1);
    }

    /** The next name for a NIC of this model. */
    public String nextName(String model) {
        return model + "." + (countByModel.merge(model, 1, Integer::sum) - 1);
    }

    private int firstFree() {
        for (int last = FIRST; last < END; last++) {
            if (used[last] == 0) {
                return last;
            }
        }
        return END;
    }

    private void mark(MacAddress mac, int change) {
        int last = (int) mac.value() & 0xff;
        if (mac.value() - last == BASE && last >= FIRST && last < END) {
            used[last] += change;
        }
    }
}
