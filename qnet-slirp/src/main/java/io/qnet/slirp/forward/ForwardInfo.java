package io.qnet.slirp.forward;

import io.qnet.option.HostForward;
import io.qnet.wire.IpAddress;
import java.net.SocketAddress;

/**
 * One port of the host that leads to a guest.
 *
 * @param rule the rule that it comes from; a rule over several ports has one of these for each
 * @param protocol TCP or UDP
 * @param listen where the host listens; of a rule with port 0, the port that the host chose
 * @param guest the guest's address
 * @param guestPort the guest's port
 */
public record ForwardInfo(
        HostForward rule, HostForward.Protocol protocol, SocketAddress listen, IpAddress guest, int guestPort) {}
