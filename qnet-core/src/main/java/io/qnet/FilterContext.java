package io.qnet;

import io.qnet.loop.Loop;

/** What a filter is given by the network that it is made in. */
public interface FilterContext {
    /** The network's loop. */
    Loop loop();

    /** Reports something for a person. Loop thread. */
    void warn(String filter, String message);
}
