package io.qnet.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;

/** A UDP server on the host's loopback interface that sends every datagram back. */
final class UdpEcho implements AutoCloseable {

    private final DatagramSocket socket;

    private UdpEcho(DatagramSocket socket) {
        this.socket = socket;
    }

    /** Starts one on a free port. */
    static UdpEcho start() throws SocketException {
        return startAt(new InetSocketAddress("127.0.0.1", 0));
    }

    /** Starts one on ::1 and a free port. */
    static UdpEcho startIpv6() throws SocketException {
        return startAt(new InetSocketAddress("::1", 0));
    }

    private static UdpEcho startAt(InetSocketAddress address) throws SocketException {
        UdpEcho echo = new UdpEcho(new DatagramSocket(address));
        Thread thread = new Thread(echo::serve, "udp-echo");
        thread.setDaemon(true);
        thread.start();
        return echo;
    }

    int port() {
        return socket.getLocalPort();
    }

    @Override
    public void close() {
        socket.close();
    }

    private void serve() {
        byte[] buffer = new byte[65_536];
        while (!socket.isClosed()) {
            DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
            try {
                socket.receive(packet);
                socket.send(packet);
            } catch (IOException e) {
                if (!socket.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }
}
