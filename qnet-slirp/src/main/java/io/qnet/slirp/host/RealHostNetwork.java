package io.qnet.slirp.host;

import com.sun.management.UnixOperatingSystemMXBean;
import io.netty.channel.unix.DomainSocketAddress;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostEcho;
import io.qnet.host.HostError;
import io.qnet.host.HostException;
import io.qnet.host.HostListener;
import io.qnet.host.HostNetwork;
import io.qnet.host.HostStream;
import io.qnet.internal.socket.HostErrors;
import io.qnet.internal.socket.Sockets;
import io.qnet.internal.socket.StreamOptions;
import io.qnet.loop.Loop;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The host's network on real sockets of a network's loop, epoll or NIO. On NIO the TTL of datagrams cannot be chosen, ICMP errors about them are not seen, and there is no echo.
 *
 * <p>Loop thread only; nothing blocks. The caller closes it.
 */
public final class RealHostNetwork implements HostNetwork {
    private static final int BACKLOG = 1024;
    private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

    /** How long a closed stream may go on sending what was pending, and waiting for the far side's end. */
    private static final long LINGER_NANOS = 5_000_000_000L;

    private final Loop loop;
    private final Sockets sockets;
    private final StreamOptions streamOptions = new StreamOptions(KernelLimits.receiveBuffer(), 0);
    private final ReadBuffers readBuffers;
    private final Resolvers resolvers = new Resolvers(RESOLV_CONF);
    private final Set<RealStream> streams = new HashSet<>();
    private final Set<RealListener> listeners = new HashSet<>();

    private long lingerNanos = LINGER_NANOS;

    /**
     * Creates one; opens nothing.
     *
     * @throws IllegalStateException if the loop has no descriptors, as in virtual time
     */
    public RealHostNetwork(Loop loop) {
        this.loop = loop;
        sockets = Sockets.on(loop);
        readBuffers = new ReadBuffers(loop.allocator());
    }

    @Override
    public HostStream connect(
            SocketAddress remote, @Nullable InetSocketAddress local, long timeoutNanos, HostStream.Handler handler) {
        RealStream stream = new RealStream(this, remote, true, handler);
        remember(stream);
        stream.connect(local, timeoutNanos);
        return stream;
    }

    @Override
    public HostListener listen(SocketAddress local, HostListener.Handler handler) throws HostException {
        String unix = Sockets.unixPath(local);
        Path path = unix == null || unix.startsWith("\0") ? null : Path.of(unix);
        RealListener listener = new RealListener(this, handler, path);
        try {
            listener.opened(sockets.listen(local, BACKLOG, streamOptions, listener));
        } catch (IOException e) {
            throw failed("cannot listen on " + textOf(local), e);
        }
        listeners.add(listener);
        return listener;
    }

    @Override
    public HostDatagrams openDatagrams(InetSocketAddress local, HostDatagrams.Handler handler) throws HostException {
        throw new HostException(HostError.OTHER, "datagrams are not there");
    }

    @Override
    public HostEcho openEcho(boolean ipv6, HostEcho.Handler handler) throws HostException {
        throw new HostException(HostError.PROHIBITED, "echo is not there");
    }

    @Override
    public List<InetSocketAddress> resolvers() {
        return resolvers.servers(loop.nowNanos());
    }

    @Override
    public int descriptorLimit() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            return (int) Math.min(Integer.MAX_VALUE, unix.getMaxFileDescriptorCount());
        }
        return Integer.MAX_VALUE;
    }

    @Override
    public void close() {
        for (RealListener listener : List.copyOf(listeners)) {
            listener.close();
        }
        for (RealStream stream : List.copyOf(streams)) {
            stream.release();
        }
        readBuffers.release();
        sockets.close();
    }

    Loop loop() {
        return loop;
    }

    Sockets sockets() {
        return sockets;
    }

    StreamOptions streamOptions() {
        return streamOptions;
    }

    ReadBuffers readBuffers() {
        return readBuffers;
    }

    long lingerNanos() {
        return lingerNanos;
    }

    void setLingerNanos(long lingerNanos) {
        this.lingerNanos = lingerNanos;
    }

    void remember(RealStream stream) {
        streams.add(stream);
    }

    void forget(RealStream stream) {
        streams.remove(stream);
    }

    void forget(RealListener listener) {
        listeners.remove(listener);
    }

    /** The number of streams that hold a descriptor, those included that are closed and still send. */
    int openStreams() {
        return streams.size();
    }

    private static HostException failed(String what, IOException cause) {
        HostException failure = new HostException(HostErrors.of(cause), what + ": " + HostErrors.textOf(cause));
        failure.initCause(cause);
        return failure;
    }

    private static String textOf(SocketAddress address) {
        if (address instanceof InetSocketAddress inet && !inet.isUnresolved()) {
            String host = inet.getAddress().getHostAddress();
            return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + inet.getPort();
        }
        return address instanceof DomainSocketAddress unix ? unix.path() : address.toString();
    }
}
