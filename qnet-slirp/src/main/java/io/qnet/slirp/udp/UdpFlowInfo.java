package io.qnet.slirp.udp;

import io.qnet.wire.IpAddress;

/**
 * One line of a listing of UDP flows.
 *
 * @param guest the guest
 * @param guestPort its port
 * @param to where it last sent a datagram
 * @param toPort the port there
 * @param remainingNanos how long the flow lives if nothing comes
 * @param sentBytes payload from the guest
 * @param receivedBytes payload to the guest
 */
public record UdpFlowInfo(
        IpAddress guest,
        int guestPort,
        IpAddress to,
        int toPort,
        long remainingNanos,
        long sentBytes,
        long receivedBytes) {}
