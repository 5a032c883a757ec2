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
import io.qnet.host.Outbound;
import io.qnet.internal.socket.HostErrors;
import io.qnet.internal.socket.KernelLimits;
import io.qnet.internal.socket.Sockets;
import io.qnet.internal.socket.StreamOptions;
import io.qnet.loop.Loop;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
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
    private final StreamOptions streamOptions = new StreamOptions(KernelLimits.receiveBuffer(), 0, false);
    private final ReadBuffers readBuffers;
    private final Resolvers resolvers = new Resolvers(RESOLV_CONF);
    private final Set<RealStream> streams = new HashSet<>();
    private final Set<RealListener> listeners = new HashSet<>();
    /** What closes each datagram or echo socket. */
    private final Map<Object, Runnable> packetSockets = new HashMap<>();

    private final Programs programs;
    private final NativeCalls nativeCalls;
    private final ErrorQueues errorQueues;
    private final DatagramBatches batches;
    /** Of the next echo on a raw socket. Begins anywhere, so that two processes seldom use the same. */
    private int nextIdentifier = ThreadLocalRandom.current().nextInt();

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
        nativeCalls = new NativeCalls(loop);
        errorQueues = new ErrorQueues(loop, nativeCalls);
        batches = new DatagramBatches(loop, nativeCalls, sockets.takesDescriptors());
        programs = new Programs(loop);
    }

    @Override
    public HostStream connect(
            SocketAddress remote, @Nullable InetSocketAddress local, long timeoutNanos, HostStream.Handler handler) {
        return connect(remote, local, null, timeoutNanos, handler);
    }

    HostStream connect(
            SocketAddress remote,
            @Nullable InetSocketAddress local,
            @Nullable String device,
            long timeoutNanos,
            HostStream.Handler handler) {
        RealStream stream = new RealStream(this, remote, true, handler);
        remember(stream);
        stream.connect(local, device, timeoutNanos);
        return stream;
    }

    @Override
    public boolean startsPrograms() {
        return sockets.takesDescriptors();
    }

    @Override
    public HostStream start(List<String> command, HostStream.Handler handler) throws HostException {
        if (!sockets.takesDescriptors()) {
            throw new HostException(HostError.PROHIBITED, "programs are started with epoll only");
        }
        RealStream stream = new RealStream(this, new InetSocketAddress(0), true, handler);
        remember(stream);
        programs.start(command, stream);
        return stream;
    }

    @Override
    public HostListener listen(SocketAddress local, HostListener.Handler handler) throws HostException {
        RealListener listener = new RealListener(this, handler);
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
        return openDatagrams(local, null, handler);
    }

    HostDatagrams openDatagrams(InetSocketAddress local, @Nullable String device, HostDatagrams.Handler handler)
            throws HostException {
        boolean ipv6 = local.getAddress() instanceof Inet6Address;
        RealDatagrams datagrams = new RealDatagrams(this, ipv6, handler);
        try {
            datagrams.open(local, device);
        } catch (IOException e) {
            throw failed("cannot open a datagram socket on " + textOf(local), e);
        }
        packetSockets.put(datagrams, datagrams::close);
        return datagrams;
    }

    @Override
    public HostEcho openEcho(boolean ipv6, HostEcho.Handler handler) throws HostException {
        return openEcho(ipv6, Outbound.ANY, handler);
    }

    HostEcho openEcho(boolean ipv6, Outbound outbound, HostEcho.Handler handler) throws HostException {
        LibC calls = nativeCalls.get();
        RealEcho echo = new RealEcho(this, ipv6, outbound, nextIdentifier++ & 0xffff, handler);
        if (!sockets.takesDescriptors() || nativeCalls.isMissing() || (calls != null && !echo.open(calls))) {
            throw new HostException(HostError.PROHIBITED, "the host allows neither a ping socket nor a raw socket");
        }
        packetSockets.put(echo, echo::close);
        if (calls == null) {
            nativeCalls.load(echo::onNativeCalls);
        }
        return echo;
    }

    @Override
    public HostNetwork leavingBy(Outbound outbound) {
        if (outbound.device() != null && !sockets.takesDescriptors()) {
            throw new UnsupportedOperationException("sockets are bound to an interface on epoll only");
        }
        return outbound.isAny() ? this : new OutboundNetwork(this, outbound);
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
    public int ephemeralPorts() {
        return KernelLimits.ephemeralPorts();
    }

    @Override
    public void close() {
        for (RealListener listener : List.copyOf(listeners)) {
            listener.close();
        }
        for (RealStream stream : List.copyOf(streams)) {
            stream.release();
        }
        for (Runnable packetSocket : List.copyOf(packetSockets.values())) {
            packetSocket.run();
        }
        batches.close();
        programs.close();
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

    NativeCalls nativeCalls() {
        return nativeCalls;
    }

    DatagramBatches batches() {
        return batches;
    }

    ErrorQueues errorQueues() {
        return errorQueues;
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

    void forget(RealDatagrams datagrams) {
        packetSockets.remove(datagrams);
    }

    void forget(RealEcho echo) {
        packetSockets.remove(echo);
    }

    Programs programs() {
        return programs;
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
