package io.qnet.internal.socket;

/**
 * Options of stream sockets.
 *
 * @param receiveBuffer SO_RCVBUF in bytes, or 0 to leave the size to the kernel
 * @param sendBuffer SO_SNDBUF in bytes, or 0 to leave the size to the kernel
 * @param keepAlive SO_KEEPALIVE
 */
public record StreamOptions(int receiveBuffer, int sendBuffer, boolean keepAlive) {
    /** Sizes left to the kernel. */
    public static final StreamOptions DEFAULT = new StreamOptions(0, 0, false);
}
