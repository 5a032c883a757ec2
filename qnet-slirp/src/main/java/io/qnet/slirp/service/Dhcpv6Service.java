package io.qnet.slirp.service;

import io.netty.buffer.ByteBuf;
import io.qnet.slirp.ip.GuestNetwork;
import io.qnet.slirp.ip.OutPacket;
import io.qnet.slirp.udp.Datagram;
import io.qnet.slirp.udp.DatagramHandler;
import io.qnet.slirp.udp.UdpOutput;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Ethernet;
import io.qnet.wire.IpAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Stateless DHCPv6 (RFC 8415 §18.3.8): guests that have made themselves an address are told the name server, the domains to search, and where to boot from (RFC 5970), if they ask for it. Addresses are not
 * given out. It answers at the group of all servers and at the gateway's addresses.
 *
 * <p>Loop thread only.
 */
public final class Dhcpv6Service implements DatagramHandler {
    private static final int SERVER_PORT = 547;
    /** ff02::1:2, all relay agents and servers. */
    private static final IpAddress ALL_SERVERS = new IpAddress(0xff02L << 48, 0x1_0002);

    private static final int INFORMATION_REQUEST = 11;
    private static final int REPLY = 7;
    private static final int HEADER = 4;
    private static final int OPTION_HEADER = 4;

    private static final int CLIENT_ID = 1;
    private static final int SERVER_ID = 2;
    private static final int ADDRESSES = 3;
    private static final int TEMPORARY_ADDRESSES = 4;
    private static final int REQUESTED = 6;
    private static final int NAME_SERVERS = 23;
    private static final int DOMAIN_SEARCH = 24;
    private static final int PREFIXES = 25;
    private static final int BOOT_FILE = 59;

    /** RFC 8415 §11.1: a type of two bytes, and 128 at most. */
    private static final int MAX_DUID = 130;

    /** DUID-LL over Ethernet (RFC 8415 §11.4), before the MAC address. */
    private static final int DUID_BY_ADDRESS = 3 << 16 | 1;

    private static final int DUID_LENGTH = 10;

    private final GuestNetwork network;
    private final UdpOutput output;
    private final long serverMac;
    private final boolean tellsNameServer;
    private final byte @Nullable [] domains;
    private final byte @Nullable [] bootFile;
    private final Counter requests;
    private final Counter malformed;
    private final Counter otherTypes;

    /** What a request asks for. Re-read for each. */
    private int clientIdAt;

    private int clientIdLength;
    private boolean wantsNameServers;
    private boolean wantsDomains;
    private boolean wantsBootFile;

    /**
     * Serves by {@code output}.
     *
     * @param config what DHCP tells guests, of which the boot file and the domains count here
     * @param serverMac what the server is known by, for ever the same
     * @param tellsNameServer whether the name server serves anybody
     */
    public Dhcpv6Service(
            GuestNetwork network,
            DhcpConfig config,
            UdpOutput output,
            long serverMac,
            boolean tellsNameServer,
            Counters counters) {
        this.network = network;
        this.output = output;
        this.serverMac = serverMac;
        this.tellsNameServer = tellsNameServer;
        boolean searches = !config.domainSearch().isEmpty()
                && DomainSearch.firstInvalid(config.domainSearch()).isEmpty();
        domains = searches ? DomainSearch.encodePlain(config.domainSearch()) : null;
        bootFile = bootFile(network.host6(), config.bootfile());
        requests = counters.counter("dhcpv6.requests");
        malformed = counters.counter("drop.dhcpv6-malformed");
        otherTypes = counters.counter("drop.dhcpv6-type");
    }

    /** libslirp: a file is to be had by TFTP from the gateway, whose address is written out in full. What is a URL already stays one. */
    private static byte @Nullable [] bootFile(IpAddress host, @Nullable String name) {
        if (name == null) {
            return null;
        }
        boolean isUrl = name.startsWith("http://") || name.startsWith("https://");
        return (isUrl ? name : "tftp://[" + inFull(host) + "]/" + name).getBytes(StandardCharsets.UTF_8);
    }

    private static String inFull(IpAddress address) {
        String digits = String.format("%016x%016x", address.high(), address.low());
        return digits.replaceAll("(.{4})(?!$)", "$1:");
    }

