package io.qnet.slirp.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostError;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Datagrams sent and received many at once: the same datagrams, in order, cut where they were. */
@Timeout(120)
class DatagramBatchesTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private HostFixture fixture;
    private DatagramSocket far;
    private InetSocketAddress farAddress;
    private final Recorded recorded = new Recorded();
    private HostDatagrams near;

    @BeforeEach
    void open() throws Exception {
        assumeTrue(Transport.EPOLL.isAvailable(), "epoll is not available");
        fixture = new HostFixture(Transport.EPOLL);
        far = new DatagramSocket(0, LOOPBACK);
        far.setReceiveBufferSize(4 << 20);
        far.setSoTimeout((int) HostFixture.LIMIT.toMillis());
        farAddress = (InetSocketAddress) far.getLocalSocketAddress();
        fixture.run(() -> fixture.network.nativeCalls().load(() -> {}));
        fixture.until(() -> fixture.network.nativeCalls().get() != null);
        near = open(recorded);
    }

    @AfterEach
    void close() throws Exception {
        far.close();
        fixture.close();
    }

    private HostDatagrams open(HostDatagrams.Handler handler) {
        return fixture.call(() -> fixture.network.openDatagrams(new InetSocketAddress(LOOPBACK, 0), handler));
    }

    private static byte[] payload(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private void sendInOneTurn(int... lengths) {
        fixture.run(() -> {
            for (int i = 0; i < lengths.length; i++) {
                send(near, payload(lengths[i], i), farAddress, 0);
            }
        });
    }

    private static void send(HostDatagrams socket, byte[] bytes, InetSocketAddress to, int ttl) {
        assertThat(socket.send(Unpooled.wrappedBuffer(bytes), 0, bytes.length, to, ttl))
                .isNull();
    }

    private void expectInOrder(int... lengths) throws Exception {
        DatagramPacket packet = new DatagramPacket(new byte[70_000], 70_000);
        for (int i = 0; i < lengths.length; i++) {
            far.receive(packet);
            assertThat(Arrays.copyOf(packet.getData(), packet.getLength()))
                    .as("datagram %s", i)
                    .isEqualTo(payload(lengths[i], i));
            packet.setLength(70_000);
        }
    }

    @Test
    void equalOnesAndOthersArriveAsTheyWereSent() throws Exception {
        int[] lengths = new int[300];
        Arrays.fill(lengths, 0, 150, 1400);
        Arrays.fill(lengths, 150, 300, 1000);
        lengths[70] = 10;
        lengths[71] = 0;
        lengths[72] = 0;
        lengths[100] = 1401;
        lengths[200] = 65_507;
        lengths[201] = 1;
        sendInOneTurn(lengths);
        expectInOrder(lengths);
    }

    @Test
    void whatIsTooLargeIsRefusedAtOnce() throws Exception {
        HostError error =
                fixture.call(() -> near.send(Unpooled.wrappedBuffer(new byte[65_508]), 0, 65_508, farAddress, 0));
        assertThat(error).isEqualTo(HostError.MESSAGE_TOO_LARGE);
        sendInOneTurn(3);
        expectInOrder(3);
    }

    @Test
    void socketsAndAddressesInTurnAreToldApart() throws Exception {
        HostDatagrams other = open(new Recorded());
        try (DatagramSocket second = new DatagramSocket(0, LOOPBACK)) {
            second.setSoTimeout((int) HostFixture.LIMIT.toMillis());
            InetSocketAddress secondAddress = (InetSocketAddress) second.getLocalSocketAddress();
            fixture.run(() -> {
                for (int i = 0; i < 40; i++) {
                    send(i % 2 == 0 ? near : other, payload(100, i), i % 4 < 2 ? farAddress : secondAddress, 0);
                }
            });
            DatagramPacket packet = new DatagramPacket(new byte[200], 200);
            for (int i = 0; i < 40; i++) {
                (i % 4 < 2 ? far : second).receive(packet);
                assertThat(Arrays.copyOf(packet.getData(), packet.getLength())).isEqualTo(payload(100, i));
                assertThat(packet.getSocketAddress()).isEqualTo((i % 2 == 0 ? near : other).localAddress());
            }
        }
    }

    @Test
    void anotherTtlIsOfThoseAfterIt() throws Exception {
        fixture.run(() -> {
            for (int i = 0; i < 10; i++) {
                send(near, payload(100, i), farAddress, 10 + i);
            }
        });
        expectInOrder(100, 100, 100, 100, 100, 100, 100, 100, 100, 100);
    }

    @Test
    void aSocketThatClosesSendsWhatItWasGiven() throws Exception {
        fixture.run(() -> {
            send(near, payload(5, 0), farAddress, 0);
            send(near, payload(5, 1), farAddress, 0);
            near.close();
        });
        expectInOrder(5, 5);
    }

    @Test
    void aClosedPortHoldsUpNobodyElse() throws Exception {
        InetSocketAddress gone;
        try (DatagramSocket closed = new DatagramSocket(0, LOOPBACK)) {
            gone = (InetSocketAddress) closed.getLocalSocketAddress();
        }
        for (int round = 0; round < 20; round++) {
            fixture.run(() -> {
                for (int i = 0; i < 3; i++) {
                    send(near, new byte[50], gone, 0);
                    send(near, payload(60, i), farAddress, 0);
                }
            });
            expectInOrder(60, 60, 60);
        }
        fixture.until(() -> recorded.errors.size() >= 20);
        assertThat(recorded.errors).allMatch(text -> text.equals("REFUSED to " + gone));
    }

    @Test
    void whereThereIsNoWayIsToldOfEachMessage() {
        InetSocketAddress nowhere = new InetSocketAddress("240.0.0.1", 9);
        fixture.run(() -> {
            for (int i = 0; i < 5; i++) {
                send(near, new byte[50], nowhere, 0);
            }
            assertThat(recorded.errors).isEmpty();
        });
        fixture.until(() -> !recorded.errors.isEmpty());
    }

    @Test
    void manyAreReceivedInOrderWithEmptyOnesAmongThem() throws Exception {
        for (int i = 0; i < 200; i++) {
            byte[] bytes = payload(i % 7 == 0 ? 0 : 1200, i);
            far.send(new DatagramPacket(bytes, bytes.length, near.localAddress()));
            if (i % 40 == 39) {
                int sent = i + 1;
                fixture.until(() -> recorded.data.size() == sent); // or the socket's buffer overflows
            }
        }
        for (int i = 0; i < 200; i++) {
            assertThat(recorded.data.get(i)).as("datagram %s", i).isEqualTo(payload(i % 7 == 0 ? 0 : 1200, i));
        }
        assertThat(recorded.from).allMatch(farAddress::equals);
    }

    @Test
    void whatTheKernelHasJoinedIsCutAgain() throws Exception {
        Recorded receiving = new Recorded();
        HostDatagrams receiver = open(receiving);
        fixture.run(() -> {
            for (int i = 0; i < 100; i++) {
                send(near, payload(100, i), receiver.localAddress(), 0);
                send(near, payload(1, i), receiver.localAddress(), 0);
            }
        });
        fixture.until(() -> receiving.data.size() == 200);
        receiving.data.clear();
        fixture.run(() -> {
            for (int i = 0; i < 130; i++) {
                send(near, payload(i == 129 ? 77 : 1000, i), receiver.localAddress(), 0);
            }
        });
        fixture.until(() -> receiving.data.size() == 130);
        for (int i = 0; i < 130; i++) {
            assertThat(receiving.data.get(i)).isEqualTo(payload(i == 129 ? 77 : 1000, i));
        }
        assertThat(receiving.from).allMatch(near.localAddress()::equals);
    }

    @Test
    void sendersInTurnAreToldApart() throws Exception {
        try (DatagramSocket second = new DatagramSocket(0, LOOPBACK)) {
            for (int i = 0; i < 20; i++) {
                (i % 2 == 0 ? far : second).send(new DatagramPacket(new byte[] {(byte) i}, 1, near.localAddress()));
            }
            fixture.until(() -> recorded.data.size() == 20);
            for (int i = 0; i < 20; i++) {
                assertThat(recorded.from.get(i)).isEqualTo((i % 2 == 0 ? far : second).getLocalSocketAddress());
            }
        }
    }

    @Test
    void aFlowThatGoesOnAllocatesNothing() throws Exception {
        Counting counting = new Counting();
        HostDatagrams receiver = open(counting);
        InetSocketAddress to = receiver.localAddress();
        ByteBuf bytes = Unpooled.directBuffer().writeBytes(payload(1200, 1));
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        double least = Double.MAX_VALUE;
        for (int round = 0; round < 40 && least >= 4; round++) {
            long before = fixture.call(
                    () -> threads.getThreadAllocatedBytes(Thread.currentThread().getId()));
            long countedBefore = fixture.call(() -> counting.count);
            for (int turn = 0; turn < 100; turn++) {
                fixture.run(() -> {
                    for (int i = 0; i < 64; i++) {
                        near.send(bytes, 0, 1200, to, 0);
                    }
                });
            }
            fixture.until(() -> counting.count > countedBefore);
            long after = fixture.call(
                    () -> threads.getThreadAllocatedBytes(Thread.currentThread().getId()));
            least = Math.min(least, (double) (after - before) / 6400);
        }
        bytes.release();
        // what is left is the turns' own: the tasks that this test hands to the loop
        assertThat(least).as("bytes a datagram").isLessThan(16);
    }

    @Test
    void oneByOneUntilThereAreMany() throws Exception {
        HostFixture fresh = new HostFixture(Transport.EPOLL);
        try {
            HostDatagrams socket =
                    fresh.call(() -> fresh.network.openDatagrams(new InetSocketAddress(LOOPBACK, 0), new Recorded()));
            fresh.run(() -> {
                for (int i = 0; i < DatagramBatches.BUSY - 1; i++) {
                    send(socket, new byte[1], farAddress, 0);
                }
            });
            assertThat(fresh.call(() -> fresh.network.batches().calls() == null))
                    .isTrue();
            fresh.run(() -> {
                for (int i = 0; i < DatagramBatches.BUSY; i++) {
                    send(socket, new byte[1], farAddress, 0);
                }
            });
            fresh.until(() -> fresh.network.batches().calls() != null);
        } finally {
            fresh.close();
        }
    }

    private static final class Counting implements HostDatagrams.Handler {
        long count;

        @Override
        public void onDatagram(ByteBuf bytes, InetSocketAddress source) {
            count++;
        }

        @Override
        public void onError(HostError error, InetSocketAddress to, InetSocketAddress offender, int mtu) {}
    }

    private static final class Recorded implements HostDatagrams.Handler {
        final List<byte[]> data = new ArrayList<>();
        final List<InetSocketAddress> from = new ArrayList<>();
        final List<String> errors = new ArrayList<>();

        @Override
        public void onDatagram(ByteBuf bytes, InetSocketAddress source) {
            data.add(ByteBufUtil.getBytes(bytes));
            from.add(source);
        }

        @Override
        public void onError(HostError error, InetSocketAddress to, InetSocketAddress offender, int mtu) {
            errors.add(error + " to " + to);
        }
    }
}
