package io.qnet.testkit;

import io.qnet.loop.Timer;
import io.qnet.testkit.codec.Bytes;
import java.net.InetAddress;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Puts IPv6 fragments together (RFC 8200 §4.5), for at most 60 seconds a packet. Overlaps are violations (RFC 5722). */
final class Ipv6Reassembly {
    private static final int MOST_PACKETS = 64;
    private static final long LIFE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int HEADER = 8;

    private record Key(InetAddress source, InetAddress destination, int id) {}

    private final GuestStack stack;
    private final Map<Key, Packet> packets = new LinkedHashMap<>();

    /** One packet of which something has come. */
    private final class Packet extends Timer {
        final Key key;
        final byte[] data = new byte[65_536];
        /** In units of eight bytes. */
        final BitSet present = new BitSet();

        int total = -1;
        int protocol;

        Packet(Key key) {
            this.key = key;
        }

        @Override
        protected void onTimer(long nowNanos) {
            packets.remove(key);
        }
    }

    Ipv6Reassembly(GuestStack stack) {
        this.stack = stack;
    }

    void onFragment(byte[] frame, int at, int payloadLength, boolean unicast) {
        int length = payloadLength - HEADER;
        boolean more = length >= 0 && (frame[at + 3] & 1) != 0;
        int offset = length < 0 ? 0 : Bytes.u16(frame, at + 2) & 0xfff8;
        if (length <= 0 || (more && length % 8 != 0) || offset + length > 65_535 || (!more && offset == 0)) {
            stack.violations.add("malformed or needless IPv6 fragment", frame);
            return;
        }
        int ip = GuestStack.ETHERNET;
        Key key =
                new Key(Ipv6Layer.address(frame, ip + 8), Ipv6Layer.address(frame, ip + 24), Bytes.i32(frame, at + 4));
        Packet packet = packets.get(key);
        if (packet == null) {
            packet = begin(key);
        }
        if (!packet.present.get(offset / 8, (offset + length + 7) / 8).isEmpty()) {
            stack.violations.add("overlapping IPv6 fragments", frame);
        }
        System.arraycopy(frame, at + HEADER, packet.data, offset, length);
        packet.present.set(offset / 8, (offset + length + 7) / 8);
        if (offset == 0) {
            packet.protocol = Bytes.u8(frame, at);
        }
        if (!more) {
            packet.total = offset + length;
        }
        if (packet.total >= 0 && packet.present.nextClearBit(0) >= (packet.total + 7) / 8) {
            packets.remove(key);
            stack.loop.timers().cancel(packet);
            int hopLimit = Bytes.u8(frame, ip + 7);
            InetAddress to = key.destination();
            stack.deliver(
                    new IpIn(key.source(), to, unicast, packet.protocol, hopLimit, packet.data, -1, 0, packet.total));
        }
    }

    void close() {
        packets.values().forEach(stack.loop.timers()::cancel);
        packets.clear();
    }

    private Packet begin(Key key) {
        if (packets.size() >= MOST_PACKETS) {
            Packet oldest = packets.values().iterator().next();
            packets.remove(oldest.key);
            stack.loop.timers().cancel(oldest);
        }
        Packet packet = new Packet(key);
        packets.put(key, packet);
        stack.loop.timers().arm(packet, stack.loop.nowNanos() + LIFE_NANOS);
        return packet;
    }
}
