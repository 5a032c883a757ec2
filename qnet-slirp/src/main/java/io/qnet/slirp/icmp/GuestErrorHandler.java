package io.qnet.slirp.icmp;

/** Takes the ICMP errors of guests about packets of one transport. Loop thread only. */
@FunctionalInterface
public interface GuestErrorHandler {
    /**
     * A guest complains. The error is borrowed for the call.
     *
     * @return whether it was about a flow of this handler; if not, others are asked
     */
    boolean onGuestError(GuestError error, long nowNanos);
}
