package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.raw.RawGuest;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.NetNamespace;
import io.qnet.it.support.QemuHub;
import io.qnet.it.support.QnetProcess;
import io.qnet.testkit.codec.DhcpMessage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two programs and a QEMU on one network, each way of joining them; a guest behind each reaches the user netdev of the first (K7, K8, G7). All in a namespace of their own. */
@EnabledIfRoot
@EnabledIfCommand("qemu-system-x86_64")
class JoinedProcessesIT {
    private static final Pattern LISTENER = Pattern.compile("(?:listen=127.0.0.1:|server=on.*port=)(\\d+)");

    @TempDir
    private Path folder;

    /** How the first is joined, how the others are, and whether QEMU finds a first that comes back. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            socket,id=j,listen=127.0.0.1:7001,clients=2|socket,id=j,connect=127.0.0.1:7001|false
            socket,id=j,mcast=230.0.0.1:7002|socket,id=j,mcast=230.0.0.1:7002|true
            stream,id=j,server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=7003,clients=2|stream,id=j,addr.type=inet,addr.host=127.0.0.1,addr.port=7003|false
            """)
    void guestsReachEachOtherAndWhoeverIsRestartedIsFound(String first, String others, boolean qemuFinds) {
        Path userSocket = folder.resolve("first");
        Path farSocket = folder.resolve("second");
        try (NetNamespace namespace = NetNamespace.create()) {
            QnetProcess user = start(namespace, "user,id=u", first, userSocket);
            try (QemuHub qemu = QemuHub.start(namespace.wrapper(), folder, others);
                    RawGuest behindQemu = RawGuest.connect(qemu.sidePath())) {
                qemu.awaitSide();
                try (QnetProcess far = start(namespace, null, others, farSocket);
                        RawGuest behindFar = RawGuest.connect(farSocket)) {
                    behindFar.pingUntilAnswered(1);
                    expectOffer(behindFar);
                    behindQemu.pingUntilAnswered(2);
                    far.process().kill();
                }
                try (QnetProcess again = start(namespace, null, others, farSocket);
                        RawGuest behindAgain = RawGuest.connect(farSocket)) {
                    behindAgain.pingUntilAnswered(3);
                    user.process().kill();
                    user.close();
                    user = start(namespace, "user,id=u", first, userSocket);
                    behindAgain.pingUntilAnswered(4);
                    if (qemuFinds) {
                        behindQemu.pingUntilAnswered(5);
                    }
                    assertThat(again.stop("TERM"))
                            .as(() -> again.process().describe())
                            .isZero();
                }
            } finally {
                user.close();
            }
        }
    }

    /** A program with a stream socket for a guest, joined to the others, and maybe a user netdev, all on one hub. */
    private static QnetProcess start(NetNamespace namespace, @Nullable String user, String join, Path socket) {
        List<String> netdevs =
                new ArrayList<>(List.of("stream,id=g,server=on,addr.type=unix,addr.path=" + socket, join));
        if (user != null) {
            netdevs.add(user);
        }
        List<String> arguments = new ArrayList<>();
        netdevs.forEach(each -> arguments.addAll(List.of("-netdev", each)));
        for (String each : netdevs) {
            String id = each.replaceFirst(".*?,id=([^,]*).*", "$1");
            arguments.addAll(List.of("-netdev", "hubport,id=h" + id + ",hubid=0,netdev=" + id));
        }
        QnetProcess started = QnetProcess.start(namespace.wrapper(), arguments).awaitFile(socket);
        Matcher listener = LISTENER.matcher(join);
        return listener.find() ? started.awaitListener(Integer.parseInt(listener.group(1))) : started;
    }

    private static void expectOffer(RawGuest guest) {
        DhcpMessage discover = new DhcpMessage().option(53, (byte) DhcpMessage.DISCOVER);
        discover.chaddr = 0x525400123456L;
        guest.sendDhcp(discover, false);
        DhcpMessage offer = DhcpMessage.decode(guest.awaitDhcp().payload());
        assertThat(DhcpMessage.address(offer.yiaddr)).isEqualTo(RawGuest.GUEST);
    }
}
