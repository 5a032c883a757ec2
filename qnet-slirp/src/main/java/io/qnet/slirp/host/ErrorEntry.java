package io.qnet.slirp.host;

import io.qnet.host.HostError;
import io.qnet.internal.socket.HostErrors;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** One entry of a socket's error queue (ip(7), struct sock_extended_err). Reused. */
final class ErrorEntry {
    static final int IPPROTO_IP = 0;
    static final int IP_RECVERR = 11;
    static final int IPPROTO_IPV6 = 41;
    static final int IPV6_RECVERR = 25;

    private static final int ORIGIN_ICMP = 2;
    private static final int ORIGIN_ICMP6 = 3;
    private static final int EMSGSIZE = 90;

    int errno;
    int origin;
    int icmpType;
    int icmpCode;
    /** The MTU if {@link #errno} is EMSGSIZE. */
    int info;

    /** Where the packet went that the error is about. */
    @Nullable InetSocketAddress to;

    /** Who sent the error; null if it was this host. */
    @Nullable InetAddress offender;

    /** The beginning of what that packet carried; for ICMP sockets from the ICMP header on. */
    final byte[] payload = new byte[128];

    int payloadLength;

    void clear() {
        errno = 0;
        origin = 0;
        icmpType = 0;
        icmpCode = 0;
        info = 0;
        to = null;
        offender = null;
        payloadLength = 0;
    }

    /** What it means. */
    HostError error() {
        if ((origin == ORIGIN_ICMP && icmpType == 11) || (origin == ORIGIN_ICMP6 && icmpType == 3)) {
            return HostError.TTL_EXCEEDED;
        }
        // RFC 1122 §3.2.2.1: communication administratively prohibited with network (9), host (10), filtered (13)
        if (origin == ORIGIN_ICMP && icmpType == 3 && (icmpCode == 9 || icmpCode == 10 || icmpCode == 13)) {
            return HostError.PROHIBITED;
        }
        return HostErrors.ofErrno(errno);
    }

    /** The path's MTU if {@link #error()} is {@link HostError#MESSAGE_TOO_LARGE}, else 0. */
    int mtu() {
        return errno == EMSGSIZE ? info : 0;
    }

    /** Who reported it, or {@code otherwise}. */
    InetAddress offenderOr(InetAddress otherwise) {
        InetAddress present = offender;
        return present == null ? otherwise : present;
    }
}
