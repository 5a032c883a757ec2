package io.qnet.slirp.ip;

import io.qnet.wire.IpAddress;

/**
 * How transports send to the guest. A transport begins a packet, writes its header and payload, and sends it; this layer adds Ethernet and IP and finds the guest's MAC. Loop thread only; one packet at a
 * time.
 *
 * <p>A packet to a neighbour that is not known yet is kept (bounded, copied) while it is asked for, and counts as sent.
 */
public interface GuestOutput {
    /** Begins a packet; forgets one that was begun and not sent. */
    OutPacket begin(IpAddress source, IpAddress destination, int protocol);

    /**
     * Completes and sends the packet that was begun.
     *
     * @return false if the network takes nothing now; nothing has changed then, and {@link Sendable#onSendable} follows
     */
    boolean send(OutPacket packet);

    /** Called when {@link #send} may be tried again after it answered false. */
    void whenSendable(Sendable waiter);

    /** The most bytes of one IP packet towards the guest. */
    int mtu();

    /** What the network takes undone, a set of {@code Offload.TAKES_…}: with TSO, a segment may carry up to {@link #maxGsoBytes()} of payload. */
    int takes();

    /** The most payload bytes of one super-segment (64 KiB less headers by default; a port may ask for less). */
    int maxGsoBytes();

    /** Who waits to send. */
    interface Sendable {
        /** Sending may be tried again. */
        void onSendable();
    }
}
