package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.raw.StreamSocket;
import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.Ports;
import io.qnet.it.support.QemuHub;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each socket netdev against the same netdev of a real QEMU, byte for byte (K1, K6, K8, K10, G1, G2, G4 to G8, L1). */
@EnabledIfCommand("qemu-system-x86_64")
class SocketNetdevsIT {
    private static final int[] SIZES = {
        1, 13, 14, 42, 59, 60, 64, 1514, 1518, 9018, 16_000, 65_507, 65_535, 65_536, 65_550, 69_631, 69_632
    };

    /** How many frames pass each way in the test that counts them; a million by {@code -Dqnet.soak.frames=1000000}. */
    private static final int SOAK_FRAMES = Integer.getInteger("qnet.soak.frames", 100_000);

    private static final int WINDOW = 16;

    @TempDir
    private Path folder;

    /** QEMU's options, ours, and the longest frame that both take. P and Q are free ports, D a folder; who listens is started first. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            stream,id=n,server=off,addr.type=unix,addr.path=D/s|stream,id=n,server=on,addr.type=unix,addr.path=D/s|69632
            stream,id=n,server=on,addr.type=unix,addr.path=D/s|stream,id=n,server=off,addr.type=unix,addr.path=D/s|69632
            stream,id=n,server=off,addr.type=inet,addr.host=127.0.0.1,addr.port=P|stream,id=n,server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=P|69632
            stream,id=n,server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=P|stream,id=n,server=off,addr.type=inet,addr.host=127.0.0.1,addr.port=P|69632
            socket,id=n,connect=127.0.0.1:P|socket,id=n,listen=127.0.0.1:P|69632
            socket,id=n,listen=127.0.0.1:P|socket,id=n,connect=127.0.0.1:P|69632
            socket,id=n,udp=127.0.0.1:P,localaddr=127.0.0.1:Q|socket,id=n,udp=127.0.0.1:Q,localaddr=127.0.0.1:P|65507
            dgram,id=n,local.type=inet,local.host=127.0.0.1,local.port=P,remote.type=inet,remote.host=127.0.0.1,remote.port=Q|dgram,id=n,local.type=inet,local.host=127.0.0.1,local.port=Q,remote.type=inet,remote.host=127.0.0.1,remote.port=P|65507
            dgram,id=n,local.type=unix,local.path=D/a,remote.type=unix,remote.path=D/b|dgram,id=n,local.type=unix,local.path=D/b,remote.type=unix,remote.path=D/a|69632
            l2tpv3,id=n,src=127.0.0.1,dst=127.0.0.1,udp=on,srcport=P,dstport=Q,txsession=1|l2tpv3,id=n,src=127.0.0.1,dst=127.0.0.1,udp=on,srcport=Q,dstport=P,txsession=1|2000
            l2tpv3,id=n,src=127.0.0.1,dst=127.0.0.1,udp=on,srcport=P,dstport=Q,txsession=1,rxsession=0xfffffffe,counter=on,txcookie=7,rxcookie=8,offset=3|l2tpv3,id=n,src=127.0.0.1,dst=127.0.0.1,udp=on,srcport=Q,dstport=P,txsession=0xfffffffe,rxsession=1,counter=on,txcookie=8,rxcookie=7,offset=3|2000
            l2tpv3,id=n,src=127.0.0.1,dst=127.0.0.1,udp=on,srcport=P,dstport=Q,txsession=1,counter=on,pincounter=on,cookie64=on,txcookie=0x123456789abcdef,rxcookie=2|l2tpv3,id=n,src=127.0.0.1,dst=127.0.0.1,udp=on,srcport=Q,dstport=P,txsession=1,counter=on,pincounter=on,cookie64=on,txcookie=2,rxcookie=0x123456789abcdef|2000
            l2tpv3,id=n,ipv6=on,src=::1,dst=::1,udp=on,srcport=P,dstport=Q,txsession=1|l2tpv3,id=n,ipv6=on,src=::1,dst=::1,udp=on,srcport=Q,dstport=P,txsession=1|2000
            """)
    void framesOfAllSizesPassBothWays(String qemuOptions, String ourOptions, int longest) {
        int first = Ports.free();
        int second = Ports.free();
        String theirs = filled(qemuOptions, first, second);
        String ours = filled(ourOptions, first, second);
        boolean weListen = ours.contains("server=on") || ours.contains("listen=");
        try (QnetNic early = weListen ? new QnetNic(ours) : null;
                QemuHub qemu = QemuHub.start(folder, theirs);
                QnetNic late = weListen ? null : new QnetNic(ours);
                StreamSocket side = qemu.side()) {
            QnetNic qnet = early == null ? late : early;
            assertThat(qnet).isNotNull();
            meet(qnet, qemu, side);
            for (int size : SIZES) {
                if (size <= longest) {
                    qnet.send(frame(size));
                    expect(size, receive(side));
                    side.send(frame(size));
                    expect(size, qnet.receive());
                }
            }
            assertThat(qnet.waiting()).as("echoes").isZero();
            // info network, word for word but for the far side's port
            String their = qemu.info("n").replaceAll("\\d+\\.\\d+\\.\\d+\\.\\d+:\\d+", "A:P");
            String our = ("index=0,type=" + qnet.netdev.type() + "," + qnet.info())
                    .replaceAll("\\d+\\.\\d+\\.\\d+\\.\\d+:\\d+", "A:P");
            if (!weListen && !ours.contains("server=off") && !ours.contains("connect=")) {
                assertThat(our).isEqualTo(swapped(their));
            }
        }
    }

    private static void expect(int size, byte[] received) {
        assertThat(received.length).as("the length of a frame").isEqualTo(size);
        assertThat(Arrays.equals(received, frame(size)))
                .as("the bytes of a frame")
                .isTrue();
    }

    private String swapped(String info) {
        String a = folder + "/a";
        String b = folder + "/b";
        return info.replace(a + ":" + b, b + ":" + a);
    }

    @Test
    void aGroupIsSharedWithQemuWhoHearsItselfAndWeDoNot() {
        String options = "socket,id=n,mcast=230.0.0.1:" + Ports.free() + ",localaddr=127.0.0.1";
        try (QemuHub qemu = QemuHub.start(folder, options);
                QnetNic one = new QnetNic(options);
                QnetNic two = new QnetNic(options);
                StreamSocket side = qemu.side()) {
            assertThat("index=0,type=socket," + one.info()).isEqualTo(qemu.info("n"));
            one.send(frame(60));
            assertThat(receive(side)).isEqualTo(frame(60));
            assertThat(two.receive()).isEqualTo(frame(60));
            side.send(frame(61));
            assertThat(one.receive()).isEqualTo(frame(61));
            assertThat(two.receive()).isEqualTo(frame(61));
            assertThat(receive(side)).as("QEMU's echo of its own").isEqualTo(frame(61));
            two.send(frame(62));
            assertThat(one.receive()).isEqualTo(frame(62));
            assertThat(one.waiting() + two.waiting()).isZero();
            assertThat(one.counter("in.own")).isEqualTo(1);
        }
    }

    @Test
    void ourClientComesBackToAQemuThatRestarts() {
        String qemuOptions = "stream,id=n,server=on,addr.type=unix,addr.path=" + folder.resolve("s");
        try (QnetNic qnet =
                new QnetNic("stream,id=n,reconnect-ms=50,addr.type=unix,addr.path=" + folder.resolve("s"))) {
            for (int round = 0; round < 2; round++) {
                try (QemuHub qemu = QemuHub.start(folder, qemuOptions);
                        StreamSocket side = qemu.side()) {
                    meet(qnet, qemu, side);
                    qemu.process().kill();
                }
                Awaitility.await()
                        .atMost(ChildProcess.HANG)
                        .until(() -> qnet.counter("drop.disconnected") >= 0
                                && !qnet.info().startsWith("unix:"));
            }
        }
    }

    @Test
    void aUnixDatagramPeerThatRestartsIsServedAgain() {
        String dgram = "dgram,id=n,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s";
        Path a = folder.resolve("a");
        Path b = folder.resolve("b");
        try (QnetNic qnet = new QnetNic(String.format(dgram, a, b))) {
            qnet.send(frame(60));
            Awaitility.await().atMost(ChildProcess.HANG).until(() -> qnet.counter("drop.unreachable") == 1);
            for (int round = 0; round < 3; round++) {
                try (QemuHub qemu = QemuHub.start(folder, String.format(dgram, b, a));
                        StreamSocket side = qemu.side()) {
                    meet(qnet, qemu, side);
                    qemu.process().kill();
                }
            }
        }
    }

    /** A QEMU that listens sleeps in its writes unless it is read: it must answer while our network takes nothing. */
    @Test
    void aListeningQemuIsReadWhateverHappensToItsFrames() {
        try (QemuHub qemu =
                        QemuHub.start(folder, "stream,id=n,server=on,addr.type=unix,addr.path=" + folder.resolve("s"));
                QnetNic qnet = new QnetNic("stream,id=n,addr.type=unix,addr.path=" + folder.resolve("s"));
                StreamSocket side = qemu.side()) {
            meet(qnet, qemu, side);
            qnet.network.pause();
            for (int i = 0; i < 30_000; i++) {
                side.send(new byte[1000]);
            }
            assertThat(qemu.info("n")).startsWith("index=0,type=stream,unix:");
            assertThat(qnet.nic.port().queuedFrames()).isLessThanOrEqualTo(10_000);
            Awaitility.await()
                    .atMost(ChildProcess.HANG)
                    .until(() -> qnet.nic.port().counters().value("drop.queue-full") > 0);
            qnet.network.resume();
            side.send(frame(77));
            byte[] last;
            do {
                last = qnet.receive();
            } while (last.length != 77);
        }
    }

