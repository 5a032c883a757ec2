package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.raw.RawGuest;
import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.Ports;
import io.qnet.it.support.QemuSlirp;
import io.qnet.it.support.QnetProcess;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The program as its users meet it: how it starts, what it says, how it ends. */
class ProgramIT {
    /** A shell starts what runs in its background with SIGINT ignored, and Java leaves an ignored signal alone. */
    private static final List<String> HEEDING_SIGNALS = List.of("env", "--default-signal");

    @TempDir
    private Path folder;

    @Test
    void helpNamesTheOptions() {
        QnetProcess qnet = finished(0, "--help");
        assertThat(String.join("\n", qnet.process().out())).contains("-netdev", "-net", "-nic", "demo", "--version");
        assertThat(qnet.process().err()).isEmpty();
    }

    @Test
    void versionIsOneLine() {
        QnetProcess qnet = finished(0, "--version");
        assertThat(qnet.process().out()).singleElement().asString().matches("qnet \\d+\\.\\d+.*");
        assertThat(qnet.process().err()).isEmpty();
    }

    @Test
    void theDemoMeasuresEveryStepAndLeavesACapture() throws Exception {
        QnetProcess qnet = finished(0, "demo");
        assertThat(qnet.process().err()).isEmpty();
        List<String> out = qnet.process().out();
        List<String> table = out.subList(indexOf(out, "^step +result +time +rate.*"), out.size());
        assertThat(table)
                .anyMatch(row -> row.contains("10.0.2.15"))
                .anyMatch(row -> row.contains("10.0.2.16"))
                .filteredOn(row -> row.matches(".* [0-9.]+ m?s( .*)?"))
                .hasSizeGreaterThanOrEqualTo(8);
        assertThat(table).filteredOn(row -> row.contains("Gbit/s")).hasSizeGreaterThanOrEqualTo(2);

        String line = table.get(indexOf(table, ".*\\.pcap.*"));
        Path capture = Path.of(line.replaceFirst("^.*?(/\\S+\\.pcap).*$", "$1"));
        assertThat(Files.size(capture)).isBetween(1_000_000L, 17L << 20);
        Files.delete(capture);
    }

    private static int indexOf(List<String> lines, String regex) {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).matches(regex)) {
                return i;
            }
        }
        throw new AssertionError("no line " + regex + " in\n" + String.join("\n", lines));
    }

    @Test
    void withoutOptionsAGuestOfItsOwnTakesALease() {
        try (QnetProcess qnet = QnetProcess.start(List.of())) {
            qnet.process().awaitErr(line -> line.contains("10.0.2.15"), ChildProcess.HANG);
            assertThat(qnet.stop("TERM")).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void aSignalEndsItCleanly(String signal) throws Exception {
        Path socket = folder.resolve("qnet.sock");
        int forward = Ports.free();
        try (QnetProcess qnet = QnetProcess.start(
                HEEDING_SIGNALS, QemuSlirp.userOnUnixSocket(",hostfwd=tcp:127.0.0.1:" + forward + "-:22", socket))) {
            qnet.awaitFile(socket).awaitListener(forward);
            try (Socket connection = new Socket(InetAddress.getLoopbackAddress(), forward)) {
                assertThat(connection.isConnected()).isTrue();
                assertThat(qnet.stop(signal))
                        .as(() -> qnet.process().describe())
                        .isZero();
            }
            assertThat(qnet.complaints()).isEmpty();
            assertThat(socket).doesNotExist();
            assertThat(Ports.isListening(forward)).isFalse();
        }
    }

    @Test
    void aSignalWhileAMonitorsClientIsWaitedForEndsItToo() {
        Path monitor = folder.resolve("monitor");
        List<String> arguments = List.of("-netdev", "user,id=u0", "-monitor", "unix:" + monitor + ",server=on");
        try (QnetProcess qnet = QnetProcess.start(HEEDING_SIGNALS, arguments)) {
            qnet.process().awaitErr(line -> line.contains("waiting for connection on"), ChildProcess.HANG);
            qnet.awaitFile(monitor);
            assertThat(qnet.stop("TERM")).as(() -> qnet.process().describe()).isZero();
            assertThat(monitor).doesNotExist();
        }
    }

    @Test
    void aStaleUnixSocketIsReplaced() throws Exception {
        Path socket = folder.resolve("qnet.sock");
        try (QnetProcess first = QnetProcess.start(QemuSlirp.userOnUnixSocket("", socket))) {
            first.awaitFile(socket);
            first.process().kill();
        }
        assertThat(socket).exists();
        try (QnetProcess second = QnetProcess.start(QemuSlirp.userOnUnixSocket("", socket));
                RawGuest guest = RawGuest.connect(socket)) {
            guest.greet();
            assertThat(second.stop("TERM")).isZero();
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void aUnixSocketInAMissingFolderIsRefused() {
        Path socket = folder.resolve("missing/qnet.sock");
        QnetProcess qnet = finished(1, "-netdev", "stream,id=s0,server=on,addr.type=unix,addr.path=" + socket);
        assertThat(qnet.process().err())
                .singleElement()
                .asString()
                .startsWith("qnet: -netdev stream,id=s0,server=on,addr.type=unix,addr.path=" + socket + ": ")
                .contains("No such file or directory");
    }

    @Test
    void aStreamListenerOnAPortInUseIsRefused() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "addr.host=127.0.0.1,addr.port=" + taken.getLocalPort();
            QnetProcess qnet = finished(1, "-netdev", "stream,id=s0,server=on,addr.type=inet," + address);
            assertThat(qnet.process().err())
                    .singleElement()
                    .asString()
                    .startsWith("qnet: -netdev stream,id=s0,server=on,addr.type=inet," + address + ": ")
                    .contains("Address already in use");
        }
    }

    private static QnetProcess finished(int status, String... arguments) {
        QnetProcess qnet = QnetProcess.start(List.of(arguments));
        try (qnet) {
            assertThat(qnet.process().awaitExit(ChildProcess.HANG.multipliedBy(3)))
                    .as(() -> qnet.process().describe())
                    .isEqualTo(status);
        }
        return qnet;
    }
}
