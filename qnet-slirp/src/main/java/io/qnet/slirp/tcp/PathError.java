package io.qnet.slirp.tcp;

/** What an ICMP error (RFC 792) or ICMPv6 error (RFC 4443) from a guest's side says of a segment that was sent to the guest. Errors of other kinds concern TCP not. */
public enum PathError {
    /** Destination unreachable, but for {@link #TOO_LARGE}: ICMP type 3, ICMPv6 type 1. */
    UNREACHABLE,
    /** Fragmentation needed (ICMP 3/4), packet too big (ICMPv6 2/0). */
    TOO_LARGE
}
