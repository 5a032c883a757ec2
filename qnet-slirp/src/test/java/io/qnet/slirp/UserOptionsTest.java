package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qnet.NetdevProvider;
import io.qnet.host.Outbound;
import io.qnet.option.NetdevSchemas;
import io.qnet.option.OptionException;
import io.qnet.wire.IpAddress;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options of {@code -netdev user}: what they become, and QEMU's refusals. */
class UserOptionsTest {
    private static UserSettings settings(String options) {
        UserNetdevProvider provider = new UserNetdevProvider();
        return UserSettings.of((UserNetdevConfig) provider.configure("u", NetdevSchemas.USER.parse(options)));
    }

    @Test
    void isFoundByItsType() {
        assertThat(ServiceLoader.load(NetdevProvider.class))
                .anySatisfy(provider -> assertThat(provider.type()).isEqualTo("user"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "ipv4=off,net=10.0.2.0/24|IPv4 disabled but netmask/host/dns provided",
                "ipv6=off,ipv6-prefix=fec0::|IPv6 disabled but prefix/host6/dns6 provided",
                "ipv4=off,ipv6=off|IPv4 and IPv6 disabled",
                "net=foo|Failed to parse netmask",
                "net=10.0.2.0/foo|Failed to parse netmask (trailing chars)",
                "net=10.0.2.0/3|Invalid netmask provided (must be in range 4-32)",
                "net=10.0.2.0/33|Invalid netmask provided (must be in range 4-32)",
                "host=foo|Failed to parse host",
                "host=10.0.3.2|Host doesn't belong to network",
                "dns=foo|Failed to parse DNS",
                "restrict=on,dns=8.8.8.8|DNS doesn't belong to network",
                "dns=10.0.2.2|DNS must be different from host",
                "dhcpstart=foo|Failed to parse DHCP start address",
                "dhcpstart=10.0.3.1|DHCP doesn't belong to network",
                "dhcpstart=10.0.2.3|DHCP must be different from host and DNS",
                "net=10.0.2.0/30|DHCP must be different from host and DNS",
                "smbserver=foo|Failed to parse SMB address",
                "ipv6-prefix=foo|Failed to parse IPv6 prefix",
                "ipv6-prefixlen=127|" + "Invalid IPv6 prefix provided (IPv6 prefix length must be between 0 and 126)",
                "ipv6-prefixlen=-1|" + "Invalid IPv6 prefix provided (IPv6 prefix length must be between 0 and 126)",
                "ipv6-host=foo|Failed to parse IPv6 host",
                "ipv6-host=fec1::2|IPv6 Host doesn't belong to network",
                "ipv6-dns=foo|Failed to parse IPv6 DNS",
                "restrict=on,ipv6-dns=fec1::3|IPv6 DNS doesn't belong to network",
                "domainname=|'domainname' parameter cannot be empty",
                "hostfwd=tcp|Invalid host forwarding rule 'tcp' (No : separators)",
                "dns-upstream=foo|Parameter 'dns-upstream' expects ADDR[:PORT] or [V6][:PORT]",
                "outbound-addr=foo|Parameter 'outbound-addr' expects an IPv4 address",
                "outbound-addr6=1.2.3.4|Parameter 'outbound-addr6' expects an IPv6 address",
                "outbound-if=|Parameter 'outbound-if' expects the name of an interface",
                "outbound-if=a/b|Parameter 'outbound-if' expects the name of an interface",
                "outbound-if=..|Parameter 'outbound-if' expects the name of an interface",
                "outbound-if=abcdefghijklmnop|Parameter 'outbound-if' expects the name of an interface",
                "udp-timeout=0|Parameter 'udp-timeout' expects a number of seconds, 1 at least",
                "icmp-timeout=0|Parameter 'icmp-timeout' expects a number of seconds, 1 at least",
                "connect-timeout=0|Parameter 'connect-timeout' expects a number of seconds, 1 at least",
                "tcp-idle-timeout=0|Parameter 'tcp-idle-timeout' expects a number of seconds, 1 at least",
                "max-udp=0|Parameter 'max-udp' expects a number of 1 at least",
                "mtu=1279,ipv6=on|Parameter 'mtu' expects a number of 1280 at least with IPv6",
                "mtu=1279,ipv6-net=fec0::/64|Parameter 'mtu' expects a number of 1280 at least with IPv6",
                "mtu=1279,ipv4=off|Parameter 'mtu' expects a number of 1280 at least with IPv6",
                "lease=foo|Parameter 'lease' expects MAC=ADDR[/NAME]",
                "lease=52:54:00:12:34:56=10.0.2.50/|Parameter 'lease' expects MAC=ADDR[/NAME]",
                "lease=52:54:00:12:34=10.0.2.50|Parameter 'lease' expects MAC=ADDR[/NAME]",
                "lease=52:54:00:12:34:56=10.0.3.50|"
                        + "Parameter 'lease' expects one address of the guests' network for each MAC address",
                "lease=52:54:00:12:34:56=10.0.2.2|"
                        + "Parameter 'lease' expects one address of the guests' network for each MAC address",
                "lease=52:54:00:12:34:56=10.0.2.50,lease=52:54:00:12:34:57=10.0.2.50|"
                        + "Parameter 'lease' expects one address of the guests' network for each MAC address",
                "guestfwd=foo|Invalid guest forwarding rule 'foo'",
                "egress=deny|Parameter 'egress' is not supported by this version",
            })
    void refusesInQemusWords(String options, String message) {
        assertThatThrownBy(() -> settings(options))
                .isInstanceOf(OptionException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "hostname, 'vhostname' parameter cannot exceed 255 bytes",
                "domainname, 'domainname' parameter cannot exceed 255 bytes",
                "tftp-server-name, 'tftp-server-name' parameter cannot exceed 255 bytes",
                "bootfile, 'bootfile' parameter cannot exceed 127 bytes"
            })
    void refusesLongTexts(String option, String message) {
        assertThatThrownBy(() -> settings(option + "=" + "x".repeat(256)))
                .isInstanceOf(OptionException.class)
                .hasMessage(message);
        assertThat(settings(option + "=" + "x".repeat(127))).isNotNull();
    }

    @ParameterizedTest
    @CsvSource({
        "'', 10.0.2.0, 10.0.2.2, 10.0.2.3, 10.0.2.15",
        "ip=192.168.7.9, 192.168.7.0, 192.168.7.2, 192.168.7.3, 192.168.7.15",
        "net=192.168.76.0/24, 192.168.76.0, 192.168.76.2, 192.168.76.3, 192.168.76.15",
        "'net=192.168.76.0/24,ip=1.2.3.4', 192.168.76.0, 192.168.76.2, 192.168.76.3, 192.168.76.15",
        "net=10.1.2.3, 10.0.0.0, 10.0.2.2, 10.0.2.3, 10.0.2.15",
        "net=200.1.2.0, 200.1.2.0, 200.1.2.2, 200.1.2.3, 200.1.2.15",
        "'net=10.0.0.0/8,host=10.9.9.9,dns=8.8.8.8,dhcpstart=10.5.5.5', 10.0.0.0, 10.9.9.9, 8.8.8.8, 10.5.5.5"
    })
    void addressesFollowTheNetwork(String options, String net, String host, String dns, String dhcp) {
        UserSettings settings = settings(options);
        assertThat(settings.network().network4()).hasToString(net);
        assertThat(settings.network().host4()).hasToString(host);
        assertThat(settings.network().dns4()).hasToString(dns);
        assertThat(IpAddress.ofIpv4(settings.dhcp().start())).hasToString(dhcp);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"ipv4=on", "ipv6=off", "ipv4=on,ipv6=on", "restrict=on", "net=10.0.2.0/27", "net=10.0.2.0/28"})
    void acceptsWhatQemuAccepts(String options) {
        assertThat(settings(options).network().ipv4()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "'', true, true",
        "ipv4=on, true, false",
        "ipv6=on, false, true",
        "ipv4=off, false, true",
        "ipv6=off, true, false",
        "'ipv4=on,ipv6=on', true, true",
        "'ipv4=off,ipv6=on', false, true",
        "mtu=1280, true, true",
        "mtu=1279, true, false"
    })
    void familiesFollowTheOptions(String options, boolean ipv4, boolean ipv6) {
        assertThat(settings(options).network().ipv4()).isEqualTo(ipv4);
        assertThat(settings(options).network().ipv6()).isEqualTo(ipv6);
    }

