package io.qnet.it.support;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A server in a process of its own, so that its descriptors are not qnet's, for more connections than a thread each could serve. The first byte of a connection says what it does: {@code i}, it is echoed
 * and nothing more is said; {@code b}, data comes back without end; {@code n}, nothing is read any more. It prints its port, and {@code open N} whenever the number of connections has come to a multiple of a thousand or to 0.
 */
public final class FarEnd {
    private final ByteBuffer out = ByteBuffer.allocateDirect(256 << 10);
    private final ByteBuffer in = ByteBuffer.allocateDirect(4096);
    private final PrintStream said = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
    private int open;

    private FarEnd() {}

    /** Starts one in this JVM's likeness. */
    public static ChildProcess start() {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return ChildProcess.start("far end", List.of(java, "-Xmx256m", "-cp", classes, FarEnd.class.getName()));
    }

    /** The port that one says. */
    public static int port(ChildProcess child) {
        String line = child.awaitOut(text -> text.startsWith("port "), ChildProcess.HANG);
        return Integer.parseInt(line.substring("port ".length()));
    }

    /** Runs until it is killed, or its parent has gone. */
    public static void main(String[] arguments) throws IOException {
        new FarEnd().run();
    }

    private void run() throws IOException {
        try (Selector selector = Selector.open();
                ServerSocketChannel server = ServerSocketChannel.open()) {
            server.setOption(StandardSocketOptions.SO_RCVBUF, 64 << 10);
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
            server.configureBlocking(false);
            server.register(selector, SelectionKey.OP_ACCEPT);
            said.println("port " + server.socket().getLocalPort());
            while (ProcessHandle.current().parent().isPresent()) {
                selector.select(1000);
                for (SelectionKey key : selector.selectedKeys()) {
                    serve(server, selector, key);
                }
                selector.selectedKeys().clear();
            }
        }
    }

    private void serve(ServerSocketChannel server, Selector selector, SelectionKey key) throws IOException {
        if (key.isAcceptable()) {
            for (SocketChannel next = server.accept(); next != null; next = server.accept()) {
                next.configureBlocking(false);
                next.register(selector, SelectionKey.OP_READ);
                count(1);
            }
            return;
        }
        try {
            talk(key, (SocketChannel) key.channel());
        } catch (IOException reset) {
            end(key);
        }
    }

    private void talk(SelectionKey key, SocketChannel channel) throws IOException {
        if (key.isWritable()) {
            out.clear();
            channel.write(out);
        }
        if (!key.isReadable()) {
            return;
        }
        in.clear();
        int n = channel.read(in);
        if (n < 0) {
            end(key);
        } else if (n > 0 && in.get(0) == 'b') {
            key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        } else if (n > 0 && in.get(0) == 'n') {
            key.interestOps(0);
        } else if (n > 0) {
            channel.write(in.flip());
        }
    }

    private void end(SelectionKey key) throws IOException {
        key.channel().close();
        count(-1);
    }

    private void count(int more) {
        open += more;
        if (open % 1000 == 0) {
            said.println("open " + open);
        }
    }
}
