package io.qnet.slirp;

import io.qnet.slirp.icmp.GuestError;
import io.qnet.slirp.icmp.GuestErrorHandler;
import io.qnet.slirp.tcp.PathError;
import io.qnet.slirp.tcp.TcpFlow;
import io.qnet.slirp.tcp.TcpStack;
import io.qnet.wire.Ip;

/** Guests' ICMP errors about segments, for the TCP stack. The stack itself knows whether what is quoted is on its way. */
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
        TcpFlow flow = new TcpFlow(error.guest(), error.guestPort(), error.far(), error.farPort());
        switch (error.kind()) {
            case TOO_BIG -> stack.onIcmpError(flow, PathError.TOO_LARGE, error.sequence(), error.mtu());
            case UNREACHABLE, PORT_UNREACHABLE -> stack.onIcmpError(flow, PathError.UNREACHABLE, error.sequence(), 0);
            case TIME_EXCEEDED, PARAMETER_PROBLEM -> {
                // what they tell passes, or the retransmissions end
            }
        }
        return true;
    }
}
