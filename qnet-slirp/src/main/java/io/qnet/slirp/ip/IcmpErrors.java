package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.qnet.host.HostError;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Ethernet;
import io.qnet.wire.Icmp;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import io.qnet.wire.Ipv4;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * ICMP errors towards guests (RFC 792, RFC 1122 §3.2.2, RFC 1812 §4.3.2; for IPv6 see {@link Icmpv6Errors}): from the gateway, or from the far end where that is who answers; never about what must not be answered (errors, later fragments,
 * groups); limited in rate. Up to 548 bytes of what went wrong are quoted, so that the packet has 576 at most.
 */
public final class IcmpErrors {
    /** The most bytes of a packet that an error quotes. */
    static final int MAX_QUOTE = 548;

    private static final int TTL = 255;
    private static final int PRECEDENCE_INTERNETWORK_CONTROL = 0xc0;

    private static final int REASSEMBLY = 1;
    private static final int NET = 0;
    private static final int HOST = 1;
    private static final int PORT = 3;
    private static final int FRAGMENTATION_NEEDED = 4;
    private static final int PROHIBITED = 13;

    private final GuestNetwork network;
    private final IpOutput output;
    private final TokenBucket rate = new TokenBucket(1000, 250);
    private final Counter sent;
    private final Counter limited;
    private final Icmpv6Errors ofIpv6;

    /** Errors from this network's gateway. */
    public IcmpErrors(GuestNetwork network, IpOutput output, Counters counters) {
        this.network = network;
        this.output = output;
        sent = counters.counter("icmp.errors");
        limited = counters.counter("drop.icmp-error-rate");
        ofIpv6 = new Icmpv6Errors(output, rate, sent, limited);
    }

    /** The part for IPv6 only. */
    Icmpv6Errors ofIpv6() {
        return ofIpv6;
    }

    /** The TTL of this packet is used up (11/0). */
    public void timeExceeded(InPacket packet, long nowNanos) {
        if (!packet.source().isIpv4()) {
            ofIpv6.timeExceeded(packet, nowNanos);
            return;
        }
        about(packet, Icmp.TIME_EXCEEDED << 8, 0, null, nowNanos);
    }

    /**
     * The rest of a datagram has not come in time (11/1; 3/1 of ICMPv6).
     *
     * @param ipPacket its first fragment from the IP header on
     */
    public void reassemblyTimedOut(IpAddress guest, byte[] ipPacket, long nowNanos) {
        if (!guest.isIpv4()) {
            ofIpv6.reassemblyTimedOut(guest, ipPacket, nowNanos);
            return;
        }
        int header = (ipPacket[0] & 0xf) * 4;
        boolean icmp = (ipPacket[9] & 0xff) == Ip.ICMP;
        if ((icmp && (ipPacket.length <= header || !isEcho(ipPacket[header] & 0xff)))
                || isGroup(IpAddress.ofIpv4(ByteBuffer.wrap(ipPacket).getInt(16)))) {
            return;
        }
        report(guest, Icmp.TIME_EXCEEDED << 8 | REASSEMBLY, null, ipPacket, nowNanos);
    }

    /**
     * This packet cannot be delivered.
     *
     * @param from who says so; null for the gateway
     */
    public void undeliverable(InPacket packet, HostError error, @Nullable IpAddress from, long nowNanos) {
        if (!packet.source().isIpv4()) {
            ofIpv6.undeliverable(packet, error, from, nowNanos);
            return;
        }
        about(packet, typeAndCode(error), 0, from, nowNanos);
    }

    /**
     * A packet could not be delivered, of which the beginning was kept.
     *
     * @param ipPacket from the IP header on, at least eight bytes of the transport's included
     * @param from who says so; null for the gateway
     */
    public void undeliverable(
            IpAddress guest, HostError error, @Nullable IpAddress from, byte[] ipPacket, long nowNanos) {
        if (!guest.isIpv4()) {
            ofIpv6.undeliverable(guest, error, from, ipPacket, nowNanos);
            return;
        }
        report(guest, typeAndCode(error), from, ipPacket, nowNanos);
    }

    private void report(IpAddress guest, int typeAndCode, @Nullable IpAddress from, byte[] ipPacket, long nowNanos) {
        if (!mayAnswer(guest) || isRateLimited(nowNanos)) {
            return;
        }
        int length = Math.min(ipPacket.length, MAX_QUOTE);
        OutPacket out = begin(from, guest, typeAndCode, 0, ipPacket.length > 1 ? ipPacket[1] : 0);
        out.head().setBytes(out.transportIndex() + Icmp.HEADER_LENGTH, ipPacket, 0, length);
        finish(out, length);
    }

    /**
     * A datagram that went out earlier was not delivered. What is quoted is made of its addresses and ports, by which guests find the socket.
     *
     * @param to where it went, as the guest sees it
     * @param from who says so, as the guest sees it; null for the gateway
     * @param mtu the MTU of {@link HostError#MESSAGE_TOO_LARGE}, else 0
     */
    public void datagramFailed(
            HostError error,
            IpAddress guest,
            int guestPort,
            IpAddress to,
            int toPort,
            @Nullable IpAddress from,
            int mtu,
            long nowNanos) {
        if (!guest.isIpv4()) {
            ofIpv6.datagramFailed(error, guest, guestPort, to, toPort, from, mtu, nowNanos);
            return;
        }
        if (!mayAnswer(guest) || isRateLimited(nowNanos)) {
            return;
        }
        OutPacket out = begin(from, guest, typeAndCode(error), mtu, 0);
        int at = out.transportIndex() + Icmp.HEADER_LENGTH;
        writeQuotedHeader(out.head(), at, Ip.UDP, guest, to);
        out.head().setShort(at + 20, guestPort);
        out.head().setShort(at + 22, toPort);
        out.head().setShort(at + 24, 8);
        out.head().setShort(at + 26, 0);
        finish(out, 28);
    }

