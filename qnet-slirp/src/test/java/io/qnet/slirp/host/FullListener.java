package io.qnet.slirp.host;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;

/** A listener that accepts nothing and whose backlog is full, so that the kernel answers no more SYNs. */
final class FullListener implements AutoCloseable {
    private final ServerSocket listener;
    private final List<Socket> waiting = new ArrayList<>();

    FullListener(InetAddress at) throws IOException {
        listener = new ServerSocket(0, 1, at);
        for (int i = 0; i < 2; i++) {
            waiting.add(new Socket(at, listener.getLocalPort()));
        }
    }

    SocketAddress address() {
        return listener.getLocalSocketAddress();
    }

    @Override
    public void close() throws IOException {
        for (Socket socket : waiting) {
            socket.close();
        }
        listener.close();
    }
}
