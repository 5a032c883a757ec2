package io.qnet.slirp.ip;

/**
 * Limits how often something is done: {@code ratePerSecond} on average, {@code burst} at once. Pure: time is an argument. Used for ICMP errors (RFC 1812 §4.3.2.8).
 */
public final class TokenBucket {
    private final long nanosPerToken;
    private final long burstNanos;
    private long creditNanos;
    private long updatedNanos;
    private boolean used;

    /** A full bucket. */
    public TokenBucket(int ratePerSecond, int burst) {
        nanosPerToken = 1_000_000_000L / ratePerSecond;
        burstNanos = burst * nanosPerToken;
        creditNanos = burstNanos;
    }

    /** Takes a token; false if there is none. */
    public boolean take(long nowNanos) {
        if (used) {
            long elapsed = Math.max(0, nowNanos - updatedNanos);
            creditNanos = elapsed >= burstNanos ? burstNanos : Math.min(burstNanos, creditNanos + elapsed);
        }
        used = true;
        updatedNanos = nowNanos;
        if (creditNanos < nanosPerToken) {
            return false;
        }
        creditNanos -= nanosPerToken;
        return true;
    }
}
