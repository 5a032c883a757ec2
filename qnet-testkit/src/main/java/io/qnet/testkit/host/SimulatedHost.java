package io.qnet.testkit.host;

import io.qnet.host.HostDatagrams;
import io.qnet.host.HostEcho;
import io.qnet.host.HostError;
import io.qnet.host.HostException;
import io.qnet.host.HostListener;
import io.qnet.host.HostNetwork;
import io.qnet.host.HostStream;
import io.qnet.host.Outbound;
import io.qnet.loop.Loop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A host without sockets. Tests say what is there: TCP servers ({@link #server}), UDP services ({@link #udp}), addresses that answer pings ({@link #answersPing}), name servers, networks that cannot be reached;
 * and act as programs that connect to what netdevs listen on ({@link #connect}). Everything else behaves as an empty host: connects and datagrams are refused.
 *
 * <p>Faithful to the contracts of {@link HostNetwork}: nothing is told before the call that caused it has returned, events keep their order, half-close works both ways, read credit is honoured. To be used on
 * the network's loop, or by the thread that drives it.
 */
public final class SimulatedHost implements HostNetwork {
    private static final int FIRST_PORT = 32_768;
    private static final int LAST_PORT = 60_999;

    private final Loop loop;
    private final Agenda agenda;
    private final Map<SocketAddress, SimulatedServer> servers = new HashMap<>();
    private final Map<InetSocketAddress, SimulatedUdp> services = new HashMap<>();
    private final Map<InetAddress, Duration> pings = new HashMap<>();
    private final Map<InetAddress, HostError> unreachable = new HashMap<>();
    private final List<UnreachableNetwork> unreachableNetworks = new ArrayList<>();
    private final Map<SocketAddress, SimulatedListener> listeners = new LinkedHashMap<>();
    private final Map<InetSocketAddress, SimulatedDatagrams> datagrams = new LinkedHashMap<>();
    private final Set<Object> open = new LinkedHashSet<>();
    private final List<String> leftOpen = new ArrayList<>();
    private final List<String> devices = new ArrayList<>();
    private List<InetSocketAddress> resolvers = List.of(new InetSocketAddress(loopback(), 53));
    private int descriptorLimit = 65_536;
    private int ephemeralPorts = 28_232;
    private boolean echoAllowed = true;
    private int nextPort = FIRST_PORT;

    /** Creates an empty host for the network that runs on this loop. */
    public SimulatedHost(Loop loop) {
        this.loop = loop;
        this.agenda = new Agenda(loop);
    }

    // ---- what tests say

    /** The TCP server at a loopback port; made at the first call. */
    public SimulatedServer server(int port) {
        return server(new InetSocketAddress(loopback(), port));
    }

    /** The TCP server at an address; made at the first call. */
    public SimulatedServer server(SocketAddress address) {
        return servers.computeIfAbsent(address, any -> new SimulatedServer());
    }

    /** Nobody listens at this address any more. */
    public void removeServer(SocketAddress address) {
        servers.remove(address);
    }

    /** The UDP service at a loopback port; made at the first call. */
    public SimulatedUdp udp(int port) {
        return udp(new InetSocketAddress(loopback(), port));
    }

    /** The UDP service at an address; made at the first call. */
    public SimulatedUdp udp(InetSocketAddress address) {
        return services.computeIfAbsent(address, any -> new SimulatedUdp(this, address));
    }

    /** Pings to this address are answered after this time. Others vanish. */
    public SimulatedHost answersPing(InetAddress address, Duration time) {
        pings.put(address, time);
        return this;
    }

    /** Whatever is sent to this address fails so; null to make it reachable again. */
    public SimulatedHost unreachable(InetAddress address, @Nullable HostError error) {
        if (error == null) {
            unreachable.remove(address);
        } else {
            unreachable.put(address, error);
        }
        return this;
    }

    /** Whatever is sent into this network fails so, unless {@link #unreachable(InetAddress, HostError)} says otherwise for an address in it. The network that was named last counts first. */
    public SimulatedHost unreachable(InetAddress network, int prefixLength, HostError error) {
        unreachableNetworks.add(0, new UnreachableNetwork(network, prefixLength, error));
        return this;
    }

    /** Sets the name servers. */
    public SimulatedHost resolvers(List<InetSocketAddress> addresses) {
        resolvers = List.copyOf(addresses);
        return this;
    }

    /** Sets the most streams, sockets and listeners that may be open. */
    public SimulatedHost descriptorLimit(int most) {
        descriptorLimit = most;
        return this;
    }

    /** Whether echo sockets may be opened. */
    public SimulatedHost allowEcho(boolean allowed) {
        echoAllowed = allowed;
        return this;
    }

    /**
     * A program on the host connects to what a netdev listens on.
     *
     * @throws IllegalStateException if nobody listens there
     */
    public HostConnection connect(SocketAddress to) {
        return connect((InetSocketAddress) withPort(new InetSocketAddress(loopback(), 0)), to);
    }

    /** A program somewhere connects to what a netdev listens on. */
    public HostConnection connect(InetSocketAddress from, SocketAddress to) {
        SimulatedListener listener = listeners.get(to);
        if (listener == null) {
            throw new IllegalStateException("nobody listens at " + to + ", only at " + listeners.keySet());
        }
        SimulatedStream stream = new SimulatedStream(this, listener.localAddress(), from, null);
        HostConnection connection = new HostConnection(this, from, stream);
        later(() -> listener.accept(stream, connection));
        return connection;
    }

    /** What netdevs have open: streams, sockets, listeners. */
    public int openCount() {
        return open.size() + listeners.size();
    }

    /** What netdevs had not closed when the network was closed; empty before. */
    public List<String> leftOpen() {
        return List.copyOf(leftOpen);
    }

    /** Where netdevs listen. */
    public List<SocketAddress> listening() {
        return List.copyOf(listeners.keySet());
    }

    /** The datagram sockets of netdevs. */
    public List<InetSocketAddress> datagramSockets() {
        return List.copyOf(datagrams.keySet());
    }

    // ---- what netdevs ask

    @Override
    public HostStream connect(
            SocketAddress remote, @Nullable InetSocketAddress local, long timeoutNanos, HostStream.Handler handler) {
        checkLoop();
        boolean room = openCount() < descriptorLimit;
        InetSocketAddress own =
                (InetSocketAddress) withPort(local != null ? local : new InetSocketAddress(loopback(), 0));
        SimulatedStream stream = new SimulatedStream(this, own, remote, handler);
        if (!room) {
            later(() -> stream.fail(HostError.NO_RESOURCES));
            return stream;
        }
        SimulatedServer server = servers.get(remote);
        HostError error = reachability(remote);
        if (error != null || server == null) {
            HostError answer = error != null ? error : HostError.REFUSED;
            later(() -> stream.fail(answer));
            return stream;
        }
        long delay = server.attempt();
        if (delay < 0 || delay >= timeoutNanos) {
            later(timeoutNanos, () -> stream.fail(HostError.TIMED_OUT));
        } else {
            later(delay, () -> answer(server, stream, remote));
        }
        return stream;
    }

    @Override
    public HostListener listen(SocketAddress local, HostListener.Handler handler) throws HostException {
        checkLoop();
        checkRoom(local);
        SocketAddress address = withPort(local);
        if (listeners.containsKey(address) || servers.containsKey(address)) {
            throw new HostException(HostError.ADDRESS_IN_USE, address + ": Address already in use");
        }
        SimulatedListener listener = new SimulatedListener(address, handler);
        listeners.put(address, listener);
        return listener;
    }

    @Override
    public HostDatagrams openDatagrams(InetSocketAddress local, HostDatagrams.Handler handler) throws HostException {
        checkLoop();
        checkRoom(local);
        InetSocketAddress address = (InetSocketAddress) withPort(local);
        if (datagrams.containsKey(address)) {
            throw new HostException(HostError.ADDRESS_IN_USE, address + ": Address already in use");
        }
        SimulatedDatagrams socket = new SimulatedDatagrams(this, address, handler);
        datagrams.put(address, socket);
        return socket;
    }

    @Override
    public HostEcho openEcho(boolean ipv6, HostEcho.Handler handler) throws HostException {
        checkLoop();
        if (!echoAllowed) {
            throw new HostException(HostError.PROHIBITED, "ping socket: Operation not permitted");
        }
        checkRoom("ping socket");
        return new SimulatedEcho(this, handler);
    }

    @Override
    public HostNetwork leavingBy(Outbound outbound) {
        return outbound.isAny() ? this : new SimulatedOutbound(this, outbound);
    }

    /** The interfaces by which sockets were opened, one entry a socket, in order. */
    public List<String> devices() {
        return List.copyOf(devices);
    }

    void openedBy(@Nullable String device) {
        if (device != null) {
            devices.add(device);
        }
    }

    @Override
    public List<InetSocketAddress> resolvers() {
        return resolvers;
    }

    /** Sets how many ports there are to choose from. */
    public SimulatedHost ephemeralPorts(int count) {
        ephemeralPorts = count;
        return this;
    }

    @Override
    public int ephemeralPorts() {
        return ephemeralPorts;
    }

    @Override
    public int descriptorLimit() {
        return descriptorLimit;
    }

    @Override
    public void close() {
        open.forEach(one -> leftOpen.add(one.toString()));
        listeners.keySet().forEach(address -> leftOpen.add("listener at " + address));
        agenda.clear();
        listeners.clear();
        datagrams.clear();
        open.clear();
    }

    // ---- what its parts need

    Loop loop() {
        return loop;
    }

    void later(Runnable action) {
        agenda.after(0, action);
    }

    void later(long nanos, Runnable action) {
        agenda.after(nanos, action);
    }

    void opened(Object something) {
        open.add(something);
    }

    void closed(Object something) {
        open.remove(something);
        if (something instanceof SimulatedDatagrams socket) {
            datagrams.remove(socket.localAddress());
        }
    }

    void checkLoop() {
        if (!loop.inLoop()) {
            throw new IllegalStateException("the host's network is for the loop's thread only");
        }
    }

    @Nullable HostError datagramFrom(SimulatedDatagrams socket, byte[] data, InetSocketAddress to, int ttl) {
        HostError error = reachability(to);
        if (error == HostError.NET_UNREACHABLE) {
            return error;
        }
        SimulatedUdp service = services.get(to);
        SimulatedDatagrams other = datagrams.get(to);
        if (error != null) {
            later(() -> socket.fail(error, to, 0));
        } else if (service != null) {
            later(() -> service.onDatagram(socket, data, ttl));
        } else if (other != null) {
            later(() -> other.arrive(data, socket.localAddress()));
        } else {
            later(() -> socket.fail(HostError.REFUSED, to, 0));
        }
        return null;
    }

    void datagramTo(InetSocketAddress to, InetSocketAddress from, byte[] data) {
        later(() -> {
            SimulatedDatagrams socket = datagrams.get(to);
            if (socket != null) {
                socket.arrive(data, from);
            }
        });
    }

    void echoFrom(SimulatedEcho socket, InetAddress to, int sequence, byte[] data) {
        HostError error = reachability(to);
        Duration time = to.isLoopbackAddress() ? pings.getOrDefault(to, Duration.ZERO) : pings.get(to);
        if (error != null) {
            later(() -> socket.fail(error, to, sequence));
        } else if (time != null) {
            later(time.toNanos(), () -> socket.reply(to, sequence, data));
        }
    }

    private void answer(SimulatedServer server, SimulatedStream stream, SocketAddress remote) {
        if (stream.isOver()) {
            return;
        }
        HostError error = server.error();
        if (error != null) {
            stream.fail(error);
            return;
        }
        HostConnection connection = new HostConnection(this, remote, stream);
        stream.connected(connection, true);
        server.accept(connection);
    }

    private @Nullable HostError reachability(SocketAddress to) {
        return to instanceof InetSocketAddress inet ? reachability(inet.getAddress()) : null;
    }

    private @Nullable HostError reachability(InetAddress to) {
        HostError error = unreachable.get(to);
        for (int i = 0; error == null && i < unreachableNetworks.size(); i++) {
            UnreachableNetwork network = unreachableNetworks.get(i);
            error = network.contains(to) ? network.error : null;
        }
        return error;
    }

    private void checkRoom(Object what) throws HostException {
        if (openCount() >= descriptorLimit) {
            throw new HostException(HostError.NO_RESOURCES, what + ": Too many open files");
        }
    }

    private SocketAddress withPort(SocketAddress address) {
        return address instanceof InetSocketAddress inet && inet.getPort() == 0
                ? new InetSocketAddress(inet.getAddress(), freePort(inet.getAddress()))
                : address;
    }

    private int freePort(InetAddress address) {
        int port;
        do {
            port = nextPort;
            nextPort = nextPort == LAST_PORT ? FIRST_PORT : nextPort + 1;
        } while (datagrams.containsKey(new InetSocketAddress(address, port)));
        return port;
    }

    private static InetAddress loopback() {
        return InetAddress.getLoopbackAddress();
    }

    private record UnreachableNetwork(InetAddress network, int prefixLength, HostError error) {
        boolean contains(InetAddress address) {
            byte[] ours = network.getAddress();
            byte[] theirs = address.getAddress();
            boolean same = ours.length == theirs.length;
            for (int bit = 0; same && bit < prefixLength; bit++) {
                same = ((ours[bit / 8] ^ theirs[bit / 8]) & (0x80 >>> (bit % 8))) == 0;
            }
            return same;
        }
    }

    /** A listening socket of a netdev's. */
    private final class SimulatedListener implements HostListener {
        private final SocketAddress local;
        private final Handler handler;

        SimulatedListener(SocketAddress local, Handler handler) {
            this.local = local;
            this.handler = handler;
        }

        @Override
        public SocketAddress localAddress() {
            return local;
        }

        @Override
        public void close() {
            checkLoop();
            listeners.remove(local, this);
        }

        void accept(SimulatedStream stream, HostConnection connection) {
            if (!listeners.containsValue(this)) {
                stream.close();
                connection.resetArrived();
                return;
            }
            HostStream.Handler accepting = handler.onAccept(stream);
            stream.connected(connection, false);
            if (accepting == null) {
                stream.reset();
            } else {
                stream.setHandler(accepting);
            }
        }
    }
}
