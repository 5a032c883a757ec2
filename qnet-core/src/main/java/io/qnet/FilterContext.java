package io.qnet;

import io.qnet.chardev.Chardev;
import io.qnet.loop.Loop;
import org.jspecify.annotations.Nullable;

/** What a filter is given by the network that it is made in. */
public interface FilterContext {
    /** The network's loop. */
    Loop loop();

    /** The character device with this name, or null. */
    @Nullable Chardev chardev(String id);

    /** Reports something for a person. Loop thread. */
    void warn(String filter, String message);
}
