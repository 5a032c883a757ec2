package io.qnet.chardev;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import io.qnet.internal.socket.ListenSocket;
import io.qnet.internal.socket.OutQueue;
import io.qnet.internal.socket.Sockets;
import io.qnet.internal.socket.StreamOptions;
import io.qnet.internal.socket.StreamSocket;
import io.qnet.loop.Loop;
import io.qnet.loop.Timer;
import io.qnet.option.ChardevSpec;
import io.qnet.option.OptionException;
import io.qnet.stat.Counter;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A stream socket (QEMU: chardev/char-socket.c). A server has one client at a time; the next waits. A client tries again after {@code reconnect} seconds, if that is set. At most {@value #MAX_BYTES} bytes
 * wait to be written.
 */
final class SocketChardev extends Chardev {
    private static final int MAX_BYTES = 1 << 20;
    private static final int READ_BYTES = 65_536;
    private static final int BACKLOG = 1;

    private final Loop loop;
    private final ChardevSpec.Socket spec;
    private final Consumer<String> warn;
    private final Counter notConnected = counters().counter("drop.not-connected");
    private final Counter full = counters().counter("drop.full");
    private final OutQueue out;
    private final Timer retry = new Timer() {
        @Override
        protected void onTimer(long nowNanos) {
            connect();
        }
    };
    private @Nullable Sockets sockets;
    private @Nullable ListenSocket listener;
    private @Nullable Peer peer;
    private boolean reads;
    private boolean closed;

    SocketChardev(Loop loop, ChardevSpec.Socket spec, Consumer<String> warn) {
        super(spec.id());
        this.loop = loop;
        this.spec = spec;
        this.warn = warn;
        out = new OutQueue(loop.allocator(), READ_BYTES);
    }

    @Override
    void open() {
        sockets = Sockets.on(loop);
        if (!spec.server()) {
            connect();
            return;
        }
        SocketAddress address = Addresses.of(spec.address());
        try {
            listener = sockets.listen(address, BACKLOG, options(), new Acceptor());
        } catch (IOException e) {
            sockets.close();
            throw new OptionException(
                    "Failed to bind socket to " + Addresses.text(address) + ": " + Addresses.reason(e));
        }
    }

    private static StreamOptions options() {
        return new StreamOptions(0, 0, false);
    }

    @Override
    public boolean isConnected() {
        return peer != null && peer.connected;
    }

    @Override
    public boolean write(ByteBuf bytes) {
        Peer present = peer;
        if (present == null || !present.connected) {
            notConnected.increment();
            return false;
        }
        if (out.pendingBytes() + bytes.readableBytes() > MAX_BYTES) {
            full.increment();
            return false;
        }
        boolean idle = out.isEmpty();
        out.write(bytes, bytes.readerIndex(), bytes.readableBytes());
        if (idle) {
            present.flush();
        }
        return true;
    }

    @Override
    void onAttached(boolean newReads) {
        reads = newReads;
        if (isConnected() && peer != null) {
            peer.socket().wantRead(true);
        }
    }

    @Override
    void close() {
        closed = true;
        loop.timers().cancel(retry);
        if (listener != null) {
            listener.close();
        }
        if (peer != null) {
            peer.socket().close();
            peer = null;
        }
        out.release();
        if (sockets != null) {
            sockets.close();
        }
    }

    private void connect() {
        Sockets present = sockets;
        if (present == null || closed) {
            return;
        }
        SocketAddress address = Addresses.of(spec.address());
        Peer made = new Peer();
        peer = made;
        try {
            made.socket = present.connect(address, null, options(), made);
        } catch (IOException e) {
            peer = null;
            failed("Failed to connect to '" + Addresses.text(address) + "': " + Addresses.reason(e));
        }
    }

    private void failed(String message) {
        if (spec.reconnectSeconds() > 0) {
            loop.timers().arm(retry, loop.nowNanos() + TimeUnit.SECONDS.toNanos(spec.reconnectSeconds()));
        } else {
            warn.accept(message);
        }
    }

    private void ended(Peer which, String reason) {
        if (peer != which) {
            return;
        }
        peer = null;
        which.socket().close();
        out.release();
        give(io.netty.buffer.Unpooled.EMPTY_BUFFER);
        if (listener != null) {
            listener.setAccepting(true);
        } else if (!closed) {
            failed(reason);
        }
    }

    private final class Acceptor implements ListenSocket.Acceptor {
        @Override
        public StreamSocket.Handler newHandler() {
            return new Peer();
        }

        @Override
        public void onAccepted(StreamSocket socket, StreamSocket.Handler handler) {
            Peer made = (Peer) handler;
            made.socket = socket;
            made.connected = true;
            peer = made;
            if (listener != null) {
                listener.setAccepting(false);
            }
            socket.wantRead(true);
        }

        @Override
        public void onAcceptFailed(IOException cause) {
            warn.accept("accepting failed: " + cause.getMessage());
        }
    }

    /** The one connection. */
    private final class Peer implements StreamSocket.Handler {
        private @Nullable StreamSocket socket;
        private boolean connected;

        StreamSocket socket() {
            if (socket == null) {
                throw new IllegalStateException("no socket yet");
            }
            return socket;
        }

        @Override
        public void onConnected() {
            connected = true;
            socket().wantRead(true);
        }

        @Override
        public void onReadable() {
            ByteBuf bytes = loop.allocator().directBuffer(READ_BYTES);
            try {
                int count = socket().read(bytes, 0, READ_BYTES);
                if (count < 0) {
                    ended(this, "the far side has closed the connection");
                } else if (count > 0 && reads) {
                    give(bytes.writerIndex(count));
                }
            } catch (IOException e) {
                ended(this, Addresses.reason(e));
            } finally {
                bytes.release();
            }
        }

        @Override
        public void onWritable() {
            flush();
        }

        @Override
        public void onBroken(HostError error) {
            ended(
                    this,
                    "Failed to connect to '" + Addresses.text(Addresses.of(spec.address())) + "': "
                            + Addresses.words(error));
        }

        void flush() {
            try {
                socket().write(out, false);
            } catch (IOException e) {
                ended(this, Addresses.reason(e));
            }
        }
    }
}
