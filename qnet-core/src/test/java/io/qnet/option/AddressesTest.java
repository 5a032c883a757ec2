package io.qnet.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressesTest {
    private static String shown(InetAddress address) {
        return address == null ? null : address.getHostAddress();
    }

    @ParameterizedTest
    @CsvSource({
        "1.2.3.4, 1.2.3.4",
        "127.1, 127.0.0.1",
        "10.9.8, 10.9.0.8",
        "1, 0.0.0.1",
        "0x7f000001, 127.0.0.1",
        "017700000001, 127.0.0.1",
        "0x0a.010.2.1, 10.8.2.1",
        "1.65535, 1.0.255.255",
        "1.2.65535, 1.2.255.255",
        "4294967295, 255.255.255.255",
        "1.16777216, ",
        "1.2.65536, ",
        "1.2.3.256, ",
        "256.1, ",
        "4294967296, ",
        "1.2.3.4.5, ",
        "1.2.3.4., ",
        "1..2, ",
        ".1, ",
        "'', ",
        "08.1.1.1, ",
        "0x.1.1.1, ",
        "1.2.3.4x, ",
        "-1, ",
        "+1, ",
        "' 1.2.3.4', ",
        "'1.2.3.4 x', 1.2.3.4",
        "1. 2, ",
        "x, ",
        "18446744073709551617, "
    })
    void readAsInetAton(String text, String expected) {
        assertThat(shown(InetText.aton(text))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "1.2.3.4, 1.2.3.4",
        "0.0.0.0, 0.0.0.0",
        "255.255.255.255, 255.255.255.255",
        "1.2.3, ",
        "01.2.3.4, ",
        "256.1.1.1, ",
        "1.2.3.4 , 1.2.3.4",
        "1.2.3.x, ",
        "'', "
    })
    void strictIpv4(String text, String expected) {
        assertThat(shown(InetText.ipv4(text))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "::, 0:0:0:0:0:0:0:0",
        "::1, 0:0:0:0:0:0:0:1",
        "fec0::, fec0:0:0:0:0:0:0:0",
        "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8",
        "1::8, 1:0:0:0:0:0:0:8",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
        "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
        "FE80::AbcD, fe80:0:0:0:0:0:0:abcd",
        "::ffff:10.0.2.2, 0:0:0:0:0:ffff:a00:202",
        "64:ff9b::1.2.3.4, 64:ff9b:0:0:0:0:102:304",
        "'', ",
        ":, ",
        ":::, ",
        "1:2:3:4:5:6:7, ",
        "1:2:3:4:5:6:7:8:9, ",
        "1::2::3, ",
        "1:2:3:4:5:6:7:8::, ",
        "::12345, ",
        "::g, ",
        "1:, ",
        ":1, ",
        "::1%lo, ",
        "[::1], ",
        "1.2.3.4, ",
        "::1.2.3, ",
        "::1.2.3.4:5, ",
        "1:2:3:4:5:6:7:1.2.3.4, ",
        "localhost, "
    })
    void ipv6(String text, String expected) {
        assertThat(shown(InetText.ipv6(text))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.2.0/24, 10.0.2.0, 255.255.255.0",
        "10.0.2.99/24, 10.0.2.0, 255.255.255.0",
        "10.0.2.0/4, 0.0.0.0, 240.0.0.0",
        "10.0.2.5/32, 10.0.2.5, 255.255.255.255",
        "10.0.2.0/255.0.255.0, 10.0.2.0, 255.0.255.0",
        "10.0.2.0/0x1ffffff, 0.0.2.0, 1.255.255.255",
        "10.9.8, 10.0.0.0, 255.0.0.0",
        "127.0.0.1, 127.0.0.0, 255.0.0.0",
        "172.20.1.1, 172.16.0.0, 255.240.0.0",
        "172.32.1.1, 172.32.0.0, 255.255.0.0",
        "128.1.2.3, 128.1.0.0, 255.255.0.0",
        "192.168.5.5, 192.168.0.0, 255.255.0.0",
        "198.18.1.1, 198.18.0.0, 255.254.0.0",
        "198.19.1.1, 198.19.1.0, 255.255.255.240",
        "200.1.2.3, 200.1.2.0, 255.255.255.240",
        "240.1.2.3, 240.1.2.0, 255.255.255.0"
    })
    void networks(String text, String address, String mask) {
        Ipv4Net net = Ipv4Net.parse(text);
        assertThat(shown(net.networkAddress())).isEqualTo(address);
        assertThat(shown(net.maskAddress())).isEqualTo(mask);
    }

    @Test
    void addressesOfANetwork() {
        Ipv4Net net = Ipv4Net.DEFAULT;
        assertThat(net).isEqualTo(Ipv4Net.parse("10.0.2.0/24"));
        assertThat(shown(net.at(0x0202))).isEqualTo("10.0.2.2");
        assertThat(shown(Ipv4Net.parse("10.9.8").at(0x020f))).isEqualTo("10.0.2.15");
        assertThat(shown(Ipv4Net.parse("10.0.0.0/28").at(0x020f))).isEqualTo("10.0.0.15");
        assertThat(net.prefixLength()).isEqualTo(24);
        assertThat(net.contains(InetText.ipv4(0x0a0002ff))).isTrue();
        assertThat(net.contains(InetText.ipv4(0x0a000300))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:7001, 127.0.0.1, 127.0.0.1, 7001",
        "127.1:0x1b59, 127.1, 127.0.0.1, 7001",
        ":0, '', 0.0.0.0, 0",
        "localhost:010, localhost, , 8",
        "h:65535, h, , 65535",
        "h: 5, h, , 5",
        "h:+5, h, , 5"
    })
    void hostsWithPorts(String text, String host, String address, int port) {
        HostPort parsed = HostPort.parse(text);
        assertThat(parsed.host()).isEqualTo(host);
        assertThat(shown(parsed.address())).isEqualTo(address);
        assertThat(parsed.port()).isEqualTo(port);
    }

    @ParameterizedTest
    @CsvSource({
        "7009, host address '7009' doesn't contain ':' separating host from port",
        "1host:1, host address '1host' is not a valid IPv4 address",
        ":, port number '' is invalid",
        "::1:7001, port number ':1:7001' is invalid",
        "h:7001abc, port number '7001abc' is invalid",
        "h:70000, port number '70000' is invalid",
        "h:-1, port number '-1' is invalid",
        "h:0x, port number '0x' is invalid",
        "h:99999999999999999999, port number '99999999999999999999' is invalid"
    })
    void hostsWithPortsRefused(String text, String message) {
        assertThatThrownBy(() -> HostPort.parse(text))
                .isInstanceOf(OptionException.class)
                .hasMessage(message);
    }

    @Test
    void refusalsThatNeedAResolver() {
        assertThat(HostPort.parse("nohost:1").unresolved()).hasMessage("can't resolve host address 'nohost'");
        assertThat(HostPort.notMulticast(InetText.ipv4(0x7f000001)))
                .hasMessage("specified mcastaddr 127.0.0.1 (0x7f000001) does not contain a multicast address");
    }

    @ParameterizedTest
    @CsvSource({
        "1.2.3.4, 1.2.3.4:53",
        "1.2.3.4:5300, 1.2.3.4:5300",
        "1.2.3.4:65535, 1.2.3.4:65535",
        "[::1], [0:0:0:0:0:0:0:1]:53",
        "[::1]:5, [0:0:0:0:0:0:0:1]:5",
        "fe80::1, [fe80:0:0:0:0:0:0:1]:53"
    })
    void numericAddressesWithPorts(String text, String expected) throws UnknownHostException {
        AddressPort parsed = AddressPort.parse("dns-upstream", text, 53);
        assertThat(parsed).hasToString(expected);
        assertThat(AddressPort.parse("x", parsed.toString(), 1)).isEqualTo(parsed);
    }

    @ParameterizedTest
    @CsvSource({
        "''",
        "host",
        "127.1",
        "1.2.3.4:",
        "1.2.3.4:0",
        "1.2.3.4:65536",
        "1.2.3.4:x",
        "1.2.3.4:5x",
        "[::1",
        "::1]",
        "[::1]x",
        "[::1]:",
        "[1.2.3.4]",
        "[]"
    })
    void numericAddressesWithPortsRefused(String text) {
        assertThatThrownBy(() -> AddressPort.parse("dns-upstream", text, 53))
                .isInstanceOf(OptionException.class)
                .hasMessage("Parameter 'dns-upstream' expects ADDR[:PORT] or [V6][:PORT]");
    }

    @ParameterizedTest
    @CsvSource({
        "52:54:00:12:34:56, 52:54:00:12:34:56",
        "52-54-0-12-34-56, 52:54:00:12:34:56",
        "2:2:3:4-5:fff, 02:02:03:04:05:ff",
        "0x123456, 00:00:00:12:34:56",
        "16777215, 00:00:00:ff:ff:ff",
        "'', 00:00:00:00:00:00",
        "2::3:4:5:, 02:00:03:04:05:00",
        "2:-3:3:4:5:6, 02:fd:03:04:05:06",
        "0x1000000, ",
        "-1, ",
        "zz, ",
        "1:2:3:4:5, ",
        "1:2:3:4:5:6:7, ",
        "1:2:3:4:5:6x, ",
        "1.2.3.4.5.6, "
    })
    void macs(String text, String expected) {
        Long mac = MacSyntax.parse(text);
        assertThat(mac == null ? null : MacSyntax.format(mac)).isEqualTo(expected);
    }

    @Test
    void bytesOfAMac() {
        assertThat(MacSyntax.bytes(0x5254_0012_34f6L)).containsExactly(0x52, 0x54, 0x00, 0x12, 0x34, 0xf6);
        assertThat(MacSyntax.isMulticast(0x0100_0000_0000L)).isTrue();
        assertThat(MacSyntax.isMulticast(0x0200_0000_0001L)).isFalse();
    }
}
