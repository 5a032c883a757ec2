package io.qnet.testkit;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.InternetChecksum;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** ICMP (RFC 792) or ICMPv6 (RFC 4443): echo both ways, errors received and sent. */
final class IcmpLayer {
    static final int PROTOCOL = 1;
    static final int PROTOCOL6 = 58;
    static final int UNREACHABLE = 3;
    static final int UNREACHABLE6 = 1;

    private static final int PORT_UNREACHABLE = 3;
    private static final int PORT_UNREACHABLE6 = 4;
    private static final int ECHO_REPLY = 0;
    private static final int ECHO_REPLY6 = 129;
    private static final int TIME_EXCEEDED = 11;
    private static final int PARAMETER_PROBLEM = 12;
    private static final int PARAMETER_PROBLEM6 = 4;
    private static final int PACKET_TOO_BIG6 = 2;
    private static final int ECHO = 8;
    private static final int ECHO6 = 128;
    private static final int HEADER = 8;
    private static final int HEADER6 = 40;
    private static final int FRAGMENTATION_NEEDED = 4;
    private static final int MOST_ERRORS = 256;

    private final GuestStack stack;
    private final boolean ipv6;
    private final int identifier;
    private final Map<Integer, Ping> pings = new HashMap<>();
    private int sequence;
    private boolean silent;
    /** Frames were sent that this layer does not know of, and may be answered. */
    private boolean handMade;

    /** An echo request that waits for its reply. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Ping(Path path, byte[] data, long sentNanos, CompletableFuture<PingReply> reply) {}

    IcmpLayer(GuestStack stack, boolean ipv6) {
        this.stack = stack;
        this.ipv6 = ipv6;
        this.identifier = stack.random.nextInt(0x10000);
    }

    CompletableFuture<PingReply> ping(Path path, byte[] data, int ttl) {
        CompletableFuture<PingReply> reply = new CompletableFuture<>();
        int number = sequence++ & 0xffff;
        pings.put(number, new Ping(path, data, stack.loop.nowNanos(), reply));
        byte[] frame = stack.tx;
        int at = path.headerRoom;
        Bytes.put32(frame, at, (ipv6 ? ECHO6 : ECHO) << 24);
        Bytes.put16(frame, at + 4, identifier);
        Bytes.put16(frame, at + 6, number);
        System.arraycopy(data, 0, frame, at + HEADER, data.length);
        finish(frame, path, ttl, HEADER + data.length);
        return reply;
    }

    void onPacket(IpIn packet) {
        byte[] bytes = packet.bytes;
        int at = packet.at;
        boolean right =
                ipv6 ? packet.transportChecksumIsRight() : InternetChecksum.isRight(0, bytes, at, packet.length);
        if (packet.length < HEADER || !right) {
            stack.violations.add("wrong ICMP checksum or length, from " + packet.source.getHostAddress());
            return;
        }
        int type = Bytes.u8(bytes, at);
        if (type == (ipv6 ? ECHO6 : ECHO)) {
            answer(packet);
        } else if (type == (ipv6 ? ECHO_REPLY6 : ECHO_REPLY)) {
            onReply(packet);
        } else if (isError(type)) {
            onErrorPacket(packet);
        } else if (ipv6) {
            stack.ndp.onMessage(packet, type);
        }
    }

    private boolean isError(int type) {
        return ipv6
                ? type >= UNREACHABLE6 && type <= PARAMETER_PROBLEM6
                : type == UNREACHABLE || type == TIME_EXCEEDED || type == PARAMETER_PROBLEM;
    }

    /** An error about one of the guest's own ICMP packets. */
    void onError(IcmpError error) {
        Ping ping = pings.remove(error.peerPort());
        if (ping != null && error.guestPort() == identifier) {
            String text = "ping " + ping.path.destination.getHostAddress() + ": ICMP " + error.kind() + " from "
                    + error.from().getHostAddress();
            ping.reply.completeExceptionally(new GuestException(GuestException.Reason.UNREACHABLE, text, error));
        }
    }

    void onNextHopDead(InetAddress nextHop) {
        for (Ping ping : List.copyOf(pings.values())) {
            if (ping.path.nextHop.equals(nextHop)) {
                String text = "ping " + ping.path.destination.getHostAddress() + ": no answer to "
                        + (ipv6 ? "neighbour solicitations" : "ARP") + " for " + nextHop.getHostAddress();
                ping.reply.completeExceptionally(new GuestException(GuestException.Reason.UNREACHABLE, text));
            }
        }
    }

    /** Tells the sender of a datagram that nobody listens there. */
    void sendPortUnreachable(IpIn packet) {
        if (!packet.unicast || packet.headerAt < 0 || !stack.hasAddress(packet.source) || silent) {
            return;
        }
        Path path = stack.pathBack(packet);
        byte[] frame = stack.tx;
        int at = path.headerRoom;
        int quoted = Math.min(packet.at + 8, packet.bytes.length) - packet.headerAt;
        int kind = ipv6 ? UNREACHABLE6 << 8 | PORT_UNREACHABLE6 : UNREACHABLE << 8 | PORT_UNREACHABLE;
        Bytes.put32(frame, at, kind << 16);
        Bytes.put32(frame, at + 4, 0);
        System.arraycopy(packet.bytes, packet.headerAt, frame, at + HEADER, quoted);
        finish(frame, path, 0, HEADER + quoted);
    }

