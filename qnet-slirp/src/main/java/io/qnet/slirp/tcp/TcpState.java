package io.qnet.slirp.tcp;

/** The states of RFC 9293 §3.3.2, and one before them: {@link #CONNECTING}. LISTEN does not occur: every address listens. */
public enum TcpState {
    /** The guest's SYN has come and waits for the host's connection; nothing was answered yet. */
    CONNECTING,
    /** Our SYN has been sent (a connection from the host, such as a forward). */
    SYN_SENT,
    /** Our SYN|ACK has been sent. */
    SYN_RECEIVED,
    /** Data flows both ways. */
    ESTABLISHED,
    /** The host has ended; our FIN waits for its acknowledgement. */
    FIN_WAIT_1,
    /** The host has ended and the guest knows; the guest may still send. */
    FIN_WAIT_2,
    /** The guest has ended; the host may still send. */
    CLOSE_WAIT,
    /** Both have ended at once; our FIN waits for its acknowledgement. */
    CLOSING,
    /** Both have ended, the guest first; our FIN waits for its acknowledgement. */
    LAST_ACK,
    /** All is done; old segments are awaited. */
    TIME_WAIT,
    /** No connection. */
    CLOSED;

    /** Whether both sides have agreed on sequence numbers. */
    boolean isSynchronized() {
        return this.compareTo(SYN_RECEIVED) > 0 && this != CLOSED;
    }

    /** Whether the guest may still send data, as far as we have heard. */
    boolean takesData() {
        return this == ESTABLISHED || this == FIN_WAIT_1 || this == FIN_WAIT_2;
    }

    /** Whether data from the host may still be sent, or retransmitted. */
    boolean sendsData() {
        return this == ESTABLISHED || this == CLOSE_WAIT || this == FIN_WAIT_1 || this == CLOSING || this == LAST_ACK;
    }
}
