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
    /** CPU seconds of the stack's process per GiB, outward. */
    CPU_OUT,
    /** CPU seconds of the stack's process per GiB, inward. */
    CPU_IN
}
