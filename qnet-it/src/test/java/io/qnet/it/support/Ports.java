package io.qnet.it.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;

/** Finds ports for programs that cannot tell which one they got. */
public final class Ports {

    private static final int ATTEMPTS = 100;

    private Ports() {}

    /** A port of 127.0.0.1 that nothing uses, neither by TCP nor by UDP. */
    public static int free() {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try (ServerSocket tcp = new ServerSocket(0, 1, loopback)) {
                if (isFreeForUdp(new InetSocketAddress(loopback, tcp.getLocalPort()))) {
                    return tcp.getLocalPort();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        throw new IllegalStateException("no free port");
    }

    private static boolean isFreeForUdp(InetSocketAddress address) {
        try (DatagramSocket udp = new DatagramSocket(address)) {
            return udp.isBound();
        } catch (SocketException e) {
            return false;
        }
    }
}
