package io.qnet.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.NetdevException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A switch that the test plays, byte for byte, on each transport. */
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
class VdeNetdevTest {
    private static final int HEADER = 12;
    private static final int ADDRESS = 110;

    @Parameter
    Transport transport;

    @TempDir
    private Path folder;

    private SocketLab lab;

    @BeforeEach
    void open() {
        lab = new SocketLab(transport);
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    @Test
    void theRequestFramesBothWaysAndTheEnd() throws Exception {
        try (ServerSocketChannel listener = listen()) {
            VdeNetdev netdev = (VdeNetdev) lab.network.addNetdev("vde,id=v0,sock=" + folder + ",port=3,mode=0720");
            lab.network.connect(lab.nic, netdev);
            lab.nic.send(new byte[60]);
            lab.until(() -> lab.counter(netdev, "drop.disconnected") == 1);
            try (SocketChannel control = listener.accept();
                    UnixDatagramChannel port = UnixDatagramChannel.open()) {
                ByteBuffer request = readRequest(control);
                assertThat(request.getInt(0)).isEqualTo(0xfeedface);
                assertThat(request.getInt(4)).isEqualTo(3);
                assertThat(request.getInt(8)).isEqualTo(3 << 8);
                assertThat(request.getShort(12)).isEqualTo((short) 1);
                String path = text(request, HEADER + 2, ADDRESS - 2);
                assertThat(path).matches(folder + "/\\.\\d{5,}-\\d{5}");
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(path))))
                        .isEqualTo("rwx-w----");
                assertThat(text(request, HEADER + ADDRESS, request.position() - HEADER - ADDRESS))
                        .matches("qnet user=.+ PID=\\d+");

                port.bind(new UnixSocketAddress(folder.resolve("003.5").toString()));
                answer(control, folder.resolve("003.5").toString());
                port.send(ByteBuffer.wrap(new byte[61]), new UnixSocketAddress(path));
                lab.untilFrames(1);
                assertThat(lab.frames.get(0)).hasSize(61);
                assertThat(lab.info(netdev)).startsWith("sock=" + folder + ",fd=");
                lab.nic.send(new byte[62]);
                ByteBuffer received = ByteBuffer.allocate(2000);
                port.receive(received);
                assertThat(received.position()).isEqualTo(62);
                lab.network.delete("v0");
                assertThat(control.read(ByteBuffer.allocate(1))).isEqualTo(-1);
                assertThat(Path.of(path)).doesNotExist();
            }
        }
    }

    @Test
    void aSwitchThatRestartsIsFound() throws Exception {
        VdeNetdev netdev;
        try (ServerSocketChannel listener = listen()) {
            netdev = lab.join(new VdeConfig("v0", folder));
            try (SocketChannel control = listener.accept();
                    UnixDatagramChannel port = UnixDatagramChannel.open()) {
                serve(control, port, "001.3");
                lab.nic.send(new byte[60]);
                port.receive(ByteBuffer.allocate(100));
            }
        }
        lab.until(() -> !lab.warnings.isEmpty());
        assertThat(dataFiles()).isEmpty();
        Files.delete(folder.resolve("ctl"));
        try (ServerSocketChannel listener = listen();
                SocketChannel control = listener.accept();
                UnixDatagramChannel port = UnixDatagramChannel.open()) {
            String path = serve(control, port, "001.4");
            port.send(ByteBuffer.wrap(new byte[61]), new UnixSocketAddress(path));
            lab.untilFrames(1);
            lab.nic.send(new byte[62]);
            ByteBuffer received = ByteBuffer.allocate(2000);
            port.receive(received);
            assertThat(received.position()).isEqualTo(62);
        }
        assertThat(lab.warnings.get(0))
                .isEqualTo(
                        "v0: no port of the vde switch at " + folder + ": it has closed the connection, trying again");
        assertThat(lab.counter(netdev, "drop.unreachable")).isZero();
    }

    @Test
    void withoutASwitchItIsRefusedInQemusWords() {
        assertThatThrownBy(() -> lab.network.addNetdev("vde,id=v0,sock=" + folder.resolve("nix")))
                .isInstanceOf(NetdevException.class)
                .hasMessage("Could not open vde: No such file or directory");
        assertThat(lab.network.endpoint("v0")).isNull();
    }

    private ServerSocketChannel listen() throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(folder.resolve("ctl")));
    }

    private String serve(SocketChannel control, UnixDatagramChannel port, String name) throws IOException {
        ByteBuffer request = readRequest(control);
        port.bind(new UnixSocketAddress(folder.resolve(name).toString()));
        answer(control, folder.resolve(name).toString());
        lab.until(() -> lab.info(java.util.Objects.requireNonNull(lab.network.endpoint("v0")))
                .contains("fd="));
        return text(request, HEADER + 2, ADDRESS - 2);
    }

    private List<Path> dataFiles() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches("\\.\\d+-\\d+"))
                    .toList();
        }
    }

    /** Reads until the description with the process's number has come: nothing says how long it is. */
    private static ByteBuffer readRequest(SocketChannel control) throws IOException {
        ByteBuffer request = ByteBuffer.allocate(1000).order(ByteOrder.nativeOrder());
        while (request.position() <= HEADER + ADDRESS) {
            control.read(request);
        }
        return request;
    }

    private static void answer(SocketChannel control, String path) throws IOException {
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        ByteBuffer answer = ByteBuffer.allocate(ADDRESS).order(ByteOrder.nativeOrder());
        answer.putShort((short) 1).put(name).rewind();
        for (int end : new int[] {1, 50, ADDRESS}) {
            control.write(answer.limit(end));
        }
    }

    private static String text(ByteBuffer from, int at, int length) {
        byte[] bytes = new byte[length];
        from.get(at, bytes);
        String text = new String(bytes, StandardCharsets.UTF_8);
        int end = text.indexOf(0);
        return end < 0 ? text : text.substring(0, end);
    }
}
