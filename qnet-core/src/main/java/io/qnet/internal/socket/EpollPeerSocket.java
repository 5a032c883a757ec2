package io.qnet.internal.socket;

import io.netty.buffer.ByteBuf;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import io.qnet.host.HostError;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.NotYetConnectedException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A datagram descriptor with one far end: an address of UDP, the path of a unix socket, or whom it is connected to. */
final class EpollPeerSocket extends EpollPacketSocket implements PeerSocket {
    private final @Nullable InetSocketAddress remote;
    private byte @Nullable [] remotePath;

    /** To whom the socket is connected, or will be. */
    EpollPeerSocket(EpollSockets sockets, Socket socket, Handler handler) {
        super(sockets, socket, handler);
        remote = null;
    }

    /** To an address of UDP. */
    EpollPeerSocket(EpollSockets sockets, Socket socket, InetSocketAddress remote, Handler handler) {
        super(sockets, socket, handler);
        this.remote = remote;
    }

    /** To a unix socket, which need not be there. */
    EpollPeerSocket(EpollSockets sockets, Socket socket, String remotePath, Handler handler) {
        super(sockets, socket, handler);
        remote = null;
        this.remotePath = remotePath.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public int receiveDatagram(ByteBuf target) throws IOException {
        int n;
        if (target.hasMemoryAddress()) {
            n = socket().readAddress(target.memoryAddress(), 0, target.capacity());
        } else {
            ByteBuffer nio = target.internalNioBuffer(0, target.capacity());
            n = socket().read(nio, nio.position(), nio.limit());
        }
        if (n == 0) {
            drained();
            return NONE;
        }
        return Math.max(n, 0); // Netty takes no bytes for the end of a stream
    }

    @Override
    public @Nullable HostError sendDatagram(ByteBuf source, int index, int length) {
        HostError error = trySend(source, index, length);
        boolean mayBeAnEarlierOnes =
                error != null && error != HostError.NO_RESOURCES && error != HostError.MESSAGE_TOO_LARGE;
        if (mayBeAnEarlierOnes && remotePath == null) {
            error = trySend(source, index, length);
        }
        if (error == HostError.NO_RESOURCES && remotePath == null) {
            tellOutput();
        }
        return error;
    }

    private @Nullable HostError trySend(ByteBuf source, int index, int length) {
        try {
            if (remote != null) {
                sendOnce(source, index, length, remote);
            } else {
                refuseNothing(sendUnix(source, index, length), length);
            }
            return null;
        } catch (IOException e) {
            return HostErrors.of(e);
        } catch (NotYetConnectedException e) {
            return HostError.REFUSED; // the other end of a pair is closed
        }
    }

    private int sendUnix(ByteBuf source, int index, int length) throws IOException {
        if (source.hasMemoryAddress()) {
            long address = source.memoryAddress();
            return remotePath == null
                    ? socket().writeAddress(address, index, index + length)
                    : socket().sendToAddressDomainSocket(address, index, index + length, remotePath);
        }
        ByteBuffer nio = direct(source, index, length);
        return remotePath == null
                ? socket().write(nio, nio.position(), nio.limit())
                : socket().sendToDomainSocket(nio, nio.position(), nio.limit(), remotePath);
    }

    @Override
    public void connect(String path) throws IOException {
        socket().connect(new DomainSocketAddress(path));
        remotePath = null;
    }

    @Override
    public @Nullable InetSocketAddress inetAddress() {
        return remote == null ? null : localAddress();
    }
}