    /** An echo request that went out earlier was not answered but refused; its identifier and sequence number are quoted. */
    public void echoFailed(
            HostError error,
            IpAddress guest,
            int identifier,
            int sequence,
            IpAddress to,
            @Nullable IpAddress from,
            int mtu,
            long nowNanos) {
        if (!guest.isIpv4()) {
            ofIpv6.echoFailed(error, guest, identifier, sequence, to, from, mtu, nowNanos);
            return;
        }
        if (!mayAnswer(guest) || isRateLimited(nowNanos)) {
            return;
        }
        OutPacket out = begin(from, guest, typeAndCode(error), mtu, 0);
        int at = out.transportIndex() + Icmp.HEADER_LENGTH;
        writeQuotedHeader(out.head(), at, Ip.ICMP, guest, to);
        out.head().setInt(at + 20, Icmp.ECHO_REQUEST << 24);
        out.head().setShort(at + 24, identifier);
        out.head().setShort(at + 26, sequence);
        finish(out, 28);
    }

    private void about(InPacket packet, int typeAndCode, int rest, @Nullable IpAddress from, long nowNanos) {
        if (!mayAnswer(packet) || isRateLimited(nowNanos)) {
            return;
        }
        int available = packet.transportIndex() - packet.ipIndex() + packet.headLength();
        int length = Math.min(available, MAX_QUOTE);
        OutPacket out = begin(from, packet.source(), typeAndCode, rest, packet.trafficClass());
        out.head().setBytes(out.transportIndex() + Icmp.HEADER_LENGTH, packet.data(), packet.ipIndex(), length);
        finish(out, length);
    }

    private boolean mayAnswer(InPacket packet) {
        if (packet.protocol() == Ip.ICMP) {
            int type = packet.headLength() > 0 ? packet.data().getUnsignedByte(packet.transportIndex()) : -1;
            if (!isEcho(type)) {
                return false;
            }
        }
        return mayAnswer(packet.source()) && !isGroup(packet.destination()) && !isLinkGroup(packet);
    }

    private static boolean isEcho(int type) {
        return type == Icmp.ECHO_REQUEST || type == Icmp.ECHO_REPLY;
    }

    private boolean isGroup(IpAddress destination) {
        return network.isBroadcast(destination) || GuestNetwork.isMulticast(destination);
    }

    /** Whether a packet came in a frame to a group, which must not be answered either (RFC 1122 §3.2.2). One put together from fragments has no frame. */
    private static boolean isLinkGroup(InPacket packet) {
        int frame = packet.ipIndex() - Ethernet.HEADER_LENGTH;
        return frame >= packet.frame().headIndex() && Ethernet.isMulticast(Ethernet.readAddress(packet.data(), frame));
    }

    private boolean mayAnswer(IpAddress guest) {
        return !GuestNetwork.isHostInternal(guest) && !GuestNetwork.isMulticast(guest) && !network.isBroadcast(guest);
    }

    private boolean isRateLimited(long nowNanos) {
        if (rate.take(nowNanos)) {
            return false;
        }
        limited.increment();
        return true;
    }

    private OutPacket begin(@Nullable IpAddress from, IpAddress guest, int typeAndCode, int rest, int trafficClass) {
        OutPacket out = output.begin(from == null ? network.hostFor(guest) : from, guest, Ip.ICMP);
        out.ttl(TTL).trafficClass((trafficClass & 0x1e) | PRECEDENCE_INTERNETWORK_CONTROL);
        Icmp.write(out.head(), out.transportIndex(), typeAndCode >>> 8, typeAndCode & 0xff, rest);
        return out;
    }

    private void finish(OutPacket out, int quoteLength) {
        int length = Icmp.HEADER_LENGTH + quoteLength;
        Icmp.writeChecksum(out.head(), out.transportIndex(), length, 0);
        output.sendOrQueue(out.transport(length));
        sent.increment();
    }

    private static void writeQuotedHeader(ByteBuf head, int at, int protocol, IpAddress source, IpAddress to) {
        Ipv4.write(head, at, 0, 28, 0, 0, 64, protocol, source.ipv4(), to.ipv4());
    }

    /** Type and code of IPv4 for a failure on the host. */
    private static int typeAndCode(HostError error) {
        return switch (error) {
            case REFUSED, RESET -> Icmp.UNREACHABLE << 8 | PORT;
            case HOST_UNREACHABLE, TIMED_OUT -> Icmp.UNREACHABLE << 8 | HOST;
            case PROHIBITED -> Icmp.UNREACHABLE << 8 | PROHIBITED;
            case MESSAGE_TOO_LARGE -> Icmp.UNREACHABLE << 8 | FRAGMENTATION_NEEDED;
            case TTL_EXCEEDED -> Icmp.TIME_EXCEEDED << 8;
            case NET_UNREACHABLE, NO_RESOURCES, ADDRESS_IN_USE, OTHER -> Icmp.UNREACHABLE << 8 | NET;
        };
    }
}
