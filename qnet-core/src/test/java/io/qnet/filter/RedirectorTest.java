package io.qnet.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.HubPort;
import io.qnet.Network;
import io.qnet.Nic;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mirrors and redirectors over real sockets, between two NICs on a hub at the ports "a" and "b". */
@Timeout(60)
class RedirectorTest {
    @TempDir
    Path folder;

    private final BlockingQueue<Integer> atReceiver = new LinkedBlockingQueue<>();
    private final BlockingQueue<Integer> atSender = new LinkedBlockingQueue<>();
    private Network network;
    private Nic sender;

    @BeforeEach
    void open() {
        network = Network.open();
        network.add(HubPort.config("a", 0));
        network.add(HubPort.config("b", 0));
        sender = network.add(Nic.config());
        Nic receiver = network.add(Nic.config());
        network.connect(sender, Objects.requireNonNull(network.endpoint("a")));
        network.connect(receiver, Objects.requireNonNull(network.endpoint("b")));
        sender.onFrame(frame -> atSender.add((int) frame.head().getByte(frame.headIndex() + 14)));
        receiver.onFrame(frame -> atReceiver.add((int) frame.head().getByte(frame.headIndex() + 14)));
    }

    @AfterEach
    void close() {
        assertThat(network.loop().counters().value("task.failed")).isZero();
        network.close();
    }

    private static byte[] frame(int number) {
        return ByteBuffer.allocate(60).put(14, (byte) number).array();
    }

    private int chardev(String id) throws IOException {
        int port;
        try (java.net.ServerSocket free = new java.net.ServerSocket(0)) {
            port = free.getLocalPort();
        }
        network.addChardev("socket,id=" + id + ",host=127.0.0.1,server=on,wait=off,port=" + port);
        return port;
    }

    /** Connects; once the first frame is there, the device knows. */
    private Socket connect(int port) throws IOException {
        Socket socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(60_000);
        return socket;
    }

    private long counter(String filter, String name) {
        return Objects.requireNonNull(network.info().endpoint("a")).filters().stream()
                .filter(each -> each.id().equals(filter))
                .findFirst()
                .orElseThrow()
                .counters()
                .getOrDefault(name, 0L);
    }

    private void awaitSent(String filter) throws InterruptedException {
        while (counter(filter, "sent") == 0) {
            sender.send(frame(1));
            assertThat(atReceiver.poll(1, TimeUnit.MILLISECONDS)).isIn(1, null);
        }
    }

    @ParameterizedTest
    @CsvSource({"off, 0", "on, 4"})
    void aMirrorSendsACopyBehindItsLength(String vnetHeader, int more) throws Exception {
        int port = chardev("c0");
        network.addObject("filter-mirror,id=m,netdev=a,outdev=c0,queue=rx,vnet_hdr_support=" + vnetHeader);
        try (Socket socket = connect(port)) {
            awaitSent("m");
            InputStream in = socket.getInputStream();
            byte[] bytes = in.readNBytes(4 + more + 60);
            assertThat(ByteBuffer.wrap(bytes).getInt()).isEqualTo(60);
            if (more > 0) {
                assertThat(ByteBuffer.wrap(bytes).getInt(4)).isZero();
            }
            assertThat(ByteBuffer.wrap(bytes, 4 + more, 60).slice()).isEqualTo(ByteBuffer.wrap(frame(1)));
        }
    }

    @Test
    void aRedirectorTakesFramesAwayOnceSomebodyIsThere() throws Exception {
        int port = chardev("c0");
        network.addObject("filter-redirector,id=r,netdev=a,outdev=c0,queue=rx");
        sender.send(frame(7));
        assertThat(atReceiver.take()).isEqualTo(7);
        try (Socket socket = connect(port)) {
            awaitSent("r");
            DataInputStream in = new DataInputStream(socket.getInputStream());
            assertThat(in.readInt()).isEqualTo(60);
            assertThat(in.readNBytes(60)).isEqualTo(frame(1));
            atReceiver.clear();
            sender.send(frame(2));
            assertThat(in.readInt()).isEqualTo(60);
            assertThat(in.readNBytes(60)).isEqualTo(frame(2));
            assertThat(atReceiver).isEmpty();
        }
    }

