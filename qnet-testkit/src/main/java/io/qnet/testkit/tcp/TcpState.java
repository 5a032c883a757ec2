package io.qnet.testkit.tcp;

/** The states of RFC 9293 §3.3.2, but for LISTEN, which belongs to the guest's listener. */
public enum TcpState {
    /** Not yet opened, or ended. */
    CLOSED,
    /** SYN sent, waiting for SYN|ACK. */
    SYN_SENT,
    /** SYN received and answered. */
    SYN_RECEIVED,
    /** Data flows both ways. */
    ESTABLISHED,
    /** We have ended our half, not yet acknowledged. */
    FIN_WAIT_1,
    /** Our end is acknowledged; the other side may still send. */
    FIN_WAIT_2,
    /** The other side has ended its half; we may still send. */
    CLOSE_WAIT,
    /** Both sides ended at once, ours not yet acknowledged. */
    CLOSING,
    /** Both sides ended, ours last, not yet acknowledged. */
    LAST_ACK,
    /** All is done; stray segments are answered for a while. */
    TIME_WAIT;

    /** Whether the connection once stood and the local side may still send. */
    public boolean maySend() {
        return this == ESTABLISHED || this == CLOSE_WAIT;
    }

    /** Whether SYNs have been exchanged and the connection is not over. */
    public boolean isSynchronized() {
        return this != CLOSED && this != SYN_SENT && this != SYN_RECEIVED;
    }
}
