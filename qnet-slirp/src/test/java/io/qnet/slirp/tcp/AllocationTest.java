package io.qnet.slirp.tcp;

import static io.qnet.slirp.tcp.TcpDialogue.IRS;
import static io.qnet.slirp.tcp.TcpDialogue.ISS;
import static io.qnet.wire.Tcp.ACK;
import static io.qnet.wire.Tcp.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.qnet.Frame;
import io.qnet.host.HostStream;
import io.qnet.slirp.ip.FakeGuestOutput;
import io.qnet.slirp.tcp.Opener.Decision;
import io.qnet.stat.Counters;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.junit.jupiter.api.Test;

/** The engine allocates nothing for a segment, once it runs. */
class AllocationTest {
    private static final int SEGMENTS = 1_000_000;
    private static final int WARM_UP = 300_000;
    private static final int PAYLOAD = 1460;
    private static final int TURN = 32;

    private static final UnpooledByteBufAllocator ALLOCATOR = new UnpooledByteBufAllocator(true, true);

    private final FakeLoop loop = new FakeLoop(PooledByteBufAllocator.DEFAULT, 1L << 40);
    private int sentEnd = ISS + 1;
    private int ackedByQnet;
    private long segmentsOut;
    private final FakeGuestOutput output = new FakeGuestOutput(sent -> {
        int at = sent.transportIndex;
        int payload = sent.frame.payloadLength();
        sentEnd = payload == 0 ? sentEnd : sent.head.getInt(at + 4) + payload;
        ackedByQnet = sent.head.getInt(at + 8);
        segmentsOut++;
    });
    private final SinkStream host = new SinkStream();
    private final TcpStack stack = new TcpStack(
            TcpConfig.DEFAULT,
            loop,
            output,
            (flow, handler) -> {
                host.handler = handler;
                return new Decision.Accept(host);
            },
            (flow, error, packet) -> {
                throw new AssertionError(error);
            },
            new MemoryBudget(MemoryBudget.DEFAULT_BYTES),
            new Counters(),
            new TcpStack.IssSource() {
                @Override
                public int iss(TcpFlow flow, long nowNanos) {
                    return ISS;
                }

                @Override
                public int timestampOffset(TcpFlow flow) {
                    return 0;
                }
            },
            1);

    private Frame frame;
    private int tcpLength;

    @Test
    void fromTheGuest() {
        establish();
        prepare(PAYLOAD);
        int seq = sendFromGuest(IRS + 1, WARM_UP);
        long before = allocated();
        seq = sendFromGuest(seq, SEGMENTS);
        long bytes = allocated() - before;
        assertThat(host.written).isEqualTo((long) (WARM_UP + SEGMENTS) * PAYLOAD);
        assertThat(ackedByQnet).isEqualTo(seq);
        assertThat(bytes).isLessThan(SEGMENTS);
        end();
    }

    @Test
    void toTheGuest() {
        output.maxGsoBytes = PAYLOAD;
        establish();
        prepare(0);
        ByteBuf data = ALLOCATOR.directBuffer(65_536).writeZero(65_536);
        sendToGuest(data, WARM_UP);
        long before = allocated();
        long outBefore = segmentsOut;
        sendToGuest(data, SEGMENTS);
        long bytes = allocated() - before;
        assertThat(segmentsOut - outBefore).isGreaterThanOrEqualTo(SEGMENTS);
        assertThat(bytes).isLessThan(SEGMENTS);
        end();
        assertThat(data.refCnt()).isEqualTo(1);
        data.release();
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    private void establish() {
        byte[] options = GuestFrames.join(
                GuestFrames.mss(PAYLOAD + 12),
                GuestFrames.sackPermitted(),
                GuestFrames.timestamps(1, 0),
                GuestFrames.windowScale(7));
        deliver(GuestFrames.tcp(40_000, 80, IRS, 0, SYN, 65_535, options, new byte[0]));
        host.handler.onConnected();
        stack.transmitDue(loop.nowNanos);
        deliver(GuestFrames.tcp(40_000, 80, IRS + 1, ISS + 1, ACK, 65_535, stamps(), new byte[0]));
        stack.transmitDue(loop.nowNanos);
    }

    private static byte[] stamps() {
        return GuestFrames.timestamps(1, 1);
    }

    private void deliver(byte[] tcp) {
        Frame once = GuestFrames.contiguous(ALLOCATOR, tcp);
        onSegment(once, tcp.length);
        once.release();
    }

    private void onSegment(Frame segment, int length) {
        TcpFlow flow = TcpDialogue.FLOW;
        stack.onSegment(
                segment,
                GuestFrames.IP_OFFSET,
                GuestFrames.TCP_OFFSET,
                length,
                flow.guest(),
                flow.host(),
                loop.nowNanos);
    }

    private void prepare(int payload) {
        byte[] tcp = GuestFrames.tcp(40_000, 80, 0, 0, ACK, 65_535, stamps(), new byte[payload]);
        frame = GuestFrames.contiguous(ALLOCATOR, tcp);
        tcpLength = tcp.length;
    }

    /** Every tenth turn two segments change places. */
    private int sendFromGuest(int from, int segments) {
        int seq = from;
        for (int i = 0; i < segments; i += TURN) {
            loop.nowNanos += 20_000;
            for (int j = 0; j < TURN; j++) {
                int place = i % (10 * TURN) == 0 && (j == 4 || j == 5) ? 9 - j : j;
                put(seq + place * PAYLOAD, sentEnd);
                onSegment(frame, tcpLength);
            }
            seq += TURN * PAYLOAD;
            turn();
        }
        return seq;
    }

    private void sendToGuest(ByteBuf data, int segments) {
        long end = segmentsOut + segments;
        while (segmentsOut < end) {
            loop.nowNanos += 20_000;
            while (host.credit > 0) {
                host.credit -= 65_536;
                host.handler.onData(data.retain());
            }
            turn();
            put(IRS + 1, sentEnd);
            onSegment(frame, tcpLength);
            turn();
        }
    }

    private void put(int seq, int ack) {
        frame.head().setInt(GuestFrames.TCP_OFFSET + 4, seq);
        frame.head().setInt(GuestFrames.TCP_OFFSET + 8, ack);
    }

    private void turn() {
        loop.timers.expire(loop.nowNanos);
        stack.transmitDue(loop.nowNanos);
    }

    private void end() {
        stack.close();
        frame.release();
    }

    /** A host that takes everything. */
    private static final class SinkStream implements HostStream {
        private static final SocketAddress NOWHERE = new InetSocketAddress(0);
        private HostStream.Handler handler;
        private long credit;
        private long written;

        @Override
        public void setReadCredit(long bytes) {
            credit = bytes;
        }

        @Override
        public void write(ByteBuf source, int index, int length) {
            written += length;
        }

        @Override
        public void flush() {}

        @Override
        public long pendingBytes() {
            return 0;
        }

        @Override
        public void shutdownOutput() {}

        @Override
        public void reset() {}

        @Override
        public void close() {}

        @Override
        public SocketAddress localAddress() {
            return NOWHERE;
        }

        @Override
        public SocketAddress remoteAddress() {
            return NOWHERE;
        }
    }
}
