package io.qnet.it.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A client of a monitor on a unix socket, of QEMU's or of ours. Reads until the text ends as expected; a peer that falls silent is the test's time limit. */
public final class MonitorClient implements AutoCloseable {
    private static final String PROMPT = "(qemu) ";

    private final SocketChannel socket;

    private MonitorClient(SocketChannel socket) {
        this.socket = socket;
    }

    /** Connects to HMP; answers once the prompt is there. */
    public static MonitorClient hmp(Path path) {
        MonitorClient client = connect(path);
        client.until(PROMPT);
        return client;
    }

    /** Connects to QMP, negotiated. */
    public static MonitorClient qmp(Path path) {
        MonitorClient client = connect(path);
        client.until("}}\r\n");
        client.ask("{\"execute\": \"qmp_capabilities\"}");
        return client;
    }

    private static MonitorClient connect(Path path) {
        return new MonitorClient(UnixConnect.to(path));
    }

    /** Types a line at HMP and answers everything up to the next prompt, the echo included. */
    public String type(String line) {
        send(line + "\n");
        return until(PROMPT);
    }

    /** As {@link #type}, without the echo. */
    public String answer(String line) {
        String text = type(line);
        return text.substring(text.indexOf("\r\n") + 2, text.length() - PROMPT.length());
    }

    /** Sends a line to QMP and answers one line. */
    public String ask(String line) {
        send(line + "\n");
        return until("\r\n");
    }

    /** The next line from QMP. */
    public String line() {
        return until("\r\n");
    }

    private void send(String text) {
        ByteBuffer left = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        try {
            while (left.hasRemaining()) {
                socket.write(left);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String until(String end) {
        StringBuilder text = new StringBuilder();
        ByteBuffer one = ByteBuffer.allocate(1);
        try {
            while (text.length() < end.length() || text.lastIndexOf(end) != text.length() - end.length()) {
                if (socket.read(one.clear()) < 0) {
                    throw new IllegalStateException("the monitor ended after: " + text);
                }
                text.append((char) (one.get(0) & 0xff));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
