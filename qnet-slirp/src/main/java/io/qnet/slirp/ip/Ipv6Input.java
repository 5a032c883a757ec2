package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.Offload;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Bytes;
import io.qnet.wire.Ethernet;
import io.qnet.wire.Icmp;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import io.qnet.wire.Ipv6;
import io.qnet.wire.Tcp;
import io.qnet.wire.Udp;
import org.jspecify.annotations.Nullable;

/**
 * IPv6 from guests (RFC 8200 §3 and §4): checks the header, learns the sender's MAC address, goes through the extension headers, puts fragments together, and hands the packet to its transport.
 *
 * <p>Loop thread only.
 */
public final class Ipv6Input {
    /** Where the source's MAC address stands in a frame. */
    private static final int SOURCE_OFFSET = 6;

    private final LocalAddresses local;
    private final IpOutput output;
    private final Icmpv6Errors errors;
    private final Reassembler reassembler;
    private final AddressCache addresses;
    private final ByteBufAllocator allocator;
    private final Ipv6Headers headers = new Ipv6Headers();
    private final Ipv6Headers inner = new Ipv6Headers();
    private final InPacket packet;
    private final Frame reassembled = new Frame();
    private final @Nullable PacketHandler[] handlers = new @Nullable PacketHandler[256];
    private final Counter malformed;
    private final Counter badSource;
    private final Counter badDestination;
    private final Counter tooBig;
    private final Counter badHeader;
    private final Counter unknownProtocol;

    Ipv6Input(
            LocalAddresses local,
            IpOutput output,
            IcmpErrors errors,
            Reassembler reassembler,
            AddressCache addresses,
            ByteBufAllocator allocator,
            Counters counters) {
        this.local = local;
        this.output = output;
        this.errors = errors.ofIpv6();
        this.reassembler = reassembler;
        this.addresses = addresses;
        this.allocator = allocator;
        packet = new InPacket(allocator);
        malformed = counters.counter("drop.ipv6-malformed");
        badSource = counters.counter("drop.ipv6-source");
        badDestination = counters.counter("drop.ipv6-destination");
        tooBig = counters.counter("drop.ipv6-too-big");
        badHeader = counters.counter("drop.ipv6-extension-header");
        unknownProtocol = counters.counter("drop.protocol");
    }

    /** Has packets of this protocol given to {@code handler}. */
    public void handler(int protocol, PacketHandler handler) {
        handlers[protocol] = handler;
    }

    void onFrame(Frame frame, long nowNanos) {
        int at = frame.headIndex() + Ethernet.HEADER_LENGTH;
        int here = frame.headLength() - Ethernet.HEADER_LENGTH;
        if (!headers.wrap(frame.head(), at, here, frame.payloadLength())) {
            malformed.increment();
            return;
        }
        IpAddress source = addresses.get(headers.sourceHigh(), headers.sourceLow());
        IpAddress destination = addresses.get(headers.destinationHigh(), headers.destinationLow());
        if (!isSource(source)) {
            badSource.increment();
            return;
        }
        if (destination.isIpv4() || GuestNetwork.isHostInternal(destination)) {
            badDestination.increment();
            return;
        }
        boolean trusted = (frame.flags() & (Offload.NEEDS_CSUM | Offload.DATA_VALID)) != 0;
        packet.ends(source, destination).header(Ip.NO_NEXT_HEADER, headers.hopLimit(), headers.trafficClass(), trusted);
        packet.data(frame, at, at + Ipv6.HEADER_LENGTH, headers.totalLength() - Ipv6.HEADER_LENGTH);
        if (!source.equals(IpAddress.ANY6)) {
            output.learned(source, Ethernet.readAddress(frame.head(), frame.headIndex() + SOURCE_OFFSET));
        }
        if (frame.gsoType() == Offload.GSO_NONE && headers.totalLength() > output.mtu()) {
            tooBig.increment();
            errors.packetTooBig(packet, output.mtu(), nowNanos);
            return;
        }
        if (headers.hopLimit() == 0) {
            errors.timeExceeded(packet, nowNanos);
        } else {
            follow(headers, headers.walk(), at, false, nowNanos);
        }
    }

    void close() {
        packet.close();
    }

    /** RFC 4291 §2.5 and §2.7: neither a group nor the loopback is a source; an IPv4 address in IPv6 is not on any wire; ours are not a guest's. */
    private boolean isSource(IpAddress source) {
        return !source.isIpv4()
                && !GuestNetwork.isMulticast(source)
                && !(GuestNetwork.isHostInternal(source) && source.low() != 0)
                && !local.contains(source);
    }

    /** Does what the headers came to. */
    private void follow(
            Ipv6Headers read, Ipv6Headers.Outcome outcome, int ipIndex, boolean isPutTogether, long nowNanos) {
        switch (outcome) {
            case TRANSPORT -> dispatch(read, ipIndex, nowNanos);
            case FRAGMENT -> {
                if (isPutTogether) {
                    malformed.increment();
                } else {
                    onFragment(ipIndex, nowNanos);
                }
            }
            case DISCARD -> badHeader.increment();
            case PROBLEM -> {
                badHeader.increment();
                problem(read.problemCode(), read.problemPointer(), read.isProblemOfGroups(), nowNanos);
            }
            case MALFORMED -> malformed.increment();
        }
    }

