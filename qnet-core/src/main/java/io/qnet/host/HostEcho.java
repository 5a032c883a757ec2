package io.qnet.host;

import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** ICMP or ICMPv6 echo by the host (a ping socket, else a raw socket). Loop thread only. */
public interface HostEcho {
    /**
     * Sends an echo request with this sequence number and payload; the payload is copied.
     *
     * @param ttl as in {@link HostDatagrams#send}
     * @return null if it was sent; otherwise why not
     */
    @Nullable HostError send(InetAddress to, int sequence, ByteBuf payload, int index, int length, int ttl);

    /** Releases the socket. */
    void close();

    /** What arrives. */
    interface Handler {
        /** An echo reply. {@code payload} is borrowed for the call. */
        void onReply(InetAddress from, int sequence, ByteBuf payload);

        /** An error about the request with this sequence number. */
        void onError(HostError error, InetAddress to, InetAddress offender, int sequence, int mtu);
    }
}
