package io.qnet.slirp.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostError;
import io.qnet.host.HostException;
import java.io.IOException;
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
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Datagram sockets, on each transport. */
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
class HostDatagramsTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @Parameter
    Transport transport;

    private HostFixture fixture;
    private DatagramSocket far;
    private final Recorded recorded = new Recorded();
    private HostDatagrams near;

    @BeforeEach
    void open() throws Exception {
        fixture = new HostFixture(transport);
        far = new DatagramSocket(0, LOOPBACK);
        far.setSoTimeout((int) HostFixture.LIMIT.toMillis());
        near = fixture.call(() -> fixture.network.openDatagrams(new InetSocketAddress(LOOPBACK, 0), recorded));
    }

    @AfterEach
    void close() throws Exception {
        far.close();
        fixture.close();
        assertThat(recorded.complaints).isEmpty();
    }

    @Test
    void sendsAndReceives() throws Exception {
        assertThat(send(new byte[] {1, 2, 3}, farAddress(), 0)).isNull();
        DatagramPacket packet = receive();
        assertThat(packet.getSocketAddress()).isEqualTo(near.localAddress());
        assertThat(Arrays.copyOf(packet.getData(), packet.getLength())).containsExactly(1, 2, 3);
        far.send(new DatagramPacket(new byte[] {4, 5}, 2, near.localAddress()));
        fixture.until(() -> recorded.data.size() == 1);
        assertThat(recorded.data.get(0)).containsExactly(4, 5);
        assertThat(recorded.from.get(0)).isEqualTo(farAddress());
    }

    @Test
    void carriesTheEmptyAndTheLargestDatagram() throws Exception {
        byte[] largest = new byte[65507];
        new Random(1).nextBytes(largest);
        assertThat(send(largest, farAddress(), 0)).isNull();
        DatagramPacket packet = receive();
        assertThat(Arrays.copyOf(packet.getData(), packet.getLength())).isEqualTo(largest);
        assertThat(send(new byte[0], farAddress(), 0)).isNull();
        assertThat(receive().getLength()).isZero();
        far.send(new DatagramPacket(new byte[0], 0, near.localAddress()));
        far.send(new DatagramPacket(largest, largest.length, near.localAddress()));
        fixture.until(() -> recorded.data.size() == 2);
        assertThat(recorded.data.get(0)).isEmpty();
        assertThat(recorded.data.get(1)).isEqualTo(largest);
    }

    @Test
    void whatIsTooLargeIsAnErrorAndNothingElse() throws Exception {
        assertThat(send(new byte[65508], farAddress(), 0)).isEqualTo(HostError.MESSAGE_TOO_LARGE);
        assertThat(send(new byte[1], farAddress(), 0)).isNull();
        assertThat(receive().getLength()).isEqualTo(1);
    }

    @Test
    void receivesABurst() throws Exception {
        for (int i = 0; i < 200; i++) {
            far.send(new DatagramPacket(new byte[] {(byte) i}, 1, near.localAddress()));
        }
        fixture.until(() -> recorded.data.size() == 200);
        assertThat(recorded.data.get(199)).containsExactly((byte) 199);
    }

    @Test
    void receptionStopsAndGoesOn() throws Exception {
        fixture.run(() -> near.setReading(false));
        far.send(new DatagramPacket(new byte[] {1}, 1, near.localAddress()));
        assertThat(send(new byte[1], farAddress(), 0)).isNull();
        receive();
        assertThat(fixture.call(recorded.data::size)).isZero();
        fixture.run(() -> near.setReading(true));
        fixture.until(() -> recorded.data.size() == 1);
    }

    @Test
    void carriesIpv6() throws Exception {
        InetAddress loopback6 = InetAddress.getByName("::1");
        try (DatagramSocket far6 = openIpv6(loopback6)) {
            Recorded handler = new Recorded();
            HostDatagrams near6 =
                    fixture.call(() -> fixture.network.openDatagrams(new InetSocketAddress(loopback6, 0), handler));
            far6.send(new DatagramPacket(new byte[] {6}, 1, near6.localAddress()));
            fixture.until(() -> handler.data.size() == 1);
            assertThat(handler.from.get(0)).isEqualTo(far6.getLocalSocketAddress());
            InetSocketAddress to = handler.from.get(0);
            assertThat(fixture.call(() -> near6.send(Unpooled.wrappedBuffer(new byte[] {7}), 0, 1, to, 33)))
                    .isNull();
            DatagramPacket packet = new DatagramPacket(new byte[10], 10);
            far6.receive(packet);
            assertThat(packet.getData()[0]).isEqualTo((byte) 7);
        }
    }

    @Test
    void aClosedPortIsReportedWhereTheTransportCan() throws Exception {
        if (transport == Transport.NIO) {
            return; // it has no error queue
        }
        InetSocketAddress gone = farAddress();
        far.close();
        assertThat(send(new byte[] {1}, gone, 0)).isNull();
        fixture.until(() -> recorded.errors.size() == 1);
        assertThat(recorded.errors.get(0)).isEqualTo("REFUSED to " + gone + " by /127.0.0.1, mtu 0");
        assertThat(send(new byte[] {1}, gone, 0)).isNull();
        fixture.until(() -> recorded.errors.size() == 2);
    }

    @Test
    void errorsAboutOneDatagramDoNotStopOthers() throws Exception {
        DatagramSocket other = new DatagramSocket(0, LOOPBACK);
        InetSocketAddress gone = (InetSocketAddress) other.getLocalSocketAddress();
        other.close();
        for (int i = 0; i < 20; i++) {
            assertThat(send(new byte[] {1}, gone, 0)).isNull();
            assertThat(send(new byte[] {2}, farAddress(), 0)).isNull();
            assertThat(receive().getLength()).isEqualTo(1);
        }
        far.send(new DatagramPacket(new byte[] {3}, 1, near.localAddress()));
        fixture.until(() -> recorded.data.size() == 1);
    }

    @Test
    void addressesInUseAndForeignOnesAreRefused() {
        assertThatThrownBy(() -> fixture.loop.call(() -> fixture.network.openDatagrams(farAddress(), recorded)))
                .isInstanceOfSatisfying(
                        HostException.class, e -> assertThat(e.error()).isEqualTo(HostError.ADDRESS_IN_USE));
        assertThatThrownBy(() -> fixture.loop.call(
                        () -> fixture.network.openDatagrams(new InetSocketAddress("192.0.2.77", 0), recorded)))
                .isInstanceOfSatisfying(
                        HostException.class, e -> assertThat(e.error()).isEqualTo(HostError.NET_UNREACHABLE));
    }

    private InetSocketAddress farAddress() {
        return (InetSocketAddress) far.getLocalSocketAddress();
    }

    private HostError send(byte[] bytes, InetSocketAddress to, int ttl) {
        return fixture.call(() -> near.send(Unpooled.wrappedBuffer(bytes), 0, bytes.length, to, ttl));
    }

    private DatagramPacket receive() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[70_000], 70_000);
        far.receive(packet);
        return packet;
    }

    private static DatagramSocket openIpv6(InetAddress address) {
        try {
            return new DatagramSocket(0, address);
        } catch (IOException e) {
            assumeTrue(false, "no IPv6: " + e);
            throw new AssertionError(e);
        }
    }

    private final class Recorded implements HostDatagrams.Handler {
        final List<byte[]> data = new ArrayList<>();
        final List<InetSocketAddress> from = new ArrayList<>();
        final List<String> errors = new ArrayList<>();
        final List<String> complaints = new ArrayList<>();

        @Override
        public void onDatagram(ByteBuf bytes, InetSocketAddress source) {
            data.add(ByteBufUtil.getBytes(bytes));
            from.add(source);
            notWithinACall();
        }

        @Override
        public void onError(HostError error, InetSocketAddress to, InetSocketAddress offender, int mtu) {
            errors.add(error + " to " + to + " by " + offender.getAddress() + ", mtu " + mtu);
            notWithinACall();
        }

        private void notWithinACall() {
            if (fixture.inCall) {
                complaints.add("within a call");
            }
        }
    }
}
