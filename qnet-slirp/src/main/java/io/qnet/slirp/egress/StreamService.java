package io.qnet.slirp.egress;

import io.qnet.host.HostException;
import io.qnet.host.HostStream;
import io.qnet.wire.IpAddress;

/** Takes TCP connections of guests that do not go to a host on the network: a service in this process, a command, a proxy. Loop thread only. */
@FunctionalInterface
public interface StreamService {
    /**
     * Takes a connection.
     *
     * @param guest the guest's address
     * @param guestPort the guest's port
     * @return the far end of the stream; it reports {@code onConnected} in a later event, when the guest may be answered
     * @throws HostException if it cannot be taken; the guest is told so
     */
    HostStream open(IpAddress guest, int guestPort, HostStream.Handler handler) throws HostException;
}
