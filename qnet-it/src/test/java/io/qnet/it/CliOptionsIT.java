package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.QemuSlirp;
import io.qnet.it.support.QnetProcess;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What QEMU refuses, qnet refuses, with the same words but for the program's name and the same exit status. */
@EnabledIfCommand("qemu-system-x86_64")
class CliOptionsIT {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-netdev user",
                "-netdev user,id=1x",
                "-netdev user,id=u,foo=1",
                "-netdev bogus,id=u",
                "-netdev user,id=u,restrict=maybe",
                "-netdev user,id=u,net=10.0.2.0/33",
                "-netdev user,id=u,net=bogus",
                "-netdev user,id=u,host=10.9.9.9",
                "-netdev user,id=u,dns=10.0.2.2",
                "-netdev user,id=u,domainname=",
                "-netdev user,id=u,ipv4=off,ipv6=off",
                "-netdev user,id=u,hostfwd=tcp:x",
                "-netdev user,id=u,hostfwd=sctp::1-:2",
                "-netdev user,id=u,hostfwd=tcp::99999-:22",
                "-netdev user,id=u -netdev user,id=u",
                "-netdev stream,id=s,server=on",
                "-netdev stream,id=s,server=on,addr.type=unix",
                "-netdev stream,id=s,server",
                "-netdev stream,id=s,server=on,addr.type=inet,addr.host=127.0.0.1",
                "-netdev stream,id=s,addr.type=unix,addr.path=/x,bogus=1",
                "-netdev socket,id=s",
                "-netdev socket,id=s,listen=1,connect=2",
                "-netdev socket,id=s,listen=7009",
                "-netdev socket,id=s,fd=77",
                "-netdev socket,id=s,fd=foo",
                "-netdev socket,id=s,mcast=127.0.0.1:1234",
                "-netdev socket,id=s,mcast=230.0.0.1:1234,localaddr=10.9.9.9",
                "-netdev socket,id=s,udp=127.0.0.1:1234,localaddr=10.9.9.9:55",
                "-netdev dgram,id=s",
                "-netdev dgram,id=s,local.type=fd,local.str=77",
                "-netdev dgram,id=s,local.type=unix,local.path=/tmp/x",
                "-netdev dgram,id=s,local.type=unix,local.path=/nowhere/x,remote.type=unix,remote.path=/tmp/y",
                "-netdev dgram,id=s,local.type=unix,local.path=/tmp/x,remote.type=inet,remote.host=127.0.0.1,remote.port=9",
                "-netdev l2tpv3,id=s,src=127.0.0.1,dst=127.0.0.1,txsession=1,udp=on,srcport=1000",
                "-netdev l2tpv3,id=s,src=127.0.0.1,dst=nix.invalid,txsession=1,udp=on,srcport=1000,dstport=1001",
                "-netdev vde,id=s,sock=/nowhere",
                "-netdev hubport,id=h",
                "-netdev hubport,id=h,hubid=0,netdev=nix",
                "-net bogus",
                "-net nic,macaddr=zz",
                "-nic bogus",
                "-bogus",
            })
    void isRefusedAsQemuRefusesIt(String options) {
        expectTheSame(List.of(options.split(" ")));
    }

    @Test
    void aForwardOfAPortInUseIsRefusedAsQemuRefusesIt() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            expectTheSame(List.of("-netdev", "user,id=u,hostfwd=tcp:127.0.0.1:" + taken.getLocalPort() + "-:22"));
        }
    }

    @Test
    void aListenerOnAPortInUseIsRefusedAsQemuRefusesIt() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            expectTheSame(List.of("-netdev", "socket,id=s,listen=127.0.0.1:" + taken.getLocalPort()));
        }
    }

    private static void expectTheSame(List<String> options) {
        try (QemuSlirp oracle = QemuSlirp.start(options);
                QnetProcess qnet = QnetProcess.start(options)) {
            assertThat(oracle.process().awaitExit(ChildProcess.HANG)).isEqualTo(1);
            assertThat(qnet.process().awaitExit(ChildProcess.HANG))
                    .as(() -> qnet.process().describe())
                    .isEqualTo(1);
            List<String> words = oracle.process().err().stream()
                    .map(line -> line.replaceFirst("^qemu-system-x86_64: ", "qnet: "))
                    .toList();
            assertThat(qnet.process().err()).isEqualTo(words);
            assertThat(qnet.process().out()).isEmpty();
        }
    }
}
