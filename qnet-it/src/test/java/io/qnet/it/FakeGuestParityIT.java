package io.qnet.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.Dnsmasq;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.HttpFiles;
import io.qnet.it.support.Ports;
import io.qnet.it.support.ResolvConf;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestException;
import io.qnet.testkit.GuestListener;
import io.qnet.testkit.GuestTcp;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.Lease;
import io.qnet.testkit.PingReply;
import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.DnsMessage;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The main job from the guest's side, played by the testkit's guest with a stack of its own, against qnet and against
 * QEMU's libslirp: both must tell the same story.
 */
@EnabledIfRoot
@EnabledIfCommand({"qemu-system-x86_64", "unshare", "dnsmasq"})
class FakeGuestParityIT {

    private static final InetSocketAddress RESOLVER = new InetSocketAddress("127.53.0.4", 53);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int DOWNLOAD_BYTES = 8_000_000;
    private static final int UPLOAD_BYTES = 4_000_000;

    @TempDir
    private Path folder;

    @Test
    void theGuestsStoryIsTheSame() throws Exception {
        assertThat(story(Stack.QNET)).isEqualTo(story(Stack.LIBSLIRP));
    }

    private List<String> story(Stack stack) throws Exception {
        int forward = Ports.free();
        Path socket = folder.resolve(stack.name());
        FakeGuest.Builder how = FakeGuest.builder().name(stack.name()).patience(PATIENCE);
        try (Dnsmasq dns = Dnsmasq.start(RESOLVER);
                HttpFiles files = HttpFiles.start();
                ResolvConf resolver = ResolvConf.of(RESOLVER.getAddress());
                Stack.Running running = stack.start(",hostfwd=tcp:127.0.0.1:" + forward + "-:8080", socket, resolver);
                JoinedGuest joined = JoinedGuest.connect(socket, how)) {
            try {
                List<String> story = tell(joined.guest(), files, forward);
                dns.awaitQuery("host.test");
                return story;
            } catch (GuestException | AssertionError e) {
                throw new AssertionError(
                        stack + ": " + e.getMessage() + "\n" + running.process().describe() + "\n--- capture: "
                                + joined.keepCapture(),
                        e);
            }
        }
    }

    private static List<String> tell(FakeGuest guest, HttpFiles files, int forward) throws Exception {
        List<String> story = new ArrayList<>();
        Lease lease = guest.dhcp();
        story.add(
                "lease " + lease + " dns " + lease.nameServers() + " from " + lease.server() + " for " + lease.time());
        for (String address : List.of("10.0.2.2", "10.0.2.3", "10.0.2.4", "10.0.2.15")) {
            story.add("arp " + address + " " + guest.arp(address));
        }
        for (String address : List.of("10.0.2.2", "10.0.2.3")) {
            // the last in fragments, in their order: libslirp 4.7 dies of others
            for (int bytes : new int[] {1400, 3080}) {
                PingReply reply = guest.ping(address, bytes, 0);
                story.add("ping " + reply.from() + " ttl " + reply.ttl() + " bytes " + reply.bytes());
            }
        }
        names(guest, story);
        datagrams(guest, story);
        story.add("closed port: " + refusal(guest, Ports.free()));
        transfers(guest, files, story);
        forward(guest, forward, story);
        story.add("renewed " + guest.dhcpClient().renew());
        return story;
    }

    private static void names(FakeGuest guest, List<String> story) {
        story.add("name " + guest.resolve("host.test"));
        story.add("no name " + guest.query("none.test", DnsMessage.A).responseCode());
        story.add("by tcp "
                + guest.queryByTcp("big.test", DnsMessage.TXT).answers().size());
        story.add("truncated " + guest.query("big.test", DnsMessage.TXT).isTruncated());
    }

    private static void datagrams(FakeGuest guest, List<String> story) throws Exception {
        try (UdpEcho echo = UdpEcho.start();
                GuestUdp udp = guest.udp()) {
            for (int bytes : new int[] {0, 1, 1472, 1473, 4000, 40_000, 65_507}) {
                byte[] data = new byte[bytes];
                Arrays.fill(data, (byte) bytes);
                int before = packets(guest);
                var answer = udp.send("10.0.2.2", echo.port(), data).receive(PATIENCE);
                story.add("echo from " + answer.from() + " " + answer.data().length + " the same: "
                        + Arrays.equals(answer.data(), data) + " in frames: " + (packets(guest) - before));
            }
        }
    }

    private static int packets(FakeGuest guest) {
        return (int) guest.frames().received().stream()
                .filter(frame -> Bytes.u16(frame, 12) == 0x0800 && frame[23] == 17)
                .count();
    }

    private static String refusal(FakeGuest guest, int port) {
        try (GuestTcp connection = guest.connect("10.0.2.2", port)) {
            return "connected " + connection;
        } catch (GuestException e) {
            return e.reason().name();
        }
    }

    private static void transfers(FakeGuest guest, HttpFiles files, List<String> story) throws Exception {
        try (GuestTcp download = guest.connect("10.0.2.2", files.port())) {
            download.write("GET /bytes/" + DOWNLOAD_BYTES + " HTTP/1.0\r\n\r\n");
            byte[] response = download.readAll();
            byte[] body = Arrays.copyOfRange(response, response.length - DOWNLOAD_BYTES, response.length);
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(body);
            story.add("downloaded " + HexFormat.of().formatHex(digest).equals(HttpFiles.sha256(DOWNLOAD_BYTES)));
        }
        try (GuestTcp upload = guest.connect("10.0.2.2", files.port())) {
            upload.write("PUT /file HTTP/1.0\r\nContent-Length: " + UPLOAD_BYTES + "\r\n\r\n");
            upload.write(HttpFiles.bytes(UPLOAD_BYTES));
            upload.shutdownOutput();
            String response = new String(upload.readAll(), ISO_8859_1);
            story.add("uploaded " + response.endsWith(HttpFiles.sha256(UPLOAD_BYTES) + "\n"));
        }
    }

    private static void forward(FakeGuest guest, int port, List<String> story) throws Exception {
        try (GuestListener listener = guest.listen(8080);
                Socket client = new Socket(InetAddress.getLoopbackAddress(), port);
                GuestTcp accepted = listener.accept()) {
            client.setSoTimeout((int) PATIENCE.toMillis());
            client.getOutputStream().write("request".getBytes(ISO_8859_1));
            story.add("asked from " + accepted.peerAddress() + ", the client's port: "
                    + (accepted.peerPort() == client.getLocalPort()) + ", " + accepted.readText(7));
            accepted.write("response").shutdownOutput();
            story.add("answered " + new String(client.getInputStream().readAllBytes(), ISO_8859_1));
        }
    }
}
