package io.qnet.slirp.tcp;

import io.qnet.host.HostError;
import io.qnet.host.HostStream;

/**
 * Where every connection that a guest opens is decided: a host socket, a proxy, a service inside, a refusal. Loop thread only; must not call back into the stack.
 */
@FunctionalInterface
public interface Opener {
    /**
     * Decides about a SYN. The guest gets its SYN|ACK when the stream reports {@link HostStream.Handler#onConnected}.
     *
     * @param flow who wants to reach whom
     * @param handler to be given to the stream
     */
    Decision open(TcpFlow flow, HostStream.Handler handler);

    /** What becomes of a SYN. */
    sealed interface Decision {
        /** The connection goes to this stream, which is connecting, or will say {@code onConnected} in a later event. */
        record Accept(HostStream stream) implements Decision {}

        /** The guest is told why not: {@link HostError#REFUSED} by RST, others by ICMP (see {@link Unreachable}). */
        record Refuse(HostError error) implements Decision {}

        /** The SYN is ignored. */
        record Drop() implements Decision {}

        /** The one {@link Drop}. */
        Decision DROP = new Drop();
    }

    /** Tells a guest by ICMP or ICMPv6 that it cannot have a connection. */
    @FunctionalInterface
    interface Unreachable {
        /**
         * Sends the error, if one is due (rate limits are the callee's).
         *
         * @param flow which connection; the error comes from the gateway, or from {@code flow.host()} if it is the far end that answers
         * @param error why; never {@link HostError#REFUSED} or {@link HostError#RESET}, which are answered by RST
         * @param synPacket the SYN that is to be quoted, from the IP header to the end of the TCP header; the callee may keep it
         */
        void unreachable(TcpFlow flow, HostError error, byte[] synPacket);
    }
}