    /**
     * Frames of random size each way through QEMU's hub at once: none is lost, none overtakes another. Few are on their way at a time, since QEMU's own hub changes the order of frames that have had to wait.
     */
    @Test
    void manyFramesPassEachWayInOrder() throws Exception {
        try (QnetNic qnet = new QnetNic("stream,id=n,server=on,addr.type=unix,addr.path=" + folder.resolve("s"));
                QemuHub qemu = QemuHub.start(
                        folder, "stream,id=n,server=off,addr.type=unix,addr.path=" + folder.resolve("s"));
                StreamSocket side = qemu.side()) {
            meet(qnet, qemu, side);
            List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
            Semaphore towardsQemu = new Semaphore(WINDOW);
            Semaphore fromQemu = new Semaphore(WINDOW);
            List<Thread> threads = List.of(
                    thread(failures, () -> sendAll(1, towardsQemu, qnet::send)),
                    thread(failures, () -> sendAll(2, fromQemu, side::send)),
                    thread(failures, () -> expectAll(1, towardsQemu, () -> receive(side))),
                    thread(failures, () -> expectAll(2, fromQemu, qnet::receive)));
            for (Thread each : threads) {
                each.join();
            }
            assertThat(failures).isEmpty();
        }
    }

    private static void sendAll(int seed, Semaphore window, Consumer<byte[]> to) {
        Random sizes = new Random(seed);
        for (int i = 0; i < SOAK_FRAMES; i++) {
            window.acquireUninterruptibly();
            to.accept(numbered(i, 14 + sizes.nextInt(8987)));
        }
    }

