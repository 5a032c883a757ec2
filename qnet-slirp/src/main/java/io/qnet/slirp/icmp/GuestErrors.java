package io.qnet.slirp.icmp;

import io.netty.buffer.ByteBuf;
import io.qnet.slirp.ip.InPacket;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Icmp;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import io.qnet.wire.Ipv4;
import io.qnet.wire.Ipv6;
import java.util.ArrayList;
import java.util.List;

/**
 * ICMP errors from guests about packets that they were sent (RFC 792, RFC 1122 §3.2.2, RFC 1191; RFC 4443 §3, RFC 8201). Believed is only what quotes a first fragment of a packet that went to the guest that complains (RFC 5927
 * §4); what it means is up to the transport.
 *
 * <p>Loop thread only.
 */
public final class GuestErrors {
    /** What of a transport must be quoted at least: two ports, and of TCP the sequence number (RFC 792). */
    private static final int MIN_QUOTE = 8;

    private static final int PROTOCOL = 2;
    private static final int PORT = 3;
    private static final int FRAGMENTATION_NEEDED = 4;
    private static final int PORT6 = 4;
    private static final int FRAGMENT_HEADER = 8;

    /** What is tried below the length of a packet that was too big, if the guest does not say what would not be (RFC 1191 §7.1). */
    private static final int[] PLATEAUS = {32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68};

    private final List<GuestErrorHandler> handlers = new ArrayList<>();
    private final GuestError error = new GuestError();
    private final Counter accepted;
    private final Counter malformed;
    private final Counter unknown;

    /** Errors of one network's guests. */
    public GuestErrors(Counters counters) {
        accepted = counters.counter("icmp.guest-errors");
        malformed = counters.counter("drop.icmp-error-malformed");
        unknown = counters.counter("drop.icmp-error-unknown-flow");
    }

    /** Adds who is asked, after those that are there. */
    public void addHandler(GuestErrorHandler handler) {
        handlers.add(handler);
    }

    /** Whether this type of ICMP is an error that is handled. Source quench is not (RFC 6633), redirects are none of ours. */
    static boolean isError(int type) {
        return type == Icmp.UNREACHABLE || type == Icmp.TIME_EXCEEDED || type == Icmp.PARAMETER_PROBLEM;
    }

    /** Handles an error of IPv4 whose checksum is right. */
    void onPacket(InPacket packet, long nowNanos) {
        ByteBuf data = packet.data();
        int at = packet.transportIndex();
        int quote = at + Icmp.HEADER_LENGTH;
        int length = packet.transportLength() - Icmp.HEADER_LENGTH;
        readKind(data.getUnsignedByte(at), data.getUnsignedByte(at + 1), data.getUnsignedShort(at + 6));
        if (readQuote(data, quote, length, packet.source())) {
            tell(nowNanos);
        } else {
            malformed.increment();
        }
    }

    /** Handles an error of IPv6 whose checksum is right. */
    void onPacket6(InPacket packet, long nowNanos) {
        ByteBuf data = packet.data();
        int at = packet.transportIndex();
        int length = packet.transportLength() - Icmp.HEADER_LENGTH;
        readKind6(data.getUnsignedByte(at), data.getUnsignedByte(at + 1), data.getInt(at + 4));
        if (readQuote6(data, at + Icmp.HEADER_LENGTH, length, packet.source())) {
            tell(nowNanos);
        } else {
            malformed.increment();
        }
    }

    private void tell(long nowNanos) {
        for (int i = 0; i < handlers.size(); i++) {
            if (handlers.get(i).onGuestError(error, nowNanos)) {
                accepted.increment();
                return;
            }
        }
        unknown.increment();
    }

    private void readKind(int type, int code, int mtu) {
        if (type == Icmp.TIME_EXCEEDED) {
            error.set(GuestError.Kind.TIME_EXCEEDED, 0);
        } else if (type == Icmp.PARAMETER_PROBLEM) {
            error.set(GuestError.Kind.PARAMETER_PROBLEM, 0);
        } else if (code == PORT || code == PROTOCOL) {
            error.set(GuestError.Kind.PORT_UNREACHABLE, 0);
        } else if (code == FRAGMENTATION_NEEDED) {
            error.set(GuestError.Kind.TOO_BIG, mtu);
        } else {
            error.set(GuestError.Kind.UNREACHABLE, 0);
        }
    }

