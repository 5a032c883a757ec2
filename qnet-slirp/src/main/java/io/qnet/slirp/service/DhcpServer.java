package io.qnet.slirp.service;

import io.netty.buffer.ByteBuf;
import io.qnet.option.InetText;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The DHCP and BOOTP server of the gateway (RFC 2131, RFC 2132, RFC 951). Replies have libslirp's shape: 548 bytes, the same options in the same order, broadcast. Beyond libslirp: RELEASE, DECLINE and INFORM
 * are honoured, leases end, a refusal's {@code yiaddr} is 0 (RFC 2131 §4.3.2), and a guest that chose another server is left to it.
 *
 * <p>Pure: bytes in, bytes out, time as an argument.
 */
public final class DhcpServer {
    /** The UDP port of servers. */
    public static final int SERVER_PORT = 67;
    /** The UDP port of clients. */
    public static final int CLIENT_PORT = 68;
    /** The length of every reply. */
    public static final int REPLY_LENGTH = DhcpReply.LENGTH;

    private static final int OPTION_MASK = 1;
    private static final int OPTION_ROUTER = 3;
    private static final int OPTION_DNS = 6;
    private static final int OPTION_DOMAIN_NAME = 15;
    private static final int OPTION_MTU = 26;
    private static final int OPTION_LEASE_TIME = 51;
    private static final int OPTION_MESSAGE = 56;
    private static final int OPTION_VENDOR_CLASS = 60;
    private static final int OPTION_TFTP_SERVER = 66;
    private static final int OPTION_DOMAIN_SEARCH = 119;

    private final DhcpConfig config;
    private final LeaseTable leases;
    /** Host names of guests that have one of their own, by MAC address. */
    private final Map<Long, String> names = new HashMap<>();
    /** What guests with a lease in force call themselves, by MAC address. */
    private final Map<Long, String> toldNames = new HashMap<>();

    private final byte[] domainSearch;
    private final Counter requests;
    private final Counter malformed;
    private final Counter exhausted;
    private final Counter refused;
    private final Counter optionsLeftOut;

    /** A server with an empty lease table. Invalid search domains leave that option out. */
    public DhcpServer(DhcpConfig config, Counters counters) {
        this.config = config;
        leases = new LeaseTable(config.start(), config.poolSize(), config.leaseSeconds());
        for (StaticLease lease : config.staticLeases()) {
            leases.reserve(lease.mac().value(), InetText.bits(lease.address()));
            if (lease.name() != null) {
                names.put(lease.mac().value(), lease.name());
            }
        }
        domainSearch = DomainSearch.firstInvalid(config.domainSearch()).isPresent()
                ? new byte[0]
                : DomainSearch.encode(config.domainSearch());
        requests = counters.counter("dhcp.requests");
        malformed = counters.counter("drop.dhcp-malformed");
        exhausted = counters.counter("drop.dhcp-pool-used-up");
        refused = counters.counter("dhcp.refused");
        optionsLeftOut = counters.counter("dhcp.options-left-out");
    }

    /** The MAC address of the guest with a host name, whatever its case; null if nobody has it. The name of a static lease goes before what guests tell. */
    public @Nullable Long macOf(String name) {
        Long own = find(names, name);
        return own == null ? find(toldNames, name) : own;
    }

    private static @Nullable Long find(Map<Long, String> names, String wanted) {
        for (Map.Entry<Long, String> entry : names.entrySet()) {
            if (entry.getValue().equalsIgnoreCase(wanted)) {
                return entry.getKey();
            }
        }
        return null;
    }

    /** The leases. */
    public LeaseTable leases() {
        return leases;
    }

    /**
     * Answers a request.
     *
     * @param source the IP source of the request, where an INFORM's answer goes if the message does not say
     * @param reply where to write the answer, with room for {@link #REPLY_LENGTH} bytes
     * @return to whom the answer goes, or null if there is none
     */
    public @Nullable Answer answer(
            ByteBuf data, int index, int length, IpAddress source, ByteBuf reply, int replyIndex, long nowNanos) {
        if (!DhcpMessage.isRequest(data, index, length)) {
            malformed.increment();
            return null;
        }
        requests.increment();
        DhcpMessage request = DhcpMessage.read(data, index, length);
        return switch (request.type()) {
            case DhcpMessage.DISCOVER -> discover(request, reply, replyIndex, nowNanos);
            case DhcpMessage.REQUEST, DhcpMessage.BOOTP -> request(request, reply, replyIndex, nowNanos);
            case DhcpMessage.INFORM -> inform(request, source, reply, replyIndex);
            case DhcpMessage.RELEASE -> {
                leases.release(request.mac(), request.clientAddress());
                yield null;
            }
            case DhcpMessage.DECLINE -> {
                leases.decline(request.mac(), request.requestedAddress(), nowNanos);
                yield null;
            }
            default -> null;
        };
    }

