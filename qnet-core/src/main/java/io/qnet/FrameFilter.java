package io.qnet;

import io.qnet.stat.Counters;
import org.jspecify.annotations.Nullable;

/**
 * Looks at, changes, delays or swallows frames on their way through a port (QEMU's {@code -object filter-…}). A frame passes the filters of the sender's port for what it sends, first to last, then those of
 * the receiver's port for what it receives, last to first, and is then delivered. Loop thread only.
 */
public interface FrameFilter {
    /** Which way a frame passes the port that the filter is at, seen from the port's endpoint. */
    enum Direction {
        /** Sent by the endpoint. */
        TX,
        /** Sent to the endpoint. */
        RX
    }

    /** QEMU's name of the type, such as {@code filter-dump}. */
    String type();

    /** The filter's own options in the text of {@code info network} after {@code type=…}, beginning with a comma if there are any. */
    default String info() {
        return "";
    }

    /**
     * A frame passes. It is borrowed for the call and must not be changed; a filter that changes or keeps it works on a copy, answers false, and sends the copy on by {@link Passage#inject}.
     *
     * @return true to let it pass as it is; false if it is swallowed
     */
    boolean filter(Frame frame, Direction direction, Passage onward);

    /** What happened to frames here, or null if nothing is counted. */
    default @Nullable Counters counters() {
        return null;
    }

    /** The filter has been put on its port. Through these passages it may send frames that did not come by it; null where it does not see that direction. */
    default void placed(@Nullable Passage tx, @Nullable Passage rx) {}

    /** The filter was switched on or off (QEMU's {@code status}); while it is off it is not asked. What it holds goes on. */
    default void onStatus(boolean on) {}

    /** The filter was taken off its port, or the port is closed. What it holds is to be released. */
    default void close() {}

    /** Leads from behind a filter to the receiver. */
    interface Passage {
        /** Sends a frame on, through the filters that follow. It is borrowed for the call; what the receiver does not take now waits in front of it, bounded. */
        void inject(Frame frame);
    }
}
