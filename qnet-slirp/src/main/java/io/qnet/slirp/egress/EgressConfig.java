package io.qnet.slirp.egress;

import io.qnet.host.Outbound;

/**
 * The rules by which flows leave.
 *
 * @param restricted guests reach nothing but the user netdev's own services and forwards ({@code restrict=on})
 * @param hostLoopback whether the gateway's address leads to the host's loopback
 * @param dnsDisabled whether the name server's address serves nobody
 * @param outbound where sockets to others than the host itself are bound
 * @param connectTimeoutNanos how long a connection may take to be made
 */
public record EgressConfig(
        boolean restricted, boolean hostLoopback, boolean dnsDisabled, Outbound outbound, long connectTimeoutNanos) {}
