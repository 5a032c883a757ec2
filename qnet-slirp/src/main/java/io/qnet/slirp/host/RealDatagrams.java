package io.qnet.slirp.host;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostError;
import io.qnet.internal.socket.PacketSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * {@link HostDatagrams} on a socket. On epoll the kernel is asked to keep ICMP errors (IP_RECVERR), which are fetched by {@link LibC}; what reads them is loaded when the first one comes. On NIO there are
 * none, and the TTL is the host's.
 */
final class RealDatagrams implements HostDatagrams, PacketSocket.Handler {
    /** The most datagrams received in one go. */
    private static final int BURST = 64;

    private static final int LARGEST = 64 << 10;

    private final RealHostNetwork network;
    private final Handler handler;
    private final boolean ipv6;
    private final SocketOptions options = new SocketOptions();
    private @Nullable PacketSocket socket;

    RealDatagrams(RealHostNetwork network, boolean ipv6, Handler handler) {
        this.network = network;
        this.ipv6 = ipv6;
        this.handler = handler;
    }

    void open(InetSocketAddress local, @Nullable String device) throws IOException {
        PacketSocket opened = network.sockets().bindDatagrams(local, this);
        if (device != null) {
            bindOrClose(opened, device);
        }
        socket = opened;
        options.setErrorQueue(opened, ipv6, true);
    }

    private static void bindOrClose(PacketSocket opened, String device) throws IOException {
        try {
            opened.bindToDevice(device);
        } catch (IOException e) {
            opened.close();
            throw e;
        }
    }

    @Override
    public @Nullable HostError send(ByteBuf source, int index, int length, InetSocketAddress to, int ttl) {
        PacketSocket present = openSocket();
        options.setTtl(present, ipv6, ttl);
        return present.send(source, index, length, to);
    }

    @Override
    public void setReading(boolean reading) {
        openSocket().setReading(reading);
    }

    @Override
    public InetSocketAddress localAddress() {
        return openSocket().localAddress();
    }

    @Override
    public void close() {
        PacketSocket present = socket;
        if (present != null && !present.isClosed()) {
            present.close();
            network.forget(this);
        }
    }

    @Override
    public void onReadable() {
        PacketSocket present = openSocket();
        ByteBuf buffer = network.readBuffers().forRead(LARGEST);
        for (int i = 0; i < BURST && !present.isClosed(); i++) {
            InetSocketAddress from;
            try {
                from = present.receive(buffer);
            } catch (IOException e) {
                continue; // an error about an earlier datagram; the error queue has it
            }
            if (from == null) {
                return;
            }
            handler.onDatagram(buffer, from);
        }
    }

    @Override
    public void onError() {
        PacketSocket present = openSocket();
        network.errorQueues().read(present, this::onError, () -> options.setErrorQueue(present, ipv6, false));
    }

    private void onError(ErrorEntry entry) {
        InetSocketAddress to = entry.to;
        if (to != null && !openSocket().isClosed()) {
            InetAddress offender = entry.offenderOr(to.getAddress());
            handler.onError(entry.error(), to, new InetSocketAddress(offender, 0), entry.mtu());
        }
    }

    private PacketSocket openSocket() {
        PacketSocket present = socket;
        if (present == null) {
            throw new IllegalStateException("not open");
        }
        return present;
    }
}
