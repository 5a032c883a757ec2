package io.qnet.slirp.ip;

import io.qnet.Frame;

/** Where frames towards guests leave: the netdev's port. Loop thread only. */
public interface GuestPort {
    /** Sends a frame; false if nothing is taken now. The frame is borrowed. */
    boolean send(Frame frame);

    /** Sends a frame that cannot wait here; it is queued, or dropped and counted, if it is not taken now. */
    void sendOrQueue(Frame frame);

    /** What guests take undone, a set of {@code Offload.TAKES_…}. */
    int guestTakes();
}