    /** Replies may come to requests that were made by hand. */
    void setHandMade() {
        handMade = true;
    }

    /** Whether echo requests and datagrams to closed ports stay unanswered. */
    void setSilent(boolean quiet) {
        silent = quiet;
    }

    void close() {
        GuestException closed = new GuestException(GuestException.Reason.CLOSED, stack + " is closed");
        pings.values().forEach(ping -> ping.reply.completeExceptionally(closed));
        pings.clear();
    }

    private void answer(IpIn packet) {
        if (silent || !packet.unicast || !stack.hasAddress(packet.source)) {
            return;
        }
        Path path = stack.pathBack(packet);
        byte[] frame = stack.tx;
        int at = path.headerRoom;
        System.arraycopy(packet.bytes, packet.at, frame, at, packet.length);
        Bytes.put32(frame, at, (ipv6 ? ECHO_REPLY6 : ECHO_REPLY) << 24);
        finish(frame, path, 0, packet.length);
    }

    private void onReply(IpIn packet) {
        int at = packet.at;
        if (Bytes.u16(packet.bytes, at + 4) != identifier) {
            if (!handMade) {
                stack.violations.add(
                        "echo reply for identifier " + Bytes.u16(packet.bytes, at + 4) + ", ours is " + identifier);
            }
            return;
        }
        Ping ping = pings.remove(Bytes.u16(packet.bytes, at + 6));
        if (ping == null) {
            return; // late or doubled
        }
        byte[] data = Arrays.copyOfRange(packet.bytes, at + HEADER, at + packet.length);
        if (!Arrays.equals(data, ping.data)) {
            stack.violations.add("echo reply with other data than was sent, from " + packet.source.getHostAddress());
        }
        Duration time = Duration.ofNanos(stack.loop.nowNanos() - ping.sentNanos);
        ping.reply.complete(new PingReply(packet.source, packet.ttl, data.length, time));
    }

    private void onErrorPacket(IpIn packet) {
        IcmpError error = ipv6 ? parseError6(packet) : parseError(packet);
        if (stack.icmpErrors.size() < MOST_ERRORS) {
            stack.icmpErrors.add(error);
        }
        stack.onIcmpError(error);
    }

    private static IcmpError parseError(IpIn packet) {
        byte[] bytes = packet.bytes;
        int at = packet.at;
        int type = Bytes.u8(bytes, at);
        int code = Bytes.u8(bytes, at + 1);
        boolean tooLong = type == UNREACHABLE && code == FRAGMENTATION_NEEDED;
        int mtu = tooLong ? Bytes.u16(bytes, at + 6) : 0;
        int quote = at + HEADER;
        int quoted = packet.length - HEADER;
        if (quoted < 20) {
            return new IcmpError(packet.source, type, code, mtu, 0, null, 0, 0);
        }
        int protocol = Bytes.u8(bytes, quote + 9);
        @Nullable InetAddress destination = Ipv4Layer.address(bytes, quote + 16);
        int transport = quote + (bytes[quote] & 0xf) * 4;
        if (transport + 8 > at + packet.length) {
            return new IcmpError(packet.source, type, code, mtu, protocol, destination, 0, 0);
        }
        int first = protocol == PROTOCOL ? transport + 4 : transport;
        return new IcmpError(
                packet.source,
                type,
                code,
                mtu,
                protocol,
                destination,
                Bytes.u16(bytes, first),
                Bytes.u16(bytes, first + 2));
    }

    private static IcmpError parseError6(IpIn packet) {
        byte[] bytes = packet.bytes;
        int at = packet.at;
        int type = Bytes.u8(bytes, at);
        int code = Bytes.u8(bytes, at + 1);
        int mtu = type == PACKET_TOO_BIG6 ? Bytes.i32(bytes, at + 4) : 0;
        int quote = at + HEADER;
        int end = at + packet.length;
        if (end - quote < HEADER6) {
            return new IcmpError(packet.source, type, code, mtu, 0, null, 0, 0);
        }
        int protocol = Bytes.u8(bytes, quote + 6);
        InetAddress destination = Ipv6Layer.address(bytes, quote + 24);
        int transport = quote + HEADER6;
        if (protocol == Ipv6Layer.FRAGMENT && transport + 8 <= end) {
            protocol = Bytes.u8(bytes, transport);
            transport += 8;
        }
        if (transport + 8 > end) {
            return new IcmpError(packet.source, type, code, mtu, protocol, destination, 0, 0);
        }
        int first = protocol == PROTOCOL6 ? transport + 4 : transport;
        int guestPort = Bytes.u16(bytes, first);
        int peerPort = Bytes.u16(bytes, first + 2);
        return new IcmpError(packet.source, type, code, mtu, protocol, destination, guestPort, peerPort);
    }

    private void finish(byte[] frame, Path path, int ttl, int length) {
        int at = path.headerRoom;
        Bytes.put16(frame, at + 2, 0);
        int protocol = ipv6 ? PROTOCOL6 : PROTOCOL;
        long pseudo = ipv6 ? path.pseudoHeader(protocol, length) : 0;
        Bytes.put16(frame, at + 2, InternetChecksum.finish(InternetChecksum.add(pseudo, frame, at, length)));
        stack.send(frame, path, protocol, ttl, length);
    }
}
