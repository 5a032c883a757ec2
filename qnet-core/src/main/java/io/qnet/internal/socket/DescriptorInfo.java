package io.qnet.internal.socket;

import io.netty.channel.ChannelException;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What kind of socket a descriptor is that somebody else opened. Needs Netty's native part for epoll. Any thread. */
public final class DescriptorInfo {
    /** {@code SOCK_STREAM}. */
    public static final int STREAM = 1;
    /** {@code SOCK_DGRAM}. */
    public static final int DATAGRAM = 2;

    private static final int SOL_SOCKET = 1;
    private static final int SO_TYPE = 3;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_DOMAIN = 39;
    private static final int AF_UNIX = 1;

    private DescriptorInfo() {}

    /**
     * The type of a socket: {@link #STREAM}, {@link #DATAGRAM} or another number of the kernel's.
     *
     * @throws IOException if it is no open descriptor, or none of a socket
     */
    public static int type(int descriptor) throws IOException {
        return option(descriptor, SO_TYPE);
    }

    /** Whether it is a unix socket. */
    public static boolean isUnix(int descriptor) throws IOException {
        return option(descriptor, SO_DOMAIN) == AF_UNIX;
    }

    /** Whether it listens. */
    public static boolean isListening(int descriptor) throws IOException {
        return option(descriptor, SO_ACCEPTCONN) != 0;
    }

    private static int option(int descriptor, int name) throws IOException {
        ByteBuffer value = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
        try {
            new Socket(descriptor).getRawOpt(SOL_SOCKET, name, value);
        } catch (ChannelException e) {
            throw HostErrors.checked(e);
        }
        return value.getInt(0);
    }
}
