package io.qnet.cli.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.Network;
import io.qnet.NetworkListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The human monitor's answers; those that QEMU has too were observed on QEMU 7.2. */
class HmpTest {
    private final TestMachine machine = new TestMachine(Network.builder()
            .listener(new NetworkListener() {})
            .parse(
                    "-netdev",
                    "user,id=u",
                    "-netdev",
                    "hubport,id=h0,hubid=0,netdev=u",
                    "-netdev",
                    "user,id=v,net=10.9.0.0/24"));
    private final Hmp hmp = new Hmp(machine);

    @AfterEach
    void close() {
        machine.network.close();
    }

    private String run(String line) {
        return hmp.execute(line);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            ignoreLeadingAndTrailingWhitespace = true,
            value = {
                "foo bar | unknown command: 'foo'",
                "info foo | unknown command: 'info foo'",
                "help foo | unknown command: 'foo'",
                "hostfwd_add | hostfwd_add: string expected/Try \"help hostfwd_add\" for more information",
                "hostfwd_add zz tcp::0-:22 | unrecognized netdev id 'zz'",
                "hostfwd_add h0 tcp::0-:22 | invalid device specified",
                "hostfwd_add tcp::bad | Invalid host forwarding rule 'tcp::bad' (Bad host port separator)",
                "hostfwd_add 1 u tcp::0-:22 | unrecognized (hub-id, stackname) pair",
                "hostfwd_remove tcp:127.0.0.1:5555 | host forwarding rule for tcp:127.0.0.1:5555 not found",
                "hostfwd_remove x | invalid format",
                "hostfwd_remove zz tcp::1 | unrecognized netdev id 'zz'",
                "netdev_del nosuch | Error: Device 'nosuch' not found",
                "netdev_del | netdev_del: string expected/Try \"help netdev_del\" for more information",
                "netdev_add | Error: Parameter 'id' is missing",
                "netdev_add user | Error: Parameter 'id' is missing",
                "netdev_add user,id=u | Duplicate ID 'u' for netdev/Try \"help netdev_add\" for more information",
                "netdev_add user,id=w,foo=1 | Error: Invalid parameter 'foo'",
                "netdev_add bogus,id=x | Error: Parameter 'type' does not accept value 'bogus'",
                "netdev_add user,id=w junk | netdev_add: extraneous characters at the end of line/Try \"help netdev_add\" for more information",
                "set_link u foo | Expected 'on' or 'off'/Try \"help set_link\" for more information",
                "set_link u | Expected 'on' or 'off'/Try \"help set_link\" for more information",
                "set_link nosuch on | Error: Device 'nosuch' not found",
                "set_link \"u on | set_link: string expected/Try \"help set_link\" for more information",
                "object_add | object_add: string expected/Try \"help object_add\" for more information",
                "object_add filter-buffer,id=b,netdev=u,interval=0 | Error: Property 'filter-buffer.interval' requires a positive value",
                "object_add nosuch,id=x | Error: Parameter 'qom-type' does not accept value 'nosuch'",
                "object_del b | Error: object 'b' not found",
                "device_add nosuch | Error: 'nosuch' is not a valid device model name",
                "device_add e1000,netdev=zz | Error: Property 'e1000.netdev' can't find value 'zz'",
                "device_add e1000,mac=zz | Error: Property 'e1000.mac' doesn't take value 'zz'",
                "device_add e1000,netdev=u | Error: Property 'e1000.netdev' can't take value 'u', it's in use",
                "device_del u | Error: Device 'u' not found",
                "info network x | network: extraneous characters at the end of line/Try \"help info network\" for more information",
                "info status | VM status: running",
                "info version | 7.2.0qnet 1.0",
                "help netdev_del | netdev_del id -- remove host network device",
                "help info usernet | info usernet  -- show user network stack connection states",
            })
    void answersInQemusWords(String line, String answer) {
        assertThat(run(line)).isEqualTo(answer.replace("/", "\n") + "\n");
    }

    @Test
    void helpNamesEveryCommand() {
        assertThat(run("help").lines().map(each -> each.split("[| ]")[0]))
                .containsExactly(
                        "cont",
                        "device_add",
                        "device_del",
                        "help",
                        "hostfwd_add",
                        "hostfwd_remove",
                        "info",
                        "netdev_add",
                        "netdev_del",
                        "object_add",
                        "object_del",
                        "qom-set",
                        "quit",
                        "set_link",
                        "stop");
        assertThat(run("info")).isEqualTo(run("help info")).contains("info network  -- show the network state\n");
        assertThat(run("   ")).isEmpty();
    }