    @Override
    public boolean onDatagram(Datagram datagram, long nowNanos) {
        IpAddress to = datagram.destination();
        if (datagram.destinationPort() != SERVER_PORT
                || to.isIpv4()
                || !(to.equals(ALL_SERVERS) || network.isHost(to))) {
            return false;
        }
        ByteBuf data = datagram.data();
        int at = datagram.payloadIndex();
        if (datagram.payloadLength() < HEADER) {
            malformed.increment();
        } else if (data.getUnsignedByte(at) != INFORMATION_REQUEST) {
            otherTypes.increment();
        } else if (!read(data, at + HEADER, at + datagram.payloadLength())) {
            malformed.increment();
        } else {
            requests.increment();
            answer(datagram);
        }
        return true;
    }

    /** Reads the options. False if they lie, or are for another server, or ask for addresses (RFC 8415 §16.12). */
    private boolean read(ByteBuf data, int from, int end) {
        clientIdLength = 0;
        wantsNameServers = false;
        wantsDomains = false;
        wantsBootFile = false;
        int at = from;
        while (at < end) {
            int length = end - at < OPTION_HEADER ? Integer.MAX_VALUE : data.getUnsignedShort(at + 2);
            if (length > end - at - OPTION_HEADER
                    || !readOption(data, data.getUnsignedShort(at), at + OPTION_HEADER, length)) {
                return false;
            }
            at += OPTION_HEADER + length;
        }
        return true;
    }

    private boolean readOption(ByteBuf data, int code, int at, int length) {
        switch (code) {
            case CLIENT_ID -> {
                clientIdAt = at;
                clientIdLength = length;
                return length > 0 && length <= MAX_DUID;
            }
            case SERVER_ID -> {
                return length == DUID_LENGTH
                        && data.getInt(at) == DUID_BY_ADDRESS
                        && Ethernet.readAddress(data, at + 4) == serverMac;
            }
            case ADDRESSES, TEMPORARY_ADDRESSES, PREFIXES -> {
                return false;
            }
            case REQUESTED -> {
                for (int i = 0; i + 1 < length; i += 2) {
                    int wanted = data.getUnsignedShort(at + i);
                    wantsNameServers |= wanted == NAME_SERVERS;
                    wantsDomains |= wanted == DOMAIN_SEARCH;
                    wantsBootFile |= wanted == BOOT_FILE;
                }
                return (length & 1) == 0;
            }
            default -> {
                return true;
            }
        }
    }

    private void answer(Datagram datagram) {
        IpAddress guest = datagram.source();
        IpAddress own = network.hostFor(guest);
        OutPacket out = output.begin(own, guest);
        ByteBuf head = out.head();
        int begin = UdpOutput.payloadIndex(out);
        head.setInt(begin, (datagram.data().getInt(datagram.payloadIndex()) & 0xff_ffff) | REPLY << 24);
        int at = begin + HEADER;
        at = option(head, at, SERVER_ID, DUID_LENGTH);
        head.setInt(at, DUID_BY_ADDRESS);
        Ethernet.writeAddress(head, at + 4, serverMac);
        at += DUID_LENGTH;
        if (clientIdLength > 0) {
            at = option(head, at, CLIENT_ID, clientIdLength);
            head.setBytes(at, datagram.data(), clientIdAt, clientIdLength);
            at += clientIdLength;
        }
        if (wantsNameServers && tellsNameServer) {
            at = option(head, at, NAME_SERVERS, 16);
            head.setLong(at, network.dns6().high());
            head.setLong(at + 8, network.dns6().low());
            at += 16;
        }
        at = bytes(head, at, DOMAIN_SEARCH, wantsDomains ? domains : null);
        at = bytes(head, at, BOOT_FILE, wantsBootFile ? bootFile : null);
        output.finish(out, own, SERVER_PORT, guest, datagram.sourcePort(), at - begin);
    }

    private static int bytes(ByteBuf head, int at, int code, byte @Nullable [] value) {
        if (value == null) {
            return at;
        }
        int begin = option(head, at, code, value.length);
        head.setBytes(begin, value);
        return begin + value.length;
    }

    private static int option(ByteBuf head, int at, int code, int length) {
        head.setShort(at, code);
        head.setShort(at + 2, length);
        return at + OPTION_HEADER;
    }
}
