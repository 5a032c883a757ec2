package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.Offload;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.Bytes;
import io.qnet.wire.Ethernet;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import io.qnet.wire.Ipv4;
import io.qnet.wire.Ipv4View;
import org.jspecify.annotations.Nullable;

/**
 * IPv4 from guests (RFC 791 §3.2, RFC 1122 §3.2.1): checks the header, learns the sender's MAC address, puts fragments together, and hands the packet to its transport. Options are skipped.
 *
 * <p>Loop thread only.
 */
public final class Ipv4Input {
    /** Where the source's MAC address stands in a frame. */
    private static final int SOURCE_OFFSET = 6;

    private final GuestNetwork network;
    private final LocalAddresses local;
    private final IpOutput output;
    private final IcmpErrors errors;
    private final Reassembler reassembler;
    private final AddressCache addresses;
    private final ByteBufAllocator allocator;
    private final Ipv4View view = new Ipv4View();
    private final InPacket packet;
    private final Frame reassembled = new Frame();
    private final @Nullable PacketHandler[] handlers = new @Nullable PacketHandler[256];
    private final Counter malformed;
    private final Counter badChecksum;
    private final Counter badSource;
    private final Counter unknownProtocol;
    private final Counter ttlUsedUp;

    Ipv4Input(
            GuestNetwork network,
            LocalAddresses local,
            IpOutput output,
            IcmpErrors errors,
            Reassembler reassembler,
            AddressCache addresses,
            ByteBufAllocator allocator,
            Counters counters) {
        this.network = network;
        this.local = local;
        this.output = output;
        this.errors = errors;
        this.reassembler = reassembler;
        this.addresses = addresses;
        this.allocator = allocator;
        packet = new InPacket(allocator);
        malformed = counters.counter("drop.ipv4-malformed");
        badChecksum = counters.counter("drop.ipv4-checksum");
        badSource = counters.counter("drop.ipv4-source");
        unknownProtocol = counters.counter("drop.protocol");
        ttlUsedUp = counters.counter("drop.ipv4-ttl");
    }

    /** Has packets of this protocol given to {@code handler}. */
    public void handler(int protocol, PacketHandler handler) {
        handlers[protocol] = handler;
    }

    void onFrame(Frame frame, long nowNanos) {
        int at = frame.headIndex() + Ethernet.HEADER_LENGTH;
        if (!view.wrap(frame.head(), at, frame.headLength() - Ethernet.HEADER_LENGTH, frame.payloadLength())) {
            malformed.increment();
            return;
        }
        boolean trusted = (frame.flags() & (Offload.NEEDS_CSUM | Offload.DATA_VALID)) != 0;
        if (!trusted && !view.isChecksumValid()) {
            badChecksum.increment();
            return;
        }
        IpAddress source = addresses.ipv4(view.source());
        if (!isAcceptable(source, view.protocol())) {
            badSource.increment();
            return;
        }
        if (view.source() != 0) {
            output.learned(source, Ethernet.readAddress(frame.head(), frame.headIndex() + SOURCE_OFFSET));
        }
        packet.ends(source, addresses.ipv4(view.destination()))
                .header(view.protocol(), view.ttl(), view.typeOfService(), trusted)
                .data(frame, at, view.payloadIndex(), view.payloadLength());
        if (view.ttl() == 0) {
            // RFC 1122 §3.2.2: nothing is said about any fragment but the first
            ttlUsedUp.increment();
            if (view.fragmentOffset() == 0) {
                errors.timeExceeded(packet, nowNanos);
            }
        } else if (view.isFragment()) {
            onFragment(nowNanos);
        } else {
            dispatch(nowNanos);
        }
    }

    void close() {
        packet.close();
    }

    /** A guest's own address, or none yet (DHCP, so UDP); not one of ours, and none that cannot be a source (RFC 1122 §3.2.1.3). */
    private boolean isAcceptable(IpAddress source, int protocol) {
        if (source.ipv4() == 0) {
            return protocol == Ip.UDP;
        }
        return !GuestNetwork.isHostInternal(source)
                && !GuestNetwork.isMulticast(source)
                && !GuestNetwork.isReserved(source)
                && !network.isBroadcast(source)
                && !local.contains(source);
    }

    private void dispatch(long nowNanos) {
        PacketHandler handler = handlers[packet.protocol()];
        if (handler == null) {
            unknownProtocol.increment();
        } else {
            handler.onPacket(packet, nowNanos);
        }
    }

    private void onFragment(long nowNanos) {
        int id = view.identification();
        int offset = view.fragmentOffset();
        boolean more = view.isMoreFragments();
        packet.makeContiguous();
        ByteBuf payload = reassembler.add(
                packet.source(),
                packet.destination(),
                packet.protocol(),
                id,
                offset,
                more,
                packet.data(),
                packet.ipIndex(),
                packet.transportIndex(),
                packet.transportLength(),
                nowNanos);
        if (payload == null) {
            return;
        }
        try {
            dispatchReassembled(payload, id, nowNanos);
        } finally {
            payload.release();
        }
    }

    /** Gives the payload an IP header again, so that errors about it can quote one. */
    private void dispatchReassembled(ByteBuf payload, int id, long nowNanos) {
        int length = payload.readableBytes();
        ByteBuf whole = allocator.directBuffer(Ipv4.HEADER_LENGTH + length);
        try {
            Ipv4.write(
                    whole,
                    0,
                    packet.trafficClass(),
                    Ipv4.HEADER_LENGTH + length,
                    id,
                    0,
                    packet.ttl(),
                    packet.protocol(),
                    packet.source().ipv4(),
                    packet.destination().ipv4());
            Bytes.copy(payload, 0, whole, Ipv4.HEADER_LENGTH, length);
            reassembled.clear().head(whole, 0, Ipv4.HEADER_LENGTH + length);
            packet.data(reassembled, 0, Ipv4.HEADER_LENGTH, length)
                    .header(packet.protocol(), packet.ttl(), packet.trafficClass(), false);
            dispatch(nowNanos);
        } finally {
            reassembled.clear();
            whole.release();
        }
    }
}
