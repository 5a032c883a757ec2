package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.Frame;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostEcho;
import io.qnet.host.HostError;
import io.qnet.host.HostListener;
import io.qnet.host.HostNetwork;
import io.qnet.host.HostStream;
import io.qnet.loop.Loop;
import io.qnet.option.NetdevSchemas;
import io.qnet.slirp.ip.GuestPort;
import io.qnet.stat.Counters;
import io.qnet.testkit.VirtualNetwork;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A flow that goes on allocates nothing in the user netdev's own layers. */
class AllocationTest {
    private static final int WARM_UP = 200_000;
    private static final int FRAMES = 1_000_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final VirtualNetwork net = VirtualNetwork.open(1);
    private final Loop loop = net.network().loop();
    private final EchoingHost host = new EchoingHost();
    private final CountingPort port = new CountingPort();
    private final Counters counters = new Counters();
    private final UserStack stack = new UserStack(settings(), port, host, loop, new Random(1), counters);
    private final Frame frame = new Frame();

    private static UserSettings settings() {
        return UserSettings.of(
                (UserNetdevConfig) new UserNetdevProvider().configure("u", NetdevSchemas.USER.parse("")));
    }

    @AfterEach
    void close() {
        stack.close();
        net.close();
    }

    /** Bytes a frame after warm-up. */
    private double allocated(byte[]... frames) {
        ByteBuf[] buffers = new ByteBuf[frames.length];
        for (int i = 0; i < frames.length; i++) {
            buffers[i] = Unpooled.directBuffer().writeBytes(frames[i]);
        }
        run(WARM_UP, buffers);
        int sentBefore = port.frames;
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        run(FRAMES, buffers);
        long after = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        assertThat(port.frames - sentBefore).as("answers; %s", counters).isEqualTo(FRAMES);
        for (ByteBuf buffer : buffers) {
            buffer.release();
        }
        return (double) (after - before) / FRAMES;
    }

    private void run(int count, ByteBuf[] buffers) {
        for (int i = 0; i < count; i++) {
            ByteBuf buffer = buffers[i % buffers.length];
            frame.clear().head(buffer, 0, buffer.writerIndex());
            stack.onFrame(frame, 1);
        }
    }

    @Test
    void echoesOfTheGateway() {
        assertThat(allocated(RawFrames.echoRequest("10.0.2.15", "10.0.2.2", 1, 1, new byte[1400])))
                .isLessThan(1);
    }

    @Test
    void datagramsOfTwoGuestsBothWays() {
        assertThat(allocated(
                        RawFrames.udp("10.0.2.15", 4000, "10.0.2.2", 5000, new byte[1400]),
                        RawFrames.udp("10.0.2.15", 4000, "10.0.2.2", 5000, new byte[14])))
                .isLessThan(1);
    }

    @Test
    void echoesOfTheGatewayOverIpv6() {
        assertThat(allocated(RawFrames6.echoRequest(RawFrames6.GUEST, "fec0::2", 1, 1, new byte[1400])))
                .isLessThan(1);
    }

    @Test
    void datagramsOfTwoGuestsBothWaysOverIpv6() {
        byte[] padding = {1, 4, 0, 0, 0, 0};
        byte[] plain = RawFrames6.udp(RawFrames6.GUEST, 4000, "fec0::2", 5000, new byte[1400]);
        byte[] optional = RawFrames6.udp(RawFrames6.GUEST, 4000, "fec0::2", 5000, new byte[14]);
        assertThat(allocated(plain, RawFrames6.withHeader(optional, RawFrames6.DESTINATION_OPTIONS, padding)))
                .isLessThan(1);
    }

    private static final class CountingPort implements GuestPort {
        private int frames;

        @Override
        public boolean send(Frame frame) {
            frames++;
            return true;
        }

        @Override
        public void sendOrQueue(Frame frame) {
            frames++;
        }

        @Override
        public int guestTakes() {
            return 0;
        }
    }

    /** Sends every datagram back at once, which a real host never does from within the call. */
    private static final class EchoingHost implements HostNetwork {
        @Override
        public HostDatagrams openDatagrams(InetSocketAddress local, HostDatagrams.Handler handler) {
            return new HostDatagrams() {
                @Override
                public HostError send(ByteBuf source, int index, int length, InetSocketAddress to, int ttl) {
                    source.readerIndex(index);
                    handler.onDatagram(source, to);
                    return null;
                }

                @Override
                public void setReading(boolean reading) {}

                @Override
                public InetSocketAddress localAddress() {
                    return local;
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public HostStream connect(
                SocketAddress remote, InetSocketAddress local, long timeoutNanos, HostStream.Handler handler) {
            throw new UnsupportedOperationException();
        }

        @Override
        public HostListener listen(SocketAddress local, HostListener.Handler handler) {
            throw new UnsupportedOperationException();
        }

        @Override
        public HostEcho openEcho(boolean ipv6, HostEcho.Handler handler) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<InetSocketAddress> resolvers() {
            return List.of();
        }

        @Override
        public int descriptorLimit() {
            return 1000;
        }

        @Override
        public void close() {}
    }
}
