package io.qnet.bench;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A place in the table: how the guest is joined, its MTU, and how bad the line is.
 *
 * @param impair loss, reordering, duplication, corruption in per cent and a seed, for the relay; or null
 */
record Cell(Join join, int mtu, @Nullable String impair) {
    /** The relay's environment. */
    Map<String, String> impairment() {
        return impair == null ? Map.of() : Map.of("IMPAIR", impair);
    }

    @Override
    public String toString() {
        return join.text() + ", MTU " + mtu + (impair == null ? "" : ", bad line (" + impair + ")");
    }
}
