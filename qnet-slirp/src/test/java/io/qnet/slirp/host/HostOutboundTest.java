package io.qnet.slirp.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.host.HostDatagrams;
import io.qnet.host.HostError;
import io.qnet.host.HostException;
import io.qnet.host.HostNetwork;
import io.qnet.host.Outbound;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Sockets that leave by an address or an interface of the host, on each transport. */
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
class HostOutboundTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("0.0.0.0", 0);

    @Parameter
    Transport transport;

    private HostFixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new HostFixture(transport);
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    private HostNetwork by(String address, String device) throws Exception {
        InetAddress bound = address == null ? null : InetAddress.getByName(address);
        return fixture.call(() -> fixture.network.leavingBy(new Outbound(bound, null, device)));
    }

    private String sourceOfDatagram(HostNetwork network) throws Exception {
        try (DatagramSocket far = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            far.setSoTimeout((int) HostFixture.LIMIT.toMillis());
            HostDatagrams near = fixture.call(() -> network.openDatagrams(ANY, new Ignored()));
            InetSocketAddress to = (InetSocketAddress) far.getLocalSocketAddress();
            HostError error = fixture.call(() -> near.send(Unpooled.wrappedBuffer(new byte[1]), 0, 1, to, 0));
            assertThat(error).isNull();
            DatagramPacket packet = new DatagramPacket(new byte[2], 2);
            far.receive(packet);
            return packet.getAddress().getHostAddress();
        }
    }

    private String sourceOfConnection(HostNetwork network) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            server.setSoTimeout((int) HostFixture.LIMIT.toMillis());
            RecordedStream recorded = new RecordedStream(fixture);
            recorded.stream = fixture.call(
                    () -> network.connect(server.getLocalSocketAddress(), null, 30_000_000_000L, recorded));
            try (Socket accepted = server.accept()) {
                recorded.close();
                return accepted.getInetAddress().getHostAddress();
            }
        }
    }

    @Test
    void socketsAreBoundToTheAddress() throws Exception {
        HostNetwork network = by("127.0.0.77", null);
        assertThat(sourceOfDatagram(network)).isEqualTo("127.0.0.77");
        assertThat(sourceOfConnection(network)).isEqualTo("127.0.0.77");
    }

    @Test
    void socketsAreBoundToTheInterface() throws Exception {
        if (transport == Transport.NIO) {
            assertThatThrownBy(() -> fixture.loop.call(() -> fixture.network.leavingBy(new Outbound(null, null, "lo"))))
                    .isInstanceOf(UnsupportedOperationException.class);
            return;
        }
        HostNetwork network = by(null, "lo");
        assertThat(sourceOfDatagram(network)).isEqualTo("127.0.0.1");
        assertThat(sourceOfConnection(network)).isEqualTo("127.0.0.1");
    }

    @Test
    void anInterfaceThatIsNotThereIsAnErrorOfEachFlowAndOfNothingElse() throws Exception {
        if (transport == Transport.NIO) {
            return; // it has no interfaces
        }
        HostNetwork network = by(null, "nosuch0");
        assertThatThrownBy(() -> fixture.loop.call(() -> network.openDatagrams(ANY, new Ignored())))
                .isInstanceOfSatisfying(
                        HostException.class, e -> assertThat(e.error()).isEqualTo(HostError.NET_UNREACHABLE));
        RecordedStream recorded = new RecordedStream(fixture);
        fixture.call(() -> network.connect(new InetSocketAddress("127.0.0.1", 9), null, 1_000_000_000L, recorded));
        recorded.untilEvent("failed NET_UNREACHABLE");
        assertThat(sourceOfDatagram(fixture.network)).isEqualTo("127.0.0.1");
    }

    private static final class Ignored implements HostDatagrams.Handler {
        @Override
        public void onDatagram(ByteBuf data, InetSocketAddress from) {}

        @Override
        public void onError(HostError error, InetSocketAddress to, InetSocketAddress offender, int mtu) {}
    }
}
