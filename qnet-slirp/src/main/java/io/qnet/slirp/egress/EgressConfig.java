package io.qnet.slirp.egress;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * The rules by which flows leave.
 *
 * @param restricted guests reach nothing but the user netdev's own services and forwards ({@code restrict=on})
 * @param hostLoopback whether the gateway's address leads to the host's loopback
 * @param dnsDisabled whether the name server's address serves nobody
 * @param outbound4 where sockets of IPv4 are bound, or null for the host's choice
 * @param outbound6 where sockets of IPv6 are bound, or null for the host's choice
 * @param connectTimeoutNanos how long a connection may take to be made
 */
public record EgressConfig(
        boolean restricted,
        boolean hostLoopback,
        boolean dnsDisabled,
        @Nullable InetAddress outbound4,
        @Nullable InetAddress outbound6,
        long connectTimeoutNanos) {}
