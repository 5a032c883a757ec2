package io.qnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.qnet.wire.Ethernet;
import io.qnet.wire.Ip;
import io.qnet.wire.IpAddress;
import io.qnet.wire.Ipv4;
import io.qnet.wire.Ipv6;
import io.qnet.wire.Tcp;
import io.qnet.wire.Udp;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Segments are read back and summed here by code of the test's own. */
class SoftwareOffloadTest {
    private final Random random = new Random(7);
    private final SoftwareOffload offload = new SoftwareOffload();
    private final List<ByteBuf> made = new ArrayList<>();

    @AfterEach
    void releaseWhatWasMade() {
        made.forEach(ByteBuf::release);
    }

    @Test
    void cutsTcpOverIpv4() {
        Super sent = new Super(true, true, 0, 12, 5000);
        sent.flags = Tcp.ACK | Tcp.PSH | Tcp.FIN | Tcp.CWR;
        List<byte[]> segments = finish(sent.frame(1448));
        assertThat(segments).hasSize(4);
        for (int i = 0; i < 4; i++) {
            Parsed segment = new Parsed(segments.get(i));
            assertThat(segment.checksumsHold()).as("segment %s", i).isTrue();
            assertThat(segment.identification).isEqualTo(0xffff + i & 0xffff);
            assertThat(segment.sequence).isEqualTo(sent.sequence + i * 1448);
            int expected = Tcp.ACK | (i == 0 ? Tcp.CWR : 0) | (i == 3 ? Tcp.PSH | Tcp.FIN : 0);
            assertThat(segment.flags).as("segment %s", i).isEqualTo(expected);
        }
        assertThat(payload(segments)).isEqualTo(sent.payload);
    }

    @Test
    void cutsWhateverItIsGiven() {
        for (int round = 0; round < 3000; round++) {
            Super sent = new Super(
                    random.nextBoolean(),
                    random.nextBoolean(),
                    random.nextInt(3),
                    random.nextInt(11) * 4,
                    random.nextInt(9000));
            int gso = 1 + random.nextInt(1800);
            List<byte[]> segments = finish(sent.frame(gso));
            assertThat(segments).hasSize(Math.max(1, (sent.payload.length + gso - 1) / gso));
            for (byte[] each : segments) {
                assertThat(new Parsed(each).checksumsHold()).isTrue();
            }
            assertThat(payload(segments)).isEqualTo(sent.payload);
        }
    }

    @Test
    void stopsWhenTheBufferIsFullAndGoesOnWithWhatItKept() {
        Super sent = new Super(true, true, 0, 0, 10_000);
        Frame borrowed = sent.frame(1460);
        ByteBuf head = borrowed.head();
        ByteBuf staging = Unpooled.directBuffer(4000, 4000);
        ByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
        List<byte[]> segments = new ArrayList<>();
        assertThat(offload.begin(borrowed)).isTrue();
        assertThat(offload.pendingFrames()).isEqualTo(7);
        assertThat(offload.pendingBytes()).isEqualTo(10_000 + 7 * 54);
        while (offload.isPending()) {
            while (offload.isPending() && staging.writableBytes() >= offload.nextLength()) {
                byte[] segment = new byte[offload.next(staging)];
                staging.getBytes(staging.writerIndex() - segment.length, segment);
                segments.add(segment);
            }
            int left = offload.nextLength();
            if (left > 0) {
                assertThatThrownBy(() -> offload.next(staging)).isInstanceOf(IndexOutOfBoundsException.class);
            }
            offload.keep(allocator);
            head.setZero(0, head.capacity());
            borrowed.clear();
            staging.clear();
        }
        assertThat(segments).hasSize(7);
        assertThat(payload(segments)).isEqualTo(sent.payload);
        for (ByteBuf slice : sent.slices) {
            assertThat(slice.refCnt()).as("what was kept is released").isEqualTo(1);
        }
        staging.release();
    }

    @Test
    void completesAnOpenChecksum() {
        for (int round = 0; round < 500; round++) {
            Super sent = new Super(round % 2 == 0, random.nextBoolean(), round % 3, 0, random.nextInt(3000));
            List<byte[]> frames = finish(sent.frame(0));
            assertThat(frames).hasSize(1);
            assertThat(new Parsed(frames.get(0)).checksumsHold()).isTrue();
        }
    }

