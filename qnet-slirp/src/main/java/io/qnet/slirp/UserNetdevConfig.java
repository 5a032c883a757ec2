package io.qnet.slirp;

import io.qnet.EndpointConfig;
import io.qnet.option.AddressPort;
import io.qnet.option.GuestForward;
import io.qnet.option.HostForward;
import io.qnet.option.Ipv4Net;
import io.qnet.slirp.service.StaticLease;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a user netdev is to be made: QEMU's options of {@code -netdev user} and qnet's own, each with its default. What does not go together is refused by {@link #create()} in QEMU's words.
 *
 * <p>Not thread-safe. Times are seconds, as the options' are.
 */
public final class UserNetdevConfig implements EndpointConfig<UserNetdev> {
    final String id;

    @Nullable Boolean ipv4;

    @Nullable Boolean ipv6;

    @Nullable Ipv4Net net;

    @Nullable Inet4Address host;

    @Nullable Inet4Address dns;

    @Nullable Inet4Address dhcpStart;

    @Nullable Inet6Address ipv6Prefix;

    long ipv6PrefixLength = 64;

    @Nullable Inet6Address ipv6Host;

    @Nullable Inet6Address ipv6Dns;

    boolean restrict;

    @Nullable String hostname;

    @Nullable String domainName;

    final List<String> dnsSearch = new ArrayList<>();

    @Nullable Path tftp;

    boolean tftpWrite;

    @Nullable String tftpServerName;

    @Nullable String bootfile;

    @Nullable Path smb;

    @Nullable Inet4Address smbServer;

    final List<HostForward> hostForwards = new ArrayList<>();
    final List<GuestForward> guestForwards = new ArrayList<>();

    final List<AddressPort> dnsUpstream = new ArrayList<>();
    boolean disableDns;
    boolean disableDhcp;
    boolean hostLoopback = true;

    @Nullable InetAddress outbound4;

    @Nullable InetAddress outbound6;

    @Nullable String outboundDevice;

    long leaseSeconds = 86_400;
    int leasePool = 16;
    final List<StaticLease> staticLeases = new ArrayList<>();
    int mtu = 1500;
    long udpTimeoutSeconds = 240;
    long icmpTimeoutSeconds = 60;
    long tcpIdleTimeoutSeconds = 7200;
    long connectTimeoutSeconds = 75;
    int maxTcp = 16_384;
    int maxUdp = 4096;
    long memoryBytes = 40L << 20;

    UserNetdevConfig(String id) {
        this.id = id;
    }

    @Override
    public String id() {
        return id;
    }

    /**
     * Makes the netdev.
     *
     * @throws io.qnet.option.OptionException in QEMU's words if values do not go together
     */
    @Override
    public UserNetdev create() {
        return new UserNetdev(id, UserSettings.of(this));
    }

    /** Switches IPv4 on or off ({@code ipv4=}). Unless said, it is on, except if only IPv6 was switched on. */
    public UserNetdevConfig ipv4(boolean on) {
        ipv4 = on;
        return this;
    }

    /** Switches IPv6 on or off ({@code ipv6=}). Unless said, it is on, except if only IPv4 was switched on. */
    public UserNetdevConfig ipv6(boolean on) {
        ipv6 = on;
        return this;
    }

    /** The guests' IPv4 network ({@code net=}); 10.0.2.0/24 unless said. */
    public UserNetdevConfig net(Ipv4Net network) {
        net = network;
        return this;
    }

    /** The guests' IPv4 network as text, such as {@code 192.168.76.0/24}. */
    public UserNetdevConfig net(String network) {
        return net(Ipv4Net.parse(network));
    }

    /** The gateway's address, which stands for the host ({@code host=}); the second of the network unless said. */
    public UserNetdevConfig host(Inet4Address address) {
        host = address;
        return this;
    }

    /** The name server's address ({@code dns=}); the third of the network unless said. */
    public UserNetdevConfig dns(Inet4Address address) {
        dns = address;
        return this;
    }

    /** Where the pool of DHCP begins ({@code dhcpstart=}); the fifteenth address of the network unless said. */
    public UserNetdevConfig dhcpStart(Inet4Address address) {
        dhcpStart = address;
        return this;
    }

    /** The guests' IPv6 prefix ({@code ipv6-prefix=}, {@code ipv6-prefixlen=}); fec0::/64 unless said. */
    public UserNetdevConfig ipv6Prefix(Inet6Address prefix, int length) {
        ipv6Prefix = prefix;
        ipv6PrefixLength = length;
        return this;
    }

    /** The gateway's IPv6 address ({@code ipv6-host=}). */
    public UserNetdevConfig ipv6Host(Inet6Address address) {
        ipv6Host = address;
        return this;
    }

    /** The name server's IPv6 address ({@code ipv6-dns=}). */
    public UserNetdevConfig ipv6Dns(Inet6Address address) {
        ipv6Dns = address;
        return this;
    }

    /** Keeps guests from everything but the netdev's own services and forwards ({@code restrict=}). */
    public UserNetdevConfig restrict(boolean on) {
        restrict = on;
        return this;
    }

    /** The host name that guests are told ({@code hostname=}). */
    public UserNetdevConfig hostname(String name) {
        hostname = name;
        return this;
    }

    /** The domain that guests are told ({@code domainname=}). */
    public UserNetdevConfig domainName(String name) {
        domainName = name;
        return this;
    }

    /** Adds a domain to those that guests search ({@code dnssearch=}). */
    public UserNetdevConfig dnsSearch(String domain) {
        dnsSearch.add(domain);
        return this;
    }

    /** The folder whose files guests may read by TFTP from the gateway ({@code tftp=}); without one every request is refused. */
    public UserNetdevConfig tftp(Path folder) {
        tftp = folder;
        return this;
    }

    /** Whether guests may make new files in the folder of TFTP ({@code tftp-write=}); they may not unless said. */
    public UserNetdevConfig tftpWrite(boolean allowed) {
        tftpWrite = allowed;
        return this;
    }

    /** The name of the TFTP server that guests are told ({@code tftp-server-name=}). */
    public UserNetdevConfig tftpServerName(String name) {
        tftpServerName = name;
        return this;
    }

    /** The file that guests are told to boot ({@code bootfile=}). */
    public UserNetdevConfig bootfile(String name) {
        bootfile = name;
        return this;
    }

    /** The folder that guests may read and write by SMB ({@code smb=}), through samba's smbd, which must be installed. */
    public UserNetdevConfig smb(Path folder) {
        smb = folder;
        return this;
    }

    /** Where guests find the folder of SMB ({@code smbserver=}); the fourth address of the network unless said. */
    public UserNetdevConfig smbServer(Inet4Address address) {
        smbServer = address;
        return this;
    }

    /** Adds a forward from the host to a guest ({@code hostfwd=}), such as {@code tcp:127.0.0.1:2222-:22}. */
    public UserNetdevConfig hostForward(String rule) {
        return hostForward(HostForward.parse(rule));
    }

    /** Adds a forward from the host to a guest. */
    public UserNetdevConfig hostForward(HostForward rule) {
        hostForwards.add(rule);
        return this;
    }

    /** Adds an address in the guests' network that leads to the host ({@code guestfwd=}), such as {@code tcp:10.0.2.100:80-tcp:127.0.0.1:8080}. */
    public UserNetdevConfig guestForward(String rule) {
        guestForwards.add(GuestForward.parse(rule));
        return this;
    }

    /** Adds a resolver that is asked instead of the host's ({@code dns-upstream=}); port 53 unless said. */
    public UserNetdevConfig dnsUpstream(String addressAndPort) {
        dnsUpstream.add(AddressPort.parse("dns-upstream", addressAndPort, 53));
        return this;
    }

    /** Whether the name server's address serves nobody ({@code disable-dns=}). */
    public UserNetdevConfig disableDns(boolean disabled) {
        disableDns = disabled;
        return this;
    }

    /** Whether no addresses are given to guests ({@code disable-dhcp=}). */
    public UserNetdevConfig disableDhcp(boolean disabled) {
        disableDhcp = disabled;
        return this;
    }

    /** Whether the gateway's address leads to the host's loopback ({@code host-loopback=}); it does unless said. */
    public UserNetdevConfig hostLoopback(boolean on) {
        hostLoopback = on;
        return this;
    }

    /** The address of the host from which flows leave ({@code outbound-addr=}, {@code outbound-addr6=}). */
    public UserNetdevConfig outbound(InetAddress address) {
        if (address instanceof Inet6Address) {
            outbound6 = address;
        } else {
            outbound4 = address;
        }
        return this;
    }

    /** The interface of the host by which flows leave ({@code outbound-if=}), loopback excepted. Linux with epoll only; the interface may come and go. */
    public UserNetdevConfig outboundInterface(String name) {
        outboundDevice = name;
        return this;
    }

    /** How long leases last and how many there are ({@code lease-time=}, {@code lease-pool=}); a day, 16. */
    public UserNetdevConfig leases(long seconds, int pool) {
        leaseSeconds = seconds;
        leasePool = pool;
        return this;
    }

    /** Keeps an address for the guest with a MAC address ({@code lease=}), such as {@code 52:54:00:12:34:56=10.0.2.50/web}, and tells it a host name of its own. */
    public UserNetdevConfig lease(String rule) {
        staticLeases.add(StaticLease.parse(rule));
        return this;
    }

    /** The most bytes of one IP packet towards guests ({@code mtu=}); 1500 unless said. */
    public UserNetdevConfig mtu(int bytes) {
        mtu = bytes;
        return this;
    }

    /** After how long without datagrams a flow of UDP ends ({@code udp-timeout=}); 240 s. */
    public UserNetdevConfig udpTimeout(long seconds) {
        udpTimeoutSeconds = seconds;
        return this;
    }

    /** After how long without echoes a flow of ICMP ends ({@code icmp-timeout=}); 60 s. */
    public UserNetdevConfig icmpTimeout(long seconds) {
        icmpTimeoutSeconds = seconds;
        return this;
    }

    /** After how long without a sign of life a guest's connection is probed ({@code tcp-idle-timeout=}); 7200 s. */
    public UserNetdevConfig tcpIdleTimeout(long seconds) {
        tcpIdleTimeoutSeconds = seconds;
        return this;
    }

    /** How long a connection to the host may take to be made ({@code connect-timeout=}); 75 s. */
    public UserNetdevConfig connectTimeout(long seconds) {
        connectTimeoutSeconds = seconds;
        return this;
    }

    /** The most connections at once ({@code max-tcp=}); 16 384. */
    public UserNetdevConfig maxTcp(int flows) {
        maxTcp = flows;
        return this;
    }

    /** The most flows of UDP, and of ICMP, at once ({@code max-udp=}); 4096. */
    public UserNetdevConfig maxUdp(int flows) {
        maxUdp = flows;
        return this;
    }

    /** What all connections may hold together ({@code memory=}); 40 MiB. */
    public UserNetdevConfig memory(long bytes) {
        memoryBytes = bytes;
        return this;
    }
}
