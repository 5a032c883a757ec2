package io.qnet.slirp.udp;

/** Takes datagrams from guests: a service, or the answers to what a forward brought in. */
@FunctionalInterface
public interface DatagramHandler {
    /**
     * A datagram arrived. It is borrowed for the call.
     *
     * @return whether it was for this handler; if not, others are asked
     */
    boolean onDatagram(Datagram datagram, long nowNanos);
}
