package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.QnetProcess;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The iPXE of QEMU's network cards boots through qnet: a lease, a script by TFTP, and what the script names by HTTP. */
@EnabledIfCommand({"qemu-system-x86_64"})
class IpxeIT {
    private final Queue<String> asked = new ConcurrentLinkedQueue<>();
    private HttpServer web;

    @TempDir
    Path folder;

    @BeforeEach
    void serve() throws Exception {
        web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.createContext("/", exchange -> {
            asked.add(exchange.getRequestURI().toString());
            byte[] script = "#!ipxe\nimgfree\nsleep 3600\n".getBytes(StandardCharsets.US_ASCII);
            exchange.sendResponseHeaders(200, script.length);
            exchange.getResponseBody().write(script);
            exchange.close();
        });
        web.start();
    }

    @AfterEach
    void stop() {
        web.stop(0);
    }

    private String url(String path) {
        return "http://10.0.2.2:" + web.getAddress().getPort() + path;
    }

    /** Starts qnet with sockets for so many guests. */
    private QnetProcess qnet(String user, int guests) {
        List<String> arguments = new ArrayList<>(List.of("-net", user));
        for (int i = 0; i < guests; i++) {
            arguments.addAll(List.of(
                    "-netdev",
                    "stream,id=s" + i + ",server=on,addr.type=unix,addr.path=" + socket(i),
                    "-netdev",
                    "hubport,id=h" + i + ",hubid=0,netdev=s" + i));
        }
        QnetProcess qnet = QnetProcess.start(arguments);
        for (int i = 0; i < guests; i++) {
            qnet.awaitFile(socket(i));
        }
        return qnet;
    }

    private Path socket(int guest) {
        return folder.resolve("guest" + guest + ".sock");
    }

    private ChildProcess boot(int guest, String model) {
        String mac = "52:54:00:12:34:0" + guest;
        return ChildProcess.start(
                "ipxe",
                List.of(
                        "qemu-system-x86_64",
                        "-M",
                        "pc,accel=tcg",
                        "-m",
                        "64",
                        "-nodefaults",
                        "-display",
                        "none",
                        "-boot",
                        "n",
                        "-netdev",
                        "stream,id=n0,server=off,addr.type=unix,addr.path=" + socket(guest),
                        "-device",
                        model + ",netdev=n0,bootindex=0,mac=" + mac));
    }

    @Test
    void twoModelsBootByTftpAndHttpWithTwoLeases() throws Exception {
        Path files = Files.createDirectory(folder.resolve("tftp"));
        Files.writeString(
                files.resolve("boot.ipxe"),
                "#!ipxe\nchain " + url("/tftp/") + "${netX/mac:hexhyp}/${netX/ip}/${next-server}\n");
        try (QnetProcess qnet = qnet("user,tftp=" + files + ",bootfile=boot.ipxe", 2);
                ChildProcess first = boot(0, "virtio-net-pci");
                ChildProcess second = boot(1, "e1000")) {
            awaitAsked(2, qnet, first, second);
        }
        assertThat(asked)
                .anyMatch(path -> path.startsWith("/tftp/52-54-00-12-34-00/10.0.2."))
                .anyMatch(path -> path.startsWith("/tftp/52-54-00-12-34-01/10.0.2."))
                .allMatch(path -> path.endsWith("/10.0.2.2"));
        assertThat(asked.stream().map(path -> path.split("/")[3])).containsExactlyInAnyOrder("10.0.2.15", "10.0.2.16");
    }

    @Test
    void aBootFileMayBeAnAddressOfTheWeb() throws Exception {
        try (QnetProcess qnet = qnet("user,bootfile=" + url("/boot.ipxe"), 1);
                ChildProcess guest = boot(0, "rtl8139")) {
            awaitAsked(1, qnet, guest);
        }
        assertThat(asked).contains("/boot.ipxe");
    }

    private void awaitAsked(int count, QnetProcess qnet, ChildProcess... guests) {
        try {
            guests[0].await(() -> asked.size() >= count, count + " requests; so far " + asked);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + qnet.process().describe(), e);
        }
    }
}