    @ParameterizedTest
    @CsvSource({
        "'', fec0:0:0:0:0:0:0:0, 64, fec0:0:0:0:0:0:0:2, fec0:0:0:0:0:0:0:3",
        "ipv6-net=2001:db8::/48, 2001:db8:0:0:0:0:0:0, 48, 2001:db8:0:0:0:0:0:2, 2001:db8:0:0:0:0:0:3",
        "'ipv6-prefix=2001:db8::10,ipv6-prefixlen=0', 2001:db8:0:0:0:0:0:10, 64, 2001:db8:0:0:0:0:0:12, 2001:db8:0:0:0:0:0:13",
        "'ipv6-host=fec0::fe,ipv6-dns=2620:fe::fe', fec0:0:0:0:0:0:0:0, 64, fec0:0:0:0:0:0:0:fe, 2620:fe:0:0:0:0:0:fe",
        "ipv6-dns=fec0::2, fec0:0:0:0:0:0:0:0, 64, fec0:0:0:0:0:0:0:2, fec0:0:0:0:0:0:0:2"
    })
    void ipv6AddressesFollowThePrefix(String options, String prefix, int length, String host, String dns) {
        UserSettings settings = settings(options);
        assertThat(settings.network().prefix6()).hasToString(prefix);
        assertThat(settings.network().prefixLength6()).isEqualTo(length);
        assertThat(settings.network().host6()).hasToString(host);
        assertThat(settings.network().dns6()).hasToString(dns);
    }

