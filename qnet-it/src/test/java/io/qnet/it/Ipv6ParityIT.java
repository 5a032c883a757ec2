package io.qnet.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.HttpFiles;
import io.qnet.it.support.Ports;
import io.qnet.it.support.ResolvConf;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestException;
import io.qnet.testkit.GuestTcp;
import io.qnet.testkit.GuestUdp;
import io.qnet.testkit.IcmpError;
import io.qnet.testkit.PingReply;
import io.qnet.testkit.RouterAdvertisement;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest with IPv6 against qnet and against QEMU's libslirp: where nothing better was decided, both must tell the same story. */
@EnabledIfRoot
@EnabledIfCommand({"qemu-system-x86_64", "unshare"})
class Ipv6ParityIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int DOWNLOAD_BYTES = 4_000_000;
    private static final int UPLOAD_BYTES = 2_000_000;

    @TempDir
    private Path folder;

    private interface Script {
        void tell(FakeGuest guest, List<String> story) throws Exception;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",ipv6-net=2001:db8:5::/64"})
    void theGuestsStoryIsTheSame(String options) throws Exception {
        List<String> ours = story(Stack.QNET, options, Ipv6ParityIT::tellAll);
        assertThat(ours).isEqualTo(story(Stack.LIBSLIRP, options, Ipv6ParityIT::tellAll));
        assertThat(ours).contains("downloaded true", "uploaded true");
    }

    @Test
    void theRestrictedGuestsStoryIsTheSame() throws Exception {
        assertThat(story(Stack.QNET, ",restrict=on", Ipv6ParityIT::tellRestricted))
                .isEqualTo(story(Stack.LIBSLIRP, ",restrict=on", Ipv6ParityIT::tellRestricted));
    }

    private List<String> story(Stack stack, String options, Script script) throws Exception {
        Path socket = folder.resolve(stack.name());
        FakeGuest.Builder how = FakeGuest.builder().name(stack.name()).patience(PATIENCE);
        List<String> story = new ArrayList<>();
        try (ResolvConf resolver = ResolvConf.of(InetAddress.getByName("127.53.0.9"));
                Stack.Running running = stack.start(options, socket, resolver);
                JoinedGuest joined = JoinedGuest.connect(socket, how)) {
            try {
                script.tell(joined.guest(), story);
                return story;
            } catch (GuestException | AssertionError e) {
                throw new AssertionError(
                        stack + ": " + e.getMessage() + "\n" + running.process().describe() + "\n--- capture: "
                                + joined.keepCapture() + "\nso far: " + story,
                        e);
            }
        }
    }

    private static void tellAll(FakeGuest guest, List<String> story) throws Exception {
        String prefix = neighbours(guest, story);
        try (UdpEcho echo = UdpEcho.startIpv6();
                GuestUdp udp = guest.udp()) {
            for (int bytes : new int[] {0, 1, 1452}) {
                byte[] data = new byte[bytes];
                Arrays.fill(data, (byte) bytes);
                var answer = udp.send(prefix + "2", echo.port(), data).receive(PATIENCE);
                story.add("echo from " + answer.from() + " " + Arrays.equals(answer.data(), data));
            }
        }
        story.add("closed port: " + refusal(guest, prefix + "2", Ports.free()));
        transfers(guest, prefix, story);
        errors(guest, prefix, story);
    }

    private static void tellRestricted(FakeGuest guest, List<String> story) throws Exception {
        String prefix = neighbours(guest, story);
        try (HttpFiles files = HttpFiles.startIpv6()) {
            story.add("connect: " + refusal(guest, prefix + "2", files.port()));
        }
    }

    /** What the router and the neighbours say; the answer is the prefix as text. */
    private static String neighbours(FakeGuest guest, List<String> story) {
        RouterAdvertisement router = guest.slaac();
        story.add(router.toString());
        story.add("address " + guest.address6());
        String text = String.valueOf(router.prefix()).substring(1);
        String prefix = text.replaceFirst("(:0)+$", "") + "::";
        for (String address : List.of("fe80::2", "fe80::3", prefix + "2", prefix + "3", prefix + "9", "fe80::9")) {
            story.add("neighbour " + address + " " + guest.neighbour(address));
        }
        for (String address : List.of(prefix + "2", prefix + "3", "fe80::2")) {
            PingReply reply = guest.ping(address, 1400, 0);
            story.add("ping " + reply.from() + " ttl " + reply.ttl() + " bytes " + reply.bytes());
        }
        return prefix;
    }

    private static String refusal(FakeGuest guest, String host, int port) {
        try (GuestTcp connection = guest.connect(host, port)) {
            return "connected " + connection;
        } catch (GuestException e) {
            return e.reason().name();
        }
    }

    private static void transfers(FakeGuest guest, String prefix, List<String> story) throws Exception {
        try (HttpFiles files = HttpFiles.startIpv6()) {
            try (GuestTcp download = guest.connect(prefix + "2", files.port())) {
                download.write("GET /bytes/" + DOWNLOAD_BYTES + " HTTP/1.0\r\n\r\n");
                byte[] response = download.readAll();
                byte[] body = Arrays.copyOfRange(response, response.length - DOWNLOAD_BYTES, response.length);
                String digest = HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(body));
                story.add("downloaded " + digest.equals(HttpFiles.sha256(DOWNLOAD_BYTES)));
            }
            try (GuestTcp upload = guest.connect(prefix + "2", files.port())) {
                upload.write("PUT /file HTTP/1.0\r\nContent-Length: " + UPLOAD_BYTES + "\r\n\r\n");
                upload.write(HttpFiles.bytes(UPLOAD_BYTES));
                upload.shutdownOutput();
                String response = new String(upload.readAll(), ISO_8859_1);
                story.add("uploaded " + response.endsWith(HttpFiles.sha256(UPLOAD_BYTES) + "\n"));
            }
        }
    }

    /** What is too long, and what has gone too far, is told from fe80::2. */
    private static void errors(FakeGuest guest, String prefix, List<String> story) {
        int before = guest.icmpErrors().size();
        byte[] frame = guest.frames().sent().stream()
                .filter(sent -> sent.length > 100 && sent[12] == (byte) 0x86 && sent[20] == 58)
                .reduce((first, second) -> second)
                .orElseThrow();
        byte[] late = frame.clone();
        late[21] = 0;
        guest.sendFrame(late);
        byte[] tooLong = Arrays.copyOf(frame, 1515);
        tooLong[18] = (byte) (1461 >>> 8);
        tooLong[19] = (byte) 1461;
        guest.sendFrame(tooLong);
        guest.ping(prefix + "2");
        for (IcmpError error :
                guest.icmpErrors().subList(before, guest.icmpErrors().size())) {
            story.add("error " + error.kind() + " mtu " + error.mtu() + " from " + error.from());
        }
    }
}