    @Test
    void framesFromADeviceEnterBothWays() throws Exception {
        int port = chardev("c0");
        network.addObject("filter-redirector,id=r,netdev=a,indev=c0");
        try (Socket socket = connect(port)) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            byte[] message = ByteBuffer.allocate(64).putInt(60).put(frame(5)).array();
            for (byte each : message) {
                out.write(each);
                out.flush();
            }
            assertThat(atReceiver.take()).isEqualTo(5);
            assertThat(atSender.take()).isEqualTo(5);
            out.writeInt(0);
            out.write(message);
            assertThat(atReceiver.take()).isEqualTo(5);
            out.writeInt(-1);
            out.write(message);
        }
        try (Socket socket = connect(port)) {
            socket.getOutputStream().write(new byte[] {0, 0});
        }
        try (Socket socket = connect(port)) {
            socket.getOutputStream()
                    .write(ByteBuffer.allocate(64).putInt(60).put(frame(6)).array());
            assertThat(atReceiver.take()).isEqualTo(6);
        }
    }

    @Test
    void aVirtioNetHeaderInFrontOfAFrameIsLeftOut() throws Exception {
        int port = chardev("c0");
        network.addObject("filter-redirector,id=r,netdev=a,indev=c0,queue=tx,vnet_hdr_support=on");
        try (Socket socket = connect(port)) {
            byte[] message = ByteBuffer.allocate(8 + 12 + 60)
                    .putInt(72)
                    .putInt(12)
                    .put(new byte[12])
                    .put(frame(9))
                    .array();
            socket.getOutputStream().write(message);
            assertThat(atSender.take()).isEqualTo(9);
            assertThat(atReceiver).isEmpty();
        }
    }

    @Test
    void aFileTakesTheSameBytes() throws Exception {
        Path file = folder.resolve("frames");
        network.addChardev("file,id=f,path=" + file);
        network.addObject("filter-mirror,id=m,netdev=a,outdev=f");
        sender.send(frame(3));
        assertThat(atReceiver.take()).isEqualTo(3);
        while (Files.size(file) < 64) {
            Thread.onSpinWait();
        }
        assertThat(Files.readAllBytes(file))
                .isEqualTo(ByteBuffer.allocate(64).putInt(60).put(frame(3)).array());
    }

    @Test
    void whatADeviceDoesNotTakeIsDroppedAndCounted() throws Exception {
        int port = chardev("c0");
        network.addObject("filter-mirror,id=m,netdev=a,outdev=c0,queue=rx");
        try (Socket deaf = connect(port)) {
            assertThat(deaf.isConnected()).isTrue();
            byte[] large = new byte[60_000];
            while (counter("m", "drop.send") == 0) {
                sender.send(large);
                atReceiver.poll();
            }
        }
    }

    @Test
    void refusalsHaveQemusWords() {
        network.addChardev("null,id=n0");
        network.addChardev("null,id=n1");
        assertRefused("filter-mirror,id=q,netdev=a,outdev=zz", "Device 'zz' not found");
        assertRefused("filter-mirror,id=q,netdev=a", "Parameter 'outdev' is missing");
        assertRefused(
                "filter-redirector,id=q,netdev=a",
                "filter redirector needs 'indev' or 'outdev' at least one property set");
        assertRefused(
                "filter-redirector,id=q,netdev=a,indev=n0,outdev=n0",
                "'indev' and 'outdev' could not be same for filter redirector");
        assertRefused("filter-redirector,id=q,netdev=a,indev=zz", "IN Device 'zz' not found");
        assertRefused("filter-redirector,id=q,netdev=a,outdev=zz", "OUT Device 'zz' not found");
        network.addObject("filter-redirector,id=r,netdev=a,indev=n0,outdev=n1");
        assertThat(network.info().endpoint("a"))
                .satisfies(a -> assertThat(a.filters().get(0).info())
                        .startsWith(",vnet_hdr_support=false,indev=n0,outdev=n1,position=tail,"));
        assertRefused("filter-mirror,id=q,netdev=a,outdev=n1", "Device 'n1' is in use");
        network.removeFilter("r");
        network.addObject("filter-mirror,id=q,netdev=a,outdev=n1");
        assertThatThrownBy(() -> network.addChardev("null,id=n0")).hasMessage("Duplicate ID 'n0' for chardev");
        assertThatThrownBy(() -> network.addChardev("file,id=f,path=/nodir/x"))
                .hasMessage("Could not open '/nodir/x': No such file or directory");
    }

    private void assertRefused(String object, String message) {
        assertThatThrownBy(() -> network.addObject(object)).hasMessage(message);
    }
}
