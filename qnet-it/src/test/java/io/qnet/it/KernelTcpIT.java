package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.GuestNamespace;
import io.qnet.it.support.HttpFiles;
import io.qnet.it.support.HttpTransfer;
import io.qnet.it.support.Ports;
import io.qnet.it.support.QnetProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The kernel's own TCP as the guest, in a network namespace, joined by QEMU's stream framing: a second, independent
 * implementation against qnet's, on a good line and on a bad one. {@code -Dqnet.it.mib=1024} moves as much each way.
 */
@EnabledIfRoot
@EnabledIfCommand({"ip", "gcc", "iperf3"})
class KernelTcpIT {

    private static final int MTU = 1500;
    private static final long MIB = 1 << 20;
    private static final long CLEAN_BYTES = Long.getLong("qnet.it.mib", 256) * MIB;
    private static final long IMPAIRED_BYTES = Long.getLong("qnet.it.impaired-mib", 100) * MIB;
    /** Loss, reordering, duplication and corruption, in per cent of the frames each way, and a seed. */
    private static final String BAD_LINE = "0.5 1 0.5 0.2 1";

    /** Of the guest's segments, on a good line. */
    private static final double RETRANSMITTED = 0.001;

    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final Pattern STREAM_BYTES =
            Pattern.compile("\"sum_received\"\\s*:\\s*\\{[^}]*\"bytes\"\\s*:\\s*(\\d+)");

    @TempDir
    private Path folder;

    private enum Family {
        IPV4("10.0.2.2", "127.0.0.1"),
        IPV6("fec0::2", "::1");

        /** The gateway as the guest sees it, which is the host's loopback interface. */
        private final String gateway;

        private final String loopback;

        Family(String gateway, String loopback) {
            this.gateway = gateway;
            this.loopback = loopback;
        }

        String gatewayInUrl() {
            return this == IPV6 ? "[" + gateway + "]" : gateway;
        }

        HttpFiles files() {
            return this == IPV6 ? HttpFiles.startIpv6() : HttpFiles.start();
        }
    }

    @ParameterizedTest
    @EnumSource
    void muchPassesBothWays(Family family) {
        inGuest("", guest -> {
            transfer(guest, family, CLEAN_BYTES);
            assertFewRetransmits(guest);
        });
    }

    @ParameterizedTest
    @EnumSource
    void whatPassesABadLineIsIntact(Family family) {
        inGuest(BAD_LINE, guest -> {
            transfer(guest, family, IMPAIRED_BYTES);
            assertThat(guest.tcpCounter("RetransSegs")).as("the line was bad").isPositive();
        });
    }

    @ParameterizedTest
    @EnumSource
    void oneStreamAndManyMoveDataBothWays(Family family) {
        inGuest("", guest -> {
            for (int streams : new int[] {1, 8, 64}) {
                iperf3(guest, family, streams);
                iperf3(guest, family, streams, "-R");
            }
        });
    }

    private interface Play {
        void with(GuestNamespace guest);
    }

    private void inGuest(String impairment, Play play) {
        Path socket = folder.resolve("s");
        try (QnetProcess qnet = QnetProcess.start(List.of(
                        "-netdev", "user,id=u0",
                        "-netdev", "stream,id=s0,server=on,addr.type=unix,addr.path=" + socket,
                        "-netdev", "hubport,id=h0,hubid=0,netdev=u0",
                        "-netdev", "hubport,id=h1,hubid=0,netdev=s0"));
                GuestNamespace guest = GuestNamespace.create(folder)) {
            qnet.awaitFile(socket);
            guest.join(socket, MTU, impairment);
            play.with(guest);
            assertThat(qnet.complaints()).as("nothing to complain about").isEmpty();
        }
    }

    private static void transfer(GuestNamespace guest, Family family, long bytes) {
        String digest = HttpFiles.sha256(bytes);
        try (HttpFiles files = family.files()) {
            assertThat(guest.run(LIMIT, HttpTransfer.download(family.gatewayInUrl(), files.port(), bytes)))
                    .as("SHA-256 of " + bytes + " bytes downloaded")
                    .isEqualTo(digest);
            assertThat(guest.run(LIMIT, HttpTransfer.upload(family.gatewayInUrl(), files.port(), bytes)))
                    .as("SHA-256 of " + bytes + " bytes uploaded")
                    .isEqualTo(digest);
        }
    }

    private static void iperf3(GuestNamespace guest, Family family, int streams, String... more) {
        String port = String.valueOf(Ports.free());
        List<String> command = new ArrayList<>(List.of("iperf3", "-J", "-c", family.gateway, "-p", port));
        command.addAll(List.of("-t", "2", "-P", String.valueOf(streams)));
        command.addAll(List.of(more));
        // one server a run: it goes on with the former for a while
        try (ChildProcess server = ChildProcess.start(
                "iperf3", List.of("iperf3", "-s", "-1", "--forceflush", "-B", family.loopback, "-p", port))) {
            server.awaitOut(line -> line.contains("Server listening"), ChildProcess.HANG);
            String report = guest.run(LIMIT, command);
            Matcher received = STREAM_BYTES.matcher(report);
            assertThat(received.find()).as(report).isTrue();
            assertThat(Long.parseLong(received.group(1)))
                    .as("bytes received by " + String.join(" ", command))
                    .isGreaterThan(MIB);
        }
    }

    private static void assertFewRetransmits(GuestNamespace guest) {
        double all = guest.tcpCounter("OutSegs");
        assertThat(guest.tcpCounter("RetransSegs") / all)
                .as("share of the guest's segments that it sent again")
                .isLessThan(RETRANSMITTED);
    }
}
