package io.qnet.slirp.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.qnet.host.HostStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@link HostStream} promises, on each transport, against a plain socket as the far side. */
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
class HostStreamContractTest {
    private static final long SECOND = 1_000_000_000L;
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @Parameter
    Transport transport;

    @TempDir
    Path folder;

    private HostFixture fixture;
    private ServerSocket server;
    private Socket far;
    private RecordedStream near;

    @BeforeEach
    void open() throws Exception {
        fixture = new HostFixture(transport);
        server = new ServerSocket(0, 16, LOOPBACK);
    }

    @AfterEach
    void close() throws Exception {
        if (far != null) {
            far.close();
        }
        server.close();
        fixture.close();
        if (near != null) {
            assertThat(near.complaints).isEmpty();
        }
    }

    @Test
    void connectsAndCarriesBytesBothWays() throws Exception {
        connect();
        near.credit(1000);
        near.write("hello");
        assertThat(far.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
        far.getOutputStream().write(bytes("world"));
        near.untilReceived(5);
        assertThat(near.text()).isEqualTo("world");
        assertThat(near.events()).startsWith("connected").doesNotContain("eof");
        SocketAddress local = fixture.call(() -> near.stream.localAddress());
        assertThat(local).isEqualTo(far.getRemoteSocketAddress());
        assertThat(near.stream.remoteAddress()).isEqualTo(server.getLocalSocketAddress());
    }

    @Test
    void bytesWrittenBeforeTheConnectionStandsAreSent() throws Exception {
        begin(server.getLocalSocketAddress(), 10 * SECOND, stream -> {
            ByteBuf early = PooledByteBufAllocator.DEFAULT.directBuffer().writeBytes(bytes("early"));
            stream.write(early, 0, 5);
            early.release();
            stream.shutdownOutput();
        });
        far = server.accept();
        assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("early");
    }

    @Test
    void carriesManyBytesBothWaysAtOnce() throws Exception {
        connect();
        byte[] down = random(8 << 20, 1);
        byte[] up = random(8 << 20, 2);
        near.refill = 300_000;
        near.credit(300_000);
        CompletableFuture<byte[]> arrived = CompletableFuture.supplyAsync(() -> readAll(far));
        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> send(far, down));
        int at = 0;
        for (int size = 1; at < up.length; size = Math.min(size * 3, 100_000)) {
            int from = at;
            int length = Math.min(size, up.length - at);
            fixture.run(() -> {
                ByteBuf part =
                        PooledByteBufAllocator.DEFAULT.directBuffer(length).writeBytes(up, from, length);
                near.stream.write(part, 0, length);
                part.release();
            });
            at += length;
        }
        fixture.run(near.stream::shutdownOutput);
        sent.get(60, TimeUnit.SECONDS);
        near.untilReceived(down.length);
        assertThat(near.received.toByteArray()).isEqualTo(down);
        assertThat(arrived.get(60, TimeUnit.SECONDS)).isEqualTo(up);
        assertThat(near.largestRead).isLessThanOrEqualTo(256 << 10);
        fixture.until(() -> near.stream.pendingBytes() == 0);
    }

