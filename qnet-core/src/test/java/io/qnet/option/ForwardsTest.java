package io.qnet.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.option.GuestForward.Target;
import io.qnet.option.HostForward.Guest;
import io.qnet.option.HostForward.Listen;
import io.qnet.option.HostForward.Protocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForwardsTest {
    private static HostForward of(String rule, Protocol protocol, Listen listen, Guest guest, int port) {
        return new HostForward(rule, protocol, listen, guest, port);
    }

    private static void reads(String rule, Protocol protocol, Listen listen, Guest guest, int port) {
        assertThat(HostForward.parse(rule)).isEqualTo(of(rule, protocol, listen, guest, port));
    }

    @Test
    void hostForwardsOfQemu() {
        Guest anyone = new Guest.Default();
        reads("tcp::2222-:22", Protocol.TCP, new Listen.Inet(null, 2222, 1), anyone, 22);
        reads("::0-:22", Protocol.TCP, new Listen.Inet(null, 0, 1), anyone, 22);
        reads("tcp::-:22", Protocol.TCP, new Listen.Inet(null, 0, 1), anyone, 22);
        reads(
                "udp:127.1:0x1f90-10.0.2.15:026",
                Protocol.UDP,
                new Listen.Inet(InetText.ipv4(0x7f000001), 8080, 1),
                new Guest.Address(InetText.ipv4(0x0a00020f)),
                22);
    }

    @Test
    void hostForwardsOfOurOwn() {
        Guest anyone = new Guest.Default();
        Guest six = new Guest.Address(InetText.ipv6("fec0::15"));
        Listen any = new Listen.Inet(null, 8000, 1);
        reads("tcp:[::1]:2222-[fec0::15]:22", Protocol.TCP, new Listen.Inet(InetText.ipv6("::1"), 2222, 1), six, 22);
        reads("tcp::8000+10-:9000", Protocol.TCP, new Listen.Inet(null, 8000, 10), anyone, 9000);
        reads("tcp::65526+10-:65526", Protocol.TCP, new Listen.Inet(null, 65526, 10), anyone, 65526);
        reads("tcp::8000-@web-1.lan:80", Protocol.TCP, any, new Guest.Name("web-1.lan"), 80);
        reads("tcp::8000-@52:54:0:12:34:56:80", Protocol.TCP, any, new Guest.Mac(0x5254_0012_3456L), 80);
        reads("tcp::8000-@52-54-00-12-34-56:80", Protocol.TCP, any, new Guest.Mac(0x5254_0012_3456L), 80);
        reads("unix:/run/a-b.sock-:22", Protocol.TCP, new Listen.Unix("/run/a-b.sock"), anyone, 22);
        reads("unix:/a:b-[fec0::15]:22", Protocol.TCP, new Listen.Unix("/a:b"), six, 22);
        reads("unix:/a-b-@web-1:22", Protocol.TCP, new Listen.Unix("/a-b"), new Guest.Name("web-1"), 22);
    }

    @ParameterizedTest
    @CsvSource({
        "'', No : separators",
        "tcp, No : separators",
        "sctp::1-:2, Bad protocol name",
        "tcp:, Missing : separator",
        "tcp:1-:2, Bad host address",
        "tcp:x:1-:2, Bad host address",
        "tcp:[::1:1-:2, Missing : separator",
        "tcp:[::1]x:1-:2, Bad host address",
        "tcp:::1:1-:2, Bad host port",
        "tcp::1, Bad host port separator",
        "tcp::x-:2, Bad host port",
        "tcp::65536-:2, Bad host port",
        "tcp::1+-:2, Bad host port",
        "tcp::1+0-:2, Bad host port",
        "tcp::1+x-:2, Bad host port",
        "tcp::65527+10-:2, Bad host port",
        "tcp::0+2-:2, Bad host port",
        "tcp::1-2, Missing guest address",
        "tcp::1-x:2, Bad guest address",
        "tcp::1-[fec0::x]:2, Bad guest address",
        "tcp::1-@:2, Bad guest address",
        "tcp::1-@a b:2, Bad guest address",
        "tcp::1-@52:54:00:12:34:80, Bad guest address",
        "tcp::1-@web, Missing guest address",
        "tcp::1-:, Bad guest port",
        "tcp::1-:0, Bad guest port",
        "tcp::1-:x, Bad guest port",
        "tcp::1-:65536, Bad guest port",
        "tcp::1+10-:65527, Bad guest port",
        "tcp::1-:22x, Bad guest port",
        "unix:/a, Missing - separator",
        "unix:-:22, Missing unix socket path",
        "unix:a-:22, unix socket path must be absolute",
        "unix:/a-22, Missing guest address",
        "unix:/a-x:22, Bad guest address",
        "unix:/a-:0, Bad guest port"
    })
    void hostForwardsRefused(String rule, String reason) {
        assertThatThrownBy(() -> HostForward.parse(rule))
                .isInstanceOf(OptionException.class)
                .hasMessage("Invalid host forwarding rule '" + rule + "' (" + reason + ")");
    }

    @Test
    void guestForwards() {
        var server = InetText.ipv4(0x0a000264);
        String rule = "tcp:10.0.2.100:80-cmd:cat -n a-b";
        assertThat(GuestForward.parse(rule))
                .isEqualTo(new GuestForward(rule, server, 80, new Target.Command("cat -n a-b")));
        assertThat(GuestForward.parse("::80-null"))
                .isEqualTo(new GuestForward("::80-null", null, 80, new Target.CharacterDevice("null")));
        String six = "tcp:[fec0::9]:80-unix:/a-b";
        assertThat(GuestForward.parse(six))
                .isEqualTo(new GuestForward(six, InetText.ipv6("fec0::9"), 80, new Target.Unix("/a-b")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tcp:localhost:8080 | Tcp[host=localhost, port=8080]",
                "tcp:[::1]:8080 | Tcp[host=[::1], port=8080]",
                "tcp:localhost | CharacterDevice[spec=tcp:localhost]",
                "tcp:h:70000 | CharacterDevice[spec=tcp:h:70000]",
                "tcp:h:1,server=on | CharacterDevice[spec=tcp:h:1,server=on]",
                "file:/x | CharacterDevice[spec=file:/x]",
                "cmd: | Command[command=]",
            })
    void guestForwardTargets(String text, String target) {
        assertThat(GuestForward.parse("::1-" + text).target()).hasToString(target);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "tcp",
                "tcp:",
                "tcp:1.2.3.4",
                "tcp:1.2.3.4:80",
                "udp:1.2.3.4:80-null",
                "tcp:x:80-null",
                "::-null",
                "::0-null",
                "::0x50-null",
                "::65536-null",
                "::80x-null",
                "tcp:[fec0::9:80-null",
                "tcp:[fec0::9]80-null"
            })
    void guestForwardsRefused(String rule) {
        assertThatThrownBy(() -> GuestForward.parse(rule))
                .isInstanceOf(OptionException.class)
                .hasMessage("Invalid guest forwarding rule '" + rule + "'");
    }

    @Test
    void refusalsOfLaterSteps() {
        assertThat(HostForward.parse("tcp::1-:2").cannotBind())
                .hasMessage("Could not set up host forwarding rule 'tcp::1-:2'");
        assertThat(GuestForward.parse("::80-null").conflicting())
                .hasMessage("Conflicting/invalid host:port in guest forwarding rule '::80-null'");
        assertThat(GuestForward.parse("::80-null").cannotOpen())
                .hasMessage("Could not open guest forwarding device 'guestfwd.tcp.80'");
    }
}
