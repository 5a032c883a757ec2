package io.qnet.slirp.icmp;

import io.qnet.wire.IpAddress;

/**
 * An ICMP or ICMPv6 error from a guest about a packet that it was sent, checked as far as IP goes: the quoted packet went to the guest that complains. Whether there is such a flow, and whether it is to be
 * believed, the flow's owner knows. One instance is reused for all errors and borrowed for the call.
 */
public final class GuestError {
    /** What the guest complains about. */
    public enum Kind {
        /** Nobody takes packets for this port (3/3), or of this protocol (3/2). */
        PORT_UNREACHABLE,
        /** Another hop or host behind the guest cannot be reached (3/0, 3/1 and the rest of type 3). */
        UNREACHABLE,
        /** Larger than the path takes (3/4): {@link #mtu()}. */
        TOO_BIG,
        /** The TTL was used up, or fragments did not come (11). */
        TIME_EXCEEDED,
        /** A header that the guest does not understand (12). */
        PARAMETER_PROBLEM
    }

    private Kind kind = Kind.UNREACHABLE;
    private int mtu;
    private int protocol;
    private IpAddress guest = IpAddress.ANY4;
    private int guestPort;
    private IpAddress far = IpAddress.ANY4;
    private int farPort;
    private int sequence;

    GuestError() {}

    void set(Kind kind, int mtu) {
        this.kind = kind;
        this.mtu = mtu;
    }

    void about(int protocol, IpAddress guest, int guestPort, IpAddress far, int farPort, int sequence) {
        this.protocol = protocol;
        this.guest = guest;
        this.guestPort = guestPort;
        this.far = far;
        this.farPort = farPort;
        this.sequence = sequence;
    }

    /** What is wrong. */
    public Kind kind() {
        return kind;
    }

    /** The MTU of {@link Kind#TOO_BIG}, in bytes; guessed if the guest does not say. */
    public int mtu() {
        return mtu;
    }

    /** The transport's protocol number. */
    public int protocol() {
        return protocol;
    }

    /** The guest, to which the packet went. */
    public IpAddress guest() {
        return guest;
    }

    /** The guest's port. */
    public int guestPort() {
        return guestPort;
    }

    /** The far end as the guest sees it, from which the packet came. */
    public IpAddress far() {
        return far;
    }

    /** The far end's port. */
    public int farPort() {
        return farPort;
    }

    /** Of a TCP segment, its sequence number. */
    public int sequence() {
        return sequence;
    }
}
