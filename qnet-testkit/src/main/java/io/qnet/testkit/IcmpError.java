package io.qnet.testkit;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * An ICMP error that a guest received.
 *
 * @param from who sent it
 * @param type the ICMP type, such as 3 for destination unreachable
 * @param code its code
 * @param mtu the next hop's MTU of a "fragmentation needed", else 0
 * @param protocol the protocol of the packet that it quotes
 * @param destination where that packet went; null if the quotation is too short to say
 * @param guestPort the guest's port in the quoted packet, 0 if not known
 * @param peerPort the other port in the quoted packet, 0 if not known
 */
public record IcmpError(
        InetAddress from,
        int type,
        int code,
        int mtu,
        int protocol,
        @Nullable InetAddress destination,
        int guestPort,
        int peerPort) {
    /** Type and code as {@code type/code}. */
    public String kind() {
        return type + "/" + code;
    }
}
