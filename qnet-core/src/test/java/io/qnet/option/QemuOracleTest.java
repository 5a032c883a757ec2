package io.qnet.option;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The answers of a real QEMU 7.2, recorded in qemu72.tsv by src/test/scripts/observe-qemu, against ours. */
class QemuOracleTest {
    /** One line of the table. */
    record Case(String arguments, int exit, List<String> errors, String ours) {
        @Override
        public String toString() {
            return arguments;
        }
    }

    static Stream<Case> cases() throws IOException {
        try (InputStream table = QemuOracleTest.class.getResourceAsStream("qemu72.tsv")) {
            String text = new String(table.readAllBytes(), StandardCharsets.UTF_8);
            return text
                    .lines()
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .map(QemuOracleTest::parse)
                    .toList()
                    .stream();
        }
    }

    private static Case parse(String line) {
        String[] columns = line.split("\t", -1);
        List<String> errors = Arrays.stream(columns[2].split("\\\\n"))
                .filter(error -> !error.isEmpty() && !isAfterReading(error))
                .toList();
        return new Case(columns[0], Integer.parseInt(columns[1]), errors, columns.length > 3 ? columns[3] : "");
    }

    /** What QEMU says of the finished network, not of the options; or what a script of the host says. */
    private static boolean isAfterReading(String error) {
        return error.startsWith("warning: ") || error.startsWith("W: ");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void answersAsQemu(Case oracle) {
        String refusal = oracle.exit == 0 ? "" : oracle.errors.get(oracle.errors.size() - 1);
        List<String> said = read(oracle.arguments);
        if (oracle.ours.isEmpty()) {
            assertThat(said).isEqualTo(oracle.errors);
        } else if (oracle.ours.startsWith("refuses: ")) {
            assertThat(said).last().asString().endsWith(": " + oracle.ours.substring("refuses: ".length()));
            assertThat(said).doesNotContain(refusal);
        } else {
            assertThat(oracle.ours).isIn("accepts", "later");
            assertThat(oracle.exit).isEqualTo(1);
            assertThat(said).isEmpty();
        }
    }

    /** What we would print, warnings first. */
    private static List<String> read(String arguments) {
        List<String> said = new ArrayList<>();
        NetCommandLine.Reader reader = NetCommandLine.reader(NetdevSchemasForTest::find);
        try {
            String[] words = arguments.split(" ");
            for (int i = 0; i < words.length; i += 2) {
                if (i + 1 == words.length) {
                    throw new OptionException("requires an argument").at(words[i]);
                }
                reader.add(words[i], words[i + 1].replace("\\s", " "));
            }
            for (NetItem item : reader.finish().items()) {
                create(item);
            }
            reader.warnings().forEach(warning -> say(said, warning));
        } catch (OptionException e) {
            reader.warnings().forEach(warning -> say(said, warning));
            said.add((e.source() == null ? "" : e.source() + ": ") + e.getMessage());
            said.addAll(e.hints());
        }
        return said;
    }

    private static void say(List<String> said, OptionWarning warning) {
        said.add(warning.source() + ": warning: " + warning.message());
        said.addAll(warning.hints());
    }

    /** What a back end reads of its values before it touches the host. */
    private static void create(NetItem item) {
        try {
            if (item instanceof NetItem.Backend backend && backend.type().equals("user")) {
                createUser(backend.options());
            } else if (item instanceof NetItem.Backend backend && backend.type().equals("socket")) {
                createSocket(backend.options());
            }
        } catch (OptionException e) {
            throw e.at(item.source());
        }
    }

    private static void createUser(OptionValues user) {
        if (user.has("net")) {
            Ipv4Net.parse(user.string("net"));
        }
        user.list("guestfwd").forEach(GuestForward::parse);
        user.list("hostfwd").forEach(HostForward::parse);
    }

    private static void createSocket(OptionValues socket) {
        if (socket.has("udp")) {
            HostPort.parse(socket.required("localaddr"));
        }
        for (String mode : List.of("listen", "connect", "mcast", "udp")) {
            if (socket.has(mode)) {
                HostPort.parse(socket.string(mode));
            }
        }
        if (socket.has("mcast") && socket.has("localaddr")) {
            HostPort.localAddress(socket.string("localaddr"));
        }
    }

    /** The back ends that Debian's QEMU 7.2 is built with. */
    private static final class NetdevSchemasForTest {
        private static final List<String> BUILT = List.of(
                "user", "tap", "bridge", "socket", "stream", "dgram", "l2tpv3", "vde", "vhost-user", "vhost-vdpa");

        static OptionSchema find(String type) {
            return BUILT.contains(type) ? NetdevSchemas.find(type) : null;
        }
    }
}
