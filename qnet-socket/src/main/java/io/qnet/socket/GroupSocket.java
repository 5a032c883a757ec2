package io.qnet.socket;

import io.netty.buffer.ByteBuf;
import io.qnet.Hub;
import io.qnet.Port;
import io.qnet.host.HostError;
import io.qnet.internal.socket.PacketSocket;
import io.qnet.internal.socket.PeerSocket;
import io.qnet.internal.socket.Sockets;
import io.qnet.loop.Loop;
import io.qnet.stat.Counter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * A member of a multicast group: receives by one socket, at the address of the group, and sends by another, whose own address nobody else has. What comes from that address is its own and passed over, and
 * so is what comes from a member on the same hub, which has given the frame to all of the hub already. Frames are never compared.
 *
 * <p>Without a way to the group nothing is sent; it is looked for again every second.
 */
final class GroupSocket implements PeerSocket {
    /** The senders of all netdevs of this process. */
    private static final ConcurrentMap<InetSocketAddress, Member> SENDERS = new ConcurrentHashMap<>();

    /** The most that is passed over at a stretch. */
    private static final int BURST = 64;

    private static final long RETRY_NANOS = 1_000_000_000;

    /** Whose a sender is. */
    private record Member(Loop loop, Port port) {}

    private final Sockets sockets;
    private final DatagramAddress.Multicast address;
    private final Member self;
    private final PacketSocket receiver;
    private final Counter inOwn;
    private final Counter inOwnHub;
    private final SenderHandler senderHandler;
    private @Nullable PeerSocket sender;
    private @Nullable InetSocketAddress senderAddress;
    private long nextTryNanos;

    private GroupSocket(Sockets sockets, DatagramAddress.Multicast address, Port port, PacketSocket.Handler handler)
            throws IOException {
        this.sockets = sockets;
        this.address = address;
        self = new Member(sockets.loop(), port);
        inOwn = port.counters().counter("in.own");
        inOwnHub = port.counters().counter("in.own-hub");
        senderHandler = new SenderHandler(handler);
        receiver = sockets.joinGroup(address.group(), address.local(), handler);
    }

    /**
     * Joins a group.
     *
     * @throws IOException if that cannot be
     */
    static GroupSocket open(Sockets sockets, DatagramAddress.Multicast address, Port port, PacketSocket.Handler handler)
            throws IOException {
        GroupSocket group = new GroupSocket(sockets, address, port, handler);
        group.openSender();
        return group;
    }

    private void openSender() {
        nextTryNanos = sockets.loop().nowNanos() + RETRY_NANOS;
        try {
            PeerSocket opened = sockets.connectGroup(address.group(), address.local(), senderHandler);
            opened.setReading(false);
            InetSocketAddress own = opened.inetAddress();
            sender = opened;
            senderAddress = own;
            if (own != null) {
                SENDERS.put(own, self);
            }
        } catch (IOException e) {
            // no way to the group now: what is to be sent is dropped, counted
            closeSender();
        }
    }

    private void closeSender() {
        if (senderAddress != null) {
            SENDERS.remove(senderAddress, self);
            senderAddress = null;
        }
        if (sender != null) {
            sender.close();
            sender = null;
        }
    }

    @Override
    public int receiveDatagram(ByteBuf target) throws IOException {
        for (int i = 0; i < BURST; i++) {
            InetSocketAddress from = receiver.receive(target);
            if (from == null) {
                return NONE;
            }
            if (!isOwn(from)) {
                return target.writerIndex();
            }
        }
        return NONE;
    }

    private boolean isOwn(InetSocketAddress from) {
        Member member = SENDERS.get(from);
        if (member == null || member.loop != self.loop) {
            return false;
        }
        if (member.port == self.port) {
            inOwn.increment();
            return true;
        }
        Hub hub = self.port.peerHub();
        boolean sameHub = hub != null && hub == member.port.peerHub();
        if (sameHub) {
            inOwnHub.increment();
        }
        return sameHub;
    }

    @Override
    public @Nullable HostError sendDatagram(ByteBuf source, int index, int length) {
        if (sender == null && sockets.loop().nowNanos() - nextTryNanos >= 0) {
            openSender();
        }
        PeerSocket present = sender;
        if (present == null) {
            return HostError.NET_UNREACHABLE;
        }
        HostError error = present.sendDatagram(source, index, length);
        if (error == HostError.NET_UNREACHABLE || error == HostError.HOST_UNREACHABLE) {
            closeSender(); // its address may be none of this host's any more
        }
        return error;
    }

    @Override
    public void connect(String path) throws IOException {
        throw new IOException("not a unix socket");
    }

    @Override
    public int descriptor() {
        return receiver.descriptor();
    }

    @Override
    public void setReading(boolean reading) {
        receiver.setReading(reading);
    }

    @Override
    public @Nullable InetSocketAddress inetAddress() {
        return senderAddress;
    }

    @Override
    public void close() {
        receiver.close();
        closeSender();
    }

    /** Nobody sends to the sender; only its room is told. */
    private record SenderHandler(PacketSocket.Handler whole) implements PacketSocket.Handler {
        @Override
        public void onReadable() {
            // not read
        }

        @Override
        public void onError() {
            whole.onError();
        }

        @Override
        public void onWritable() {
            whole.onWritable();
        }
    }
}
