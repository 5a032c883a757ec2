package io.qnet.testkit;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;

/** The guests made last, as long as somebody holds them, so that their frames can be kept when a test fails. Any thread. */
final class GuestRegistry {
    private static final int MOST = 64;
    private static final ArrayDeque<WeakReference<FakeGuest>> GUESTS = new ArrayDeque<>();

    private GuestRegistry() {}

    static void add(FakeGuest guest) {
        synchronized (GUESTS) {
            if (GUESTS.size() == MOST) {
                GUESTS.remove();
            }
            GUESTS.add(new WeakReference<>(guest));
        }
    }

    static List<FakeGuest> guests() {
        synchronized (GUESTS) {
            return GUESTS.stream()
                    .map(WeakReference::get)
                    .filter(Objects::nonNull)
                    .toList();
        }
    }

    static void clear() {
        synchronized (GUESTS) {
            GUESTS.clear();
        }
    }
}
