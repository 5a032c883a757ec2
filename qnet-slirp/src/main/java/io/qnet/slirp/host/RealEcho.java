package io.qnet.slirp.host;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostEcho;
import io.qnet.host.HostError;
import io.qnet.host.Outbound;
import io.qnet.internal.socket.PacketSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * {@link HostEcho} on a ping socket, else on a raw socket. While native calls are being loaded for the first echo of a network, requests wait.
 *
 * <p>A ping socket's identifier is chosen by the kernel, which gives the socket its own replies only; a raw socket sees the replies to everybody and picks its own by identifier, sequence number and address.
 */
final class RealEcho implements HostEcho, PacketSocket.Handler {
    private static final int BURST = 64;
    private static final int LARGEST = 64 << 10;
    private static final int MOST_WAITING = 16;
    private static final int HEADER = 8;
    private static final int SOL_RAW = 255;
    private static final int ICMP_FILTER = 1;

    /** How many requests are remembered, by which replies to others are told apart; a power of two. */
    private static final int REMEMBERED = 256;

    private record Waiting(InetAddress to, int sequence, ByteBuf payload, int ttl) {}

    private final RealHostNetwork network;
    private final boolean ipv6;
    private final Outbound outbound;
    private final Handler handler;
    private final int identifier;
    private final SocketOptions options = new SocketOptions();
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    /** Of a raw socket: where the request went whose sequence number has these low bits, and that number. */
    private final @Nullable InetAddress[] askedAddress = new @Nullable InetAddress[REMEMBERED];

    private final int[] askedSequence = new int[REMEMBERED];
    private @Nullable PacketSocket socket;
    private boolean raw;
    private boolean closed;

    RealEcho(RealHostNetwork network, boolean ipv6, Outbound outbound, int identifier, Handler handler) {
        this.network = network;
        this.ipv6 = ipv6;
        this.outbound = outbound;
        this.identifier = identifier;
        this.handler = handler;
    }

    /** Opens the socket; false if the host allows none. */
    boolean open(LibC calls) {
        int descriptor = calls.openPing(ipv6);
        if (descriptor < 0) {
            raw = true;
            descriptor = calls.openRaw(ipv6);
        }
        if (descriptor < 0) {
            return false;
        }
        try {
            PacketSocket opened = network.sockets().adopt(descriptor, this);
            if (!bind(opened)) {
                return false;
            }
            socket = opened;
            options.setErrorQueue(opened, ipv6, true);
            if (raw && !ipv6) {
                opened.setOption(SOL_RAW, ICMP_FILTER, ~(1 << IcmpEcho.REPLY4));
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private boolean bind(PacketSocket opened) {
        try {
            InetAddress address = outbound.address(ipv6);
            if (address != null) {
                opened.bind(address);
            }
            String device = outbound.device();
            if (device != null) {
                opened.bindToDevice(device);
            }
            return true;
        } catch (IOException e) {
            opened.close();
            return false;
        }
    }

    /** Native calls are there, or it is known that they never will be. */
    void onNativeCalls() {
        if (closed) {
            return;
        }
        LibC calls = network.nativeCalls().get();
        boolean open = calls != null && open(calls);
        for (Waiting each = waiting.poll(); each != null && !closed; each = waiting.poll()) {
            HostError error = open
                    ? send(each.to, each.sequence, each.payload, 0, each.payload.readableBytes(), each.ttl)
                    : HostError.PROHIBITED;
            each.payload.release();
            if (error != null) {
                handler.onError(error, each.to, each.to, each.sequence, 0);
            }
        }
    }

    @Override
    public @Nullable HostError send(InetAddress to, int sequence, ByteBuf payload, int index, int length, int ttl) {
        PacketSocket present = socket;
        if (present == null) {
            return awaitSocket(to, sequence, payload.copy(index, length), ttl);
        }
        options.setTtl(present, ipv6, ttl);
        askedAddress[sequence % REMEMBERED] = to;
        askedSequence[sequence % REMEMBERED] = sequence;
        ByteBuf packet = network.loop().allocator().directBuffer(HEADER + length);
        try {
            IcmpEcho.writeRequest(packet, ipv6, identifier, sequence, payload, index, length);
            return present.send(packet, 0, HEADER + length, new InetSocketAddress(to, 0));
        } finally {
            packet.release();
        }
    }

    private @Nullable HostError awaitSocket(InetAddress to, int sequence, ByteBuf payload, int ttl) {
        boolean never =
                network.nativeCalls().isMissing() || network.nativeCalls().get() != null;
        if (never || waiting.size() >= MOST_WAITING) {
            payload.release();
            return never ? HostError.PROHIBITED : HostError.NO_RESOURCES;
        }
        waiting.add(new Waiting(to, sequence, payload, ttl));
        return null;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        PacketSocket present = socket;
        if (present != null) {
            present.close();
        }
        for (Waiting each = waiting.poll(); each != null; each = waiting.poll()) {
            each.payload.release();
        }
        network.forget(this);
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
                continue; // an error about an earlier request; the error queue has it
            }
            if (from == null) {
                return;
            }
            onPacket(buffer, from.getAddress());
        }
    }

    private void onPacket(ByteBuf packet, InetAddress from) {
        if (raw && !ipv6 && !IcmpEcho.skipIpHeader(packet)) {
            return;
        }
        if (!IcmpEcho.isReply(packet, ipv6)) {
            return;
        }
        int sequence = IcmpEcho.sequence(packet);
        if (!raw || (IcmpEcho.identifier(packet) == identifier && hasAsked(from, sequence))) {
            packet.skipBytes(HEADER);
            handler.onReply(from, sequence, packet);
        }
    }

    /** Whether a reply is to a request of ours: another program's identifier may be the same. */
    private boolean hasAsked(InetAddress from, int sequence) {
        int at = sequence % REMEMBERED;
        return askedSequence[at] == sequence && from.equals(askedAddress[at]);
    }

    @Override
    public void onError() {
        PacketSocket present = openSocket();
        network.errorQueues().read(present, this::onError, () -> options.setErrorQueue(present, ipv6, false));
    }

    private void onError(ErrorEntry entry) {
        InetSocketAddress to = entry.to;
        if (closed || to == null || entry.payloadLength < HEADER) {
            return;
        }
        byte[] request = entry.payload;
        int about = (request[4] & 0xff) << 8 | (request[5] & 0xff);
        int sequence = (request[6] & 0xff) << 8 | (request[7] & 0xff);
        if (!raw || about == identifier) {
            InetAddress address = to.getAddress();
            handler.onError(entry.error(), address, entry.offenderOr(address), sequence, entry.mtu());
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
