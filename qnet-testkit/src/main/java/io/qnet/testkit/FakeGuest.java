package io.qnet.testkit;

import io.qnet.Network;
import io.qnet.Nic;
import io.qnet.testkit.codec.DnsMessage;
import io.qnet.testkit.codec.Mac;
import io.qnet.testkit.frame.FrameLog;
import io.qnet.testkit.tcp.TcpSettings;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A small guest behind a NIC, with a network stack of its own: ARP, DHCP, neighbour discovery and addresses of its own making for IPv6, ICMP echo, UDP, a DNS client, TCP both ways.
 *
 * <pre>{@code
 * FakeGuest guest = FakeGuest.on(network, nic);
 * guest.dhcp();                                       // 10.0.2.15/24 via 10.0.2.2
 * guest.ping("10.0.2.2");
 * guest.slaac();                                      // fec0::5054:ff:fe12:3456/64 via fe80::2
 * guest.ping("fec0::2");
 * GuestTcp connection = guest.connect("10.0.2.2", 8080);
 * connection.write("GET / HTTP/1.0\r\n\r\n");
 * byte[] page = connection.readAll();
 * }</pre>
 *
 * <p><b>Threads.</b> The stack runs on the loop of the NIC's network. The methods here may be called from any thread but those of handlers, which must not wait: they reach the loop and wait for what they
 * say. On a network that is driven by its caller they drive it while they wait; in virtual time they let the clock go on. What does not come about within the guest's patience (10 seconds unless
 * {@link Builder#patience} says otherwise) is thrown as {@link GuestException}.
 *
 * <p><b>Checks.</b> All that the guest receives is checked by its own code: lengths, checksums, paddings, MTU, windows, options that were never offered. What breaks a rule is thrown as
 * {@link GuestViolationError} by the next call that waits, and by {@link #close()}, unless the guest is {@link Builder#lenient}. Every frame is kept in {@link #frames()}.
 */
public final class FakeGuest implements AutoCloseable {
    private final GuestSettings settings;
    private final GuestStack stack;
    private final Waiting waiting;
    private final GuestDhcp dhcp;
    private final GuestDns dns;
    private List<InetAddress> nameServers = List.of();

    private FakeGuest(GuestSettings settings, Network network, Nic nic, Waiting.Driver driver) {
        this.settings = settings;
        this.stack = new GuestStack(settings, network.loop(), (bytes, from, length) -> send(nic, bytes, from, length));
        this.waiting = new Waiting(driver, settings.patience(), this::checkIfStrict);
        this.dhcp = new GuestDhcp(stack, waiting, this::configure);
        this.dns = new GuestDns(stack, waiting, server -> connect(server, 53));
        nic.onFrame(frame -> {
            byte[] bytes = new byte[frame.length()];
            frame.getBytes(bytes, 0);
            stack.onFrame(bytes);
        });
    }

    /** A guest with all defaults on a NIC of an open network. */
    public static FakeGuest on(Network network, Nic nic) {
        return builder().on(network, nic);
    }

    /** A guest that is to be other than the default. */
    public static Builder builder() {
        return new Builder();
    }

    /** The guest's name in messages. */
    public String name() {
        return settings.name();
    }

    /** The guest's MAC address. */
    public String mac() {
        return Mac.text(settings.mac());
    }

    // ---- addresses

    /** Gets a lease by DHCP (DISCOVER, OFFER, REQUEST, ACK) and takes on its address, router and name servers. */
    public Lease dhcp() {
        return dhcp.request(dhcp.discover());
    }

    /** The DHCP client, to go step by step. */
    public GuestDhcp dhcpClient() {
        return dhcp;
    }

    /** Takes on an address without asking anybody. */
    public FakeGuest address(String address, int prefixLength) {
        return address(address, prefixLength, null);
    }

    /** Takes on an address and a router without asking anybody. */
    public FakeGuest address(String address, int prefixLength, @Nullable String router) {
        InetAddress gateway = router == null ? null : Addresses.parse(router);
        waiting.run(() -> stack.ipv4.configure(Addresses.parse(address), prefixLength, gateway));
        return this;
    }

    /** The guest's address, or null before it has one. */
    public @Nullable InetAddress address() {
        return waiting.call(() -> Optional.ofNullable(stack.ipv4.address())).orElse(null);
    }

    /** Sets the name servers. */
    public FakeGuest nameServers(String... addresses) {
        nameServers = List.of(addresses).stream().map(Addresses::parse).toList();
        return this;
    }

    /** Asks by ARP whose address this is. Empty if nobody answers three times. */
    public Optional<String> arp(String address) {
        return neighbour(address);
    }

    /** Asks by ARP, or of IPv6 by a neighbour solicitation, whose address this is. Empty if nobody answers three times. */
    public Optional<String> neighbour(String address) {
        InetAddress target = Addresses.parse(address);
        CompletableFuture<Long> answer =
                waiting.call(() -> stack.neighboursOf(target).ask(target));
        long mac = waiting.await(answer, this + ": asking for " + address);
        return mac == NeighbourCache.UNKNOWN ? Optional.empty() : Optional.of(Mac.text(mac));
    }

    /** Solicits routers and takes on an address of the prefix that one advertises, the router, and its name servers if the guest has none (RFC 4861, RFC 4862, RFC 8106). */
    public RouterAdvertisement slaac() {
        CompletableFuture<RouterAdvertisement> answer = waiting.call(stack.ndp::solicitRouters);
        RouterAdvertisement advertised = waiting.await(answer, this + ": router solicitation");
        if (nameServers.isEmpty()) {
            nameServers = advertised.nameServers();
        }
        return advertised;
    }

    /** Takes on an IPv6 address, beside that of the link, without asking anybody. */
    public FakeGuest address6(String address, int prefixLength, @Nullable String router) {
        InetAddress gateway = router == null ? null : Addresses.parse(router);
        waiting.run(() -> stack.ipv6.configure(Addresses.parse(address), prefixLength, gateway));
        return this;
    }

    /** The guest's IPv6 address in the prefix, or null before it has one. */
    public @Nullable InetAddress address6() {
        return waiting.call(() -> Optional.ofNullable(stack.ipv6.address())).orElse(null);
    }

    /** The guest's IPv6 address on the link, which its MAC address makes. */
    public InetAddress linkLocal() {
        return stack.ipv6.linkLocal();
    }

    // ---- ICMP

    /** Sends one echo request with 56 bytes and waits for the reply, whose data must be the same. */
    public PingReply ping(String target) {
        return ping(target, 56, 0);
    }

    /**
     * Sends one echo request and waits for the reply.
     *
     * @param bytes how many bytes of data, sent in fragments if it must be
     * @param ttl the TTL, or 0 for the default
     */
    public PingReply ping(String target, int bytes, int ttl) {
        InetAddress address = addressOf(target);
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            data[i] = (byte) (i * 7);
        }
        CompletableFuture<PingReply> reply = waiting.call(() -> stack.ping(address, data, ttl));
        return waiting.await(reply, this + ": ping " + target);
    }

    /** The ICMP errors that the guest received, the latest last. */
    public List<IcmpError> icmpErrors() {
        return waiting.call(() -> List.copyOf(stack.icmpErrors));
    }

    /** Whether echo requests and datagrams to closed ports stay unanswered. They are answered at first. */
    public FakeGuest silent(boolean quiet) {
        waiting.run(() -> {
            stack.icmp.setSilent(quiet);
            stack.icmp6.setSilent(quiet);
        });
        return this;
    }

    // ---- UDP and DNS

    /** A UDP socket on any port. */
    public GuestUdp udp() {
        return udp(0);
    }

    /** A UDP socket on a port; 0 for any. */
    public GuestUdp udp(int port) {
        return waiting.call(() -> new GuestUdp(stack, waiting, port));
    }

    /** The addresses of a name, IPv4 first. Asks the first name server for A and AAAA, by TCP if an answer does not fit. */
    public List<InetAddress> resolve(String name) {
        return dns.resolve(nameServer(), name);
    }

    /** Asks the first name server one question by UDP. */
    public DnsMessage query(String name, int type) {
        return dns.query(nameServer(), name, type);
    }

    /** Asks the first name server one question by TCP. */
    public DnsMessage queryByTcp(String name, int type) {
        return dns.queryByTcp(nameServer(), name, type);
    }

    // ---- TCP

    /** Connects, and waits until the connection stands. */
    public GuestTcp connect(String host, int port) {
        return connect(addressOf(host), port);
    }

    /** Connects from a port of the guest's (0 for any) with a TCP that behaves otherwise than usual. */
    public GuestTcp connect(String host, int port, int guestPort, TcpSettings tcp) {
        GuestTcp connection = beginConnect(host, port, guestPort, tcp);
        try {
            return waiting.await(connection.connected(), connection + ": connect");
        } catch (GuestException e) {
            connection.abort();
            throw e;
        }
    }

    /** Begins to connect and does not wait. What is written waits until the connection stands. */
    public GuestTcp beginConnect(String host, int port, int guestPort, TcpSettings tcp) {
        InetAddress address = addressOf(host);
        return waiting.call(() -> stack.tcp.connect(waiting, address, port, guestPort, tcp));
    }

    /** Listens; connections wait for {@link GuestListener#accept()}. */
    public GuestListener listen(int port) {
        return waiting.call(() -> new GuestListener(stack, waiting, port, settings.tcp(), null));
    }

    /** Listens; each connection is given to a handler, on the network's loop, where nothing may wait: it sets a {@link GuestTcp.Handler}. */
    public GuestListener listen(int port, Consumer<GuestTcp> handler) {
        return waiting.call(() -> new GuestListener(stack, waiting, port, settings.tcp(), handler));
    }

    /** A connection to be played by hand, segment by segment, from a port that the guest's TCP does not use. Asks for the next hop's MAC address first. */
    public TcpDialogue dialogue(String host, int port) {
        InetAddress address = addressOf(host);
        Path path = waiting.call(() -> stack.path(address));
        if (neighbour(path.nextHop.getHostAddress()).isEmpty()) {
            throw new GuestException(GuestException.Reason.UNREACHABLE, this + ": nobody is " + path.nextHop);
        }
        return waiting.call(() -> new TcpDialogue(stack, waiting, path, port, stack.tcp.freePort(address, port, 0)));
    }

    /** A connection to be played by hand that the other side begins, by a SYN to this port of the guest's. */
    public TcpDialogue dialogue(int port) {
        return waiting.call(() -> new TcpDialogue(stack, waiting, null, 0, port));
    }

    /** How many connections the guest has, those in TIME-WAIT included. */
    public int openConnections() {
        return waiting.call(stack.tcp::openConnections);
    }

    // ---- HTTP

    /** Fetches a page into memory. */
    public HttpReply httpGet(String url) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        HttpReply reply = httpGet(url, body, bytes -> {});
        return new HttpReply(reply.status(), reply.headers(), body.toByteArray(), reply.length());
    }

    /** Fetches a page into a stream; {@code progress} is told how many bytes of it came so far. The reply's body is empty. */
    public HttpReply httpGet(String url, OutputStream sink, LongConsumer progress) {
        return new GuestHttp(this).get(url, sink, progress);
    }

    /** Uploads by PUT; {@code progress} is told how many bytes were handed to TCP so far. */
    public HttpReply httpPut(String url, InputStream body, long length, LongConsumer progress) {
        return new GuestHttp(this).put(url, body, length, progress);
    }

    /** Serves HTTP. The handler is called on the network's loop, where nothing may wait. */
    public GuestListener serveHttp(int port, Function<HttpRequest, HttpReply> handler) {
        return listen(port, connection -> connection.handle(new GuestHttpServer(handler)));
    }

    /** Serves one text at every path. */
    public GuestListener serveHttp(int port, String text) {
        return serveHttp(port, request -> HttpReply.text(text));
    }

    // ---- frames

    /** Sends a frame exactly as it is: without padding, whatever it says. Returns false if the NIC has no room. */
    public boolean sendFrame(byte[] frame) {
        return waiting.call(() -> stack.sendRaw(frame));
    }

    /** Every frame that passed the NIC. */
    public FrameLog frames() {
        return stack.log;
    }

    /** How many frames the guest dropped because it was too slow to take them. */
    public long overruns() {
        return waiting.call(stack::overruns);
    }

    // ---- time

    /** Lets time pass: waits, or in virtual time moves the clock. */
    public FakeGuest after(Duration time) {
        waiting.driver().after(time);
        return this;
    }

    // ---- checks

    /** What was received that broke a rule. */
    public List<String> violations() {
        return stack.violations.texts();
    }

    /** Forgets the violations. */
    public void forgetViolations() {
        stack.violations.clear();
    }

    /** Throws a {@link GuestViolationError} with all violations and the last frames, if there is any. */
    public void assertNoViolations() {
        if (!stack.violations.isEmpty()) {
            throw new GuestViolationError(this + " was sent what breaks a rule:\n  " + String.join("\n  ", violations())
                    + "\nlast frames (> sent, < received):\n" + frames().tail(20));
        }
    }

    /** Resets connections and takes the guest off its NIC, which stays in its network. Throws if a rule was broken, unless the guest is lenient. */
    @Override
    public void close() {
        dhcp.close();
        waiting.run(stack::close);
        checkIfStrict();
    }

    @Override
    public String toString() {
        return stack.toString();
    }

    GuestStack stack() {
        return stack;
    }

    Waiting waiting() {
        return waiting;
    }

    InetAddress addressOf(String host) {
        return Addresses.isLiteral(host) ? Addresses.parse(host) : resolve(host).get(0);
    }

    private GuestTcp connect(InetAddress host, int port) {
        return connect(host.getHostAddress(), port, 0, settings.tcp());
    }

    private void checkIfStrict() {
        if (settings.strict()) {
            assertNoViolations();
        }
    }

    private static boolean send(Nic nic, byte[] bytes, int from, int length) {
        try {
            return nic.send(bytes, from, length);
        } catch (IllegalStateException e) {
            return false; // the network was closed before the guest
        }
    }

    private void configure(Lease lease) {
        nameServers = lease.nameServers();
        waiting.run(() -> stack.ipv4.configure(lease.address(), lease.prefixLength(), lease.router()));
    }

    private InetAddress nameServer() {
        if (nameServers.isEmpty()) {
            throw new GuestException(GuestException.Reason.NOT_CONFIGURED, this + " has no name server");
        }
        return nameServers.get(0);
    }

    /** How a guest is to be. */
    public static final class Builder {
        private String name = "guest";
        private OptionalLong mac = OptionalLong.empty();
        private int mtu = 1500;
        private OptionalLong seed = OptionalLong.empty();
        private TcpSettings tcp = TcpSettings.MODERN;
        private @Nullable Integer iss;
        private long recordBytes = 16 << 20;
        private boolean strict = true;
        private Duration patience = Duration.ofSeconds(10);
        private Waiting.@Nullable Driver driver;

        private Builder() {}

        /** The name in messages. */
        public Builder name(String text) {
            name = text;
            return this;
        }

        /** The MAC address; the NIC's by default. */
        public Builder mac(String address) {
            mac = OptionalLong.of(Mac.parse(address));
            return this;
        }

        /** The MTU, 1500 by default. Longer frames are violations. */
        public Builder mtu(int bytes) {
            mtu = bytes;
            return this;
        }

        /** What ports, identifiers and sequence numbers are drawn from; a fresh one by default. */
        public Builder seed(long value) {
            seed = OptionalLong.of(value);
            return this;
        }

        /** How TCP behaves. */
        public Builder tcp(TcpSettings behaviour) {
            tcp = behaviour;
            return this;
        }

        /** The initial sequence number of every connection. */
        public Builder initialSequenceNumber(int iss) {
            this.iss = iss;
            return this;
        }

        /** How many bytes of frames are kept, 16 MiB by default; 0 for none. */
        public Builder record(long bytes) {
            recordBytes = bytes;
            return this;
        }

        /** Violations are kept but not thrown: for networks that corrupt frames on purpose. */
        public Builder lenient() {
            strict = false;
            return this;
        }

        /** How long a call waits. */
        public Builder patience(Duration limit) {
            patience = limit;
            return this;
        }

        /** The network is driven by its caller, in this way, while the guest waits. */
        Builder driver(Waiting.Driver turns) {
            driver = turns;
            return this;
        }

        /** Plugs the guest into a NIC of an open network. */
        public FakeGuest on(Network network, Nic nic) {
            long address = mac.orElseGet(() -> nic.mac().value());
            long random = seed.orElseGet(System::nanoTime);
            GuestSettings settings =
                    new GuestSettings(name, address, mtu, random, tcp, iss, recordBytes, strict, patience);
            Waiting.Driver turns = driver;
            FakeGuest guest = new FakeGuest(settings, network, nic, turns != null ? turns : Drivers.of(network));
            GuestRegistry.add(guest);
            return guest;
        }
    }
}
