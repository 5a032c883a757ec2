package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import io.qnet.stat.Counter;
import io.qnet.wire.Checksum;
import io.qnet.wire.Icmp;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import io.qnet.wire.Ipv6;
import io.qnet.wire.Udp;
import org.jspecify.annotations.Nullable;

/**
 * ICMPv6 errors towards guests (RFC 4443 §2.4 and §3): the part of {@link IcmpErrors} that speaks of IPv6, under the same limit. They come from fe80::2 unless the far end answers. As much of what went wrong
 * is quoted as fits 1280 bytes.
 */
final class Icmpv6Errors {
    private static final int MAX_QUOTE = Ipv6.MIN_MTU - Ipv6.HEADER_LENGTH - Icmp.HEADER_LENGTH;
    private static final int HOP_LIMIT = 255;
    /** RFC 4443 §2.1: types below are errors. */
    private static final int FIRST_INFORMATIONAL = 128;

    private static final int REDIRECT = 137;

    private static final int REASSEMBLY = 1;

    private static final int NO_ROUTE = 0;
    private static final int PROHIBITED = 1;
    private static final int ADDRESS = 3;
    private static final int PORT = 4;

    private final IpOutput output;
    private final TokenBucket rate;
    private final Counter sent;
    private final Counter limited;

    Icmpv6Errors(IpOutput output, TokenBucket rate, Counter sent, Counter limited) {
        this.output = output;
        this.rate = rate;
        this.sent = sent;
        this.limited = limited;
    }

    /** The hop limit of this packet is used up (3/0). */
    void timeExceeded(InPacket packet, long nowNanos) {
        about(packet, Icmp.V6_TIME_EXCEEDED << 8, 0, null, false, nowNanos);
    }

    /** This packet is larger than the link's MTU (2/0). */
    void packetTooBig(InPacket packet, int mtu, long nowNanos) {
        about(packet, Icmp.V6_PACKET_TOO_BIG << 8, mtu, null, true, nowNanos);
    }

    /**
     * A header of this packet is wrong or not known (4/…).
     *
     * @param pointer where, from the packet's first byte on
     * @param ofGroups whether it is told even if the packet went to a group
     */
    void parameterProblem(
            InPacket packet, int code, int pointer, @Nullable IpAddress from, boolean ofGroups, long nowNanos) {
        about(packet, Icmp.V6_PARAMETER_PROBLEM << 8 | code, pointer, from, ofGroups, nowNanos);
    }

    void undeliverable(InPacket packet, HostError error, @Nullable IpAddress from, long nowNanos) {
        about(packet, typeAndCode(error), rest(error, 0), from, false, nowNanos);
    }

    void undeliverable(IpAddress guest, HostError error, @Nullable IpAddress from, byte[] ipPacket, long nowNanos) {
        report(guest, typeAndCode(error), rest(error, 0), from, ipPacket, nowNanos);
    }

    /**
     * The rest of a packet has not come in time (3/1).
     *
     * @param ipPacket its first fragment, extension headers included
     */
    void reassemblyTimedOut(IpAddress guest, byte[] ipPacket, long nowNanos) {
        int message = Ipv6.HEADER_LENGTH + Ipv6Headers.FRAGMENT_LENGTH;
        boolean plain = ipPacket[6] == Ip.FRAGMENT && ipPacket.length > message;
        boolean ofError = plain && ipPacket[Ipv6.HEADER_LENGTH] == Ip.ICMPV6 && isError(ipPacket[message] & 0xff);
        boolean toGroup = ipPacket[24] == (byte) 0xff;
        if (!ofError && !toGroup) {
            report(guest, Icmp.V6_TIME_EXCEEDED << 8 | REASSEMBLY, 0, null, ipPacket, nowNanos);
        }
    }

    private void report(
            IpAddress guest, int typeAndCode, int rest, @Nullable IpAddress from, byte[] ipPacket, long nowNanos) {
        if (!mayAnswer(guest) || isRateLimited(nowNanos)) {
            return;
        }
        int length = Math.min(ipPacket.length, MAX_QUOTE);
        OutPacket out = begin(from, guest, typeAndCode, rest);
        out.head().setBytes(out.transportIndex() + Icmp.HEADER_LENGTH, ipPacket, 0, length);
        finish(out, length);
    }

    void datagramFailed(
            HostError error,
            IpAddress guest,
            int guestPort,
            IpAddress to,
            int toPort,
            @Nullable IpAddress from,
            int mtu,
            long nowNanos) {
        if (!mayAnswer(guest) || isRateLimited(nowNanos)) {
            return;
        }
        OutPacket out = begin(from, guest, typeAndCode(error), rest(error, mtu));
        int at = writeQuotedHeader(out, Ip.UDP, guest, to);
        Udp.write(out.head(), at, guestPort, toPort, Udp.HEADER_LENGTH, 0);
        finish(out, Ipv6.HEADER_LENGTH + Udp.HEADER_LENGTH);
    }

