package io.qnet.it.support;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A UDP server on the loopback interface, in a process of its own, that sends every datagram back. */
public final class EchoServer implements AutoCloseable {
    private static final String READY = "port ";

    private final ChildProcess process;
    private final int port;

    private EchoServer(ChildProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts one on a port that the host chooses. */
    public static EchoServer start() throws Exception {
        Path classes = Path.of(EchoServer.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ChildProcess process = ChildProcess.start(
                "echo server", List.of(java, "-Xmx32m", "-cp", classes.toString(), EchoServer.class.getName()));
        try {
            String line = process.awaitOut(text -> text.startsWith(READY), Duration.ofSeconds(60));
            return new EchoServer(process, Integer.parseInt(line.substring(READY.length())));
        } catch (AssertionError e) {
            process.close();
            throw e;
        }
    }

    /** The server itself: echoes until it is killed. */
    public static void main(String[] arguments) throws IOException {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            System.out.println(READY + socket.getLocalPort());
            DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
            while (true) {
                packet.setLength(65_536);
                socket.receive(packet);
                socket.send(packet);
            }
        }
    }

    /** Where it listens. */
    public int port() {
        return port;
    }

    @Override
    public void close() {
        process.close();
    }
}
