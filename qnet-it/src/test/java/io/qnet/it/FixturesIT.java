package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.Dnsmasq;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfKernel;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.HttpFiles;
import io.qnet.it.support.Ports;
import io.qnet.it.support.QemuGuest;
import io.qnet.it.support.QemuSlirp;
import io.qnet.it.support.ResolvConf;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Proves the fixtures against QEMU's own network, so that a failure elsewhere is the fault of what is tested there. */
class FixturesIT {

    @Test
    void httpFilesServesAndDigests() throws Exception {
        try (HttpFiles files = HttpFiles.start()) {
            URI uri = URI.create("http://127.0.0.1:" + files.port() + "/bytes/100000");
            HttpURLConnection download = (HttpURLConnection) uri.toURL().openConnection();
            byte[] bytes;
            try (InputStream body = download.getInputStream()) {
                bytes = body.readAllBytes();
            }
            assertThat(bytes).hasSize(100_000);

            HttpURLConnection upload = (HttpURLConnection) uri.toURL().openConnection();
            upload.setDoOutput(true);
            upload.getOutputStream().write(bytes);
            try (InputStream body = upload.getInputStream()) {
                assertThat(new String(body.readAllBytes(), StandardCharsets.US_ASCII))
                        .isEqualTo(HttpFiles.sha256(100_000) + "\n");
            }
            download.disconnect();
            upload.disconnect();
        }
    }

    @Test
    @EnabledIfCommand({"dnsmasq", "dig"})
    void dnsmasqAnswersOverUdpAndTcp() {
        try (Dnsmasq dns = Dnsmasq.start()) {
            String port = Integer.toString(dns.address().getPort());
            assertThat(ChildProcess.run("dig", List.of("dig", "@127.0.0.1", "-p", port, "+short", "host.test"))
                            .out())
                    .containsExactly(Dnsmasq.ADDRESS);
            assertThat(ChildProcess.run(
                                    "dig", List.of("dig", "@127.0.0.1", "-p", port, "+bufsize=512", "TXT", "big.test"))
                            .out())
                    .anyMatch(line -> line.contains("Truncated, retrying in TCP mode"))
                    .anyMatch(line -> line.contains("xxxxxxxx"));
        }
    }

    @Test
    @EnabledIfRoot
    @EnabledIfKernel
    @EnabledIfCommand({"qemu-system-x86_64", "busybox", "dig", "dnsmasq", "unshare"})
    void aGuestBootsAndUsesQemusUserNetwork(@TempDir Path folder) throws Exception {
        InetSocketAddress resolver = new InetSocketAddress(InetAddress.getByName("127.53.0.1"), 53);
        Path socket = folder.resolve("hub");
        int hostPort = Ports.free();
        try (Dnsmasq dns = Dnsmasq.start(resolver);
                ResolvConf resolvConf = ResolvConf.of(resolver.getAddress());
                HttpFiles files = HttpFiles.start();
                QemuSlirp slirp = QemuSlirp.start(
                        QemuSlirp.userOnUnixSocket("," + GuestScenario.hostForward(hostPort), socket), resolvConf);
                QemuGuest guest = QemuGuest.boot(
                        GuestScenario.initramfs(), "stream,server=off,addr.type=unix,addr.path=" + socket)) {
            GuestScenario.play(guest, files, hostPort);
            assertThat(guest.run("exit 3").status()).isEqualTo(3);
            assertThat(slirp.process().isAlive()).isTrue();
            dns.awaitQuery("host.test");
        }
    }
}
