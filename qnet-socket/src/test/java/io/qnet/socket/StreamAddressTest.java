package io.qnet.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.NetdevException;
import io.qnet.Network;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Where stream netdevs listen and connect, as options say it, on each transport. */
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
class StreamAddressTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @Parameter
    Transport transport;

    @TempDir
    Path folder;

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
    void unixServerAndClient() throws Exception {
        Path path = folder.resolve("s");
        StreamNetdev server = add("stream,id=s0,server=on,addr.type=unix,addr.path=" + path);
        try (FramePeer peer = FramePeer.connect(UnixDomainSocketAddress.of(path))) {
            lab.untilEvent("NETDEV_STREAM_CONNECTED", 1);
            assertThat(lab.info(server)).isEqualTo("unix:" + path);
            assertThat(lab.events.get(1).data())
                    .isEqualTo(Map.of("addr", Map.of("type", "unix", "path", path.toString())));
            lab.nic.send(new byte[60]);
            assertThat(peer.receive()).hasSize(60);
        }
        try (Network other = Network.open()) {
            StreamNetdev client =
                    (StreamNetdev) other.addNetdev("stream,id=c0,server=off,addr.type=unix,addr.path=" + path);
            lab.untilEvent("NETDEV_STREAM_CONNECTED", 2);
            lab.until(() -> other.call(client::info).equals("unix:" + path));
        }
        lab.network.delete("s0");
        assertThat(path).doesNotExist();
    }

    @Test
    void aStaleSocketFileIsReplaced() throws Exception {
        Path path = folder.resolve("s");
        try (ServerSocketChannel former = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            former.bind(UnixDomainSocketAddress.of(path));
        }
        assertThat(path).exists();
        add("stream,id=s0,server=on,addr.type=unix,addr.path=" + path);
        try (FramePeer peer = FramePeer.connect(UnixDomainSocketAddress.of(path))) {
            peer.send(new byte[60]);
            lab.untilFrames(1);
        }
    }

    @Test
    void whatSomebodyElseHasIsNotReplaced() throws Exception {
        Path live = folder.resolve("live");
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(live));
            assertThatThrownBy(() -> add("stream,id=s0,server=on,addr.type=unix,addr.path=" + live))
                    .isInstanceOf(NetdevException.class)
                    .hasMessage("Failed to bind socket to " + live + ": Address already in use");
        }
        Path file = Files.writeString(folder.resolve("file"), "not a socket");
        assertThatThrownBy(() -> add("stream,id=s0,server=on,addr.type=unix,addr.path=" + file))
                .isInstanceOf(NetdevException.class)
                .hasMessage("Failed to bind socket to " + file + ": Address already in use");
        assertThat(file).hasContent("not a socket");
    }

    @Test
    void aMissingFolderAndALongPathAreRefused() {
        Path path = folder.resolve("missing/s");
        assertThatThrownBy(() -> add("stream,id=s0,server=on,addr.type=unix,addr.path=" + path))
                .isInstanceOf(NetdevException.class)
                .hasMessage("Failed to bind socket to " + path + ": No such file or directory");
        String tooLong = "/" + "x".repeat(108);
        assertThatThrownBy(() -> add("stream,id=s0,server=on,addr.type=unix,addr.path=" + tooLong))
                .hasMessage("UNIX socket path '" + tooLong + "' is too long");
    }

    @Test
    void abstractNames() throws Exception {
        String name = "qnet-test-" + ProcessHandle.current().pid();
        String options = "stream,id=s0,server=on,addr.type=unix,addr.abstract=on,addr.path=" + name;
        if (transport == Transport.NIO) {
            assertThatThrownBy(() -> add(options))
                    .isInstanceOf(NetdevException.class)
                    .hasMessageContaining("epoll");
            return;
        }
        StreamNetdev server = add(options);
        try (Network other = lab.another()) {
            StreamNetdev client =
                    (StreamNetdev) other.addNetdev("stream,id=c0,addr.type=unix,addr.abstract=on,addr.path=" + name);
            lab.until(() -> other.call(client::info).equals("unix:" + name));
            lab.until(() -> lab.info(server).equals("unix:" + name));
        }
        assertThatThrownBy(() -> add(options + ",addr.tight=off")).hasMessage("Parameter 'addr.tight' expects 'on'");
    }

    @Test
    void aRangeOfPortsIsTriedAndPortNullIsTheHostsChoice() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, LOOPBACK)) {
            int port = taken.getLocalPort();
            String options = "stream,id=s0,server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=" + port;
            assertThatThrownBy(() -> add(options))
                    .isInstanceOf(NetdevException.class)
                    .hasMessage("Failed to find an available port: Address already in use");
            StreamNetdev server = add(options + ",addr.to=" + Math.min(port + 20, 65535));
            assertThat(port(server)).isGreaterThan(port).isLessThanOrEqualTo(port + 20);
        }
        StreamNetdev any = add("stream,id=s1,server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=0");
        assertThat(port(any)).isPositive();
        assertThat(lab.events.get(1).name()).isEqualTo("NETDEV_STREAM_LISTENING");
        assertThat(lab.events.get(1).data().toString()).contains("port=" + port(any));
    }

    @Test
    void ipv6AndFamilies() throws Exception {
        StreamNetdev server = add("stream,id=s0,server=on,addr.type=inet,addr.host=::1,addr.port=0");
        try (FramePeer peer = FramePeer.connect(server.localAddress())) {
            peer.send(new byte[60]);
            lab.untilFrames(1);
        }
        StreamNetdev any6 = add("stream,id=s1,server=on,addr.type=inet,addr.host=,addr.port=0,addr.ipv6=on");
        FramePeer.connect(new InetSocketAddress("::1", port(any6))).close();
        lab.untilEvent("NETDEV_STREAM_CONNECTED", 2);
        assertThatThrownBy(() -> add("stream,id=s2,server=on,addr.type=inet,addr.host=::1,addr.port=0,addr.ipv6=off"))
                .hasMessage("address resolution failed for ::1:0: Name or service not known");
    }

    @Test
    void aNameIsResolvedOffTheLoop() throws Exception {
        try (ServerSocketChannel listener = ServerSocketChannel.open().bind(new InetSocketAddress(LOOPBACK, 0))) {
            int port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
            add("stream,id=c0,addr.type=inet,addr.host=localhost,addr.ipv4=on,addr.port=" + port);
            try (FramePeer peer = new FramePeer(listener.accept())) {
                peer.send(new byte[60]);
                lab.untilFrames(1);
            }
        }
    }

    @Test
    void socketListenAndConnect() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, LOOPBACK)) {
            port = free.getLocalPort();
        }
        StreamNetdev server = add("socket,id=s0,listen=127.0.0.1:" + port);
        assertThat(lab.info(server)).isEmpty();
        assertThatThrownBy(() -> add("socket,id=s1,listen=127.0.0.1:" + port))
                .isInstanceOf(NetdevException.class)
                .hasMessage("can't bind ip=127.0.0.1 to socket: Address already in use");
        try (Network other = Network.open()) {
            StreamNetdev client = (StreamNetdev) other.addNetdev("socket,id=c0,connect=:" + port);
            lab.until(() -> other.call(client::info).equals("socket: connect to 127.0.0.1:" + port));
            lab.until(() -> lab.info(server).startsWith("socket: connection from 127.0.0.1:"));
        }
        lab.until(() -> lab.info(server).isEmpty());
        assertThat(lab.eventNames()).containsOnly("NETDEV_STREAM_LISTENING");
    }

    @Test
    void whatIsNotThereIsRefusedByName() {
        assertThatThrownBy(() -> add("stream,id=s0,addr.type=vsock,addr.cid=1,addr.port=3"))
                .hasMessage("stream does not support addr.type=vsock");
        assertThatThrownBy(() -> add("stream,id=s0,addr.type=inet,addr.host=127.0.0.1,addr.port=http"))
                .hasMessage("address resolution failed for 127.0.0.1:http: Servname not supported for ai_socktype");
    }

    @Test
    void reconnectTimes() throws Exception {
        assertThat(reconnect("")).isEqualTo(1000);
        assertThat(reconnect(",reconnect=3")).isEqualTo(3000);
        assertThat(reconnect(",reconnect-ms=7")).isEqualTo(7);
        assertThat(reconnect(",reconnect-ms=0")).isZero();
    }

    private long reconnect(String option) throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 1, LOOPBACK)) {
            StreamNetdev client = add(
                    "stream,id=c0,addr.type=inet,addr.host=127.0.0.1,addr.port=" + listener.getLocalPort() + option);
            long millis = client.config().reconnectMillis();
            lab.network.delete("c0");
            return millis;
        }
    }

    /** Adds a netdev as {@code -netdev} would; the NIC is joined to it if it has no peer yet. */
    private StreamNetdev add(String options) {
        StreamNetdev netdev = (StreamNetdev) lab.network.addNetdev(options);
        if (lab.network.call(() -> lab.nic.port().peer() == null)) {
            lab.network.connect(lab.nic, netdev);
        }
        return netdev;
    }

    private static int port(StreamNetdev server) {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }
}
