package io.qnet.slirp.forward;

import io.qnet.host.HostStream;
import io.qnet.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/** Opens connections to guests. Loop thread only. */
@FunctionalInterface
public interface GuestDialer {
    /**
     * Connects to a guest and joins the connection to a stream of the host's.
     *
     * @param source the far end as the guest is to see it
     * @param stream the host's end, connected
     * @return the handler of the stream's events, or null if there is a connection between these ends already
     */
    HostStream.@Nullable Handler dial(
            IpAddress source, int sourcePort, IpAddress guest, int guestPort, HostStream stream);
}
