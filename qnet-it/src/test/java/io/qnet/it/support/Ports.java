package io.qnet.it.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Finds ports for programs that cannot tell which one they got. */
public final class Ports {

    private static final int ATTEMPTS = 100;

    /** The state of a listening socket in /proc/net/tcp. */
    private static final String LISTEN = "0A";

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

    /** Whether somebody listens on a TCP port of 127.0.0.1, or of every address. Linux alone. */
    public static boolean isListening(int port) {
        return isListening("self", port);
    }

    /** The same in the network namespace of a process, by its id. */
    public static boolean isListening(String process, int port) {
        String any = String.format("00000000:%04X", port);
        String loopback = String.format("0100007F:%04X", port);
        try (Stream<String> sockets = Files.lines(Path.of("/proc", process, "net", "tcp"))) {
            return sockets.map(line -> line.strip().split("\\s+"))
                    .anyMatch(row -> row[3].equals(LISTEN) && (row[1].equals(any) || row[1].equals(loopback)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isFreeForUdp(InetSocketAddress address) {
        try (DatagramSocket udp = new DatagramSocket(address)) {
            return udp.isBound();
        } catch (SocketException e) {
            return false;
        }
    }
}