    @Test
    void readsItsOwnOptions() {
        UserSettings settings =
                settings("mtu=9000,udp-timeout=30,icmp-timeout=5,tcp-idle-timeout=600,connect-timeout=3,"
                        + "max-tcp=10,max-udp=20,memory=1M,lease-time=60,lease-pool=5,disable-dhcp=on,host-loopback=off,"
                        + "dns-upstream=127.0.0.1:5353,outbound-addr=192.0.2.1,outbound-if=tun0");
        assertThat(settings.mtu()).isEqualTo(9000);
        assertThat(settings.udpTimeoutNanos()).isEqualTo(30_000_000_000L);
        assertThat(settings.icmpTimeoutNanos()).isEqualTo(5_000_000_000L);
        assertThat(settings.tcpIdleTimeoutNanos()).isEqualTo(600_000_000_000L);
        assertThat(settings.egress().connectTimeoutNanos()).isEqualTo(3_000_000_000L);
        assertThat(settings.maxTcp()).isEqualTo(10);
        assertThat(settings.maxUdp()).isEqualTo(20);
        assertThat(settings.memoryBytes()).isEqualTo(1 << 20);
        assertThat(settings.dhcp().leaseSeconds()).isEqualTo(60);
        assertThat(settings.dhcp().poolSize()).isEqualTo(5);
        assertThat(settings.dhcpOn()).isFalse();
        assertThat(settings.egress().hostLoopback()).isFalse();
        assertThat(settings.resolvers()).containsExactly(VirtualTimeTest.at("127.0.0.1", 5353));
        assertThat(settings.egress().outbound())
                .isEqualTo(new Outbound(VirtualTimeTest.at("192.0.2.1", 0).getAddress(), null, "tun0"));
    }
}
