package io.qnet.testkit;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Neighbour discovery (RFC 4861) and stateless addresses (RFC 4862): answers for the guest's addresses, asks for others and for routers. Its addresses are used while it still asks whether they are taken. */
final class NdpLayer extends NeighbourCache {
    private static final int ROUTER_SOLICITATION = 133;
    private static final int ROUTER_ADVERTISEMENT = 134;
    private static final int SOLICITATION = 135;
    private static final int ADVERTISEMENT = 136;
    private static final int HOP_LIMIT = 255;
    private static final int SOURCE_OPTION = 1;
    private static final int TARGET_OPTION = 2;
    private static final int PREFIX_OPTION = 3;
    private static final int MTU_OPTION = 5;
    private static final int DNS_OPTION = 25;
    private static final int SOLICITED = 0x4000_0000;
    private static final int OVERRIDE = 0x2000_0000;

    private final List<CompletableFuture<RouterAdvertisement>> soliciting = new ArrayList<>();

    NdpLayer(GuestStack stack) {
        super(stack);
    }

    /** Asks for routers; completes with the first advertisement, once the guest has taken on an address. */
    CompletableFuture<RouterAdvertisement> solicitRouters() {
        CompletableFuture<RouterAdvertisement> asker = new CompletableFuture<>();
        stack.ipv6.turnOn();
        probe(stack.ipv6.linkLocal());
        soliciting.add(asker);
        Path path = stack.ipv6.path(Addresses.parse("ff02::2"));
        int at = path.headerRoom;
        Bytes.put32(stack.tx, at, ROUTER_SOLICITATION << 24);
        Bytes.put32(stack.tx, at + 4, 0);
        linkAddress(at + 8, SOURCE_OPTION);
        send(path, 16);
        return asker;
    }

    @Override
    void sendRequest(InetAddress target) {
        InetAddress own = stack.ipv6.address();
        InetAddress group = solicitedNode(target);
        InetAddress source = own == null || target.isLinkLocalAddress() ? stack.ipv6.linkLocal() : own;
        Path path = new Path(source, group, group, stack.ipv6.path(group).headerRoom);
        target(path, SOLICITATION, 0, target);
        linkAddress(path.headerRoom + 24, SOURCE_OPTION);
        send(path, 32);
    }

    /** Asks whether somebody has an address already (RFC 4862 §5.4). */
    private void probe(InetAddress tentative) {
        Path path = stack.ipv6.unspecifiedPath(solicitedNode(tentative));
        target(path, SOLICITATION, 0, tentative);
        send(path, 24);
    }

    /** A message of ICMPv6 whose checksum is right and that is neither echo nor error. */
    void onMessage(IpIn packet, int type) {
        if (type < ROUTER_SOLICITATION || type > ADVERTISEMENT) {
            return;
        }
        int least = type == ROUTER_SOLICITATION ? 8 : type == ROUTER_ADVERTISEMENT ? 16 : 24;
        if (packet.ttl != HOP_LIMIT || packet.bytes[packet.at + 1] != 0 || !optionsAreSound(packet, least)) {
            stack.violations.add("malformed neighbour discovery, from " + packet.source.getHostAddress(), packet.bytes);
        } else if (type == ROUTER_ADVERTISEMENT) {
            onRouter(packet);
        } else if (type == SOLICITATION) {
            onSolicitation(packet);
        } else if (type == ADVERTISEMENT) {
            onAdvertisement(packet);
        }
    }

    @Override
    void close() {
        super.close();
        GuestException closed = new GuestException(GuestException.Reason.CLOSED, stack + " is closed");
        soliciting.forEach(asker -> asker.completeExceptionally(closed));
        soliciting.clear();
    }

    private void onSolicitation(IpIn packet) {
        InetAddress target = Ipv6Layer.address(packet.bytes, packet.at + 8);
        if (!stack.ipv6.isOwn(target)) {
            return;
        }
        boolean isProbe = packet.source.isAnyLocalAddress();
        long mac = linkAddress(packet, 24, SOURCE_OPTION);
        if (mac != UNKNOWN && !isProbe) {
            learn(packet.source, mac);
        }
        InetAddress to = isProbe ? Addresses.parse("ff02::1") : packet.source;
        Path path = new Path(target, to, to, stack.ipv6.path(to).headerRoom);
        target(path, ADVERTISEMENT, OVERRIDE | (isProbe ? 0 : SOLICITED), target);
        linkAddress(path.headerRoom + 24, TARGET_OPTION);
        send(path, 32);
    }