    private @Nullable Answer discover(DhcpMessage request, ByteBuf reply, int at, long nowNanos) {
        int address = leases.offer(request.mac(), request.requestedAddress(), nowNanos);
        if (address == LeaseTable.NONE) {
            exhausted.increment();
            return null;
        }
        return grant(request, DhcpMessage.OFFER, address, reply, at);
    }

    private @Nullable Answer request(DhcpMessage request, ByteBuf reply, int at, long nowNanos) {
        if (request.serverId() != 0 && request.serverId() != config.server()) {
            // RFC 2131 §3.1 step 4: the guest took another server's offer.
            leases.withdrawOffer(request.mac());
            return null;
        }
        int address = request.requestedAddress() != 0 ? request.requestedAddress() : request.clientAddress();
        if (address == 0) {
            address = leases.offer(request.mac(), LeaseTable.NONE, nowNanos);
            if (address == LeaseTable.NONE) {
                exhausted.increment();
                return null;
            }
        }
        if (!leases.bind(request.mac(), address, nowNanos)) {
            return refuse(request, reply, at);
        }
        toldNames.remove(request.mac());
        if (!request.hostname().isEmpty()) {
            toldNames.values().removeIf(request.hostname()::equalsIgnoreCase); // it has moved
            toldNames.put(request.mac(), request.hostname());
            toldNames.keySet().removeIf(mac -> leases.addressOf(mac, nowNanos) == null);
        }
        return grant(request, DhcpMessage.ACK, address, reply, at);
    }

    private Answer grant(DhcpMessage request, int type, int address, ByteBuf buffer, int at) {
        DhcpReply reply = new DhcpReply(buffer, at, request, address, config.server());
        begin(reply, type);
        reply.intOption(OPTION_LEASE_TIME, (int) config.leaseSeconds());
        finish(reply, request.mac());
        return new Answer(IpAddress.BROADCAST4, IpAddress.ofIpv4(address), request.mac());
    }

    /** RFC 2131 §4.3.5: parameters only, no lease, to the address that the guest has. */
    private Answer inform(DhcpMessage request, IpAddress source, ByteBuf buffer, int at) {
        DhcpReply reply = new DhcpReply(buffer, at, request, 0, config.server()).clientAddress(request.clientAddress());
        begin(reply, DhcpMessage.ACK);
        finish(reply, request.mac());
        IpAddress guest = request.clientAddress() != 0 ? IpAddress.ofIpv4(request.clientAddress()) : source;
        if (guest.equals(IpAddress.ANY4)) {
            return new Answer(IpAddress.BROADCAST4, null, request.mac());
        }
        return new Answer(guest, guest, request.mac());
    }

    private Answer refuse(DhcpMessage request, ByteBuf buffer, int at) {
        refused.increment();
        new DhcpReply(buffer, at, request, 0, config.server())
                .byteOption(DhcpMessage.OPTION_TYPE, DhcpMessage.NAK)
                .option(OPTION_MESSAGE, "requested address not available".getBytes(StandardCharsets.US_ASCII))
                .end();
        return new Answer(IpAddress.BROADCAST4, null, request.mac());
    }

    private void begin(DhcpReply reply, int type) {
        reply.file(config.bootfile())
                .byteOption(DhcpMessage.OPTION_TYPE, type)
                .intOption(DhcpMessage.OPTION_SERVER_ID, config.server())
                .intOption(OPTION_MASK, config.mask());
        if (!config.restricted()) {
            reply.intOption(OPTION_ROUTER, config.server()).intOption(OPTION_DNS, config.dns());
        }
    }

    private void finish(DhcpReply reply, long mac) {
        String own = names.get(mac);
        reply.option(DhcpMessage.OPTION_HOSTNAME, own == null ? config.hostname() : own)
                .option(OPTION_DOMAIN_NAME, config.domainName())
                .option(OPTION_TFTP_SERVER, config.tftpServerName())
                .longOption(OPTION_DOMAIN_SEARCH, domainSearch);
        String bootfile = config.bootfile();
        if (bootfile != null && bootfile.toLowerCase(Locale.ROOT).matches("https?://.*")) {
            reply.option(OPTION_VENDOR_CLASS, "HTTPClient");
        }
        if (config.mtu() != DhcpConfig.DEFAULT_MTU) {
            reply.shortOption(OPTION_MTU, config.mtu());
        }
        if (!reply.end()) {
            optionsLeftOut.increment();
        }
    }

    /**
     * To whom an answer of {@link #REPLY_LENGTH} bytes goes.
     *
     * @param destination the IP destination: broadcast, or the guest that asked for parameters only
     * @param leased the address that the guest has by now, to be known as a neighbour; null if none
     * @param mac the guest's MAC address
     */
    public record Answer(IpAddress destination, @Nullable IpAddress leased, long mac) {}
}
