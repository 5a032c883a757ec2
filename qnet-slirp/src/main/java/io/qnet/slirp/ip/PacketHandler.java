package io.qnet.slirp.ip;

/** Takes packets of one transport protocol from guests. */
@FunctionalInterface
public interface PacketHandler {
    /** A packet arrived. It is borrowed for the call. */
    void onPacket(InPacket packet, long nowNanos);
}