    private void onAdvertisement(IpIn packet) {
        InetAddress target = Ipv6Layer.address(packet.bytes, packet.at + 8);
        if (stack.ipv6.isOwn(target)) {
            stack.violations.add("somebody else has " + target.getHostAddress(), packet.bytes);
            return;
        }
        long mac = linkAddress(packet, 24, TARGET_OPTION);
        if (mac != UNKNOWN && isOfInterest(target)) {
            learn(target, mac);
        }
    }

    private void onRouter(IpIn packet) {
        if (!packet.source.isLinkLocalAddress()) {
            stack.violations.add("router advertisement from " + packet.source.getHostAddress(), packet.bytes);
            return;
        }
        RouterAdvertisement advertised = read(packet);
        long mac = linkAddress(packet, 16, SOURCE_OPTION);
        InetAddress prefix = advertised.prefix();
        if (soliciting.isEmpty()) {
            return;
        }
        if (prefix != null && advertised.prefixLength() == 64) {
            InetAddress own = stack.ipv6.inPrefix(prefix.getAddress());
            stack.ipv6.configure(own, 64, advertised.router());
            probe(own);
        }
        if (mac != UNKNOWN) {
            learn(packet.source, mac);
        }
        soliciting.forEach(asker -> asker.complete(advertised));
        soliciting.clear();
    }

    private static RouterAdvertisement read(IpIn packet) {
        byte[] bytes = packet.bytes;
        int at = packet.at;
        int prefix = option(packet, 16, PREFIX_OPTION);
        int mtu = option(packet, 16, MTU_OPTION);
        int dns = option(packet, 16, DNS_OPTION);
        List<InetAddress> servers = new ArrayList<>();
        for (int i = 8; dns >= 0 && i < Bytes.u8(bytes, dns + 1) * 8; i += 16) {
            servers.add(Ipv6Layer.address(bytes, dns + i));
        }
        @Nullable InetAddress address = prefix < 0 ? null : Ipv6Layer.address(bytes, prefix + 16);
        return new RouterAdvertisement(
                packet.source,
                Bytes.u8(bytes, at + 4),
                (bytes[at + 5] & 0x80) != 0,
                (bytes[at + 5] & 0x40) != 0,
                Bytes.u16(bytes, at + 6),
                address,
                prefix < 0 ? 0 : Bytes.u8(bytes, prefix + 2),
                prefix < 0 ? 0 : Bytes.u32(bytes, prefix + 4),
                prefix < 0 ? 0 : Bytes.u32(bytes, prefix + 8),
                mtu < 0 ? 0 : Bytes.i32(bytes, mtu + 4),
                servers,
                dns < 0 ? 0 : Bytes.u32(bytes, dns + 4));
    }

    private static boolean optionsAreSound(IpIn packet, int from) {
        int at = from;
        while (at < packet.length) {
            int length = packet.length - at < 8 ? 0 : Bytes.u8(packet.bytes, packet.at + at + 1) * 8;
            if (length == 0 || length > packet.length - at) {
                return false;
            }
            at += length;
        }
        return at == packet.length;
    }

    /** Where an option stands; negative if there is none. */
    private static int option(IpIn packet, int from, int type) {
        int end = packet.at + packet.length;
        for (int at = packet.at + from; at < end; at += Bytes.u8(packet.bytes, at + 1) * 8) {
            if (Bytes.u8(packet.bytes, at) == type) {
                return at;
            }
        }
        return -1;
    }

    private static long linkAddress(IpIn packet, int from, int type) {
        int at = option(packet, from, type);
        return at < 0 ? UNKNOWN : Bytes.u48(packet.bytes, at + 2);
    }

    private static InetAddress solicitedNode(InetAddress target) {
        byte[] group = new byte[16];
        Bytes.put64(group, 0, 0xff02L << 48);
        Bytes.put64(group, 8, 0x1_ff00_0000L | (Bytes.i32(target.getAddress(), 12) & 0xff_ffff));
        return Ipv6Layer.address(group, 0);
    }

    private void target(Path path, int type, int flags, InetAddress target) {
        int at = path.headerRoom;
        Bytes.put32(stack.tx, at, type << 24);
        Bytes.put32(stack.tx, at + 4, flags);
        System.arraycopy(target.getAddress(), 0, stack.tx, at + 8, 16);
    }

    private void linkAddress(int at, int type) {
        Bytes.put16(stack.tx, at, type << 8 | 1);
        Bytes.put48(stack.tx, at + 2, stack.settings.mac());
    }

    private void send(Path path, int length) {
        byte[] frame = stack.tx;
        int at = path.headerRoom;
        long pseudo = path.pseudoHeader(IcmpLayer.PROTOCOL6, length);
        Bytes.put16(frame, at + 2, InternetChecksum.finish(InternetChecksum.add(pseudo, frame, at, length)));
        stack.ipv6.send(frame, path, IcmpLayer.PROTOCOL6, HOP_LIMIT, length);
    }
}
