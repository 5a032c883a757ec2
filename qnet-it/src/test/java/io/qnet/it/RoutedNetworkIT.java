package io.qnet.it;

import static io.qnet.it.raw.RawGuest.HOST;
import static io.qnet.it.raw.RawGuest.address;
import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.raw.RawGuest;
import io.qnet.it.raw.Received;
import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.NetNamespace;
import io.qnet.it.support.QemuSlirp;
import io.qnet.it.support.QnetProcess;
import io.qnet.testkit.codec.Bytes;
import java.net.Inet4Address;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pcap4j.packet.IcmpV4CommonPacket;

/**
 * A host, a router and a server, each a network namespace: what the kernels of the way say by ICMP reaches the guest, from whom it is (rows U3, I4, I6, I7, O1, O2 of docs/compatibility.md).
 */
@EnabledIfRoot
@EnabledIfCommand("ip")
class RoutedNetworkIT {
    private static final String ROUTER = "198.51.100.1";
    private static final Inet4Address SERVER = address("203.0.113.2");
    private static final int NARROW = 1280;

    @TempDir
    private Path folder;

    private interface Script {
        void play(RawGuest guest, NetNamespace host) throws Exception;
    }

    private void play(String userOptions, Script script) throws Exception {
        Path socket = folder.resolve("hub");
        try (NetNamespace host = NetNamespace.create();
                NetNamespace router = NetNamespace.create();
                NetNamespace server = NetNamespace.create()) {
            host.joined("near", "198.51.100.2/24", router, ROUTER + "/24", 1500).defaultRoute(ROUTER);
            router.forwarding().joined("far", "203.0.113.1/24", server, "203.0.113.2/24", NARROW);
            server.defaultRoute("203.0.113.1");
            List<String> options = QemuSlirp.userOnUnixSocket(userOptions, socket);
            try (QnetProcess qnet = QnetProcess.start(host.wrapper(), options).awaitFile(socket);
                    RawGuest guest = RawGuest.connect(socket)) {
                guest.greet();
                try {
                    script.play(guest, host);
                } catch (AssertionError e) {
                    ChildProcess process = qnet.process();
                    String capture = "\n--- capture: " + guest.keepCapture();
                    throw new AssertionError(e.getMessage() + "\n" + process.describe() + capture, e);
                }
            }
        }
    }

    private static byte[] frame(RawGuest guest, int bytes) {
        return guest.udpFrame(4000, SERVER, 33_434, new byte[bytes]);
    }

    private static byte[] icmp(Received received) {
        return received.get(IcmpV4CommonPacket.class).getRawData();
    }

    @Test
    void aRouteIsTracedByDatagrams() throws Exception {
        play("", (guest, host) -> {
            guest.sendWithTtl(frame(guest, 20), 1);
            assertThat(guest.next().toString()).endsWith("icmp 10.0.2.2 > 10.0.2.15 11/0");
            guest.sendWithTtl(frame(guest, 20), 2);
            Received error = guest.next();
            assertThat(error.toString()).endsWith("icmp " + ROUTER + " > 10.0.2.15 11/0");
            byte[] quote = icmp(error);
            assertThat(Bytes.u16(quote, 8 + 20)).as("the guest's port").isEqualTo(4000);
            assertThat(Bytes.u16(quote, 8 + 22)).isEqualTo(33_434);
            guest.sendWithTtl(frame(guest, 20), 3);
            assertThat(guest.next().toString()).endsWith("icmp 203.0.113.2 > 10.0.2.15 3/3");
            guest.expectSilence();
        });
    }

    @Test
    void aNarrowPathIsReportedWithItsMtu() throws Exception {
        play("", (guest, host) -> {
            guest.sendFrame(frame(guest, 1400));
            Received error = guest.next();
            assertThat(error.toString()).endsWith("icmp " + ROUTER + " > 10.0.2.15 3/4");
            assertThat(Bytes.u16(icmp(error), 6)).isEqualTo(NARROW);
            // now the host knows, and sends in fragments what is too large
            guest.sendFrame(frame(guest, 1400));
            assertThat(guest.next().toString()).endsWith("icmp 203.0.113.2 > 10.0.2.15 3/3");
        });
    }

    @Test
    void echoesReachTheServerOrEndWhereTheirTtlDoes() throws Exception {
        play("", (guest, host) -> {
            guest.ping(SERVER, 77, 1, "hello");
            assertThat(guest.next().toString()).contains("icmp 203.0.113.2 > 10.0.2.15 echo reply id 77 seq 1 hello");
            guest.pingWithTtl(SERVER, 77, 2, "hello", 2);
            assertThat(guest.next().toString()).endsWith("icmp " + ROUTER + " > 10.0.2.15 11/0");
            guest.ping(address("203.0.113.9"), 77, 3, "hello");
            assertThat(guest.next().toString()).endsWith("icmp " + ROUTER + " > 10.0.2.15 3/1");
        });
    }

    @Test
    void withoutAWayTheGatewaySaysSoOnceADatagram() throws Exception {
        play("", (guest, host) -> {
            host.remove("near");
            for (int i = 0; i < 3; i++) {
                guest.sendFrame(frame(guest, 20));
                assertThat(guest.next().toString()).endsWith("icmp 10.0.2.2 > 10.0.2.15 3/0");
            }
            guest.ping(SERVER, 77, 1, "hello");
            assertThat(guest.next().toString()).endsWith("icmp 10.0.2.2 > 10.0.2.15 3/0");
            guest.expectSilence();
            guest.ping(HOST, 77, 2, "hello");
            assertThat(guest.next().toString()).contains("echo reply id 77 seq 2 hello");
        });
    }

    @Test
    void flowsLeaveByTheInterfaceThatIsNamed() throws Exception {
        play(",outbound-if=near", (guest, host) -> {
            guest.sendFrame(frame(guest, 20));
            assertThat(guest.next().toString()).endsWith("icmp 203.0.113.2 > 10.0.2.15 3/3");
            guest.ping(SERVER, 77, 1, "hello");
            assertThat(guest.next().toString()).contains("echo reply id 77 seq 1 hello");
            host.remove("near");
            guest.sendUdp(4001, SERVER, 33_434, new byte[20]);
            assertThat(guest.next().toString()).endsWith("icmp 10.0.2.2 > 10.0.2.15 3/0");
        });
        List<String> wrong = new ArrayList<>(QemuSlirp.userOnUnixSocket(",outbound-if=a/b", folder.resolve("none")));
        try (QnetProcess qnet = QnetProcess.start(wrong)) {
            assertThat(qnet.process().awaitExit(ChildProcess.HANG)).isEqualTo(1);
            assertThat(qnet.complaints())
                    .singleElement()
                    .asString()
                    .endsWith("Parameter 'outbound-if' expects the name of an interface");
        }
    }
}