    private void problem(int code, int pointer, boolean ofGroups, long nowNanos) {
        IpAddress to = packet.destination();
        errors.parameterProblem(packet, code, pointer, local.contains(to) ? to : null, ofGroups, nowNanos);
    }

    private void dispatch(Ipv6Headers read, int ipIndex, long nowNanos) {
        int protocol = read.protocol();
        packet.header(protocol, packet.ttl(), packet.trafficClass(), packet.isChecksumTrusted())
                .data(packet.frame(), ipIndex, read.reached(), read.lengthFromReached());
        PacketHandler handler = handlers[protocol];
        if (handler != null) {
            if (packet.source().equals(IpAddress.ANY6) && protocol != Ip.ICMPV6) {
                badSource.increment(); // no answer could reach it
            } else {
                handler.onPacket(packet, nowNanos);
            }
            return;
        }
        unknownProtocol.increment();
        if (protocol != Ip.NO_NEXT_HEADER && local.contains(packet.destination())) {
            problem(Ipv6Headers.UNKNOWN_HEADER, read.nextField(), false, nowNanos);
        }
    }

    private void onFragment(int ipIndex, long nowNanos) {
        int offset = headers.fragmentOffset();
        boolean more = headers.isMoreFragments();
        if (offset == 0 && !more) {
            // RFC 6946: it is whole, whatever others say that have its identification
            follow(headers, headers.walkBehindFragmentHeader(), ipIndex, true, nowNanos);
            return;
        }
        int length = headers.lengthFromReached() - Ipv6Headers.FRAGMENT_LENGTH;
        int fragmentField = headers.reached() + 2 - ipIndex;
        if (more && (length & 7) != 0) {
            badHeader.increment();
            problem(Ipv6Headers.ERRONEOUS_FIELD, Ipv6Headers.PAYLOAD_LENGTH_FIELD, false, nowNanos);
        } else if (offset + length > 0xffff) {
            badHeader.increment();
            problem(Ipv6Headers.ERRONEOUS_FIELD, fragmentField, false, nowNanos);
        } else if (offset == 0 && !holdsAllHeaders()) {
            badHeader.increment();
            problem(Ipv6Headers.INCOMPLETE_CHAIN, 0, false, nowNanos);
        } else {
            reassemble(offset, more, length, nowNanos);
        }
    }

    /** RFC 7112 §5: the first fragment holds every header up to the transport's. */
    private boolean holdsAllHeaders() {
        int fragmentHeader = headers.reached();
        boolean readable = headers.walkBehindFragmentHeader() != Ipv6Headers.Outcome.MALFORMED;
        int least = switch (headers.protocol()) {
            case Ip.TCP -> Tcp.HEADER_LENGTH;
            case Ip.UDP -> Udp.HEADER_LENGTH;
            case Ip.ICMPV6 -> Icmp.HEADER_LENGTH;
            default -> 0;
        };
        boolean all = readable && headers.hereFromReached() >= least;
        headers.backTo(fragmentHeader);
        return all;
    }

    private void reassemble(int offset, boolean more, int length, long nowNanos) {
        int index = headers.reached() + Ipv6Headers.FRAGMENT_LENGTH;
        packet.data(packet.frame(), packet.ipIndex(), index, length).makeContiguous();
        ByteBuf payload = reassembler.add(
                packet.source(),
                packet.destination(),
                headers.fragmentNextHeader(),
                headers.fragmentIdentification(),
                offset,
                more,
                packet.data(),
                packet.ipIndex(),
                packet.transportIndex(),
                length,
                nowNanos);
        if (payload == null) {
            return;
        }
        try {
            dispatchReassembled(payload, reassembler.completedProtocol(), nowNanos);
        } finally {
            payload.release();
        }
    }

    /** Gives the payload an IP header again, so that errors about it can quote one. */
    private void dispatchReassembled(ByteBuf payload, int protocol, long nowNanos) {
        int length = payload.readableBytes();
        ByteBuf whole = allocator.directBuffer(Ipv6.HEADER_LENGTH + length);
        try {
            IpAddress to = packet.destination();
            int hops = packet.ttl();
            Ipv6.write(whole, 0, packet.trafficClass(), 0, length, protocol, hops, packet.source(), to);
            Bytes.copy(payload, 0, whole, Ipv6.HEADER_LENGTH, length);
            reassembled.clear().head(whole, 0, Ipv6.HEADER_LENGTH + length);
            packet.data(reassembled, 0, Ipv6.HEADER_LENGTH, length)
                    .header(Ip.NO_NEXT_HEADER, hops, packet.trafficClass(), false);
            if (inner.wrap(whole, 0, Ipv6.HEADER_LENGTH + length, 0)) {
                follow(inner, inner.walkReassembled(), 0, true, nowNanos);
            } else {
                malformed.increment();
            }
        } finally {
            reassembled.clear();
            whole.release();
        }
    }
}
