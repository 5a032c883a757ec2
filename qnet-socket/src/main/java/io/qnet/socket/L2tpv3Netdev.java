package io.qnet.socket;

import io.netty.channel.unix.Errors;
import io.qnet.Netdev;
import io.qnet.NetdevException;
import io.qnet.Port;
import io.qnet.internal.socket.HostErrors;
import io.qnet.internal.socket.PeerSocket;
import io.qnet.internal.socket.Sockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's {@code l2tpv3} netdev: frames in an L2TPv3 tunnel without control messages, over UDP or as IP protocol 115 (QEMU: net/l2tpv3.c). It is joined to a router ({@code ip l2tp add tunnel … encap udp})
 * or another emulator.
 *
 * <p>Counters: {@code drop.disconnected}, {@code drop.bad-offload}, {@code drop.too-large}, {@code drop.unreachable}, {@code in.empty}, {@code in.short}, {@code in.oversized}, {@code in.error}, {@code in.bad-session},
 * {@code in.bad-cookie}.
 */
public final class L2tpv3Netdev extends Netdev {
    private final L2tpv3Config config;
    private final L2tpv3Framing framing;
    private final DatagramPipe pipe;
    private @Nullable Sockets sockets;
    private @Nullable PeerSocket socket;

    L2tpv3Netdev(L2tpv3Config config) {
        super(config.id());
        this.config = config;
        framing = new L2tpv3Framing(config, message -> context().warn(this, message));
        pipe = new DatagramPipe(framing);
    }

    @Override
    public String type() {
        return "l2tpv3";
    }

    @Override
    public String info() {
        return "l2tpv3: connected";
    }

    /** Where it is bound, with the port that the host chose; null before it is open. Any thread. */
    public @Nullable InetSocketAddress localAddress() {
        InetSocketAddress[] answer = new InetSocketAddress[1];
        context().call(() -> answer[0] = socket == null ? null : socket.inetAddress());
        return answer[0];
    }

    @Override
    protected void open() {
        pipe.prepare(port());
        framing.count(port().counters());
        Sockets opened = RealSockets.of(this, context());
        sockets = opened;
        if (!config.udp() && !opened.takesDescriptors()) {
            throw new NetdevException("l2tpv3 without udp=on needs epoll");
        }
        try {
            PeerSocket bound = config.udp()
                    ? opened.bindDatagrams(config.local(), config.remote(), pipe)
                    : opened.adoptRaw(RawIp.open(config.local()), config.remote(), pipe);
            socket = bound;
            pipe.open(port(), context(), bound);
        } catch (IOException e) {
            String errno = e instanceof Errors.NativeIoException failure
                    ? Integer.toString(-failure.expectedErr())
                    : HostErrors.textOf(e);
            throw new NetdevException("could not bind socket err=" + errno, e);
        }
    }

    @Override
    protected void close() {
        pipe.close();
        if (sockets != null) {
            sockets.close();
        }
    }

    @Override
    protected Port.Device device() {
        return pipe;
    }
}