    @Test
    void readsNothingWithoutCreditAndNoMoreThanCredit() throws Exception {
        connect();
        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> send(far, random(1 << 20, 3)));
        near.credit(100_000);
        near.untilReceived(100_000);
        near.credit(1);
        near.untilReceived(100_001);
        assertThat(fixture.call(near.received::size)).isEqualTo(100_001);
        near.refill = 1 << 20;
        near.credit(1 << 20);
        near.untilReceived(1 << 20);
        sent.get(30, TimeUnit.SECONDS);
        assertThat(near.received.toByteArray()).isEqualTo(random(1 << 20, 3));
    }

    @Test
    void aPausedStreamReportsAReset() throws Exception {
        connect();
        resetByFar();
        near.untilEvent("failed RESET");
        assertThat(near.events()).containsExactly("connected", "failed RESET");
    }

    @Test
    void aPausedStreamReportsAResetBehindAFewBytes() throws Exception {
        connect();
        far.getOutputStream().write(new byte[100]);
        resetByFar();
        near.untilEvent("failed RESET");
        assertThat(near.events()).containsExactly("connected", "failed RESET");
    }

    @Test
    void aStreamThatWasPausedAfterReadingReportsAReset() throws Exception {
        connect();
        near.credit(3);
        far.getOutputStream().write(bytes("abc"));
        near.untilReceived(3);
        resetByFar();
        near.untilEvent("failed RESET");
        assertThat(near.events()).containsExactly("connected", "data", "failed RESET");
    }

    @Test
    void aResetComesOnceAndWithoutEof() throws Exception {
        connect();
        near.credit(1 << 20);
        far.getOutputStream().write(bytes("abc"));
        near.untilReceived(3);
        resetByFar();
        near.untilEvent("failed RESET");
        assertThat(near.events()).containsExactly("connected", "data", "failed RESET");
    }

    @Test
    void dataThatCameWithAResetIsDeliveredBeforeIt() throws Exception {
        connect();
        fixture.call(() -> {
            near.stream.setReadCredit(1 << 20);
            far.getOutputStream().write(new byte[50_000]);
            resetByFar();
            return true;
        });
        near.untilEvent("failed RESET");
        assertThat(near.received.size()).isEqualTo(50_000);
        assertThat(near.events()).doesNotContain("eof").endsWith("failed RESET");
    }

    @Test
    void aResetIsFoundByWriting() throws Exception {
        connect();
        far.close();
        fixture.until(() -> {
            if (!near.closed) {
                near.stream.write(io.netty.buffer.Unpooled.wrappedBuffer(new byte[1]), 0, 1);
            }
            return near.events.contains("failed RESET");
        });
    }

    @Test
    void eofComesAfterAllData() throws Exception {
        connect();
        byte[] data = random(1 << 20, 4);
        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
            send(far, data);
            shutdown(far);
        });
        for (int expected = 100_000; expected < data.length; expected += 100_000) {
            near.credit(100_000);
            near.untilReceived(expected);
            assertThat(near.events()).doesNotContain("eof");
        }
        near.credit(1 << 20);
        near.untilEvent("eof");
        sent.get(30, TimeUnit.SECONDS);
        assertThat(near.received.toByteArray()).isEqualTo(data);
        assertThat(near.events()).containsOnlyOnce("eof").endsWith("eof");
    }

    @Test
    void eofIsToldWithoutCreditIfThereIsNoData() throws Exception {
        connect();
        far.shutdownOutput();
        near.untilEvent("eof");
        assertThat(near.events()).containsExactly("connected", "eof");
    }

    @Test
    void eofIsHeldBackBehindDataThatWaitsForCredit() throws Exception {
        connect();
        far.getOutputStream().write(bytes("abc"));
        far.shutdownOutput();
        near.credit(0);
        near.write("x");
        assertThat(far.getInputStream().read()).isEqualTo('x');
        assertThat(near.events()).doesNotContain("data", "eof");
        near.credit(10);
        near.untilEvent("eof");
        assertThat(near.text()).isEqualTo("abc");
        assertThat(near.events().stream().filter(e -> !e.equals("written")))
                .containsExactly("connected", "data", "eof");
    }

    @Test
    void afterEofWritingGoesOn() throws Exception {
        connect();
        near.credit(10);
        far.shutdownOutput();
        near.untilEvent("eof");
        near.write("more");
        fixture.run(near.stream::shutdownOutput);
        assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("more");
    }

    @Test
    void afterShutdownOutputReadingGoesOn() throws Exception {
        connect();
        near.write("last");
        fixture.run(near.stream::shutdownOutput);
        assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("last");
        near.credit(10);
        far.getOutputStream().write(bytes("reply"));
        near.untilReceived(5);
        assertThat(near.text()).isEqualTo("reply");
    }

    @Test
    void resetIsSeenByTheFarSide() throws Exception {
        connect();
        near.write("lost or not");
        near.reset();
        InputStream in = far.getInputStream();
        assertThatThrownBy(in::readAllBytes).isInstanceOf(SocketException.class).hasMessageContaining("reset");
    }

    @Test
    void closeStillSendsWhatIsPending() throws Exception {
        connect();
        byte[] data = random(12 << 20, 5);
        near.write(data);
        assertThat(fixture.call(() -> near.stream.pendingBytes())).isPositive();
        near.close();
        assertThat(far.getInputStream().readAllBytes()).isEqualTo(data);
    }

    @Test
    void closeDiscardsWhatArrivesWithoutAReset() throws Exception {
        connect();
        far.getOutputStream().write(random(100_000, 6));
        near.write("bye");
        near.close();
        far.getOutputStream().write(random(100_000, 7));
        assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("bye");
        far.shutdownOutput();
        fixture.until(() -> fixture.network.openStreams() == 0);
    }

    @Test
    void aClosedStreamIsGivenUpAfterABoundedTime() throws Exception {
        fixture.network.setLingerNanos(SECOND / 20);
        connect();
        near.write(random(12 << 20, 8));
        near.close();
        fixture.until(() -> fixture.network.openStreams() == 0);
        InputStream in = far.getInputStream();
        assertThatThrownBy(in::readAllBytes).isInstanceOf(SocketException.class);
    }

    @Test
    void refused() throws Exception {
        SocketAddress gone = server.getLocalSocketAddress();
        server.close();
        begin(gone, 10 * SECOND, stream -> {});
        near.untilEvent("failed REFUSED");
        assertThat(near.events()).containsExactly("failed REFUSED");
    }

    @Test
    void unreachable() {
        begin(new InetSocketAddress("255.255.255.255", 9), 10 * SECOND, stream -> {});
        fixture.until(() -> !near.events.isEmpty());
        assertThat(near.events()).containsExactly("failed NET_UNREACHABLE");
    }

    @Test
    void theConnectTimeOutIsOurs() throws Exception {
        try (FullListener full = new FullListener(LOOPBACK)) {
            begin(full.address(), SECOND / 20, stream -> {});
            near.untilEvent("failed TIMED_OUT");
            assertThat(near.events()).containsExactly("failed TIMED_OUT");
        }
    }

    @Test
    void aConnectUnderWayIsCancelled() throws Exception {
        try (FullListener full = new FullListener(LOOPBACK)) {
            begin(full.address(), 10 * SECOND, stream -> {});
            near.close();
            fixture.until(() -> fixture.network.openStreams() == 0);
            begin(full.address(), 10 * SECOND, stream -> {});
            near.reset();
            fixture.until(() -> fixture.network.openStreams() == 0);
        }
    }

    @Test
    void nothingIsToldAfterCloseWithinAnEvent() throws Exception {
        connect();
        far.getOutputStream().write(bytes("abc"));
        far.shutdownOutput();
        fixture.run(() -> {
            near.stream.setReadCredit(1);
            near.stream.setReadCredit(100);
            near.closed = true;
            near.stream.close();
        });
        assertThat(far.getInputStream().readAllBytes()).isEmpty();
        fixture.until(() -> fixture.network.openStreams() == 0);
    }

    @Test
    void pendingBytesAreExact() throws Exception {
        connect();
        int total = 12 << 20;
        near.write(random(total, 9));
        long pending = fixture.call(() -> near.stream.pendingBytes());
        InputStream in = far.getInputStream();
        long read = 0;
        while (pending > 0) {
            assertThat(pending).isBetween(0L, total - read);
            read += in.readNBytes(1 << 20).length;
            pending = fixture.call(() -> near.stream.pendingBytes());
        }
        in.readNBytes((int) (total - read));
        near.untilEvent("written");
    }

    @Test
    void aBufferIsFreeOnceItWasWritten() throws Exception {
        connect();
        byte[] data = random(20_000, 10);
        fixture.run(() -> {
            ByteBuf small = PooledByteBufAllocator.DEFAULT.directBuffer(100).writeBytes(data, 0, 100);
            near.stream.write(small, 0, 100);
            small.setZero(0, 100).release();
            ByteBuf large = PooledByteBufAllocator.DEFAULT.directBuffer(19_900).writeBytes(data, 100, 19_900);
            near.stream.write(large, 0, 19_900);
            large.release();
        });
        assertThat(far.getInputStream().readNBytes(20_000)).isEqualTo(data);
    }

    @Test
    void writingAfterShutdownOutputIsABug() throws Exception {
        connect();
        fixture.run(near.stream::shutdownOutput);
        assertThatThrownBy(() -> near.write("x")).hasRootCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void unixSockets() throws Exception {
        SocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        RecordedStream accepted = new RecordedStream(fixture);
        var listener = fixture.call(() -> fixture.network.listen(address, stream -> {
            accepted.stream = stream;
            return accepted;
        }));
        begin(address, 10 * SECOND, stream -> {});
        near.untilEvent("connected");
        fixture.until(() -> accepted.stream != null);
        near.write("to the listener");
        accepted.credit(100);
        accepted.untilReceived(15);
        assertThat(accepted.text()).isEqualTo("to the listener");
        accepted.write("and back");
        accepted.close();
        near.credit(100);
        near.untilEvent("eof");
        assertThat(near.text()).isEqualTo("and back");
        near.close();
        fixture.until(() -> fixture.network.openStreams() == 0);
        fixture.run(listener::close);
        assertThat(folder.resolve("s")).doesNotExist();
        begin(address, 10 * SECOND, stream -> {});
        near.untilEvent("failed REFUSED");
    }

    private void connect() throws IOException {
        begin(server.getLocalSocketAddress(), 10 * SECOND, stream -> {});
        far = server.accept();
        near.untilEvent("connected");
    }

    private void begin(SocketAddress to, long timeoutNanos, java.util.function.Consumer<HostStream> then) {
        near = new RecordedStream(fixture);
        fixture.run(() -> {
            near.stream = fixture.network.connect(to, null, timeoutNanos, near);
            then.accept(near.stream);
        });
    }

    private void resetByFar() throws IOException {
        far.setSoLinger(true, 0);
        far.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] readAll(Socket socket) {
        try {
            return socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void send(Socket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void shutdown(Socket socket) {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
