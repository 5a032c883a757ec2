package io.qnet.slirp.tcp;

/**
 * What an embedder may set for TCP. Times are nanoseconds.
 *
 * @param maxFlows the most connections at once; a new one evicts the oldest idle one
 * @param timeWaitNanos how long a connection stays in TIME_WAIT (libslirp: 10 s)
 * @param keepAliveNanos after how long without a sign of life the guest is probed; 0 for never
 * @param halfClosedNanos after how long without a sign of life a guest is probed that has been sent a FIN and not sent its own
 */
public record TcpConfig(int maxFlows, long timeWaitNanos, long keepAliveNanos, long halfClosedNanos) {
    private static final long SECOND = 1_000_000_000L;

    /** 16 384 connections, 10 s of TIME_WAIT, no keepalive, half-closed connections probed after 120 s. */
    public static final TcpConfig DEFAULT = new TcpConfig(16_384, 10 * SECOND, 0, 120 * SECOND);

    /** The same with another limit. */
    public TcpConfig withMaxFlows(int maxFlows) {
        return new TcpConfig(maxFlows, timeWaitNanos, keepAliveNanos, halfClosedNanos);
    }

    /** The same with keepalive probes. */
    public TcpConfig withKeepAliveNanos(long keepAliveNanos) {
        return new TcpConfig(maxFlows, timeWaitNanos, keepAliveNanos, halfClosedNanos);
    }

    /** The same with another time in TIME_WAIT. */
    public TcpConfig withTimeWaitNanos(long timeWaitNanos) {
        return new TcpConfig(maxFlows, timeWaitNanos, keepAliveNanos, halfClosedNanos);
    }
}