    @Test
    void netdevsComeAndGo() {
        assertThat(run("netdev_add \"user,id=w\"")).isEmpty();
        assertThat(run("info network")).isEqualTo("""
                        hub 0
                         \\ h0: u: index=0,type=user,net=10.0.2.0,restrict=off
                        v: index=0,type=user,net=10.9.0.0,restrict=off
                        w: index=0,type=user,net=10.0.2.0,restrict=off
                        """);
        assertThat(run("netdev_del w") + run("netdev_del u")).isEmpty();
        assertThat(run("info network")).startsWith("hub 0\n \\ h0\nv:");
    }

    @Test
    void forwardsAreOfTheFirstNetdevUnlessOneIsNamed() {
        assertThat(run("hostfwd_add tcp:127.0.0.1:0-:22")).isEmpty();
        assertThat(run("hostfwd_add v udp:127.0.0.1:0-:53")).isEmpty();
        assertThat(run("hostfwd_add 0 u tcp:127.0.0.1:0-:23")).isEmpty();
        String text = run("info usernet");
        assertThat(text.lines().toList())
                .satisfiesExactly(
                        each -> assertThat(each).isEqualTo("Hub 0 (u):"),
                        each -> assertThat(each)
                                .isEqualTo(
                                        "  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ"),
                        each -> assertThat(each)
                                .matches(
                                        "  TCP\\[HOST_FORWARD\\]  -1       127.0.0.1 +\\d+       10.0.2.15    22     0     0"),
                        each -> assertThat(each)
                                .matches(
                                        "  TCP\\[HOST_FORWARD\\]  -1       127.0.0.1 +\\d+       10.0.2.15    23     0     0"),
                        each -> assertThat(each).isEqualTo("Hub -1 (v):"),
                        each -> assertThat(each).startsWith("  Protocol"),
                        each -> assertThat(each)
                                .matches(
                                        "  UDP\\[HOST_FORWARD\\]  -1       127.0.0.1 +\\d+       10.9.0.15    53     0     0"));
        String port = text.lines()
                .skip(2)
                .findFirst()
                .orElseThrow()
                .split("127.0.0.1 +")[1]
                .split(" ")[0];
        String rule = "tcp:127.0.0.1:" + port;
        assertThat(run("hostfwd_remove " + rule)).isEqualTo("host forwarding rule for " + rule + " removed\n");
        assertThat(run("hostfwd_remove 0 u " + rule)).isEqualTo("host forwarding rule for " + rule + " not found\n");
    }

    @Test
    void linksFiltersAndTheClockAreControlled() {
        assertThat(run("set_link u off")
                        + run("object_add filter-netem,id=n,netdev=u,delay=1ms")
                        + run("qom-set /objects/n delay 2ms")
                        + run("stop"))
                .isEmpty();
        assertThat(machine.network.info().endpoint("u"))
                .satisfies(u -> assertThat(u.linkUp()).isFalse());
        assertThat(run("info network")).contains("filters:\n  - n: type=filter-netem,delay=2000us,position=tail");
        assertThat(run("info status")).isEqualTo("VM status: paused\n");
        assertThat(run("c") + run("object_del n")).isEmpty();
        assertThat(run("info status")).isEqualTo("VM status: running\n");
        assertThat(run("qom-set /objects/n delay 2ms")).isEqualTo("Error: Device '/objects/n' not found\n");
    }

    @Test
    void nicsComeAndGoWithTheirGuests() {
        assertThat(run("device_add virtio-net-pci,netdev=v,id=nic0,mac=52:54:00:00:00:01"))
                .isEmpty();
        assertThat(run("device_add e1000,id=nic0")).isEqualTo("Error: Duplicate device ID 'nic0'\n");
        assertThat(run("info network"))
                .contains("nic0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:00:00:01\n")
                .contains(" \\ v: index=0,type=user,net=10.9.0.0,restrict=off\n");
        assertThat(run("device_del nic0")).isEmpty();
        assertThat(run("info network")).doesNotContain("nic0");
        assertThat(machine.asked).containsExactly("added nic0", "removed nic0");
    }

    @Test
    void quitEndsTheProgram() {
        assertThat(run("q")).isEmpty();
        assertThat(machine.asked).containsExactly("quit");
    }

    @Test
    void countersAreShownByNetdev() {
        assertThat(run("info counters")).contains("u:\n", "h0:\n");
        assertThat(run("info leases")).isEqualTo("u:\nv:\n");
    }
}
