package io.qnet.slirp.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.qnet.host.HostError;
import io.qnet.host.HostException;
import io.qnet.host.HostListener;
import io.qnet.host.HostStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Listening, on each transport. */
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
class HostListenerTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @Parameter
    Transport transport;

    @TempDir
    Path folder;

    private HostFixture fixture;
    private final List<RecordedStream> accepted = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        fixture = new HostFixture(transport);
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
        for (RecordedStream each : accepted) {
            assertThat(each.complaints).isEmpty();
        }
    }

    @Test
    void acceptsAndReportsThePortThatTheHostChose() throws Exception {
        HostListener listener = listen(new InetSocketAddress(LOOPBACK, 0));
        InetSocketAddress at = (InetSocketAddress) listener.localAddress();
        assertThat(at.getPort()).isPositive();
        try (Socket far = new Socket(at.getAddress(), at.getPort())) {
            RecordedStream near = nextAccepted(1);
            assertThat(near.stream.remoteAddress()).isEqualTo(far.getLocalSocketAddress());
            near.credit(10);
            far.getOutputStream().write('a');
            near.untilReceived(1);
            near.write("b");
            assertThat(far.getInputStream().read()).isEqualTo('b');
        }
        accepted.get(0).untilEvent("eof");
        assertThat(accepted.get(0).events()).doesNotContain("connected");
    }

    @Test
    void aStreamMayBeUsedWhileItIsAccepted() throws Exception {
        HostListener listener =
                fixture.call(() -> fixture.network.listen(new InetSocketAddress(LOOPBACK, 0), stream -> {
                    RecordedStream near = recorded(stream);
                    byte[] greeting = "220 ready".getBytes(StandardCharsets.US_ASCII);
                    stream.write(io.netty.buffer.Unpooled.wrappedBuffer(greeting), 0, greeting.length);
                    stream.shutdownOutput();
                    return near;
                }));
        try (Socket far = new Socket(LOOPBACK, ((InetSocketAddress) listener.localAddress()).getPort())) {
            assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("220 ready");
        }
    }

    @Test
    void whomTheHandlerRefusesIsReset() throws Exception {
        HostListener listener =
                fixture.call(() -> fixture.network.listen(new InetSocketAddress(LOOPBACK, 0), stream -> null));
        try (Socket far = new Socket(LOOPBACK, ((InetSocketAddress) listener.localAddress()).getPort())) {
            assertThatThrownBy(() -> far.getInputStream().read()).isInstanceOf(SocketException.class);
        }
        assertThat(fixture.call(fixture.network::openStreams)).isZero();
    }

    @Test
    void acceptsManyAtOnce() throws Exception {
        HostListener listener = listen(new InetSocketAddress(LOOPBACK, 0));
        int port = ((InetSocketAddress) listener.localAddress()).getPort();
        List<Socket> far = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            far.add(new Socket(LOOPBACK, port));
        }
        nextAccepted(200);
        for (Socket each : far) {
            each.close();
        }
    }

    @Test
    void streamsOutliveTheirListener() throws Exception {
        HostListener listener = listen(new InetSocketAddress(LOOPBACK, 0));
        int port = ((InetSocketAddress) listener.localAddress()).getPort();
        try (Socket far = new Socket(LOOPBACK, port)) {
            RecordedStream near = nextAccepted(1);
            fixture.run(listener::close);
            near.write("x");
            assertThat(far.getInputStream().read()).isEqualTo('x');
            await().atMost(HostFixture.LIMIT).until(() -> isRefused(port));
        }
    }

    @Test
    void anAddressInUseIsRefusedByName() throws Exception {
        InetSocketAddress at =
                (InetSocketAddress) listen(new InetSocketAddress(LOOPBACK, 0)).localAddress();
        assertThatThrownBy(() -> fixture.loop.call(() -> fixture.network.listen(at, stream -> null)))
                .isInstanceOfSatisfying(
                        HostException.class, e -> assertThat(e.error()).isEqualTo(HostError.ADDRESS_IN_USE))
                .hasMessage("cannot listen on 127.0.0.1:" + at.getPort() + ": Address already in use");
    }

    @Test
    void anAddressThatIsNotTheHostsIsRefusedByName() {
        InetSocketAddress at = new InetSocketAddress("192.0.2.77", 0);
        assertThatThrownBy(() -> fixture.loop.call(() -> fixture.network.listen(at, stream -> null)))
                .isInstanceOfSatisfying(
                        HostException.class, e -> assertThat(e.error()).isEqualTo(HostError.NET_UNREACHABLE))
                .hasMessage("cannot listen on 192.0.2.77:0: Cannot assign requested address");
    }

    @Test
    void aUnixPathInAMissingFolderIsRefused() {
        UnixDomainSocketAddress at = UnixDomainSocketAddress.of(folder.resolve("missing/s"));
        assertThatThrownBy(() -> fixture.loop.call(() -> fixture.network.listen(at, stream -> null)))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("cannot listen on")
                .hasMessageContaining("No such file or directory");
    }

    private static boolean isRefused(int port) throws IOException {
        try (Socket socket = new Socket(LOOPBACK, port)) {
            return !socket.isConnected();
        } catch (ConnectException e) {
            return true;
        }
    }

    private HostListener listen(InetSocketAddress at) {
        return fixture.call(() -> fixture.network.listen(at, this::recorded));
    }

    private RecordedStream recorded(HostStream stream) {
        RecordedStream near = new RecordedStream(fixture);
        near.stream = stream;
        accepted.add(near);
        return near;
    }

    private RecordedStream nextAccepted(int count) {
        fixture.until(() -> accepted.size() == count);
        return accepted.get(count - 1);
    }
}
