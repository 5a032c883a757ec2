package io.qnet.socket;

import io.netty.channel.unix.Socket;
import io.qnet.NetdevException;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import jnr.constants.platform.AddressFamily;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;

/** Raw sockets of IP protocol 115, for which a process needs the right to raw sockets. */
final class RawIp {
    private static final int PROTOCOL = 115;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;

    /** The C library. */
    public interface LibC {
        /** socket(2). */
        int socket(int domain, int type, int protocol);
    }

    private RawIp() {}

    /**
     * Opens one, bound to an address.
     *
     * @return the descriptor
     * @throws IOException if it cannot be bound
     * @throws NetdevException if there is no right to it
     */
    static int open(InetSocketAddress local) throws IOException {
        LibC libc = LibraryLoader.create(LibC.class).load("c");
        boolean ipv6 = local.getAddress() instanceof Inet6Address;
        int family = (ipv6 ? AddressFamily.AF_INET6 : AddressFamily.AF_INET).intValue();
        int descriptor = libc.socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, PROTOCOL);
        if (descriptor < 0) {
            int errno = Runtime.getRuntime(libc).getLastError();
            throw new NetdevException("socket creation failed, errno = " + errno);
        }
        Socket socket = new Socket(descriptor);
        try {
            socket.bind(new InetSocketAddress(local.getAddress(), 0));
            return descriptor;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }
}