    void echoFailed(
            HostError error,
            IpAddress guest,
            int identifier,
            int sequence,
            IpAddress to,
            @Nullable IpAddress from,
            int mtu,
            long nowNanos) {
        if (!mayAnswer(guest) || isRateLimited(nowNanos)) {
            return;
        }
        OutPacket out = begin(from, guest, typeAndCode(error), rest(error, mtu));
        int at = writeQuotedHeader(out, Ip.ICMPV6, guest, to);
        Icmp.write(out.head(), at, Icmp.V6_ECHO_REQUEST, 0, identifier << 16 | sequence);
        finish(out, Ipv6.HEADER_LENGTH + Icmp.HEADER_LENGTH);
    }

    private void about(
            InPacket packet, int typeAndCode, int rest, @Nullable IpAddress from, boolean ofGroups, long nowNanos) {
        if (!mayAnswer(packet, ofGroups) || isRateLimited(nowNanos)) {
            return;
        }
        int available = packet.transportIndex() - packet.ipIndex() + packet.headLength();
        int length = Math.min(available, MAX_QUOTE);
        OutPacket out = begin(from, packet.source(), typeAndCode, rest);
        ByteBuf quoted = packet.data();
        out.head().setBytes(out.transportIndex() + Icmp.HEADER_LENGTH, quoted, packet.ipIndex(), length);
        finish(out, length);
    }

    /** RFC 4443 §2.4 (e): never about an error or a redirect, nor about what went to a group, with two exceptions, nor to who is no single node. */
    private static boolean mayAnswer(InPacket packet, boolean ofGroups) {
        if (packet.protocol() == Ip.ICMPV6) {
            int type = packet.headLength() > 0 ? packet.data().getUnsignedByte(packet.transportIndex()) : 0;
            if (isError(type)) {
                return false;
            }
        }
        return mayAnswer(packet.source()) && (ofGroups || !GuestNetwork.isMulticast(packet.destination()));
    }

    private static boolean isError(int type) {
        return type < FIRST_INFORMATIONAL || type == REDIRECT;
    }

    private static boolean mayAnswer(IpAddress guest) {
        return !GuestNetwork.isHostInternal(guest) && !GuestNetwork.isMulticast(guest);
    }

    private boolean isRateLimited(long nowNanos) {
        if (rate.take(nowNanos)) {
            return false;
        }
        limited.increment();
        return true;
    }

    private OutPacket begin(@Nullable IpAddress from, IpAddress guest, int typeAndCode, int rest) {
        OutPacket out = output.begin(from == null ? GuestNetwork.ROUTER6 : from, guest, Ip.ICMPV6);
        Icmp.write(out.ttl(HOP_LIMIT).head(), out.transportIndex(), typeAndCode >>> 8, typeAndCode & 0xff, rest);
        return out;
    }

    private void finish(OutPacket out, int quoteLength) {
        int length = Icmp.HEADER_LENGTH + quoteLength;
        int pseudoHeader = Checksum.pseudoHeader(out.source(), out.destination(), Ip.ICMPV6, length);
        Icmp.writeChecksum(out.head(), out.transportIndex(), length, pseudoHeader);
        output.sendOrQueue(out.transport(length));
        sent.increment();
    }

    /** Writes the header of a packet of eight bytes as the guest may have sent it; the answer is where the eight bytes belong. */
    private static int writeQuotedHeader(OutPacket out, int protocol, IpAddress guest, IpAddress to) {
        int at = out.transportIndex() + Icmp.HEADER_LENGTH;
        Ipv6.write(out.head(), at, 0, 0, 8, protocol, 64, guest, to);
        return at + Ipv6.HEADER_LENGTH;
    }

    /** What stands behind type and code: the MTU of a path, which is never below what every link must take. */
    private static int rest(HostError error, int mtu) {
        return error == HostError.MESSAGE_TOO_LARGE ? Math.max(mtu, Ipv6.MIN_MTU) : 0;
    }

    private static int typeAndCode(HostError error) {
        return switch (error) {
            case REFUSED, RESET -> Icmp.V6_UNREACHABLE << 8 | PORT;
            case HOST_UNREACHABLE, TIMED_OUT -> Icmp.V6_UNREACHABLE << 8 | ADDRESS;
            case PROHIBITED -> Icmp.V6_UNREACHABLE << 8 | PROHIBITED;
            case MESSAGE_TOO_LARGE -> Icmp.V6_PACKET_TOO_BIG << 8;
            case TTL_EXCEEDED -> Icmp.V6_TIME_EXCEEDED << 8;
            case NET_UNREACHABLE, NO_RESOURCES, ADDRESS_IN_USE, OTHER -> Icmp.V6_UNREACHABLE << 8 | NO_ROUTE;
        };
    }
}
