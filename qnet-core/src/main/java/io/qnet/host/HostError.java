package io.qnet.host;

/** Why something on the host failed, in the terms that an engine maps to RST or ICMP. One constant an answer, not one an errno. */
public enum HostError {
    /** ECONNREFUSED; for a datagram socket, ICMP port unreachable. */
    REFUSED,
    /** ECONNRESET or EPIPE after the connection stood. */
    RESET,
    /** EHOSTUNREACH. */
    HOST_UNREACHABLE,
    /** ENETUNREACH, EADDRNOTAVAIL: no route, or no address of that family. */
    NET_UNREACHABLE,
    /** The connect time-out passed, or ETIMEDOUT. */
    TIMED_OUT,
    /** EACCES, EPERM. */
    PROHIBITED,
    /** EMFILE, ENFILE, ENOBUFS, no port left: the host has no room. */
    NO_RESOURCES,
    /** EADDRINUSE. */
    ADDRESS_IN_USE,
    /** EMSGSIZE, or ICMP fragmentation needed: larger than the path takes. */
    MESSAGE_TOO_LARGE,
    /** ICMP time exceeded. */
    TTL_EXCEEDED,
    /** Anything else. */
    OTHER
}
