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
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Sockets as raw descriptors in an epoll loop, registered edge-triggered once. */
final class EpollSockets extends Sockets {
    private static final System.Logger LOG = System.getLogger(EpollSockets.class.getName());

    static final int IPPROTO_IP = 0;
    static final int IPPROTO_TCP = 6;
    static final int IPPROTO_IPV6 = 41;
    private static final int SOL_SOCKET = 1;
    private static final int SO_BINDTODEVICE = 25;
    private static final int IPV6_V6ONLY = 26;
    private static final int IP_BIND_ADDRESS_NO_PORT = 24;
    private static final int IP_MULTICAST_IF = 32;
    private static final int IP_MULTICAST_LOOP = 34;
    private static final int IP_ADD_MEMBERSHIP = 35;

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

    /** What a packet socket is told while something waits to be sent. */
    static final EpollIoOps PACKET_OUTPUT_OPS =
            EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLOUT).with(EpollIoOps.EPOLLET);

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
            String device = options.device();
            if (device != null) {
                bindToDevice(socket, device);
            }
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
        return registered(new EpollPacketSocket(this, boundUdp(local), handler));
    }

    @Override
    public PeerSocket bindDatagrams(InetSocketAddress local, InetSocketAddress remote, PacketSocket.Handler handler)
            throws IOException {
        return registered(new EpollPeerSocket(this, largeBuffer(boundUdp(local)), remote, handler));
    }

    @Override
    public PacketSocket joinGroup(InetSocketAddress group, @Nullable Inet4Address local, PacketSocket.Handler handler)
            throws IOException {
        LinuxSocket socket = openDatagrams(false);
        try {
            socket.setReuseAddress(true);
            socket.bind(group);
            byte[] membership = new byte[8]; // struct ip_mreq
            System.arraycopy(group.getAddress().getAddress(), 0, membership, 0, 4);
            System.arraycopy(bytes(local), 0, membership, 4, 4);
            setRawOption(socket, IP_ADD_MEMBERSHIP, membership);
        } catch (IOException | RuntimeException e) {
            close(socket);
            throw e;
        }
        return registered(new EpollPacketSocket(this, largeBuffer(socket), handler));
    }

    @Override
    public PeerSocket connectGroup(InetSocketAddress group, @Nullable Inet4Address local, PacketSocket.Handler handler)
            throws IOException {
        LinuxSocket socket = openDatagrams(false);
        try {
            if (local != null) {
                socket.bind(new InetSocketAddress(local, 0));
                setRawOption(socket, IP_MULTICAST_IF, bytes(local));
            }
            socket.setIntOpt(IPPROTO_IP, IP_MULTICAST_LOOP, 1);
            socket.connect(group);
        } catch (IOException | RuntimeException e) {
            close(socket);
            throw e;
        }
        return registered(new EpollPeerSocket(this, socket, group, handler));
    }

    @Override
    public PeerSocket bindUnixDatagrams(String local, @Nullable String remote, PacketSocket.Handler handler)
            throws IOException {
        UnixPath.removeSocket(local);
        LinuxSocket socket;
        try {
            socket = LinuxSocket.newSocketDomainDgram();
        } catch (ChannelException e) {
            throw HostErrors.checked(e);
        }
        try {
            socket.bind(new DomainSocketAddress(local));
        } catch (IOException | RuntimeException e) {
            close(socket);
            throw e;
        }
        return registered(
                remote == null
                        ? new EpollPeerSocket(this, socket, handler)
                        : new EpollPeerSocket(this, socket, remote, handler));
    }

    @Override
    public PeerSocket adoptConnected(int descriptor, PacketSocket.Handler handler) throws IOException {
        return registered(new EpollPeerSocket(this, new Socket(descriptor), handler));
    }

    @Override
    public PeerSocket adoptRaw(int descriptor, InetSocketAddress remote, PacketSocket.Handler handler)
            throws IOException {
        return registered(new EpollPeerSocket(this, new Socket(descriptor), remote, handler));
    }

    @Override
    public PacketSocket adopt(int descriptor, PacketSocket.Handler handler) throws IOException {
        return registered(new EpollPacketSocket(this, new Socket(descriptor), handler));
    }

    @Override
    public StreamSocket adoptStream(int descriptor, StreamSocket.Handler handler) throws IOException {
        LinuxSocket socket = LinuxSocket.newSocket(descriptor);
        try {
            SocketAddress remote = DescriptorInfo.isUnix(descriptor) ? null : socket.remoteAddress();
            if (remote == null) {
                remote = new DomainSocketAddress("");
            }
            configure(socket, remote, StreamOptions.DEFAULT);
            EpollStreamSocket stream = new EpollStreamSocket(this, socket, remote, handler, false);
            stream.register();
            return stream;
        } catch (IOException | RuntimeException e) {
            close(socket);
            throw e;
        }
    }

    @Override
    public ListenSocket adoptListener(int descriptor, StreamOptions accepted, ListenSocket.Acceptor acceptor)
            throws IOException {
        LinuxSocket socket = LinuxSocket.newSocket(descriptor);
        try {
            SocketAddress at =
                    DescriptorInfo.isUnix(descriptor) ? new DomainSocketAddress("\0") : new InetSocketAddress(0);
            EpollListenSocket listener = new EpollListenSocket(this, socket, at, accepted, acceptor);
            listener.register();
            return listener;
        } catch (IOException | RuntimeException e) {
            close(socket);
            throw e;
        }
    }

    private static <S extends EpollPacketSocket> S registered(S packets) throws IOException {
        try {
            packets.register();
            return packets;
        } catch (IOException | RuntimeException e) {
            close(packets.socket());
            throw e;
        }
    }

    private static LinuxSocket openDatagrams(boolean ipv6) throws IOException {
        try {
            return LinuxSocket.newSocketDgram(ipv6);
        } catch (ChannelException e) {
            throw HostErrors.checked(e);
        }
    }

    private static LinuxSocket boundUdp(InetSocketAddress local) throws IOException {
        LinuxSocket socket = openDatagrams(isIpv6(local));
        try {
            if (isIpv6(local)) {
                socket.setIntOpt(IPPROTO_IPV6, IPV6_V6ONLY, 1);
            }
            socket.bind(local);
            return socket;
        } catch (IOException | RuntimeException e) {
            close(socket);
            throw e;
        }
    }

    /** A burst of frames fits in. */
    private static LinuxSocket largeBuffer(LinuxSocket socket) {
        int bytes = KernelLimits.receiveBuffer();
        try {
            if (bytes > 0) {
                socket.setReceiveBufferSize(bytes);
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "SO_RCVBUF", e);
        }
        return socket;
    }

    private static void setRawOption(Socket socket, int name, byte[] value) throws IOException {
        try {
            socket.setRawOpt(IPPROTO_IP, name, ByteBuffer.wrap(value));
        } catch (ChannelException e) {
            throw HostErrors.checked(e);
        }
    }

    private static byte[] bytes(@Nullable Inet4Address address) {
        return address == null ? new byte[4] : address.getAddress();
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
        if (options.keepAlive() && address instanceof InetSocketAddress) {
            socket.setKeepAlive(true);
        }
    }

    /** Has a socket send and receive by one interface only (socket(7); any user may since Linux 5.7). */
    static void bindToDevice(Socket socket, String device) throws IOException {
        byte[] name = (device + "\0").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer option = ByteBuffer.allocateDirect(name.length).put(name).flip();
        try {
            socket.setRawOpt(SOL_SOCKET, SO_BINDTODEVICE, option);
        } catch (ChannelException e) {
            throw new IOException(e.getMessage(), e);
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
            throw HostErrors.checked(e);
        }
    }

    private static SocketAddress nativeAddress(SocketAddress address) {
        String path = unixPath(address);
        return path == null || address instanceof DomainSocketAddress ? address : new DomainSocketAddress(path);
    }
}
