package io.qnet.it;

import static io.qnet.it.raw.RawGuest.HOST;
import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.raw.RawGuest;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.Ports;
import io.qnet.it.support.QemuSlirp;
import io.qnet.it.support.QnetProcess;
import io.qnet.testkit.codec.DhcpMessage;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Peers on stream sockets that come late, go away, break off in the middle of a frame or stop reading. */
@EnabledIfCommand("qemu-system-x86_64")
class StreamPeersIT {

    @TempDir
    private Path folder;

    @Test
    void aKilledPeerIsFollowedByTheNext() {
        Path socket = folder.resolve("qnet.sock");
        try (QnetProcess qnet =
                QnetProcess.start(QemuSlirp.userOnUnixSocket("", socket)).awaitFile(socket)) {
            try (QemuSlirp peer = QemuSlirp.start(joined(socket));
                    RawGuest behindPeer = RawGuest.connect(folder.resolve("peer"))) {
                behindPeer.greetUntilAnswered();
                peer.process().kill();
            }
            try (RawGuest next = RawGuest.connect(socket)) {
                next.greet();
            }
            expectCleanStop(qnet);
        }
    }

    @Test
    void aPeerThatBreaksOffInAFrameLeavesNothingBehind() {
        Path socket = folder.resolve("qnet.sock");
        try (QnetProcess qnet =
                QnetProcess.start(QemuSlirp.userOnUnixSocket("", socket)).awaitFile(socket)) {
            try (RawGuest broken = RawGuest.connect(socket)) {
                broken.greet();
                broken.sendRaw(ByteBuffer.allocate(100).putInt(1000).array());
            }
            try (RawGuest next = RawGuest.connect(socket)) {
                next.greet();
            }
            expectCleanStop(qnet);
        }
    }

    @Test
    void aPeerThatSendsNonsenseIsCutOffOrPassedOver() {
        Path socket = folder.resolve("qnet.sock");
        try (QnetProcess qnet =
                QnetProcess.start(QemuSlirp.userOnUnixSocket("", socket)).awaitFile(socket)) {
            try (RawGuest hostile = RawGuest.connect(socket)) {
                hostile.sendRaw(new byte[4]);
                hostile.sendFrame(new byte[1]);
                hostile.sendFrame(new byte[65_536]);
                hostile.greet();
                hostile.sendRaw(ByteBuffer.allocate(4).putInt(-1).array());
            }
            try (RawGuest next = RawGuest.connect(socket)) {
                next.greet();
            }
            assertThat(qnet.stop("TERM")).as(() -> qnet.process().describe()).isZero();
        }
    }

    @Test
    void aStoppedPeerHarmsNobody() {
        Path stopped = folder.resolve("stopped.sock");
        Path socket = folder.resolve("qnet.sock");
        List<String> network = new ArrayList<>(QemuSlirp.userOnUnixSocket("", socket));
        network.addAll(List.of(
                "-netdev",
                "stream,id=s1,server=on,addr.type=unix,addr.path=" + stopped,
                "-netdev",
                "hubport,id=h2,hubid=0,netdev=s1"));
        try (QnetProcess qnet = QnetProcess.start(network).awaitFile(socket).awaitFile(stopped);
                QemuSlirp peer = QemuSlirp.start(joined(stopped));
                RawGuest behindPeer = RawGuest.connect(folder.resolve("peer"));
                RawGuest guest = RawGuest.connect(socket)) {
            behindPeer.greetUntilAnswered();
            peer.process().signal("STOP");
            String data = "x".repeat(1400);
            // Each request and each answer is repeated to the stopped peer: far more than sockets hold.
            for (int i = 0; i < 5_000; i++) {
                guest.ping(HOST, 7, i, data);
                guest.awaitEcho(7, i);
            }
            peer.process().signal("CONT");
            behindPeer.greetUntilAnswered();
            expectCleanStop(qnet);
        }
    }

    @Test
    void aClientConnectsOnceItsServerIsThereAndAgainWhenItReturns() {
        Path socket = folder.resolve("qnet.sock");
        Path server = folder.resolve("server.sock");
        List<String> network = List.of(
                "-netdev",
                "stream,id=s0,server=on,addr.type=unix,addr.path=" + socket,
                "-netdev",
                "stream,id=s1,server=off,reconnect-ms=100,addr.type=unix,addr.path=" + server,
                "-netdev",
                "hubport,id=h0,hubid=0,netdev=s0",
                "-netdev",
                "hubport,id=h1,hubid=0,netdev=s1");
        try (QnetProcess qnet = QnetProcess.start(network).awaitFile(socket);
                RawGuest guest = RawGuest.connect(socket)) {
            for (int round = 0; round < 2; round++) {
                try (QemuSlirp slirp = QemuSlirp.start(QemuSlirp.userOnUnixSocket("", server))) {
                    guest.greetUntilAnswered();
                    expectOffer(guest);
                    slirp.process().kill();
                }
            }
            assertThat(qnet.stop("TERM")).as(() -> qnet.process().describe()).isZero();
            assertThat(qnet.complaints())
                    .as("what is logged of a server that is not there")
                    .hasSizeBetween(1, 4);
        }
    }

    @Test
    void theOldSocketClientConnectsToQemusListener() {
        Path socket = folder.resolve("qnet.sock");
        int port = Ports.free();
        List<String> listener = List.of(
                "-netdev", "user,id=u0",
                "-netdev", "socket,id=s0,listen=127.0.0.1:" + port,
                "-netdev", "hubport,id=h0,hubid=0,netdev=u0",
                "-netdev", "hubport,id=h1,hubid=0,netdev=s0");
        List<String> client = List.of(
                "-netdev",
                "stream,id=s0,server=on,addr.type=unix,addr.path=" + socket,
                "-netdev",
                "socket,id=s1,connect=127.0.0.1:" + port,
                "-netdev",
                "hubport,id=h0,hubid=0,netdev=s0",
                "-netdev",
                "hubport,id=h1,hubid=0,netdev=s1");
        try (QemuSlirp slirp = QemuSlirp.start(listener);
                QnetProcess qnet = QnetProcess.start(client).awaitFile(socket);
                RawGuest guest = RawGuest.connect(socket)) {
            guest.greetUntilAnswered();
            expectOffer(guest);
            assertThat(slirp.process().isAlive()).isTrue();
            assertThat(qnet.stop("TERM")).as(() -> qnet.process().describe()).isZero();
        }
    }

    /** A QEMU that joins its own listening socket, named "peer", to qnet's. */
    private List<String> joined(Path socket) {
        return List.of(
                "-netdev",
                "stream,id=a,server=on,addr.type=unix,addr.path=" + folder.resolve("peer"),
                "-netdev",
                "stream,id=b,server=off,addr.type=unix,addr.path=" + socket,
                "-netdev",
                "hubport,id=h0,hubid=0,netdev=a",
                "-netdev",
                "hubport,id=h1,hubid=0,netdev=b");
    }

    private static void expectOffer(RawGuest guest) {
        DhcpMessage discover = new DhcpMessage().option(53, (byte) DhcpMessage.DISCOVER);
        discover.chaddr = 0x525400123456L;
        guest.sendDhcp(discover, false);
        DhcpMessage offer = DhcpMessage.decode(guest.awaitDhcp().payload());
        assertThat(DhcpMessage.address(offer.yiaddr)).isEqualTo(RawGuest.GUEST);
    }

    private static void expectCleanStop(QnetProcess qnet) {
        assertThat(qnet.stop("TERM")).as(() -> qnet.process().describe()).isZero();
        assertThat(qnet.complaints()).as("nothing to complain about").isEmpty();
    }
}