    @Test
    void aFinishedFrameComesOutAsItIs() {
        Frame frame = new Frame().head(Unpooled.wrappedBuffer(new byte[] {1, 2, 3}), 1, 2);
        assertThat(finish(frame)).containsExactly(new byte[] {2, 3});
    }

    @Test
    void aFrameThatLiesIsRefused() {
        Super tcp4 = new Super(true, true, 0, 0, 3000);
        assertThat(offload.begin(tcp4.frame(1000).gso(Offload.GSO_TCPV6, 1000, 54)))
                .isFalse();
        assertThat(offload.begin(tcp4.frame(1000).gso(Offload.GSO_UDP_L4, 1000, 54)))
                .isFalse();
        assertThat(offload.begin(tcp4.frame(1000).gso(Offload.GSO_TCPV4, 0, 54)))
                .isFalse();
        assertThat(offload.begin(tcp4.frame(1000).gso(3, 1000, 54))).isFalse();
        Frame open = tcp4.frame(0);
        assertThat(offload.begin(open.offload(Offload.NEEDS_CSUM, 0, 0, 0, 4000, 16)))
                .isFalse();
        assertThat(offload.begin(open.offload(Offload.NEEDS_CSUM, 0, 0, 0, 34, 65535)))
                .isFalse();
        for (int length = 0; length < 54; length++) {
            Frame cut =
                    new Frame().head(tcp4.frame(1000).head(), tcp4.frame(1000).headIndex(), length);
            cut.offload(Offload.NEEDS_CSUM, Offload.GSO_TCPV4, 54, 1000, 34, 16);
            assertThat(offload.begin(cut)).as("head of %s bytes", length).isFalse();
        }
        assertThat(offload.isPending()).isFalse();
    }

    private List<byte[]> finish(Frame frame) {
        ByteBuf staging = random.nextBoolean() ? Unpooled.directBuffer(200_000) : Unpooled.buffer(200_000);
        List<byte[]> frames = new ArrayList<>();
        assertThat(offload.begin(frame)).isTrue();
        while (offload.isPending()) {
            byte[] bytes = new byte[offload.nextLength()];
            assertThat(offload.next(staging)).isEqualTo(bytes.length);
            staging.readBytes(bytes);
            frames.add(bytes);
            staging.clear();
        }
        staging.release();
        return frames;
    }

    private static byte[] payload(List<byte[]> segments) {
        ByteBuf all = Unpooled.buffer();
        for (byte[] each : segments) {
            Parsed segment = new Parsed(each);
            all.writeBytes(each, segment.payloadAt, each.length - segment.payloadAt);
        }
        byte[] bytes = new byte[all.readableBytes()];
        all.readBytes(bytes);
        return bytes;
    }

    /** A super-frame with random addresses and payload, cut into head and slices at random. */
    private final class Super {
        final boolean tcp;
        final boolean ip4;
        final int tags;
        final int optionBytes;
        final byte[] payload;
        final int sequence = 0xffff_f000;
        final List<ByteBuf> slices = new ArrayList<>();
        int flags = Tcp.ACK;

        Super(boolean tcp, boolean ip4, int tags, int optionBytes, int payloadLength) {
            this.tcp = tcp;
            this.ip4 = ip4;
            this.tags = tags;
            this.optionBytes = tcp ? optionBytes : 0;
            payload = new byte[payloadLength];
            random.nextBytes(payload);
        }