    private void readKind6(int type, int code, int mtu) {
        switch (type) {
            case Icmp.V6_PACKET_TOO_BIG -> error.set(GuestError.Kind.TOO_BIG, mtu < 0 ? Integer.MAX_VALUE : mtu);
            case Icmp.V6_TIME_EXCEEDED -> error.set(GuestError.Kind.TIME_EXCEEDED, 0);
            case Icmp.V6_PARAMETER_PROBLEM -> error.set(GuestError.Kind.PARAMETER_PROBLEM, 0);
            default -> error.set(code == PORT6 ? GuestError.Kind.PORT_UNREACHABLE : GuestError.Kind.UNREACHABLE, 0);
        }
    }

    /** The same of IPv6. What went to the guest had no extension header but that of a fragment. */
    private boolean readQuote6(ByteBuf data, int at, int length, IpAddress guest) {
        if (length < Ipv6.HEADER_LENGTH + MIN_QUOTE || data.getUnsignedByte(at) >>> 4 != 6) {
            return false;
        }
        int protocol = data.getUnsignedByte(at + 6);
        int transport = at + Ipv6.HEADER_LENGTH;
        if (protocol == Ip.FRAGMENT) {
            protocol = data.getUnsignedByte(transport);
            boolean first = data.getUnsignedShort(transport + 2) >>> 3 == 0;
            transport += FRAGMENT_HEADER;
            if (!first || length < transport - at + MIN_QUOTE) {
                return false;
            }
        }
        IpAddress to = new IpAddress(data.getLong(at + 24), data.getLong(at + 32));
        if ((protocol != Ip.TCP && protocol != Ip.UDP) || !to.equals(guest)) {
            return false;
        }
        error.about(
                protocol,
                guest,
                data.getUnsignedShort(transport + 2),
                new IpAddress(data.getLong(at + 8), data.getLong(at + 16)),
                data.getUnsignedShort(transport),
                data.getInt(transport + 4));
        return true;
    }

    /** Reads the packet that is quoted: a header that does not lie, of a first fragment, to the guest that complains. Its total length is that of the packet, not of the quote. */
    private boolean readQuote(ByteBuf data, int at, int length, IpAddress guest) {
        if (length < Ipv4.HEADER_LENGTH + MIN_QUOTE) {
            return false;
        }
        int first = data.getUnsignedByte(at);
        int header = (first & 0xf) * 4;
        int total = data.getUnsignedShort(at + 2);
        boolean whole = first >>> 4 == 4
                && header >= Ipv4.HEADER_LENGTH
                && length >= header + MIN_QUOTE
                && total >= header + MIN_QUOTE;
        boolean firstFragment = (data.getUnsignedShort(at + 6) & 0x1fff) == 0;
        int protocol = data.getUnsignedByte(at + 9);
        if (!whole
                || !firstFragment
                || (protocol != Ip.TCP && protocol != Ip.UDP)
                || data.getInt(at + 16) != guest.ipv4()) {
            return false;
        }
        if (error.kind() == GuestError.Kind.TOO_BIG && error.mtu() == 0) {
            error.set(GuestError.Kind.TOO_BIG, plateauBelow(total));
        }
        int transport = at + header;
        error.about(
                protocol,
                guest,
                data.getUnsignedShort(transport + 2),
                IpAddress.ofIpv4(data.getInt(at + 12)),
                data.getUnsignedShort(transport),
                data.getInt(transport + 4));
        return true;
    }

    private static int plateauBelow(int length) {
        for (int plateau : PLATEAUS) {
            if (plateau < length) {
                return plateau;
            }
        }
        return PLATEAUS[PLATEAUS.length - 1];
    }
}
