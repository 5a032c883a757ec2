package io.qnet.testkit;

import org.jspecify.annotations.Nullable;

/** Something that a guest tried did not come about: nobody answered, or somebody refused. What the guest saw is part of the message. */
public class GuestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What kind of failure it was. */
    public enum Reason {
        /** The limit passed without an answer. */
        TIMED_OUT,
        /** RST answered the SYN, a DHCP server said NAK, a DNS server an error. */
        REFUSED,
        /** The connection was reset after it stood. */
        RESET,
        /** An ICMP error came back ({@link #icmp()}), or nobody answered ARP for the next hop. */
        UNREACHABLE,
        /** The connection, socket or guest is closed. */
        CLOSED,
        /** The guest has no address, no route or no name server for that. */
        NOT_CONFIGURED,
        /** What came could not be understood. */
        MALFORMED
    }

    private final Reason reason;
    private final transient @Nullable IcmpError icmp;

    /** Creates one. */
    public GuestException(Reason reason, String message) {
        this(reason, message, null);
    }

    /** Creates one because of an ICMP error. */
    public GuestException(Reason reason, String message, @Nullable IcmpError icmp) {
        super(message);
        this.reason = reason;
        this.icmp = icmp;
    }

    /** What kind of failure it was. */
    public Reason reason() {
        return reason;
    }

    /** The ICMP error that told, if one did. */
    public @Nullable IcmpError icmp() {
        return icmp;
    }
}
