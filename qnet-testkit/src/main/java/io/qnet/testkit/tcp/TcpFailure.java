package io.qnet.testkit.tcp;

/** Why a connection of the guest's ended otherwise than by FIN from both sides. */
public enum TcpFailure {
    /** The SYN was answered by RST. */
    REFUSED,
    /** RST came after the connection stood. */
    RESET,
    /** Nothing was acknowledged through all retransmissions. */
    TIMED_OUT,
    /** An ICMP error answered the SYN. */
    UNREACHABLE,
    /** This side has aborted it. */
    ABORTED
}
