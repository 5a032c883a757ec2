package io.qnet.internal.socket;

import org.jspecify.annotations.Nullable;

/**
 * Options of stream sockets.
 *
 * @param receiveBuffer SO_RCVBUF in bytes, or 0 to leave the size to the kernel
 * @param sendBuffer SO_SNDBUF in bytes, or 0 to leave the size to the kernel
 * @param keepAlive SO_KEEPALIVE
 * @param device SO_BINDTODEVICE of a socket that connects, or null
 */
public record StreamOptions(
        int receiveBuffer,
        int sendBuffer,
        boolean keepAlive,
        @Nullable String device) {
    /** Sizes left to the kernel. */
    public static final StreamOptions DEFAULT = new StreamOptions(0, 0, false);

    /** Options without an interface. */
    public StreamOptions(int receiveBuffer, int sendBuffer, boolean keepAlive) {
        this(receiveBuffer, sendBuffer, keepAlive, null);
    }

    /** The same for sockets that leave by an interface. */
    public StreamOptions onDevice(@Nullable String name) {
        return new StreamOptions(receiveBuffer, sendBuffer, keepAlive, name);
    }
}
