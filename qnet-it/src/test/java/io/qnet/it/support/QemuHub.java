package io.qnet.it.support;

import io.qnet.it.raw.StreamSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * QEMU as a hub without a machine: the netdevs that a test is about, and a stream socket of the test's, {@code side}, all on hub 0; and a monitor.
 */
public final class QemuHub implements AutoCloseable {
    private static final String PROMPT = "(qemu) ";

    private final ChildProcess qemu;
    private final Path side;
    private final Path monitor;

    private QemuHub(ChildProcess qemu, Path side, Path monitor) {
        this.qemu = qemu;
        this.side = side;
        this.monitor = monitor;
    }

    /** Starts it with netdevs, each as {@code -netdev} takes it, with its id right behind the type. */
    public static QemuHub start(Path folder, String... netdevs) {
        return start(List.of(), folder, netdevs);
    }

    /** The same, behind a command that runs it, such as one that enters a namespace. */
    public static QemuHub start(List<String> wrapper, Path folder, String... netdevs) {
        Path side = folder.resolve("qemu-side");
        Path monitor = folder.resolve("qemu-monitor");
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(
                List.of(Commands.require("qemu-system-x86_64").toString(), "-M", "none", "-nodefaults", "-display"));
        command.addAll(List.of("none", "-monitor", "unix:" + monitor + ",server=on,wait=off"));
        List<String> all = new ArrayList<>(List.of(netdevs));
        all.add("stream,id=side,server=on,addr.type=unix,addr.path=" + side);
        for (String each : all) {
            command.addAll(List.of("-netdev", each));
        }
        for (int i = 0; i < all.size(); i++) {
            String id = all.get(i).replaceFirst(".*?,id=([^,]*).*", "$1");
            command.addAll(List.of("-netdev", "hubport,id=h" + i + ",hubid=0,netdev=" + id));
        }
        QemuHub hub = new QemuHub(ChildProcess.start("QEMU's hub", command), side, monitor);
        hub.qemu.await(() -> Files.exists(monitor) && Files.exists(side), "monitor and side");
        return hub;
    }

    /** The program itself. */
    public ChildProcess process() {
        return qemu;
    }

    /** Connects to the hub as a port of it. */
    public StreamSocket side() {
        StreamSocket connected = StreamSocket.connect(side);
        awaitSide();
        return connected;
    }

    /** Where to connect to the hub; {@link #awaitSide} is to follow. */
    public Path sidePath() {
        return side;
    }

    /** Waits until QEMU knows that something is connected: a frame that meets a connection that is just being accepted crashes QEMU 7.2. */
    public void awaitSide() {
        qemu.await(() -> info("side").contains("unix:"), "a connection of side");
    }

    /** What {@code info network} says of a netdev, behind its name, or the empty text. */
    public String info(String netdev) {
        for (String line : monitor("info network").split("\r?\n")) {
            int at = line.indexOf(netdev + ": index=");
            if (at >= 0) {
                return line.substring(at + netdev.length() + 2);
            }
        }
        return "";
    }

    /** Gives a command to the monitor and returns what it says. */
    public String monitor(String command) {
        try (SocketChannel channel = UnixConnect.to(monitor)) {
            readToPrompt(channel);
            channel.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8)));
            return readToPrompt(channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String readToPrompt(SocketChannel channel) throws IOException {
        StringBuilder text = new StringBuilder();
        ByteBuffer buffer = ByteBuffer.allocate(4096);
        while (!text.toString().endsWith(PROMPT)) {
            if (channel.read(buffer.clear()) < 0) {
                throw new IOException("the monitor has ended: " + text);
            }
            text.append(StandardCharsets.UTF_8.decode(buffer.flip()));
        }
        return text.toString();
    }

    @Override
    public void close() {
        qemu.close();
    }
}
