package io.qnet.testkit;

import io.qnet.loop.Timer;
import io.qnet.testkit.codec.Bytes;
import java.net.InetAddress;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Puts IPv4 fragments together (RFC 815), for at most 30 seconds a packet. */
final class Ipv4Reassembly {
    private static final int MOST_PACKETS = 64;
    private static final long LIFE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private record Key(InetAddress source, InetAddress destination, int protocol, int id) {}

    private final GuestStack stack;
    private final Map<Key, Packet> packets = new LinkedHashMap<>();

    /** One packet of which something has come. */
    private final class Packet extends Timer {
        final Key key;
        final byte[] data = new byte[65_535];
        /** In units of eight bytes. */
        final BitSet present = new BitSet();

        int total = -1;
        int ttl;

        Packet(Key key) {
            this.key = key;
        }

        @Override
        protected void onTimer(long nowNanos) {
            packets.remove(key);
        }
    }

    Ipv4Reassembly(GuestStack stack) {
        this.stack = stack;
    }

    void onFragment(byte[] frame, int headerAt, int at, int length, boolean unicast) {
        int flags = Bytes.u16(frame, headerAt + 6);
        boolean more = (flags & 0x2000) != 0;
        int offset = (flags & 0x1fff) * 8;
        if ((more && length % 8 != 0) || offset + length > 65_535 - 20 || length == 0) {
            stack.violations.add("malformed fragment", frame);
            return;
        }
        Key key = new Key(
                Ipv4Layer.address(frame, headerAt + 12),
                Ipv4Layer.address(frame, headerAt + 16),
                Bytes.u8(frame, headerAt + 9),
                Bytes.u16(frame, headerAt + 4));
        Packet packet = packets.get(key);
        if (packet == null) {
            packet = begin(key);
        }
        System.arraycopy(frame, at, packet.data, offset, length);
        packet.present.set(offset / 8, (offset + length + 7) / 8);
        packet.ttl = Bytes.u8(frame, headerAt + 8);
        if (!more) {
            packet.total = offset + length;
        }
        if (packet.total >= 0 && packet.present.nextClearBit(0) >= (packet.total + 7) / 8) {
            packets.remove(key);
            stack.loop.timers().cancel(packet);
            int protocol = key.protocol();
            stack.deliver(new IpIn(
                    key.source(), key.destination(), unicast, protocol, packet.ttl, packet.data, -1, 0, packet.total));
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
