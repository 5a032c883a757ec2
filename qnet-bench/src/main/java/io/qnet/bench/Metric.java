package io.qnet.bench;

/** What is measured of a stack. */
enum Metric {
    /** Gbit/s from guest to host. */
    OUT,
    /** Gbit/s from host to guest. */
    IN,
    /** Connect, one byte, close: how often a second. */
    CONNECTIONS,
    /** Median round trip of an echo to the gateway, µs. */
    PING,
    /** The same to another address of the host's, which reaches the host's own kernel through the stack's ping socket. */
    PING_HOST,
    /** CPU seconds of the stack's process per GiB, outward. */
    CPU_OUT,
    /** CPU seconds of the stack's process per GiB, inward. */
    CPU_IN,
    /** Of the segments that the guest sent outward, the per cent that it sent again. */
    RETRANSMITTED
}
