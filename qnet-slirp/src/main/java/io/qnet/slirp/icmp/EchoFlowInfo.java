package io.qnet.slirp.icmp;

import io.qnet.wire.IpAddress;

/**
 * One line of a listing of echo flows.
 *
 * @param guest the guest
 * @param identifier its identifier
 * @param to where it last sent a request
 * @param remainingNanos how long the flow lives if nothing comes
 */
public record EchoFlowInfo(IpAddress guest, int identifier, IpAddress to, long remainingNanos) {}
