package io.qnet.testkit;

import io.qnet.testkit.tcp.TcpSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How a guest was asked to be; see {@link FakeGuest.Builder}. */
record GuestSettings(
        String name,
        long mac,
        int mtu,
        long seed,
        TcpSettings tcp,
        @Nullable Integer iss,
        long recordBytes,
        boolean strict,
        Duration patience) {}
