package io.qnet.cli.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.NetdevException;
import io.qnet.Network;
import io.qnet.option.ChardevSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Monitors over real unix sockets. */
@Timeout(120)
class MonitorsTest {
    private static final String HELLO = "{\"execute\":\"qmp_capabilities\"}\n";

    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream info = new ByteArrayOutputStream();
    private Network network = Network.open();
    private Monitors monitors =
            Monitors.open(List.of(), InputStream.nullInputStream(), new PrintStream(out), new PrintStream(info));

    @AfterEach
    void close() {
        monitors.close();
        network.close();
    }

    private MonitorSpec unix(String name, boolean qmp, String options) {
        String text = "unix:" + folder.resolve(name) + options;
        return new MonitorSpec((qmp ? "-qmp " : "-monitor ") + text, qmp, ChardevSpec.parseShort(text));
    }

    private void open(String input, MonitorSpec... specs) {
        monitors = Monitors.open(
                List.of(specs),
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(info, true, StandardCharsets.UTF_8));
        network.close();
        network = Network.builder().listener(monitors).parse("-netdev", "user,id=u");
        monitors.start(new TestMachine(network));
    }

    private Client client(String name) throws IOException {
        return new Client(SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve(name))));
    }

    @Test
    void clientsAreServedOneAfterTheOtherAndTheSocketGoesAtTheEnd() throws Exception {
        open("", unix("hmp", false, ",server,nowait"));
        try (Client first = client("hmp");
                Client second = client("hmp")) {
            assertThat(first.until("(qemu) ")).startsWith("QEMU 7.2.0 (qnet 1.0) monitor - type 'help' for more");
            first.say("info status\n");
            assertThat(first.until("(qemu) ")).endsWith("info status\033[K\r\nVM status: running\r\n(qemu) ");
            first.end();
            second.until("(qemu) ");
        }
        monitors.close();
        assertThat(folder.resolve("hmp")).doesNotExist();
    }

    @Test
    void severalMonitorsSeeTheSameEvents() throws Exception {
        open(
                "",
                unix("a", true, ",server=on,wait=off"),
                unix("b", true, ",server=on,wait=off"),
                unix("c", false, ",server=on,wait=off"));
        try (Client a = client("a");
                Client b = client("b");
                Client c = client("c")) {
            a.say(HELLO);
            b.say(HELLO);
            a.until("{\"return\": {}}\r\n");
            b.until("{\"return\": {}}\r\n");
            c.say("stop\n");
            assertThat(a.until("\r\n")).contains("\"event\": \"STOP\"}");
            assertThat(b.until("\r\n")).contains("\"event\": \"STOP\"}");
            monitors.announceEnd("host-signal");
            monitors.announceEnd("host-qmp-quit");
            monitors.flush();
            assertThat(a.until("}}\r\n"))
                    .endsWith(
                            "\"event\": \"SHUTDOWN\", \"data\": {\"guest\": false, \"reason\": \"host-signal\"}}\r\n");
        }
    }

    @Test
    void aClientThatDoesNotReadIsDroppedAndNeverHoldsUpTheNetwork() throws Exception {
        open("", unix("qmp", true, ",server=on,wait=off"));
        try (Client deaf = client("qmp")) {
            deaf.say(HELLO);
            deaf.until("{\"return\": {}}\r\n");
            // what nobody reads fills the socket and then the bounded queue
            for (int i = 0; i < 60_000 && deaf.isConnected(monitors); i++) {
                network.pause();
                network.resume();
            }
            assertThat(deaf.isConnected(monitors)).isFalse();
        }
        try (Client next = client("qmp")) {
            next.say(HELLO);
            next.until("{\"return\": {}}\r\n");
        }
    }

    @Test
    void aClientThatAsksAndDoesNotReadIsNotReadFromEither() throws Exception {
        open("", unix("qmp", true, ",server=on,wait=off"));
        try (Client deaf = client("qmp")) {
            byte[] asking = (HELLO + "{\"execute\":\"query-commands\"}\n".repeat(200)).getBytes(StandardCharsets.UTF_8);
            deaf.sayUntilFull(asking);
            assertThat(network.endpoints()).hasSize(1);
        }
    }

    @Test
    void garbageIsAnswered() throws Exception {
        open("", unix("qmp", true, ",server=on,wait=off"), unix("hmp", false, ",server=on,wait=off"));
        byte[] garbage = new byte[20_000];
        new java.util.Random(1).nextBytes(garbage);
        try (Client qmp = client("qmp");
                Client hmp = client("hmp")) {
            Thread reader = qmp.readInBackground();
            qmp.write(garbage);
            qmp.end();
            reader.join();
            Thread other = hmp.readInBackground();
            hmp.write(garbage);
            hmp.end();
            other.join();
        }
        try (Client next = client("qmp")) {
            next.until("\"capabilities\": []}}\r\n");
        }
    }

    @Test
    void aServerMayBeWaitedForAndTheProgramSaysSo() throws Exception {
        Thread client = new Thread(() -> {
            while (!Files.exists(folder.resolve("hmp"))) {
                Thread.onSpinWait();
            }
            try (Client made = client("hmp")) {
                made.until("(qemu) ");
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        client.start();
        open("", unix("hmp", false, ",server=on"));
        client.join();
        assertThat(info.toString(StandardCharsets.UTF_8))
                .isEqualTo("qnet: -monitor unix:" + folder.resolve("hmp") + ",server=on: info: QEMU waiting for "
                        + "connection on: disconnected:unix:" + folder.resolve("hmp") + ",server=on\n");
    }

    @Test
    void theProgramsOwnStreamsAreTakenUntilTheirEnd() throws Exception {
        open("info status\n", new MonitorSpec("-monitor stdio", false, ChardevSpec.parseShort("stdio")));
        while (!out.toString(StandardCharsets.UTF_8).endsWith("VM status: running\r\n(qemu) ")) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aStaleSocketIsReplacedAndWhatCannotBeOpenedIsRefusedInQemusWords() throws Exception {
        open("", unix("hmp", false, ",server=on,wait=off"));
        assertThatThrownBy(() -> open("", unix("hmp", false, ",server=on,wait=off")))
                .isInstanceOf(NetdevException.class)
                .hasMessageStartingWith("Failed to bind socket to " + folder.resolve("hmp") + ": ");
        assertThatThrownBy(() -> open("", unix("no/hmp", false, ",server=on,wait=off")))
                .hasMessage("Failed to bind socket to " + folder.resolve("no/hmp") + ": No such file or directory");
        assertThatThrownBy(() -> open("", unix("nobody", false, "")))
                .hasMessage("Failed to connect to '" + folder.resolve("nobody") + "': No such file or directory");
    }

    /** The other end of a monitor's socket. */
    private static final class Client implements Closeable {
        private final SocketChannel socket;

        Client(SocketChannel socket) {
            this.socket = socket;
        }

        void say(String text) throws IOException {
            write(text.getBytes(StandardCharsets.UTF_8));
        }

        void write(byte[] bytes) throws IOException {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                socket.write(left);
            }
        }

        /** Writes the bytes again and again until the socket takes no more for a while. */
        void sayUntilFull(byte[] bytes) throws IOException {
            socket.configureBlocking(false);
            int refused = 0;
            while (refused < 10_000) {
                refused = socket.write(ByteBuffer.wrap(bytes)) == 0 ? refused + 1 : 0;
                Thread.onSpinWait();
            }
        }

        /** Reads until the text ends so. */
        String until(String end) throws IOException {
            StringBuilder text = new StringBuilder();
            ByteBuffer one = ByteBuffer.allocate(1);
            while (text.indexOf(end) < 0 || !text.toString().endsWith(end)) {
                if (socket.read(one.clear()) < 0) {
                    throw new IOException("ended after " + text);
                }
                text.append((char) (one.get(0) & 0xff));
            }
            return text.toString();
        }

        boolean isConnected(Monitors monitors) {
            return monitors.hasClients();
        }

        Thread readInBackground() {
            Thread reader = new Thread(() -> {
                try {
                    ByteBuffer bytes = ByteBuffer.allocate(65_536);
                    while (socket.read(bytes.clear()) >= 0) {
                        Thread.onSpinWait();
                    }
                } catch (IOException e) {
                    Thread.onSpinWait(); // closed: that ends it
                }
            });
            reader.start();
            return reader;
        }

        void end() throws IOException {
            socket.close();
        }

        @Override
        public void close() throws IOException {
            end();
        }
    }
}
