package io.qnet;

/** A back end (QEMU's {@code -netdev}): joins what it is connected to, a hub or a NIC, to something outside. Subclasses are the user, socket, stream, dgram, tap… netdevs. */
public abstract class Netdev extends Endpoint {
    /**
     * @param id the name, unique in its network
     */
    protected Netdev(String id) {
        super(id);
    }
}
