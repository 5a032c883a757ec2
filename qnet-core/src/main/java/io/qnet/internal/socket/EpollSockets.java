package io.qnet.internal.socket;

import io.netty.channel.ChannelException;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.IovArray;
import io.netty.channel.unix.Socket;
import io.netty.util.concurrent.Future;
import io.qnet.loop.Loop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Sockets as raw descriptors in an epoll loop, registered edge-triggered once. */
final class EpollSockets extends Sockets {
    private static final System.Logger LOG = System.getLogger(EpollSockets.class.getName());

    static final int IPPROTO_IP = 0;
    static final int IPPROTO_IPV6 = 41;
    private static final int IPV6_V6ONLY = 26;
    private static final int IP_BIND_ADDRESS_NO_PORT = 24;

    /** The most buffers of one writev. */
    private static final int IOV_ENTRIES = 64;

    /** All that a stream socket is ever told, edge-triggered: readable, writable, the far side's end. */
    static final EpollIoOps STREAM_OPS = EpollIoOps.EPOLLIN
            .with(EpollIoOps.EPOLLOUT)
            .with(EpollIoOps.EPOLLRDHUP)
            .with(EpollIoOps.EPOLLET);

    /** The same without writable. */
    static final EpollIoOps STREAM_INPUT_OPS =
            EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLRDHUP).with(EpollIoOps.EPOLLET);

    static final EpollIoOps INPUT_OPS = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET);

    private @Nullable IovArray iov;

    EpollSockets(Loop loop) {
        super(loop);
    }

    @Override
    public StreamSocket connect(
            SocketAddress remote, @Nullable SocketAddress local, StreamOptions options, StreamSocket.Handler handler)
            throws IOException {
        SocketAddress to = nativeAddress(remote);
        LinuxSocket socket = open(to);
        try {
            configure(socket, to, options);
            if (local != null) {
                if (local instanceof InetSocketAddress inet && inet.getPort() == 0) {
                    // the kernel chooses the port at connect, when it knows the far end: ports are not used up
                    socket.setIntOpt(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
                }
                socket.bind(nativeAddress(local));
            }
            socket.connect(to);
            EpollStreamSocket stream = new EpollStreamSocket(this, socket, to, handler, true);
            stream.register();
            return stream;
        } catch (IOException | RuntimeException e) {
            close(socket);
            throw e;
        }
    }

    @Override
    public ListenSocket listen(SocketAddress local, int backlog, StreamOptions accepted, ListenSocket.Acceptor acceptor)
            throws IOException {
        SocketAddress at = nativeAddress(local);
        makeRoom(at);
        LinuxSocket socket = open(at);
        try {
            if (at instanceof InetSocketAddress) {
                socket.setReuseAddress(true);
                if (isIpv6(at)) {
                    socket.setIntOpt(IPPROTO_IPV6, IPV6_V6ONLY, 1);
                }
            }
            if (accepted.receiveBuffer() > 0) {
                // before listen, or accepted connections have a window scale for the default size
                socket.setReceiveBufferSize(accepted.receiveBuffer());
            }
            socket.bind(at);
            socket.listen(backlog);
            EpollListenSocket listener = new EpollListenSocket(this, socket, at, accepted, acceptor);
            listener.register();
            return listener;
        } catch (IOException | RuntimeException e) {
            close(socket);
            throw e;
        }
    }

    @Override
    public PacketSocket bindDatagrams(InetSocketAddress local, PacketSocket.Handler handler) throws IOException {
        LinuxSocket socket;
        try {
            socket = LinuxSocket.newSocketDgram(isIpv6(local));
        } catch (ChannelException e) {
            throw new IOException(e.getMessage(), e);
        }
        try {
            if (isIpv6(local)) {
                socket.setIntOpt(IPPROTO_IPV6, IPV6_V6ONLY, 1);
            }
            socket.bind(local);
        } catch (IOException | RuntimeException e) {
            close(socket);
            throw e;
        }
        return register(socket, handler);
    }

    @Override
    public PacketSocket adopt(int descriptor, PacketSocket.Handler handler) throws IOException {
        return register(new Socket(descriptor), handler);
    }

    private PacketSocket register(Socket socket, PacketSocket.Handler handler) throws IOException {
        try {
            EpollPacketSocket packets = new EpollPacketSocket(this, socket, handler);
            packets.register();
            return packets;
        } catch (IOException | RuntimeException e) {
            close(socket);
            throw e;
        }
    }

    @Override
    public boolean takesDescriptors() {
        return true;
    }

    @Override
    public boolean hasAbstractNames() {
        return true;
    }

    @Override
    public void close() {
        if (iov != null) {
            iov.release();
            iov = null;
        }
    }

    static void configure(Socket socket, SocketAddress address, StreamOptions options) throws IOException {
        if (options.receiveBuffer() > 0) {
            socket.setReceiveBufferSize(options.receiveBuffer());
        }
        if (options.sendBuffer() > 0) {
            socket.setSendBufferSize(options.sendBuffer());
        }
        if (address instanceof InetSocketAddress) {
            socket.setTcpNoDelay(true);
            if (options.keepAlive()) {
                socket.setKeepAlive(true);
            }
        }
    }

    IoRegistration register(IoHandle handle) throws IOException {
        Future<IoRegistration> future = loop().eventLoop().register(handle);
        IoRegistration registration = future.getNow();
        if (registration == null) {
            throw new IOException("the loop takes no more sockets", future.cause());
        }
        return registration;
    }

    /** Closes a descriptor. It is gone whatever close(2) says. */
    static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "close", e);
        }
    }

    /** An array for {@code writev}, shared by all sockets of the loop; empty. */
    IovArray iov() {
        IovArray present = iov;
        if (present == null) {
            iov = present = new IovArray(IOV_ENTRIES);
        }
        present.clear();
        return present;
    }

    private static LinuxSocket open(SocketAddress address) throws IOException {
        try {
            return address instanceof InetSocketAddress
                    ? LinuxSocket.newSocketStream(isIpv6(address))
                    : LinuxSocket.newSocketDomain();
        } catch (ChannelException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static SocketAddress nativeAddress(SocketAddress address) {
        String path = unixPath(address);
        return path == null || address instanceof DomainSocketAddress ? address : new DomainSocketAddress(path);
    }
}
