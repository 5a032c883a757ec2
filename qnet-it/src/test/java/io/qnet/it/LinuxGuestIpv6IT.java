package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.Dnsmasq;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfKernel;
import io.qnet.it.support.HttpFiles;
import io.qnet.it.support.Ports;
import io.qnet.it.support.QemuGuest;
import io.qnet.it.support.QnetProcess;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Linux guest makes itself an IPv6 address and reaches the host by it, beside IPv4. */
@EnabledIfKernel
@EnabledIfCommand({"qemu-system-x86_64", "busybox", "dig", "dnsmasq"})
class LinuxGuestIpv6IT {
    /** What the prefix and QEMU's first MAC address make. */
    private static final String ADDRESS = "fec0::5054:ff:fe12:3456";

    private static final int DOWNLOAD_BYTES = 20_000_000;
    private static final int UPLOAD_BYTES = 8_000_000;
    private static final int GUEST_PORT = 8080;

    @Test
    void bothFamiliesWork(@TempDir Path folder) throws Exception {
        Path socket = folder.resolve("qnet.sock");
        int hostPort = Ports.free();
        try (Dnsmasq dns = Dnsmasq.start();
                HttpFiles files = HttpFiles.startIpv6();
                QnetProcess qnet = QnetProcess.start(List.of(
                        "-netdev",
                        "user,id=u0,dns-upstream=" + dns.addressAndPort() + ",hostfwd=tcp:[::1]:" + hostPort + "-["
                                + ADDRESS + "]:" + GUEST_PORT,
                        "-netdev",
                        "stream,id=s0,server=on,addr.type=unix,addr.path=" + socket,
                        "-netdev",
                        "hubport,id=h0,hubid=0,netdev=u0",
                        "-netdev",
                        "hubport,id=h1,hubid=0,netdev=s0"))) {
            qnet.awaitFile(socket);
            String netdev = "stream,server=off,addr.type=unix,addr.path=" + socket;
            try (QemuGuest guest = QemuGuest.boot(GuestScenario.initramfs(), netdev)) {
                try {
                    play(guest, files, hostPort);
                } catch (AssertionError e) {
                    throw new AssertionError(e.getMessage() + "\n" + guest.describe(), e);
                }
            } catch (AssertionError e) {
                throw new AssertionError(e.getMessage() + "\n" + qnet.process().describe(), e);
            }
            assertThat(qnet.stop("TERM")).as(qnet.process().describe()).isZero();
            assertThat(qnet.complaints()).as("nothing to complain about").isEmpty();
        }
    }

    private static void play(QemuGuest guest, HttpFiles files, int hostPort) throws Exception {
        assertThat(guest.takeLease()).contains("lease ip=10.0.2.15");
        // the address is there, and nobody else has it
        guest.ok("for i in $(seq 300); do ip -6 addr show dev eth0 | grep -q 'inet6 " + ADDRESS
                + "/64 scope site dynamic' && ! ip -6 addr show dev eth0 | grep -q tentative && exit 0; sleep 0.1;"
                + " done; ip -6 addr; exit 1");
        assertThat(guest.ok("ip -6 route show default")).contains("via fe80::2 dev eth0");
        assertThat(guest.ok("ping6 -c 3 -A -W 5 fec0::2")).contains("3 packets received, 0% packet loss");
        assertThat(guest.ok("ping6 -c 1 -W 5 fe80::2%eth0")).contains("1 packets received");
        assertThat(guest.ok("ping6 -c 1 -s 3000 -W 5 fec0::3"))
                .as("in fragments")
                .contains("1 packets received");
        assertThat(guest.ok("ping -c 1 -W 5 10.0.2.2")).contains("1 packets received");
        resolve(guest);
        transfer(guest, files);
        serve(guest, hostPort);
        assertThat(guest.ok("ip -6 neigh show fe80::2")).doesNotContain("FAILED");
    }

    private static void resolve(QemuGuest guest) {
        assertThat(guest.ok("nslookup -type=a host.test fec0::3")).contains(Dnsmasq.ADDRESS);
        assertThat(guest.ok("dig @fec0::3 +bufsize=512 TXT big.test")).contains("xxxxxxxx", "(TCP)");
    }

    private static void transfer(QemuGuest guest, HttpFiles files) {
        String url = "http://[fec0::2]:" + files.port() + "/bytes/";
        assertThat(guest.ok("wget -q -O - '" + url + DOWNLOAD_BYTES + "' | sha256sum"))
                .startsWith(HttpFiles.sha256(DOWNLOAD_BYTES));
        guest.ok("wget -q -O /tmp/file '" + url + UPLOAD_BYTES + "'");
        String request = "PUT /file HTTP/1.0\\r\\nContent-Length: " + UPLOAD_BYTES + "\\r\\n\\r\\n";
        assertThat(guest.ok("(printf '" + request + "'; cat /tmp/file) | nc fec0::2 " + files.port() + " | tail -n 1"))
                .isEqualTo(HttpFiles.sha256(UPLOAD_BYTES));
        assertThat(guest.run("wget -q -O - 'http://[fec0::2]:1/' 2>&1").output())
                .contains("refused");
    }

    private static void serve(QemuGuest guest, int hostPort) throws Exception {
        guest.ok("mkdir -p /www && echo 'a page' >/www/index.html && httpd -p '[::]:" + GUEST_PORT + "' -h /www");
        try (Socket socket = new Socket()) {
            socket.setSoTimeout((int) ChildProcess.HANG.toMillis());
            socket.connect(new InetSocketAddress("::1", hostPort));
            socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            assertThat(new String(in.readAllBytes(), StandardCharsets.US_ASCII)).contains("200 OK", "a page");
        }
    }
}
