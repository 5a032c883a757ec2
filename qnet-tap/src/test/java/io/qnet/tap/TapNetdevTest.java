package io.qnet.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.qnet.NetdevException;
import io.qnet.Network;
import io.qnet.NetworkListener;
import io.qnet.Nic;
import io.qnet.testkit.FakeGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Life of a TAP: opened by QEMU's rules, used by a kernel in a namespace, taken down, deleted, closed. */
@EnabledIfTap
class TapNetdevTest {
    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private final Namespace namespace = new Namespace();
    private Network network;

    @TempDir
    Path folder;

    @BeforeEach
    void open() {
        network = Network.builder()
                .listener(new NetworkListener() {
                    @Override
                    public void onWarning(String endpoint, String message) {
                        warnings.add(endpoint + ": " + message);
                    }
                })
                .open();
    }

    @AfterEach
    void close() {
        network.close();
        namespace.close();
    }

    private TapNetdev add(TapConfig config) {
        return network.hub(0).add(config);
    }

    private TapConfig config() {
        return TapNetdev.config("t0").ifname(namespace.pattern()).script(namespace.script(folder));
    }

    private FakeGuest guest() {
        Nic nic = network.hub(0).add(Nic.config().id("n0"));
        return FakeGuest.builder().mac("52:55:0a:00:02:02").on(network, nic).address("10.0.2.2", 24);
    }

    private long counter(String endpoint, String name) {
        return network.call(
                () -> network.endpoint(endpoint).port().counters().counter(name).get());
    }

