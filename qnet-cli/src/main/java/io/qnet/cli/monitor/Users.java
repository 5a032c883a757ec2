package io.qnet.cli.monitor;

import io.qnet.Endpoint;
import io.qnet.NetdevException;
import io.qnet.Network;
import io.qnet.slirp.UserNetdev;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds the user netdev that a command means (QEMU: net/slirp.c, slirp_lookup). */
final class Users {
    private Users() {}

    /**
     * The user netdev with this name, or the first one.
     *
     * @throws NetdevException in QEMU's words
     */
    static UserNetdev find(Network network, @Nullable String name) {
        if (name != null) {
            return user(network.endpoint(name), "unrecognized netdev id '" + name + "'");
        }
        List<UserNetdev> all = network.endpoints(UserNetdev.class);
        if (all.isEmpty()) {
            throw new NetdevException("user mode network stack not in use");
        }
        return all.get(0);
    }

    /** The user netdev with this name on this hub, as QEMU up to 4.2 asked for it. */
    static UserNetdev find(Network network, String hub, String name) {
        String refusal = "unrecognized (hub-id, stackname) pair";
        var info = network.info().endpoint(name);
        if (info == null || !hub.equals(String.valueOf(info.hub()))) {
            throw new NetdevException(refusal);
        }
        return user(network.endpoint(name), refusal);
    }

    private static UserNetdev user(@Nullable Endpoint endpoint, String notFound) {
        if (endpoint instanceof UserNetdev user) {
            return user;
        }
        throw new NetdevException(endpoint == null ? notFound : "invalid device specified");
    }
}
