package io.qnet.it.raw;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * The client side of QEMU's stream protocol (net/stream.c): each frame follows its length in four bytes, most
 * significant first. A thread of its own reads, so that the peer never waits for the test.
 */
public final class StreamSocket implements AutoCloseable {

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);
    private static final int MAX_FRAME_BYTES = 68 * 1024;

    private final SocketChannel channel;
    private final BlockingQueue<byte[]> frames = new LinkedBlockingQueue<>();
    private final Consumer<byte[]> receiver;

    private StreamSocket(SocketChannel channel, @Nullable Consumer<byte[]> receiver) {
        this.channel = channel;
        this.receiver = receiver == null ? frames::add : receiver;
    }

    /** Connects to a unix socket as soon as somebody listens there; frames wait for {@link #receive}. */
    public static StreamSocket connect(Path socket) {
        return connect(socket, null);
    }

    /** The same, each frame being given to the receiver on the reading thread. */
    public static StreamSocket connect(Path socket, @Nullable Consumer<byte[]> receiver) {
        SocketAddress address = UnixDomainSocketAddress.of(socket);
        SocketChannel channel = Awaitility.await("a listener at " + socket)
                .atMost(CONNECT_LIMIT)
                .pollInSameThread()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> tryConnect(address), Optional::isPresent)
                .orElseThrow();
        StreamSocket stream = new StreamSocket(channel, receiver);
        Thread reader = new Thread(stream::readFrames, "stream-socket");
        reader.setDaemon(true);
        reader.start();
        return stream;
    }

    private static Optional<SocketChannel> tryConnect(SocketAddress address) throws IOException {
        try {
            return Optional.of(SocketChannel.open(address));
        } catch (ConnectException e) {
            return Optional.empty();
        } catch (SocketException e) {
            // Nothing at that path yet.
            return Optional.empty();
        }
    }

    /** Sends one frame; blocks while the peer does not read. */
    public void send(byte[] frame) {
        sendRaw(ByteBuffer.allocate(4 + frame.length)
                .putInt(frame.length)
                .put(frame)
                .flip());
    }

    /** Sends bytes as they are; blocks while the peer does not read. */
    void sendRaw(ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next frame received, or none within the limit. */
    public Optional<byte[]> receive(Duration limit) {
        try {
            return Optional.ofNullable(frames.poll(limit.toNanos(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void readFrames() {
        ByteBuffer length = ByteBuffer.allocate(4);
        try {
            while (fill(length)) {
                int bytes = length.flip().getInt();
                if (bytes < 0 || bytes > MAX_FRAME_BYTES) {
                    throw new IOException("a frame of " + bytes + " bytes");
                }
                ByteBuffer frame = ByteBuffer.allocate(bytes);
                if (!fill(frame)) {
                    return;
                }
                receiver.accept(frame.array());
                length.clear();
            }
        } catch (ClosedChannelException | SocketException e) {
            // The test closed it, or the peer ended.
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean fill(ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                return false;
            }
        }
        return true;
    }
}
