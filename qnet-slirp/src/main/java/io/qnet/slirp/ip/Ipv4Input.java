package io.qnet.slirp.ip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.qnet.Frame;
import io.qnet.Offload;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import io.qnet.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * IPv4 from guests (RFC 791 §3.2, RFC 1122 §3.2.1): checks the header, learns the sender's MAC address, puts fragments together, and hands the packet to its transport. Options are skipped.
 *
 * <p>Loop thread only.
 */
public final class Ipv4Input {
    private static final int MIN_HEADER_LENGTH = 20;
    private static final int FLAG_MORE = 0x2000;
    private static final int OFFSET_MASK = 0x1fff;

    private final GuestNetwork network;
    private final LocalAddresses local;
    private final IpOutput output;
    private final IcmpErrors errors;
    private final Reassembler reassembler;
    private final AddressCache addresses;
    private final ByteBufAllocator allocator;
    private final InPacket packet;
    private final Frame reassembled = new Frame();
    private final @Nullable PacketHandler[] handlers = new @Nullable PacketHandler[256];
    private final Counter malformed;
    private final Counter badChecksum;
    private final Counter badSource;
    private final Counter unknownProtocol;

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
    }

    /** Has packets of this protocol given to {@code handler}. */
    public void handler(int protocol, PacketHandler handler) {
        handlers[protocol] = handler;
    }

    void onFrame(Frame frame, long nowNanos) {
        ByteBuf data = frame.head();
        int at = frame.headIndex() + Ethernet.HEADER_LENGTH;
        int available = frame.length() - Ethernet.HEADER_LENGTH;
        int inHead = frame.headLength() - Ethernet.HEADER_LENGTH;
        if (inHead < MIN_HEADER_LENGTH) {
            malformed.increment();
            return;
        }
        int headerLength = (data.getByte(at) & 0xf) * 4;
        int totalLength = data.getUnsignedShort(at + 2);
        if ((data.getByte(at) >>> 4) != 4
                || headerLength < MIN_HEADER_LENGTH
                || headerLength > inHead
                || totalLength < headerLength
                || totalLength > available) {
            malformed.increment();
            return;
        }
        boolean trusted = (frame.flags() & (Offload.NEEDS_CSUM | Offload.DATA_VALID)) != 0;
        if (!trusted && Checksum.complement(Checksum.sum(data, at, headerLength)) != 0) {
            badChecksum.increment();
            return;
        }
        IpAddress source = addresses.ipv4(data.getInt(at + 12));
        if (!isAcceptable(source)) {
            badSource.increment();
            return;
        }
        if (source.ipv4() != 0) {
            output.learned(source, Ethernet.source(data, frame.headIndex()));
        }
        packet.ends(source, addresses.ipv4(data.getInt(at + 16)))
                .header(
                        data.getUnsignedByte(at + 9),
                        data.getUnsignedByte(at + 8),
                        data.getUnsignedByte(at + 1),
                        trusted)
                .data(frame, at, at + headerLength, totalLength - headerLength);
        if (packet.ttl() == 0) {
            errors.timeExceeded(packet, nowNanos);
        } else if ((data.getUnsignedShort(at + 6) & (FLAG_MORE | OFFSET_MASK)) != 0) {
            onFragment(nowNanos);
        } else {
            dispatch(nowNanos);
        }
    }

    void close() {
        packet.close();
    }

    /** A guest's own address, or none yet (DHCP); not one of ours, and none that cannot be a source (RFC 1122 §3.2.1.3). */
    private boolean isAcceptable(IpAddress source) {
        if (source.ipv4() == 0) {
            return true;
        }
        return !GuestNetwork.isHostInternal(source)
                && !GuestNetwork.isMulticast(source)
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
        packet.makeContiguous();
        ByteBuf data = packet.data();
        int flagsAndOffset = data.getUnsignedShort(packet.ipIndex() + 6);
        int id = data.getUnsignedShort(packet.ipIndex() + 4);
        ByteBuf payload = reassembler.add(
                packet.source(),
                packet.destination(),
                packet.protocol(),
                id,
                (flagsAndOffset & OFFSET_MASK) << 3,
                (flagsAndOffset & FLAG_MORE) != 0,
                data,
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
        ByteBuf whole = allocator.directBuffer(MIN_HEADER_LENGTH + length);
        try {
            whole.setShort(0, 0x4500 | packet.trafficClass());
            whole.setShort(2, MIN_HEADER_LENGTH + length);
            whole.setInt(4, id << 16);
            whole.setShort(8, packet.ttl() << 8 | packet.protocol());
            whole.setShort(10, 0);
            whole.setInt(12, packet.source().ipv4());
            whole.setInt(16, packet.destination().ipv4());
            whole.setShort(10, Checksum.complement(Checksum.sum(whole, 0, MIN_HEADER_LENGTH)));
            whole.setBytes(MIN_HEADER_LENGTH, payload, 0, length);
            reassembled.clear().head(whole, 0, MIN_HEADER_LENGTH + length);
            packet.data(reassembled, 0, MIN_HEADER_LENGTH, length)
                    .header(packet.protocol(), packet.ttl(), packet.trafficClass(), false);
            dispatch(nowNanos);
        } finally {
            reassembled.clear();
            whole.release();
        }
    }
}