    private static void expectAll(int seed, Semaphore window, Supplier<byte[]> frames) {
        Random sizes = new Random(seed);
        for (int i = 0; i < SOAK_FRAMES; i++) {
            byte[] frame = frames.get();
            int length = 14 + sizes.nextInt(8987);
            if (!Arrays.equals(frame, numbered(i, length))) {
                throw new AssertionError("frame " + i + " of " + length + " bytes, but came " + frame.length);
            }
            window.release();
        }
    }

    private static Thread thread(List<Throwable> failures, Runnable work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                failures.add(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Frames are sent until one has come through each way; all that was sent is taken away. */
    static void meet(QnetNic qnet, QemuHub qemu, StreamSocket side) {
        byte[] hello = frame(33);
        Optional<byte[]> there = Optional.empty();
        int sent = 0;
        while (there.isEmpty() && sent < 300 && qemu.process().isAlive()) {
            qnet.send(hello);
            sent++;
            there = side.receive(Duration.ofMillis(200));
        }
        assertThat(there)
                .as(() ->
                        "a first frame; " + qnet.network.info() + qemu.process().describe())
                .isPresent();
        byte[] end = frame(34);
        qnet.send(end);
        byte[] next;
        do {
            next = receive(side);
        } while (next.length != end.length);
        side.send(end);
        assertThat(qnet.receive()).isEqualTo(end);
    }

    static byte[] receive(StreamSocket side) {
        return side.receive(ChildProcess.HANG)
                .orElseThrow(() -> new AssertionError("no frame has come by QEMU's side"));
    }

    private String filled(String options, int first, int second) {
        return options.replace("=P", "=" + first)
                .replace("=Q", "=" + second)
                .replace(":P", ":" + first)
                .replace(":Q", ":" + second)
                .replace("=D/", "=" + folder + "/");
    }

    static byte[] frame(int length) {
        byte[] frame = new byte[length];
        new Random(length).nextBytes(frame);
        return frame;
    }

    private static byte[] numbered(int number, int length) {
        byte[] frame = new byte[length];
        java.nio.ByteBuffer.wrap(frame).putInt(length - 4, number);
        return frame;
    }
}
