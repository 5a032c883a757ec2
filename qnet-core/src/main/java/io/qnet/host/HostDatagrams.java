package io.qnet.host;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** One datagram socket of the host, not connected, so that any far end may answer. Loop thread only; never blocks. */
public interface HostDatagrams {
    /**
     * Sends one datagram: copies it, or has sent it when this returns.
     *
     * @param ttl the TTL or hop limit to send with, or 0 for the host's default
     * @return null if it was sent or waits to be; otherwise why not
     */
    @Nullable HostError send(ByteBuf source, int index, int length, InetSocketAddress to, int ttl);

    /** Stops or resumes reception, for back-pressure. */
    void setReading(boolean reading);

    /** The host's own address and port. */
    InetSocketAddress localAddress();

    /** Releases the socket. */
    void close();

    /** What a datagram socket tells. */
    interface Handler {
        /** A datagram arrived. {@code data} is borrowed for the call. */
        void onDatagram(ByteBuf data, InetSocketAddress from);

        /**
         * The host or the network reported an error about an earlier datagram.
         *
         * @param to where that datagram went
         * @param offender who reported it; {@code to} itself if not known
         * @param mtu the MTU of {@link HostError#MESSAGE_TOO_LARGE}, else 0
         */
        void onError(HostError error, InetSocketAddress to, InetSocketAddress offender, int mtu);
    }
}
