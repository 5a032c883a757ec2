package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.GuestNamespace;
import io.qnet.it.support.HttpFiles;
import io.qnet.it.support.HttpTransfer;
import io.qnet.it.support.QnetProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernel's own IPv6 as the guest, in a network namespace: it makes itself an address, and moves data both ways over a TAP with all offloads and over a bad line. */
@EnabledIfRoot
@EnabledIfCommand({"ip", "gcc", "busybox"})
class KernelIpv6IT {
    private static final String PREFIX = "fec0::";
    private static final String GATEWAY = "fec0::2";
    private static final long TAP_BYTES = 64 << 20;
    private static final long BAD_LINE_BYTES = 16 << 20;
    /** Loss, reordering, duplication and corruption, in per cent of the frames each way, and a seed. */
    private static final String BAD_LINE = "0.5 1 0.5 0.2 1";

    private static final int MTU = 1500;
    private static final Duration LIMIT = Duration.ofMinutes(10);

    @TempDir
    private Path folder;

    @Test
    void aTapWithItsOffloads() {
        try (GuestNamespace guest = GuestNamespace.create(folder)) {
            String tap = "tap,id=t0,ifname=qv6t%d,downscript=no,script=" + guest.tapScript(folder);
            try (QnetProcess qnet = QnetProcess.start(List.of(
                    "-netdev", "user,id=u0",
                    "-netdev", tap,
                    "-netdev", "hubport,id=h0,hubid=0,netdev=u0",
                    "-netdev", "hubport,id=h1,hubid=0,netdev=t0"))) {
                guest.awaitAddress(PREFIX);
                assertThat(guest.run("busybox", "ping6", "-c", "3", "-A", GATEWAY))
                        .contains("3 packets received");
                assertThat(guest.run("busybox", "ping6", "-c", "1", "-s", "20000", GATEWAY))
                        .contains("1 packets received");
                transfer(guest, TAP_BYTES);
                assertThat(qnet.complaints()).as("nothing to complain about").isEmpty();
            }
        }
    }

    @Test
    void aBadLine() {
        Path socket = folder.resolve("s");
        try (QnetProcess qnet = QnetProcess.start(List.of(
                        "-netdev", "user,id=u0",
                        "-netdev", "stream,id=s0,server=on,addr.type=unix,addr.path=" + socket,
                        "-netdev", "hubport,id=h0,hubid=0,netdev=u0",
                        "-netdev", "hubport,id=h1,hubid=0,netdev=s0"));
                GuestNamespace guest = GuestNamespace.create(folder)) {
            qnet.awaitFile(socket);
            guest.join(socket, MTU, BAD_LINE);
            guest.awaitAddress(PREFIX);
            transfer(guest, BAD_LINE_BYTES);
            assertThat(qnet.complaints()).as("nothing to complain about").isEmpty();
        }
    }

    private static void transfer(GuestNamespace guest, long bytes) {
        String digest = HttpFiles.sha256(bytes);
        String host = "[" + GATEWAY + "]";
        try (HttpFiles files = HttpFiles.startIpv6()) {
            assertThat(guest.run(LIMIT, HttpTransfer.download(host, files.port(), bytes)))
                    .isEqualTo(digest);
            assertThat(guest.run(LIMIT, HttpTransfer.upload(host, files.port(), bytes)))
                    .isEqualTo(digest);
        }
    }
}
