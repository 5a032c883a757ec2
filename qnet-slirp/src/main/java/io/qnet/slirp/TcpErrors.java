package io.qnet.slirp;

import io.qnet.slirp.icmp.GuestError;
import io.qnet.slirp.icmp.GuestErrorHandler;
import io.qnet.slirp.tcp.TcpFlow;
import io.qnet.slirp.tcp.TcpStack;
import io.qnet.wire.Ip;

/** Guests' ICMP errors about segments, for the TCP stack: the path's MTU. The stack itself knows whether what is quoted is on its way. */
final class TcpErrors implements GuestErrorHandler {
    private final TcpStack stack;

    TcpErrors(TcpStack stack) {
        this.stack = stack;
    }

    @Override
    public boolean onGuestError(GuestError error, long nowNanos) {
        if (error.protocol() != Ip.TCP) {
            return false;
        }
        if (error.kind() == GuestError.Kind.TOO_BIG) {
            TcpFlow flow = new TcpFlow(error.guest(), error.guestPort(), error.far(), error.farPort());
            stack.onPathMtu(flow, error.sequence(), error.mtu());
        }
        return true;
    }
}
