package io.qnet.internal.socket;

import io.netty.channel.SingleThreadEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.unix.DomainSocketAddress;
import io.qnet.loop.Loop;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Makes sockets on one loop. Unix addresses may be the JDK's or Netty's; an abstract name is Netty's address with a path that begins with NUL, on epoll only.
 *
 * <p>Loop thread only.
 */
public abstract class Sockets {
    private final Loop loop;
    private final ArrayDeque<Deferred> deferred = new ArrayDeque<>();
    private final Runnable drain = this::drain;
    private final Runnable drainAfterInput;
    private boolean scheduled;
    private boolean draining;

    Sockets(Loop loop) {
        this.loop = loop;
        drainAfterInput = () -> loop.eventLoop().execute(drain);
    }

    /**
     * The sockets that fit the loop.
     *
     * @throws IllegalStateException if the loop has no descriptors, as in virtual time
     */
    public static Sockets on(Loop loop) {
        if (Epoll.isAvailable() && loop.eventLoop().isCompatible(EpollIoHandle.class)) {
            return new EpollSockets(loop);
        }
        if (loop.eventLoop().isCompatible(NioIoHandle.class)) {
            return new NioSockets(loop);
        }
        throw new IllegalStateException("sockets need an epoll or NIO loop, not "
                + loop.eventLoop().getClass().getName());
    }

    /**
     * Begins to connect; {@code onConnected} or {@code onBroken} follows.
     *
     * @param local where to bind, or null
     * @throws IOException if it failed at once
     */
    public abstract StreamSocket connect(
            SocketAddress remote, @Nullable SocketAddress local, StreamOptions options, StreamSocket.Handler handler)
            throws IOException;

    /**
     * Listens. An address in use by nobody any more is taken (SO_REUSEADDR), so is a unix path where a socket is that nobody listens on. A unix path is removed when the socket closes.
     *
     * @throws IOException if it cannot be bound
     */
    public abstract ListenSocket listen(
            SocketAddress local, int backlog, StreamOptions accepted, ListenSocket.Acceptor acceptor)
            throws IOException;

    /**
     * Opens a UDP socket. An IPv6 one is for IPv6 alone.
     *
     * @throws IOException if it cannot be opened or bound
     */
    public abstract PacketSocket bindDatagrams(InetSocketAddress local, PacketSocket.Handler handler)
            throws IOException;

    /**
     * Opens a UDP socket that sends to one address.
     *
     * @throws IOException if it cannot be opened or bound
     */
    public abstract PeerSocket bindDatagrams(
            InetSocketAddress local, InetSocketAddress remote, PacketSocket.Handler handler) throws IOException;

    /**
     * Opens a UDP socket at the address of a group, which several may do, and joins the group.
     *
     * @param local the address of the interface, or null for the kernel's choice
     * @throws IOException if it cannot be opened, bound or joined
     */
    public abstract PacketSocket joinGroup(
            InetSocketAddress group, @Nullable Inet4Address local, PacketSocket.Handler handler) throws IOException;

    /**
     * Opens a UDP socket from which to send to a group, so that its own address is known: it is connected. What it sends comes back to members on this host.
     *
     * @param local the address of the interface, or null for the kernel's choice
     * @throws IOException if it cannot be opened, or there is no way to the group
     */
    public abstract PeerSocket connectGroup(
            InetSocketAddress group, @Nullable Inet4Address local, PacketSocket.Handler handler) throws IOException;

    /**
     * Binds a unix datagram socket to a path, where a file of a former socket is replaced, and sends to another path.
     *
     * @param remote that path, or null if it is to be connected
     * @throws IOException if it cannot be opened or bound, or this kind of loop cannot
     */
    public abstract PeerSocket bindUnixDatagrams(String local, @Nullable String remote, PacketSocket.Handler handler)
            throws IOException;

    /**
     * Takes over a descriptor of a connected datagram socket, which must not block. It is closed if this fails.
     *
     * @throws IOException if this kind of loop cannot
     */
    public abstract PeerSocket adoptConnected(int descriptor, PacketSocket.Handler handler) throws IOException;

    /**
     * Takes over a descriptor of a raw socket that sends to one address, and which must not block. It is closed if this fails.
     *
     * @throws IOException if this kind of loop cannot
     */
    public abstract PeerSocket adoptRaw(int descriptor, InetSocketAddress remote, PacketSocket.Handler handler)
            throws IOException;

    /**
     * Takes over a descriptor of a connected stream socket, which must not block. It is closed if this fails.
     *
     * @throws IOException if this kind of loop cannot
     */
    public abstract StreamSocket adoptStream(int descriptor, StreamSocket.Handler handler) throws IOException;

    /**
     * Takes over a descriptor of a listening stream socket, which must not block. It is closed if this fails; a unix path is not removed at its end.
     *
     * @throws IOException if this kind of loop cannot
     */
    public abstract ListenSocket adoptListener(int descriptor, StreamOptions accepted, ListenSocket.Acceptor acceptor)
            throws IOException;

    /**
     * Takes over a descriptor of a datagram or raw socket, which must not block. It is closed if this fails.
     *
     * @throws IOException if this kind of loop cannot
     */
    public abstract PacketSocket adopt(int descriptor, PacketSocket.Handler handler) throws IOException;

    /** Whether the methods that take over descriptors, and {@link #bindUnixDatagrams}, can work. */
    public abstract boolean takesDescriptors();

    /** Whether abstract unix names can be used. */
    public abstract boolean hasAbstractNames();

    /** Releases what the sockets share. They must all be closed. */
    public abstract void close();

    /** The loop. */
    public final Loop loop() {
        return loop;
    }

    /** The path of a unix address of either kind, or null for another address. An abstract name begins with NUL. */
    public static @Nullable String unixPath(@Nullable SocketAddress address) {
        if (address instanceof UnixDomainSocketAddress unix) {
            return unix.getPath().toString();
        }
        return address instanceof DomainSocketAddress unix ? unix.path() : null;
    }

    /** Removes what a former listener left at a unix path. */
    static void makeRoom(SocketAddress local) throws IOException {
        String path = filePath(local);
        if (path != null) {
            UnixPath.makeRoom(path);
        }
    }

    /** The path of a unix address that is a file, else null. */
    static @Nullable String filePath(SocketAddress address) {
        String path = unixPath(address);
        return path == null || path.startsWith("\0") ? null : path;
    }

    /** Whether sockets to or at this address are of IPv6. */
    static boolean isIpv6(SocketAddress address) {
        return address instanceof InetSocketAddress inet && inet.getAddress() instanceof java.net.Inet6Address;
    }

    final void defer(Deferred work) {
        if (!work.queued) {
            work.queued = true;
            deferred.add(work);
            schedule();
        }
    }

    /** A handler has thrown: its socket ends, the loop reports. */
    final void bug(Runnable end, RuntimeException e) {
        loop.taskFailed(this, e);
        end.run();
    }

    private void schedule() {
        if (scheduled) {
            return;
        }
        scheduled = true;
        if (draining && loop.eventLoop() instanceof SingleThreadEventLoop own) {
            // a task that runs itself again would keep the loop from its input
            own.executeAfterEventLoopIteration(drainAfterInput);
        } else {
            loop.eventLoop().execute(drain);
        }
    }

    private void drain() {
        scheduled = false;
        draining = true;
        for (int left = deferred.size(); left > 0; left--) {
            Deferred work = deferred.remove();
            work.queued = false;
            try {
                work.runDeferred();
            } catch (RuntimeException e) {
                bug(work::endAfterBug, e);
            }
        }
        draining = false;
    }
}
