package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.raw.RawGuest;
import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.Commands;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.NetNamespace;
import io.qnet.it.support.QnetProcess;
import io.qnet.it.support.UnixConnect;
import io.qnet.testkit.codec.DhcpMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real passt as the uplink of a hub, in a namespace of its own (K1, K8). */
@EnabledIfRoot
@EnabledIfCommand("passt")
class PasstUplinkIT {
    @TempDir
    private Path folder;

    @Test
    void aGuestOfTheHubGetsPasstsAddressAndASecondClientIsTurnedAway() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx")); // passt is nobody
        Path uplink = folder.resolve("passt");
        Path socket = folder.resolve("qnet");
        try (NetNamespace namespace = NetNamespace.create().withRoute();
                ChildProcess passt = startPasst(namespace, uplink);
                QnetProcess qnet = QnetProcess.start(List.of(
                                "-netdev",
                                "stream,id=up,addr.type=unix,addr.path=" + uplink,
                                "-netdev",
                                "stream,id=s,server=on,addr.type=unix,addr.path=" + socket,
                                "-netdev",
                                "hubport,id=h0,hubid=0,netdev=up",
                                "-netdev",
                                "hubport,id=h1,hubid=0,netdev=s"))
                        .awaitFile(socket);
                RawGuest guest = RawGuest.connect(socket)) {
            DhcpMessage discover = new DhcpMessage().option(53, (byte) DhcpMessage.DISCOVER);
            discover.chaddr = 0x525400123456L;
            guest.sendDhcp(discover, false);
            DhcpMessage offer = DhcpMessage.decode(guest.awaitDhcp().payload());
            assertThat(DhcpMessage.address(offer.yiaddr).getHostAddress()).isEqualTo("10.9.0.2");
            assertThat(isTurnedAway(uplink)).isTrue();
            assertThat(passt.isAlive()).isTrue();
            assertThat(qnet.stop("TERM")).as(() -> qnet.process().describe()).isZero();
        }
    }

    private static ChildProcess startPasst(NetNamespace namespace, Path socket) {
        List<String> command = new ArrayList<>(namespace.wrapper());
        command.addAll(List.of(Commands.require("passt").toString(), "-f", "-s", socket.toString()));
        ChildProcess passt = ChildProcess.start("passt", command);
        passt.await(() -> Files.exists(socket), socket.toString());
        return passt;
    }

    private static boolean isTurnedAway(Path socket) throws IOException {
        try (SocketChannel second = UnixConnect.to(socket)) {
            return second.read(ByteBuffer.allocate(1)) < 0;
        }
    }
}
