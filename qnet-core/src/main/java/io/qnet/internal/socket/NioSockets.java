package io.qnet.internal.socket;

import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.Future;
import io.qnet.loop.Loop;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** Sockets as channels of the JDK's in a NIO loop: no native code. */
final class NioSockets extends Sockets {
    private static final System.Logger LOG = System.getLogger(NioSockets.class.getName());

    NioSockets(Loop loop) {
        super(loop);
    }

    @Override
    public StreamSocket connect(
            SocketAddress remote, @Nullable SocketAddress local, StreamOptions options, StreamSocket.Handler handler)
            throws IOException {
        if (options.device() != null) {
            throw new IOException("a socket is bound to an interface on epoll only");
        }
        SocketAddress to = jdkAddress(remote);
        SocketChannel channel = SocketChannel.open(family(to));
        try {
            channel.configureBlocking(false);
            configure(channel, to, options);
            if (local != null) {
                channel.bind(jdkAddress(local));
            }
            boolean connected = connect(channel, to);
            NioStreamSocket stream = new NioStreamSocket(this, channel, remote, handler, true);
            stream.register(connected);
            return stream;
        } catch (IOException | RuntimeException e) {
            close(channel);
            throw e;
        }
    }

    @Override
    public ListenSocket listen(SocketAddress local, int backlog, StreamOptions accepted, ListenSocket.Acceptor acceptor)
            throws IOException {
        SocketAddress at = jdkAddress(local);
        makeRoom(at);
        ServerSocketChannel channel = ServerSocketChannel.open(family(at));
        try {
            channel.configureBlocking(false);
            if (at instanceof InetSocketAddress) {
                channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                if (accepted.receiveBuffer() > 0) {
                    channel.setOption(StandardSocketOptions.SO_RCVBUF, accepted.receiveBuffer());
                }
            }
            channel.bind(at, backlog);
            NioListenSocket listener = new NioListenSocket(this, channel, accepted, acceptor);
            listener.register();
            return listener;
        } catch (IOException | RuntimeException e) {
            close(channel);
            throw e;
        }
    }

    @Override
    public PacketSocket bindDatagrams(InetSocketAddress local, PacketSocket.Handler handler) throws IOException {
        DatagramChannel channel = DatagramChannel.open(family(local));
        try {
            channel.configureBlocking(false);
            channel.bind(local);
            NioPacketSocket packets = new NioPacketSocket(this, channel, handler);
            packets.register();
            return packets;
        } catch (IOException | RuntimeException e) {
            close(channel);
            throw e;
        }
    }

    @Override
    public PeerSocket bindDatagrams(InetSocketAddress local, InetSocketAddress remote, PacketSocket.Handler handler)
            throws IOException {
        DatagramChannel channel = openDatagrams(family(local));
        try {
            channel.bind(local);
            NioPeerSocket peer = new NioPeerSocket(this, channel, remote, handler);
            peer.register();
            return peer;
        } catch (IOException | RuntimeException e) {
            close(channel);
            throw e;
        }
    }

    @Override
    public PacketSocket joinGroup(InetSocketAddress group, @Nullable Inet4Address local, PacketSocket.Handler handler)
            throws IOException {
        DatagramChannel channel = openDatagrams(StandardProtocolFamily.INET);
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(group);
            channel.join(group.getAddress(), networkInterface(group, local));
            NioPacketSocket packets = new NioPacketSocket(this, channel, handler);
            packets.register();
            return packets;
        } catch (IOException | RuntimeException e) {
            close(channel);
            throw e;
        }
    }

    @Override
    public PeerSocket connectGroup(InetSocketAddress group, @Nullable Inet4Address local, PacketSocket.Handler handler)
            throws IOException {
        DatagramChannel channel = openDatagrams(StandardProtocolFamily.INET);
        try {
            if (local != null) {
                channel.bind(new InetSocketAddress(local, 0));
                channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, networkInterface(group, local));
            }
            channel.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, true);
            channel.connect(group);
            NioPeerSocket peer = new NioPeerSocket(this, channel, group, handler);
            peer.register();
            return peer;
        } catch (IOException | RuntimeException e) {
            close(channel);
            throw e;
        }
    }

    /** The interface with this address; without one, the one on the way to the group. */
    private static NetworkInterface networkInterface(InetSocketAddress group, @Nullable Inet4Address local)
            throws IOException {
        InetAddress address = local;
        if (address == null) {
            try (DatagramChannel probe = DatagramChannel.open(StandardProtocolFamily.INET)) {
                probe.connect(group);
                address = ((InetSocketAddress) probe.getLocalAddress()).getAddress();
            }
        }
        NetworkInterface found = NetworkInterface.getByInetAddress(address);
        if (found == null) {
            throw new IOException("No such device");
        }
        return found;
    }

    private static DatagramChannel openDatagrams(StandardProtocolFamily family) throws IOException {
        DatagramChannel channel = DatagramChannel.open(family);
        try {
            channel.configureBlocking(false);
            if (KernelLimits.receiveBuffer() > 0) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, KernelLimits.receiveBuffer());
            }
            return channel;
        } catch (IOException e) {
            close(channel);
            throw e;
        }
    }

    @Override
    public PeerSocket bindUnixDatagrams(String local, @Nullable String remote, PacketSocket.Handler handler)
            throws IOException {
        throw new IOException("unix datagrams need epoll");
    }

    @Override
    public PeerSocket adoptConnected(int descriptor, PacketSocket.Handler handler) throws IOException {
        throw needsEpoll();
    }

    @Override
    public PeerSocket adoptRaw(int descriptor, InetSocketAddress remote, PacketSocket.Handler handler)
            throws IOException {
        throw needsEpoll();
    }

    @Override
    public StreamSocket adoptStream(int descriptor, StreamSocket.Handler handler) throws IOException {
        throw needsEpoll();
    }

    @Override
    public ListenSocket adoptListener(int descriptor, StreamOptions accepted, ListenSocket.Acceptor acceptor)
            throws IOException {
        throw needsEpoll();
    }

    @Override
    public PacketSocket adopt(int descriptor, PacketSocket.Handler handler) throws IOException {
        throw needsEpoll();
    }

    private static IOException needsEpoll() {
        return new IOException("descriptors need epoll");
    }

    @Override
    public boolean takesDescriptors() {
        return false;
    }

    @Override
    public boolean hasAbstractNames() {
        return false;
    }

    @Override
    public void close() {
        // holds nothing
    }

    static void configure(SocketChannel channel, SocketAddress address, StreamOptions options) throws IOException {
        if (options.receiveBuffer() > 0) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, options.receiveBuffer());
        }
        if (options.sendBuffer() > 0) {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, options.sendBuffer());
        }
        if (address instanceof InetSocketAddress) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, options.keepAlive());
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

    /** Closes a channel. It is gone whatever the kernel says. */
    static void close(Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "close", e);
        }
    }

    private static boolean connect(SocketChannel channel, SocketAddress to) throws IOException {
        try {
            return channel.connect(to);
        } catch (java.nio.channels.UnresolvedAddressException e) {
            throw new IOException("No such host", e);
        }
    }

    private static StandardProtocolFamily family(SocketAddress address) {
        if (!(address instanceof InetSocketAddress)) {
            return StandardProtocolFamily.UNIX;
        }
        return isIpv6(address) ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
    }

    private static SocketAddress jdkAddress(SocketAddress address) throws IOException {
        if (!(address instanceof DomainSocketAddress unix)) {
            return address;
        }
        if (unix.path().startsWith("\0")) {
            throw new IOException("abstract unix names need epoll");
        }
        return UnixDomainSocketAddress.of(unix.path());
    }
}
