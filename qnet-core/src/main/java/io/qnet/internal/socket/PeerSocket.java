package io.qnet.internal.socket;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A datagram socket with one far end, to which all is sent, and which receives from anybody that the kernel lets in. Its handler is a {@link PacketSocket.Handler}.
 *
 * <p>Loop thread only.
 */
public interface PeerSocket {
    /** What {@link #receiveDatagram} answers when there is none. */
    int NONE = -1;

    /**
     * Receives one datagram into {@code target} from index 0; a longer one is cut. Indices of the buffer are not moved.
     *
     * @return its length, which may be 0, or {@link #NONE}
     * @throws IOException with a pending error about an earlier datagram
     */
    int receiveDatagram(ByteBuf target) throws IOException;

    /**
     * Sends one datagram.
     *
     * @return null if it was sent; {@link HostError#NO_RESOURCES} if it may be tried again: {@link PacketSocket.Handler#onWritable()} follows where the kernel tells (it does not where a unix socket that is
     *     not connected finds its peer's queue full); otherwise why it is lost
     */
    @Nullable HostError sendDatagram(ByteBuf source, int index, int length);

    /**
     * Connects a unix socket: it sends there from now on, and hears nobody else where the kernel has such connections.
     *
     * @throws IOException if nobody is there, or it is no unix socket
     */
    void connect(String path) throws IOException;

    /** Stops or resumes {@link PacketSocket.Handler#onReadable()}. */
    void setReading(boolean reading);

    /** The own end if it is one of UDP, else null. */
    @Nullable InetSocketAddress inetAddress();

    /** The descriptor, or -1 if there is none to be had. */
    int descriptor();

    /** Releases the socket. */
    void close();
}