    private static void await(BooleanSupplier condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(5))
                .until(condition::getAsBoolean);
    }

    @Test
    void kernelAndGuestReachEachOtherThroughAHub() {
        TapNetdev tap = add(config());
        try (FakeGuest guest = guest()) {
            guest.listen(7, stream -> stream.write("hello").shutdownOutput());
            assertThat(namespace.exec("bash", "-c", "cat </dev/tcp/10.0.2.2/7")).isEqualTo("hello");
            assertThat(guest.ping("10.0.2.15", 8000, 64).bytes()).isPositive();
            guest.assertNoViolations();
        }
        assertThat(tap.info())
                .startsWith("ifname=" + tap.ifname() + ",script=" + folder)
                .endsWith(",downscript=");
    }

    @Test
    void withoutVnetHeaderAllIsFinishedHere() {
        add(config().vnetHeader(false));
        try (FakeGuest guest = guest()) {
            assertThat(guest.ping("10.0.2.15").bytes()).isPositive();
            guest.assertNoViolations();
        }
    }

    @Test
    void shortFramesFromTheKernelArePadded() throws Exception {
        add(config());
        Nic nic = network.hub(0).add(Nic.config());
        TinyHost host = new TinyHost(nic);
        namespace.exec("bash", "-c", "echo >/dev/udp/10.0.2.2/7");
        TinyHost.Seen arp = host.await(each -> Bytes.u16(each.bytes(), 12) == 0x806);
        assertThat(arp.bytes()).hasSize(60);
        assertThat(java.util.Arrays.copyOfRange(arp.bytes(), 42, 60)).containsOnly(0);
    }

    @Test
    void scriptsGetTheNameAloneWhileTheInterfaceIsThere() throws IOException {
        Path log = folder.resolve("log");
        String down = Namespace.executable(
                folder.resolve("down"), "echo \"$# $1 $(cat /sys/class/net/$1/operstate)\" >>" + log);
        String name;
        try (Network other = Network.open()) {
            TapNetdev tap = other.add(TapNetdev.config("t1")
                    .ifname(namespace.pattern())
                    .script(down)
                    .downscript(down));
            name = tap.ifname();
            Namespace.run("ip", "link", "set", name, "alias", "still-there");
        }
        assertThat(Files.readAllLines(log)).containsExactly("1 " + name + " down", "1 " + name + " down");
        assertThat(Path.of("/sys/class/net", name)).doesNotExist();
    }

    @Test
    void failingScriptIsRefusedInQemusWords() {
        String failing = Namespace.executable(folder.resolve("fail"), "exit 7");
        TapConfig config = TapNetdev.config("t0").ifname(namespace.pattern());
        assertThatThrownBy(() -> add(config.script(failing)))
                .isInstanceOf(NetdevException.class)
                .hasMessage("network script " + failing + " failed with status 1792");
        assertThatThrownBy(() -> add(config.script("/does/not/exist")))
                .hasMessage("network script /does/not/exist failed with status 256");
        assertThat(network.endpoints()).isEmpty();
    }

    @Test
    void busyInterfaceIsRefusedInQemusWords() {
        TapNetdev first = network.add(TapNetdev.config("t0").ifname(namespace.pattern()));
        assertThatThrownBy(() -> network.add(TapNetdev.config("t1").ifname(first.ifname())))
                .isInstanceOf(TapException.class)
                .hasMessage("could not configure /dev/net/tun (" + first.ifname() + "): Device or resource busy");
    }

    @Test
    void namesAreCutToWhatTheKernelTakes() {
        String name = "q" + ProcessHandle.current().pid() + "0123456789abcdef";
        assertThat(network.add(TapNetdev.config("t0").ifname(name)).ifname()).isEqualTo(name.substring(0, 15));
    }

    @Test
    void interfaceThatIsDownSwallowsFrames() throws Exception {
        TapNetdev tap = add(config());
        try (FakeGuest guest = guest()) {
            assertThat(guest.ping("10.0.2.15").bytes()).isPositive();
            namespace.ip("link", "set", tap.ifname(), "down");
            guest.sendFrame(new byte[60]);
            await(() -> counter("t0", "drop.interface-down") == 1);
            namespace.ip("link", "set", tap.ifname(), "up");
            assertThat(guest.ping("10.0.2.15").bytes()).isPositive();
        }
        assertThat(warnings).isEmpty();
    }

    @Test
    void deletedInterfaceEndsTheTrafficAndIsSaidOnce() throws Exception {
        TapNetdev tap = add(config());
        try (FakeGuest guest = guest()) {
            namespace.ip("link", "del", tap.ifname());
            await(() -> !warnings.isEmpty());
            long before = counter("t0", "drop.write");
            guest.sendFrame(new byte[60]);
            guest.sendFrame(new byte[60]);
            await(() -> counter("t0", "drop.write") == before + 2);
        }
        assertThat(warnings).singleElement().asString().startsWith("t0: interface " + tap.ifname() + " is gone: ");
        network.delete("t0");
        assertThat(network.endpoint("t0")).isNull();
    }

    @Test
    void interfaceIsFreeAgainAfterDeletion() {
        TapNetdev first = add(TapNetdev.config("t0").ifname(namespace.pattern()));
        String name = first.ifname();
        network.delete("t0");
        assertThat(add(TapNetdev.config("t0").ifname(name)).ifname()).isEqualTo(name);
    }

    @Test
    void networkWithoutEpollRefusesByName() throws Exception {
        MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try (Network nio = Network.builder().eventLoop(group.next()).open()) {
            assertThatThrownBy(() -> nio.add(TapNetdev.config("t0")))
                    .isInstanceOf(NetdevException.class)
                    .hasMessage("tap needs Linux's epoll, on which this network does not run");
        } finally {
            group.shutdownGracefully(0, 0, java.util.concurrent.TimeUnit.SECONDS)
                    .sync();
        }
    }

    @Test
    void programOptionsMakeATap() {
        String script = namespace.script(folder);
        try (Network parsed = Network.parse(
                "-netdev",
                "tap,id=t0,ifname=" + namespace.pattern() + ",script=" + script
                        + ",downscript=no,vnet_hdr=on,sndbuf=1M",
                "-netdev",
                "hubport,id=h0,hubid=0,netdev=t0")) {
            assertThat(parsed.info().toText())
                    .contains("type=tap,ifname=")
                    .contains(",script=" + script + ",downscript=no");
        }
    }
}
