package io.qnet.slirp.egress;

import io.qnet.host.HostError;
import io.qnet.wire.IpAddress;

/** What becomes of a flow that a guest begins. */
public sealed interface Verdict {
    /**
     * It leaves through the host's sockets.
     *
     * @param address where the host sends it, which is not always what the guest addressed: the gateway stands for the host's loopback
     * @param port the port there
     */
    record ToHost(IpAddress address, int port) implements Verdict {}

    /** It is a DNS query, for the resolvers. */
    record ToResolvers() implements Verdict {}

    /**
     * It goes to a service inside this process or to a forward's target.
     *
     * @param service who takes the stream
     */
    record ToService(StreamService service) implements Verdict {}

    /** The guest is told that it cannot be, and why. */
    record Refuse(HostError error) implements Verdict {}

    /** Nothing happens. */
    record Drop() implements Verdict {}

    /** The one {@link ToResolvers}. */
    Verdict TO_RESOLVERS = new ToResolvers();
    /** The one {@link Drop}. */
    Verdict DROP = new Drop();
    /** No route to the network. */
    Verdict NO_ROUTE = new Refuse(HostError.NET_UNREACHABLE);
    /** No such host. */
    Verdict NO_HOST = new Refuse(HostError.HOST_UNREACHABLE);
    /** Nobody listens. */
    Verdict REFUSED = new Refuse(HostError.REFUSED);
}