        /** With GSO of that size, or for 0 with the checksum left open only. */
        Frame frame(int gsoSize) {
            int network = 14 + 4 * tags;
            int transport = network + (ip4 ? 20 : 40);
            int header = transport + (tcp ? 20 + optionBytes : 8);
            int length = header - transport + payload.length;
            int inHead = random.nextInt(payload.length + 1);
            int before = random.nextInt(8);
            ByteBuf head = Unpooled.buffer(before + header + inHead);
            random.nextBytes(head.array());
            Ethernet.write(head, before, 1, 2, Ethernet.TYPE_VLAN);
            for (int i = 0; i < tags; i++) {
                head.setShort(before + 16 + 4 * i, Ethernet.TYPE_VLAN);
            }
            head.setShort(before + network - 2, ip4 ? Ethernet.TYPE_IPV4 : Ethernet.TYPE_IPV6);
            int pseudo = writeNetwork(head, before + network, length);
            if (tcp) {
                Tcp.write(head, before + transport, 1, 2, sequence, 3, 20 + optionBytes, flags, 4, pseudo);
            } else {
                Udp.write(head, before + transport, 1, 2, length, pseudo);
            }
            head.setBytes(before + header, payload, 0, inHead);
            Frame frame = new Frame().head(head, before, header + inHead);
            addSlices(frame, inHead);
            frame.needsChecksum(transport, tcp ? 16 : 6);
            if (gsoSize > 0) {
                int type = tcp ? (ip4 ? Offload.GSO_TCPV4 : Offload.GSO_TCPV6) : Offload.GSO_UDP_L4;
                frame.gso(type, gsoSize, header);
            }
            return frame;
        }

        private void addSlices(Frame frame, int from) {
            int at = from;
            while (at < payload.length) {
                boolean last = frame.sliceCount() == Frame.MAX_SLICES - 1;
                int count = last ? payload.length - at : 1 + random.nextInt(payload.length - at);
                ByteBuf slice = Unpooled.directBuffer(count + 3).writeZero(3).writeBytes(payload, at, count);
                slices.add(slice);
                made.add(slice);
                frame.addSlice(slice, 3, count);
                at += count;
            }
        }

        private int writeNetwork(ByteBuf head, int at, int length) {
            int protocol = tcp ? Ip.TCP : Ip.UDP;
            if (ip4) {
                int source = random.nextInt();
                Ipv4.write(head, at, 0, 20 + length, 0xffff, Ipv4.DONT_FRAGMENT, 64, protocol, source, 7);
                return naive(head, at + 12, 8, protocol + length);
            }
            IpAddress source = new IpAddress(random.nextLong(), random.nextLong());
            Ipv6.write(head, at, 0, 0, length, protocol, 64, source, IpAddress.ANY6);
            return naive(head, at + 8, 32, protocol + length);
        }
    }

    /** Reads a frame with nothing but offsets of the RFCs. */
    private static final class Parsed {
        final ByteBuf frame;
        final int networkAt;
        final int transportAt;
        final int payloadAt;
        final int protocol;
        final boolean ip4;
        final int identification;
        final int sequence;
        final int flags;

        Parsed(byte[] bytes) {
            frame = Unpooled.wrappedBuffer(bytes);
            int at = 14;
            while (frame.getUnsignedShort(at - 2) == 0x8100) {
                at += 4;
            }
            networkAt = at;
            ip4 = frame.getUnsignedShort(at - 2) == 0x0800;
            transportAt = at + (ip4 ? 20 : 40);
            protocol = frame.getUnsignedByte(ip4 ? at + 9 : at + 6);
            int length = ip4 ? frame.getUnsignedShort(at + 2) : frame.getUnsignedShort(at + 4) + 40;
            assertThat(networkAt + length).as("the length in the IP header").isEqualTo(bytes.length);
            identification = ip4 ? frame.getUnsignedShort(at + 4) : 0;
            sequence = frame.getInt(transportAt + 4);
            flags = protocol == 6 ? frame.getUnsignedByte(transportAt + 13) : 0;
            payloadAt = transportAt + (protocol == 6 ? frame.getUnsignedByte(transportAt + 12) / 16 * 4 : 8);
        }

        boolean checksumsHold() {
            int length = frame.capacity() - transportAt;
            int sum = naive(frame, ip4 ? networkAt + 12 : networkAt + 8, ip4 ? 8 : 32, protocol + length);
            sum = naive(frame, transportAt, length, sum);
            boolean udpLength = protocol == 6 || frame.getUnsignedShort(transportAt + 4) == length;
            return sum == 0xffff && udpLength && (!ip4 || naive(frame, networkAt, 20, 0) == 0xffff);
        }
    }

    private static int naive(ByteBuf buffer, int index, int length, int start) {
        ByteBuffer bytes = ByteBuffer.allocate(length + 1);
        buffer.getBytes(index, bytes.array(), 0, length);
        long sum = start;
        for (int i = 0; i < length; i += 2) {
            sum += bytes.getShort(i) & 0xffff;
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (int) sum;
    }
}
