package io.qnet.socket;

import io.qnet.Netdev;
import io.qnet.NetdevException;
import io.qnet.Port;
import io.qnet.internal.socket.HostErrors;
import io.qnet.internal.socket.PeerSocket;
import io.qnet.internal.socket.Sockets;
import io.qnet.internal.socket.UnixPath;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's {@code dgram} netdev, and {@code socket} with {@code udp=}, {@code mcast=} or a datagram descriptor: one frame a datagram, without a header (QEMU: net/dgram.c, net/socket.c).
 *
 * <p>The far side need not be there: what is sent meanwhile is dropped and counted, and a far side that comes, or comes back, has what is sent from then on. Where the kernel can tell that it has no room
 * (unix), frames wait. In a group, what this netdev sent itself does not come back to it, nor to another member of the group on the same hub.
 *
 * <p>Counters: {@code drop.disconnected}, {@code drop.bad-offload}, {@code drop.too-large}, {@code drop.unreachable}, {@code in.empty}, {@code in.short}, {@code in.oversized}, {@code in.error}; of a group also {@code in.own} and
 * {@code in.own-hub}.
 */
public final class DatagramNetdev extends Netdev {
    private final DatagramConfig config;
    private final DatagramPipe pipe = new DatagramPipe(DatagramPipe.Framing.NONE);
    private @Nullable Sockets sockets;
    private @Nullable PeerSocket socket;
    private @Nullable UnixPath file;

    DatagramNetdev(DatagramConfig config) {
        super(config.id());
        this.config = config;
    }

    @Override
    public String type() {
        return config.type();
    }

    @Override
    public String info() {
        if (!config.type().equals(StreamConfig.SOCKET)) {
            return config.address().info();
        }
        // QEMU's older netdev names the far end alone
        String info = config.address().info();
        return "socket: "
                + (config.address() instanceof DatagramAddress.Udp
                        ? "udp=" + info.substring(info.indexOf('/') + 1)
                        : info);
    }

    /** Where it is bound, with the port that the host chose, or for a group whence it sends; null if it is not of UDP, or before it is open. Any thread. */
    public @Nullable InetSocketAddress localAddress() {
        InetSocketAddress[] answer = new InetSocketAddress[1];
        context().call(() -> answer[0] = socket == null ? null : socket.inetAddress());
        return answer[0];
    }

    @Override
    protected void open() {
        pipe.prepare(port());
        Sockets opened = RealSockets.of(this, context());
        sockets = opened;
        PeerSocket bound = open(opened);
        socket = bound;
        pipe.open(port(), context(), bound);
    }

    private PeerSocket open(Sockets opened) {
        DatagramAddress address = config.address();
        if (address instanceof DatagramAddress.Udp udp) {
            return openUdp(opened, udp);
        }
        if (address instanceof DatagramAddress.Multicast group) {
            return openGroup(opened, group);
        }
        if (address instanceof DatagramAddress.Unix unix) {
            return openUnix(opened, unix);
        }
        DatagramAddress.Descriptor descriptor = (DatagramAddress.Descriptor) address;
        if (descriptor.clonedGroup() != null) {
            Descriptors.close(descriptor.number());
            return openGroup(opened, new DatagramAddress.Multicast(descriptor.clonedGroup()));
        }
        return openDescriptor(opened, descriptor.number());
    }

    private PeerSocket openUdp(Sockets opened, DatagramAddress.Udp udp) {
        try {
            return opened.bindDatagrams(udp.local(), udp.remote(), pipe);
        } catch (IOException e) {
            throw new NetdevException(
                    "can't bind ip=" + udp.local().getAddress().getHostAddress() + " to socket: "
                            + HostErrors.textOf(e),
                    e);
        }
    }

    private PeerSocket openGroup(Sockets opened, DatagramAddress.Multicast address) {
        try {
            return GroupSocket.open(opened, address, port(), pipe);
        } catch (IOException e) {
            throw new NetdevException(
                    "can't add socket to multicast group "
                            + address.group().getAddress().getHostAddress() + ": " + HostErrors.textOf(e),
                    e);
        }
    }

    private PeerSocket openUnix(Sockets opened, DatagramAddress.Unix unix) {
        try {
            PeerSocket bound = UnixDatagrams.bind(opened, unix.local(), unix.remote(), pipe);
            file = UnixPath.bound(unix.local());
            return bound;
        } catch (IOException e) {
            throw new NetdevException("can't bind unix=" + unix.local() + " to socket: " + HostErrors.textOf(e), e);
        }
    }

    private PeerSocket openDescriptor(Sockets opened, int number) {
        try {
            Descriptors.setNonBlocking(number);
            return opened.adoptConnected(number, pipe);
        } catch (IOException e) {
            throw Descriptors.unusable(id(), number, e);
        }
    }

    @Override
    protected void close() {
        pipe.close();
        if (file != null) {
            file.remove();
        }
        if (sockets != null) {
            sockets.close();
        }
    }

    @Override
    protected Port.Device device() {
        return pipe;
    }
}
