package io.qnet.socket;

import io.qnet.Netdev;
import io.qnet.NetdevContext;
import io.qnet.NetdevException;
import io.qnet.internal.socket.Sockets;

/** The sockets of the loop that a netdev runs on. */
final class RealSockets {
    private RealSockets() {}

    /**
     * They are the netdev's, which closes them.
     *
     * @throws NetdevException if the loop has none, as in virtual time
     */
    static Sockets of(Netdev netdev, NetdevContext network) {
        try {
            return Sockets.on(network.loop());
        } catch (IllegalStateException e) {
            throw new NetdevException("'" + netdev.type() + "' needs real sockets, which this network has not", e);
        }
    }
}
