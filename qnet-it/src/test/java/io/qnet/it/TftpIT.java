package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfKernel;
import io.qnet.it.support.HttpFiles;
import io.qnet.it.support.Initramfs;
import io.qnet.it.support.KernelFiles;
import io.qnet.it.support.QemuGuest;
import io.qnet.it.support.QnetProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Linux guest's TFTP clients, busybox's and atftp, and the gateway. */
@EnabledIfKernel
@EnabledIfCommand({"qemu-system-x86_64", "busybox", "atftp"})
class TftpIT {
    private static final int SIZE = 40_000_000;

    @Test
    void filesGoBothWays(@TempDir Path folder) throws Exception {
        Path files = Files.createDirectory(folder.resolve("files"));
        Files.write(files.resolve("big"), HttpFiles.bytes(SIZE));
        Files.createSymbolicLink(files.resolve("passwd"), Path.of("/etc/passwd"));
        Path socket = folder.resolve("qnet.sock");
        Initramfs root = Initramfs.withBusybox(KernelFiles.ofCache()).program("atftp");
        try (QnetProcess qnet = QnetProcess.start(List.of(
                "-netdev",
                "user,id=u0,tftp=" + files + ",tftp-write=on",
                "-netdev",
                "stream,id=s0,server=on,addr.type=unix,addr.path=" + socket,
                "-netdev",
                "hubport,id=h0,hubid=0,netdev=u0",
                "-netdev",
                "hubport,id=h1,hubid=0,netdev=s0"))) {
            qnet.awaitFile(socket);
            try (QemuGuest guest = QemuGuest.boot(root, "stream,server=off,addr.type=unix,addr.path=" + socket)) {
                guest.takeLease();
                guest.ok("echo 'tftp 69/udp' >/etc/services"); // atftp asks for it
                read(guest);
                refusals(guest);
                write(guest, files);
            } catch (AssertionError e) {
                throw new AssertionError(e.getMessage() + "\n" + qnet.process().describe(), e);
            }
            assertThat(qnet.stop("TERM")).as(qnet.process().describe()).isZero();
        }
    }

    private static void read(QemuGuest guest) {
        String digest = HttpFiles.sha256(SIZE);
        for (int blockSize : new int[] {512, 1428}) {
            assertThat(guest.ok("tftp -g -b " + blockSize + " -l - -r big 10.0.2.2 | sha256sum"))
                    .as("busybox, blksize %s", blockSize)
                    .startsWith(digest);
        }
        String atftp = "atftp --option 'blksize 1428' --option 'windowsize 16' -g -r big -l /tmp/big 10.0.2.2";
        assertThat(guest.ok(atftp + " && sha256sum </tmp/big && rm /tmp/big"))
                .as("atftp, windowsize 16")
                .contains(digest);
    }

    private static void refusals(QemuGuest guest) {
        assertThat(guest.run("tftp -g -l - -r passwd 10.0.2.2").output()).contains("ccess violation");
        assertThat(guest.run("tftp -g -l - -r ../qnet.sock 10.0.2.2").output()).contains("ccess violation");
        assertThat(guest.run("tftp -g -l - -r none 10.0.2.2").output()).contains("not found");
    }

    private static void write(QemuGuest guest, Path files) throws Exception {
        guest.ok("head -c 1000000 /dev/urandom >/tmp/up && tftp -p -b 1428 -l /tmp/up -r up 10.0.2.2");
        String digest = guest.ok("sha256sum </tmp/up");
        assertThat(files.resolve("up")).hasSize(1_000_000).hasDigest("SHA-256", digest.substring(0, 64));
        assertThat(guest.run("tftp -p -l /tmp/up -r big 10.0.2.2").output()).contains("exists");
    }
}
