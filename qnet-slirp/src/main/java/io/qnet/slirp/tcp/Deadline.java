package io.qnet.slirp.tcp;

import org.jspecify.annotations.Nullable;

/** A point in time that is set or not, in nanoseconds compared by difference. */
final class Deadline {
    private boolean set;
    private long atNanos;

    void set(long atNanos) {
        this.atNanos = atNanos;
        set = true;
    }

    void clear() {
        set = false;
    }

    boolean isSet() {
        return set;
    }

    /** Meaningful only if set. */
    long atNanos() {
        return atNanos;
    }

    /** Whether it is set and has come. */
    boolean isDue(long nowNanos) {
        return set && atNanos - nowNanos <= 0;
    }

    /** The earlier of two, of which the first may be missing and each may be unset; null if neither is set. */
    static @Nullable Deadline earlier(@Nullable Deadline a, Deadline b) {
        if (!b.set) {
            return a;
        }
        return a == null || b.atNanos - a.atNanos < 0 ? b : a;
    }
}
