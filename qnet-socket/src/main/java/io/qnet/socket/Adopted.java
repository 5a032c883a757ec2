package io.qnet.socket;

import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A connected stream that somebody else has opened. Once it has ended it does not come back. */
final class Adopted implements StreamNetdev.Role {
    private final StreamNetdev netdev;
    private final StreamAddress.Descriptor descriptor;

    Adopted(StreamNetdev netdev, StreamAddress.Descriptor descriptor) {
        this.netdev = netdev;
        this.descriptor = descriptor;
    }

    @Override
    public void open() {
        Connection connection = netdev.newConnection();
        try {
            Descriptors.setNonBlocking(descriptor.number());
            connection.attach(netdev.sockets().adoptStream(descriptor.number(), connection));
        } catch (IOException e) {
            connection.close();
            throw Descriptors.unusable(netdev.id(), descriptor.number(), e);
        }
        boolean isSocket = netdev.config().type().equals(StreamConfig.SOCKET);
        netdev.device()
                .start(
                        connection,
                        isSocket
                                ? "socket: fd=" + descriptor.number()
                                : StreamAddress.uri(connection.remoteAddress(), descriptor));
    }

    @Override
    public void onPeerChanged() {
        // as it is
    }

    @Override
    public void onDisconnected(StreamDevice device) {
        // it does not come back
    }

    @Override
    public String idleInfo() {
        return "";
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return null;
    }

    @Override
    public void close() {
        // its connection is closed already
    }
}
