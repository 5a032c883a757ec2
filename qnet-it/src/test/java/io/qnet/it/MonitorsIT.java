package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.raw.StreamSocket;
import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.MonitorClient;
import io.qnet.it.support.QemuSlirp;
import io.qnet.it.support.QnetProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The same transcripts typed at QEMU's monitors and at ours: the same bytes come back, but for made-up names, ports and descriptors. */
@EnabledIfCommand("qemu-system-x86_64")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class MonitorsIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    static Path folder;

    private QemuSlirp qemu;
    private QnetProcess qnet;
    private MonitorClient qemuHmp;
    private MonitorClient qnetHmp;
    private MonitorClient qemuQmp;
    private MonitorClient qnetQmp;

    @BeforeAll
    void start() {
        qemu = QemuSlirp.start(options("qemu"));
        qnet = QnetProcess.start(options("qnet"));
        qemu.process().await(() -> Files.exists(folder.resolve("qemu.s2")), "QEMU's sockets");
        qnet.awaitFile(folder.resolve("qnet.s2"));
        qemuHmp = MonitorClient.hmp(folder.resolve("qemu.hmp"));
        qnetHmp = MonitorClient.hmp(folder.resolve("qnet.hmp"));
        qemuQmp = MonitorClient.qmp(folder.resolve("qemu.qmp"));
        qnetQmp = MonitorClient.qmp(folder.resolve("qnet.qmp"));
    }

    /** A user netdev and three listening streams on one hub. */
    private static List<String> options(String name) {
        List<String> options = new ArrayList<>();
        options.addAll(List.of("-monitor", "unix:" + folder.resolve(name + ".hmp") + ",server=on,wait=off"));
        options.addAll(List.of("-qmp", "unix:" + folder.resolve(name + ".qmp") + ",server=on,wait=off"));
        for (String id : List.of("c0", "c1")) {
            options.addAll(List.of(
                    "-chardev", "socket,id=" + id + ",server=on,wait=off,path=" + folder.resolve(name + "." + id)));
        }
        options.addAll(List.of("-netdev", "user,id=u0", "-netdev", "hubport,id=h0,hubid=0,netdev=u0"));
        for (int i = 0; i < 3; i++) {
            options.addAll(List.of(
                    "-netdev",
                    "stream,id=s" + i + ",server=on,addr.type=unix,addr.path=" + folder.resolve(name + ".s" + i)));
            options.addAll(List.of("-netdev", "hubport,id=p" + i + ",hubid=0,netdev=s" + i));
        }
        return options;
    }

    @AfterAll
    void stop() {
        for (AutoCloseable each : List.of(qemuHmp, qnetHmp, qemuQmp, qnetQmp)) {
            try {
                each.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
        qnet.close();
        qemu.close();
    }

    private static String normal(String text) {
        return text.replaceAll("HOST_FORWARD\\] +-?[0-9]+ ", "HOST_FORWARD] FD ")
                .replaceAll("127\\.0\\.0\\.1 +[0-9]+ ", "127.0.0.1 PORT ")
                .replaceAll("\"seconds\": [0-9]+, \"microseconds\": [0-9]+", "TIME")
                .replaceAll("/(qemu|qnet)\\.", "/NAME.");
    }

    private void sameHmp(String... lines) {
        for (String line : lines) {
            assertThat(normal(qnetHmp.type(line))).as(line).isEqualTo(normal(qemuHmp.type(line)));
        }
    }

    private void sameQmp(String... lines) {
        for (String line : lines) {
            assertThat(normal(answer(qnetQmp, line))).as(line).isEqualTo(normal(answer(qemuQmp, line)));
        }
    }

    /** The answer to a command, behind events that other tests have caused. */
    private static String answer(MonitorClient client, String line) {
        String answer = client.ask(line);
        while (answer.contains("\"event\": ")) {
            answer = client.line();
        }
        return answer;
    }

    @Test
    void aScriptAtTheHumanMonitorSeesTheSameBytes() {
        sameHmp(
                "info network",
                "",
                "  info   usernet  ",
                "hostfwd_add tcp:127.0.0.1:0-:22",
                "hostfwd_add u0 udp:127.0.0.1:0-10.0.2.20:53",
                "info usernet",
                "hostfwd_add",
                "hostfwd_add zz tcp::0-:22",
                "hostfwd_add s0 tcp::0-:22",
                "hostfwd_add tcp::bad",
                "hostfwd_remove tcp:127.0.0.1:1",
                "hostfwd_remove u0 udp::1",
                "hostfwd_remove x",
                "hostfwd_remove zz tcp::1",
                "netdev_add user,id=u9,restrict=y",
                "netdev_add \"user,id=u8,net=10.8.0.0/16\"",
                "netdev_add user",
                "netdev_add user,id=u7,foo=1",
                "netdev_add bogus,id=x",
                "netdev_add user,id=u7 junk",
                "info network",
                "netdev_del u8",
                "netdev_del u9",
                "netdev_del u9",
                "netdev_del",
                "set_link u0 off",
                "set_link u0 on",
                "set_link \"u0\" on",
                "set_link u0 maybe",
                "set_link u0",
                "set_link",
                "set_link nosuch on",
                "object_add filter-buffer,id=b,netdev=u0,interval=1000",
                "object_add filter-dump,id=d,netdev=u0,file=" + folder.resolve("either.pcap")
                        + ",position=head,queue=tx",
                "object_add filter-buffer,id=b,netdev=u0,interval=1000",
                "object_add filter-buffer,id=c,netdev=u0,interval=0",
                "object_add filter-buffer,id=c,netdev=zz,interval=1",
                "object_add filter-dump,id=c,netdev=u0,file=/nowhere/x",
                "object_add filter-buffer,netdev=u0,interval=1000",
                "object_add nosuch,id=x",
                "object_add",
                "qom-set /objects/b status off",
                "qom-set /objects/b status maybe",
                "qom-set /objects/zz status on",
                "info network",
                "object_del d",
                "object_del b",
                "object_del b",
                "stop",
                "info status",
                "cont",
                "info status",
                "foo bar",
                "info foo",
                "info network x",
                "help foo",
                "help set_link",
                "help info network",
                "infx\u007fo statuz\bs",
                "\033[A\001\005");
    }

    @Test
    void aProgramAtQmpSeesTheSameAnswers() {
        sameQmp(
                "{\"execute\": \"query-status\"}",
                "{\"execute\": \"netdev_add\", \"arguments\": {\"type\": \"user\", \"id\": \"q0\", \"net\": \"10.7.0.0/24\"}, \"id\": 1}",
                "{\"execute\": \"netdev_add\", \"arguments\": {\"type\": \"user\", \"id\": \"q0\"}, \"id\": \"é\"}",
                "{\"execute\": \"netdev_add\", \"arguments\": {\"type\": \"user\", \"id\": \"q1\", \"restrict\": \"on\"}}",
                "{\"execute\": \"netdev_add\", \"arguments\": {\"type\": \"user\", \"id\": \"q1\", \"foo\": 1}}",
                "{\"execute\": \"netdev_add\", \"arguments\": {\"type\": \"nic\", \"id\": \"q1\"}}",
                "{\"execute\": \"netdev_add\"}",
                "{\"execute\": \"set_link\", \"arguments\": {\"name\": \"q0\", \"up\": false}}",
                "{\"execute\": \"set_link\", \"arguments\": {\"name\": \"nosuch\", \"up\": false}}",
                "{\"execute\": \"set_link\", \"arguments\": {\"name\": \"q0\", \"up\": \"off\"}}",
                "{\"execute\": \"set_link\", \"arguments\": {\"name\": \"q0\"}}",
                "{\"execute\": \"object-add\", \"arguments\": {\"qom-type\": \"filter-buffer\", \"id\": \"f\", \"netdev\": \"q0\", \"interval\": 5}}",
                "{\"execute\": \"object-add\", \"arguments\": {\"qom-type\": \"filter-buffer\", \"id\": \"f\", \"netdev\": \"q0\", \"interval\": 5}}",
                "{\"execute\": \"qom-set\", \"arguments\": {\"path\": \"/objects/f\", \"property\": \"status\", \"value\": \"off\"}}",
                "{\"execute\": \"object-del\", \"arguments\": {\"id\": \"f\"}}",
                "{\"execute\": \"object-del\", \"arguments\": {\"id\": \"f\"}}",
                "{\"execute\": \"human-monitor-command\", \"arguments\": {\"command-line\": \"info foo\"}}",
                "{\"execute\": \"netdev_del\", \"arguments\": {\"id\": \"q0\"}}",
                "{\"execute\": \"netdev_del\", \"arguments\": {\"id\": \"q0\"}}",
                "{\"execute\": \"nosuch\"}",
                "{\"execute\": 1}",
                "{\"a\": 1}",
                "[1]",
                "{\"x\" 1}",
                "{\"execute\": \"query-status\",}",
                "01",
                "{'execute': 'query-name', 'id': 1.5}");
    }

    @Test
    void clientsComingAndGoingAreEventsAndSeenInTheInfo() {
        try (StreamSocket own = StreamSocket.connect(folder.resolve("qnet.s2"));
                StreamSocket other = StreamSocket.connect(folder.resolve("qemu.s2"))) {
            assertThat(eventOf(qnetQmp, "CONNECTED")).contains("\"type\": \"unix\"");
            assertThat(eventOf(qemuQmp, "CONNECTED")).contains("\"type\": \"unix\"");
            sameHmp("info network");
            own.send(new byte[60]);
            other.send(new byte[60]);
        }
        assertThat(eventOf(qnetQmp, "DISCONNECTED")).endsWith("\"data\": {\"netdev-id\": \"s2\"}}\r\n");
        assertThat(eventOf(qemuQmp, "DISCONNECTED")).endsWith("\"data\": {\"netdev-id\": \"s2\"}}\r\n");
        sameHmp("info network");
    }

    /** The next such event of the stream s2. */
    private static String eventOf(MonitorClient client, String end) {
        String line = client.line();
        while (!line.contains("\"event\": \"NETDEV_STREAM_" + end + "\"") || !line.contains("\"netdev-id\": \"s2\"")) {
            line = client.line();
        }
        return line;
    }

    @Test
    void aDumpHasTheSameBytesButForItsTimes() throws Exception {
        byte[] longFrame = new byte[200];
        longFrame[0] = (byte) 0xff;
        assertThat(dumped(qnet.process(), "qnet", qnetHmp, longFrame))
                .isEqualTo(dumped(qemu.process(), "qemu", qemuHmp, longFrame));
    }

    @Test
    void framesAreMirroredAndEnterAsInQemu() {
        assertThat(mirrored(qnet.process(), "qnet", qnetHmp)).isEqualTo(mirrored(qemu.process(), "qemu", qemuHmp));
    }

    /** What leaves by a mirror at s0, and what of a frame that enters at s1 arrives where. */
    private static List<String> mirrored(ChildProcess process, String name, MonitorClient hmp) {
        List<String> seen = new ArrayList<>();
        hmp.type("object_add filter-mirror,id=mirror,netdev=s0,outdev=c0,queue=tx");
        hmp.type("object_add filter-redirector,id=entry,netdev=s1,indev=c1,queue=all");
        try (StreamSocket mirror = StreamSocket.connect(folder.resolve(name + ".c0"));
                StreamSocket entry = StreamSocket.connect(folder.resolve(name + ".c1"));
                StreamSocket one = StreamSocket.connect(folder.resolve(name + ".s0"));
                StreamSocket other = StreamSocket.connect(folder.resolve(name + ".s1"))) {
            process.await(() -> hmp.answer("info network").split("type=stream,unix:").length == 3, "both streams");
            byte[] frame = new byte[77];
            frame[14] = 1;
            while (mirror.receive(Duration.ofMillis(100)).isEmpty()) {
                one.send(frame); // until the device knows its client
            }
            byte[] last = new byte[99];
            one.send(last);
            seen.add("mirrored " + lastOf(mirror, last.length));
            seen.add("passed " + lastOf(other, last.length));
            byte[] entered = new byte[111];
            entry.send(entered);
            seen.add("at its netdev " + lastOf(other, entered.length));
            seen.add("at the peer " + lastOf(one, entered.length));
        }
        hmp.type("object_del entry");
        hmp.type("object_del mirror");
        return seen;
    }

    /** The bytes of the next frame of this length. */
    private static String lastOf(StreamSocket socket, int length) {
        byte[] frame = socket.receive(LIMIT).orElseThrow();
        while (frame.length != length) {
            frame = socket.receive(LIMIT).orElseThrow();
        }
        return HexFormat.of().formatHex(frame);
    }

    /** What is dumped of two frames between the streams, times left out. */
    private static List<Integer> dumped(ChildProcess process, String name, MonitorClient hmp, byte[] longFrame)
            throws IOException {
        Path file = folder.resolve(name + "-frames.pcap");
        try (StreamSocket one = StreamSocket.connect(folder.resolve(name + ".s0"));
                StreamSocket other = StreamSocket.connect(folder.resolve(name + ".s1"))) {
            process.await(() -> hmp.answer("info network").split("type=stream,unix:").length == 3, "both streams");
            hmp.type("object_add filter-dump,id=frames,netdev=s0,maxlen=100,file=" + file);
            one.send(longFrame);
            assertThat(other.receive(LIMIT)).isPresent();
            other.send(new byte[60]);
            assertThat(one.receive(LIMIT)).isPresent();
            hmp.type("object_del frames");
        }
        long wanted = 24 + 16 + 100 + 16 + 60;
        process.await(() -> file.toFile().length() >= wanted, "the whole dump");
        ByteBuffer pcap = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<Integer> words = new ArrayList<>();
        for (int at = 0; at + 4 <= pcap.capacity(); at += 4) {
            words.add(pcap.getInt(at));
        }
        for (int record : new int[] {6, 6 + (16 + 100) / 4}) {
            words.set(record, 0);
            words.set(record + 1, 0);
        }
        return words;
    }
}
