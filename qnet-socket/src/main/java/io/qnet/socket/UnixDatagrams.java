package io.qnet.socket;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import io.qnet.internal.socket.HostErrors;
import io.qnet.internal.socket.PacketSocket;
import io.qnet.internal.socket.PeerSocket;
import io.qnet.internal.socket.Sockets;
import io.qnet.internal.socket.UnixPath;
import io.qnet.loop.Loop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import jnr.enxio.channels.NativeSelectorProvider;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A unix datagram socket where the loop has none: jnr-unixsocket's, whose channels do not fit the loop's selector. A thread of its own receives into a bounded queue, from which the loop takes; when that is
 * full the thread waits, and the kernel keeps what comes. Sending does not block and is done by the loop.
 */
final class UnixDatagrams implements PeerSocket {
    private static final int QUEUE_DATAGRAMS = 256;
    private static final int BUFFER_BYTES = 256 << 10;

    private final Loop loop;
    private final PacketSocket.Handler handler;
    private final UnixDatagramChannel channel;
    private final Selector selector;
    private final Thread thread;
    private final BlockingQueue<byte[]> received = new ArrayBlockingQueue<>(QUEUE_DATAGRAMS);
    private final AtomicBoolean told = new AtomicBoolean();
    private @Nullable UnixSocketAddress remote;
    private boolean reading = true;
    private volatile boolean closed;

    private UnixDatagrams(Loop loop, UnixDatagramChannel channel, Selector selector, PacketSocket.Handler handler) {
        this.loop = loop;
        this.channel = channel;
        this.selector = selector;
        this.handler = handler;
        thread = new Thread(this::run, Thread.currentThread().getName() + "-unix");
        thread.setDaemon(true);
    }

    /**
     * Binds a unix datagram socket, on the loop where that can be, else with a thread of its own.
     *
     * @param remote where it sends, or null if it is to be connected
     * @throws IOException if it cannot be bound
     */
    static PeerSocket bind(Sockets sockets, String local, @Nullable String remote, PacketSocket.Handler handler)
            throws IOException {
        if (sockets.takesDescriptors()) {
            return sockets.bindUnixDatagrams(local, remote, handler);
        }
        UnixPath.removeSocket(local);
        UnixDatagramChannel channel = UnixDatagramChannel.open();
        try {
            channel.bind(new UnixSocketAddress(local));
            channel.configureBlocking(false);
            Selector selector = NativeSelectorProvider.getInstance().openSelector();
            channel.register(selector, SelectionKey.OP_READ);
            UnixDatagrams opened = new UnixDatagrams(sockets.loop(), channel, selector, handler);
            if (remote != null) {
                opened.connect(remote);
            }
            opened.thread.start();
            return opened;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Receives until the socket is closed. */
    private void run() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        try {
            while (!closed) {
                selector.select();
                selector.selectedKeys().clear();
                buffer.clear();
                if (!closed && channel.receive(buffer) != null) {
                    byte[] datagram = new byte[buffer.flip().remaining()];
                    buffer.get(datagram);
                    received.put(datagram);
                    tell();
                }
            }
        } catch (InterruptedException | ClosedSelectorException | RejectedExecutionException e) {
            return; // closed
        } catch (IOException e) {
            if (!closed) {
                loop.taskFailed("unix datagrams", e);
            }
        }
    }

    private void tell() {
        if (told.compareAndSet(false, true)) {
            loop.execute(this::onTold);
        }
    }

    private void onTold() {
        told.set(false);
        if (!closed && reading && !received.isEmpty()) {
            handler.onReadable();
            if (!received.isEmpty()) {
                tell();
            }
        }
    }

    @Override
    public int receiveDatagram(ByteBuf target) {
        byte[] datagram = received.poll();
        if (datagram == null) {
            return NONE;
        }
        int length = Math.min(datagram.length, target.capacity());
        target.setBytes(0, datagram, 0, length);
        return length;
    }

    @Override
    public @Nullable HostError sendDatagram(ByteBuf source, int index, int length) {
        UnixSocketAddress to = remote;
        if (to == null) {
            return HostError.REFUSED;
        }
        try {
            channel.send(source.nioBuffer(index, length), to);
            return null;
        } catch (IOException e) {
            return HostErrors.of(e);
        }
    }

    @Override
    public void connect(String path) {
        remote = new UnixSocketAddress(path);
    }

    @Override
    public void setReading(boolean reading) {
        this.reading = reading;
        if (reading && !received.isEmpty()) {
            tell();
        }
    }

    @Override
    public @Nullable InetSocketAddress inetAddress() {
        return null;
    }

    @Override
    public int descriptor() {
        return -1;
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            selector.close();
            channel.close();
        } catch (IOException e) {
            System.getLogger(UnixDatagrams.class.getName()).log(System.Logger.Level.DEBUG, "close", e);
        }
    }
}
