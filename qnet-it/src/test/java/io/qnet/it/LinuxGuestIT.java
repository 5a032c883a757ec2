package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.Dnsmasq;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfKernel;
import io.qnet.it.support.HttpFiles;
import io.qnet.it.support.Ports;
import io.qnet.it.support.QemuGuest;
import io.qnet.it.support.QnetProcess;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Linux guest in a real QEMU reaches the host through qnet, joined by either of QEMU's stream transports. */
@EnabledIfKernel
@EnabledIfCommand({"qemu-system-x86_64", "busybox", "dig", "dnsmasq"})
class LinuxGuestIT {

    @Test
    void joinedByTheStreamNetdev(@TempDir Path folder) throws Exception {
        Path socket = folder.resolve("qnet.sock");
        int hostPort = Ports.free();
        try (Dnsmasq dns = Dnsmasq.start();
                HttpFiles files = HttpFiles.start();
                QnetProcess qnet = QnetProcess.start(List.of(
                        "-netdev",
                        "user,id=u0,dns-upstream=" + dns.addressAndPort() + "," + GuestScenario.hostForward(hostPort),
                        "-netdev",
                        "stream,id=s0,server=on,addr.type=unix,addr.path=" + socket,
                        "-netdev",
                        "hubport,id=h0,hubid=0,netdev=u0",
                        "-netdev",
                        "hubport,id=h1,hubid=0,netdev=s0"))) {
            qnet.awaitFile(socket);
            play(qnet, files, hostPort, "stream,server=off,addr.type=unix,addr.path=" + socket);
            assertThat(socket).doesNotExist();
        }
    }

    @Test
    void joinedByTheSocketNetdevOfOldOptions() throws Exception {
        int hostPort = Ports.free();
        int listenPort = Ports.free();
        try (Dnsmasq dns = Dnsmasq.start();
                HttpFiles files = HttpFiles.start();
                QnetProcess qnet = QnetProcess.start(List.of(
                        "-net",
                                "user,vlan=0,dns-upstream=" + dns.addressAndPort() + ","
                                        + GuestScenario.hostForward(hostPort),
                        "-net", "socket,vlan=0,listen=127.0.0.1:" + listenPort))) {
            qnet.awaitListener(listenPort);
            play(qnet, files, hostPort, "socket,connect=127.0.0.1:" + listenPort);
        }
    }

    private static void play(QnetProcess qnet, HttpFiles files, int hostPort, String netdev) throws Exception {
        try (QemuGuest guest = QemuGuest.boot(GuestScenario.initramfs(), netdev)) {
            GuestScenario.play(guest, files, hostPort);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + qnet.process().describe(), e);
        }
        assertThat(qnet.stop("TERM")).as(qnet.process().describe()).isZero();
        assertThat(qnet.complaints()).as("nothing to complain about").isEmpty();
    }
}
