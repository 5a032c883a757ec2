package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.Dnsmasq;
import io.qnet.it.support.HttpFiles;
import io.qnet.it.support.Initramfs;
import io.qnet.it.support.KernelFiles;
import io.qnet.it.support.QemuGuest;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/**
 * What a Linux guest does with a user netdev: it takes a lease, pings the gateway, resolves a name, downloads, uploads
 * and serves a page to the host. The same for qnet and for QEMU's own network, however the guest is joined.
 */
final class GuestScenario {

    private static final int DOWNLOAD_BYTES = 20_000_000;
    private static final int UPLOAD_BYTES = 8_000_000;
    private static final int GUEST_HTTP_PORT = 8080;
    private static final String PAGE = "a page of the guest";

    private GuestScenario() {}

    /** The root file system of a guest that can play the scenario. */
    static Initramfs initramfs() {
        return Initramfs.withBusybox(KernelFiles.ofCache()).program("dig");
    }

    /** The hostfwd rule that the scenario needs, for a free port of the host. */
    static String hostForward(int hostPort) {
        return "hostfwd=tcp:127.0.0.1:" + hostPort + "-:" + GUEST_HTTP_PORT;
    }

    /**
     * Plays the scenario.
     *
     * @param hostPort the host's port that {@link #hostForward} was given
     */
    static void play(QemuGuest guest, HttpFiles files, int hostPort) throws Exception {
        try {
            talkToTheHost(guest, files);
            serveThePage(guest, hostPort);
        } catch (AssertionError | IOException e) {
            throw new AssertionError(e.getMessage() + "\n" + guest.describe(), e);
        }
    }

    private static void talkToTheHost(QemuGuest guest, HttpFiles files) {
        assertThat(guest.takeLease())
                .contains("lease ip=10.0.2.15 mask=24 router=10.0.2.2 dns=10.0.2.3 seconds=86400 server=10.0.2.2");
        assertThat(guest.ok("ping -c 3 -A -W 5 10.0.2.2")).contains("3 packets received, 0% packet loss");
        assertThat(guest.ok("nslookup -type=a host.test")).contains(Dnsmasq.ADDRESS);
        assertThat(guest.run("nslookup -type=a none.test").output()).contains("NXDOMAIN");

        // Too long for a plain UDP answer: asked again over TCP.
        assertThat(guest.ok("dig +bufsize=512 +ignore TXT big.test")).contains("flags: qr aa tc");
        assertThat(guest.ok("dig +bufsize=512 TXT big.test"))
                .contains("Truncated, retrying in TCP mode", "xxxxxxxx", "(TCP)");

        String url = "http://10.0.2.2:" + files.port() + "/bytes/";
        assertThat(guest.ok("wget -q -O - " + url + DOWNLOAD_BYTES + " | sha256sum"))
                .startsWith(HttpFiles.sha256(DOWNLOAD_BYTES));

        guest.ok("wget -q -O /tmp/file " + url + UPLOAD_BYTES);
        // busybox's wget ends a posted file at its first zero byte.
        String request = "PUT /file HTTP/1.0\\r\\nContent-Length: " + UPLOAD_BYTES + "\\r\\n\\r\\n";
        assertThat(guest.ok("(printf '" + request + "'; cat /tmp/file) | nc 10.0.2.2 " + files.port() + " | tail -n 1"))
                .isEqualTo(HttpFiles.sha256(UPLOAD_BYTES));
    }

    private static void serveThePage(QemuGuest guest, int hostPort) throws Exception {
        guest.ok("echo '" + PAGE + "' >/www/index.html && httpd -p " + GUEST_HTTP_PORT + " -h /www");
        assertThat(fetch(hostPort)).isEqualTo(PAGE + "\n");
    }

    private static String fetch(int hostPort) throws Exception {
        URI page = URI.create("http://127.0.0.1:" + hostPort + "/index.html");
        HttpURLConnection connection = (HttpURLConnection) page.toURL().openConnection();
        connection.setReadTimeout((int) ChildProcess.HANG.toMillis());
        try (InputStream body = connection.getInputStream()) {
            assertThat(connection.getResponseCode()).isEqualTo(200);
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        } finally {
            connection.disconnect();
        }
    }
}
