package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.raw.StreamSocket;
import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.Commands;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.QemuHub;
import io.qnet.it.support.UnixConnect;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A port of a real vde_switch, beside a QEMU's (V1, V3). */
@EnabledIfCommand({"qemu-system-x86_64", "vde_switch"})
class VdeSwitchIT {
    private static final int LONGEST = 1518;

    @TempDir
    private Path folder;

    @Test
    void framesPassBetweenQemuAndUsAndAPortIsFreedWhenItIsClosed() {
        try (ChildProcess vde = startSwitch();
                QemuHub qemu = QemuHub.start(folder, "vde,id=n,sock=" + folder.resolve("sw"));
                QnetNic qnet = new QnetNic("vde,id=n,sock=" + folder.resolve("sw"));
                StreamSocket side = qemu.side()) {
            SocketNetdevsIT.meet(qnet, qemu, side);
            for (int size : new int[] {14, 60, 1514, LONGEST}) {
                qnet.send(frame(size, 1));
                assertThat(SocketNetdevsIT.receive(side)).isEqualTo(frame(size, 1));
                side.send(frame(size, 2));
                assertThat(qnet.receive()).isEqualTo(frame(size, 2));
            }
            qnet.send(frame(2000, 3));
            assertThat(SocketNetdevsIT.receive(side))
                    .as("the switch cuts")
                    .isEqualTo(Arrays.copyOf(frame(2000, 3), LONGEST));
            assertThat(qnet.info()).matches("sock=" + folder.resolve("sw") + ",fd=\\d+");
            assertThat(qemu.info("n")).matches("index=0,type=vde,sock=" + folder.resolve("sw") + ",fd=\\d+\\s*");
            assertThat(ports()).contains("qnet user=").contains("QEMU user=");
            qnet.network.delete("n");
            Awaitility.await().atMost(ChildProcess.HANG).until(() -> !ports().contains("qnet user="));
            assertThat(vde.isAlive()).isTrue();
        }
    }

    @Test
    void aSwitchThatRestartsIsFoundAgain() {
        try (QnetNic qnet = withSwitch()) {
            Awaitility.await().atMost(ChildProcess.HANG).until(() -> qnet.info().endsWith("fd=-1"));
            assertThat(dataFiles()).isZero();
            try (ChildProcess vde = startSwitch();
                    QnetNic other = new QnetNic("vde,id=n,sock=" + folder.resolve("sw"))) {
                assertThat(vde.isAlive()).isTrue();
                Awaitility.await().atMost(ChildProcess.HANG).until(() -> {
                    other.send(frame(60, 1));
                    return qnet.waiting() > 0;
                });
                assertThat(qnet.receive()).isEqualTo(frame(60, 1));
                qnet.send(frame(61, 2));
                assertThat(other.receive()).isEqualTo(frame(61, 2));
            }
        }
    }

    /** A netdev that has had a port of a switch that is killed then. */
    private QnetNic withSwitch() {
        try (ChildProcess vde = startSwitch()) {
            QnetNic qnet = new QnetNic("vde,id=n,sock=" + folder.resolve("sw"));
            Awaitility.await().atMost(ChildProcess.HANG).until(() -> ports().contains("qnet user="));
            vde.kill();
            return qnet;
        }
    }

    private long dataFiles() {
        try (var files = Files.list(folder.resolve("sw"))) {
            return files.filter(file -> file.getFileName().toString().matches("\\.\\d+-\\d+"))
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ChildProcess startSwitch() {
        try {
            Files.deleteIfExists(folder.resolve("mgmt"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ChildProcess vde = ChildProcess.start(
                "vde_switch",
                List.of(
                        Commands.require("vde_switch").toString(),
                        "-s",
                        folder.resolve("sw").toString(),
                        "-M",
                        folder.resolve("mgmt").toString()));
        vde.await(() -> Files.exists(folder.resolve("mgmt")), "the switch");
        return vde;
    }

    /** What the switch says of its ports. */
    private String ports() {
        try (SocketChannel channel = UnixConnect.to(folder.resolve("mgmt"))) {
            channel.write(ByteBuffer.wrap("port/print\n".getBytes(StandardCharsets.UTF_8)));
            StringBuilder text = new StringBuilder();
            ByteBuffer buffer = ByteBuffer.allocate(4096);
            while (!text.toString().contains("1000 Success")) {
                if (channel.read(buffer.clear()) < 0) {
                    throw new IOException("the switch has ended: " + text);
                }
                text.append(StandardCharsets.UTF_8.decode(buffer.flip()));
            }
            return text.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** To all, from one of two addresses. */
    private static byte[] frame(int length, int from) {
        byte[] frame = SocketNetdevsIT.frame(length);
        Arrays.fill(frame, 0, 6, (byte) 0xff);
        byte[] source = {0x52, 0x54, 0, 0, 0, (byte) from};
        System.arraycopy(source, 0, frame, 6, 6);
        return frame;
    }
}
