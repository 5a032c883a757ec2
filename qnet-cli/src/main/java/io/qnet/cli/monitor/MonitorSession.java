package io.qnet.cli.monitor;

import io.qnet.NetworkEvent;
import java.time.Instant;

/** One client of a monitor, from its connect to its end. */
interface MonitorSession {
    /** Sends what a client sees first. */
    void begin();

    /** Takes what the client sent, from one thread; commands in it are run before this returns. */
    void input(byte[] bytes, int length);

    /** Tells the client of an event, if that is for it. Any thread; does not wait. */
    default void event(NetworkEvent event, Instant when) {}
}
