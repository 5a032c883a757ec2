package io.qnet.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class NetCommandLineTest {
    private static NetCommandLine read(String... arguments) {
        NetCommandLine.Reader reader =
                NetCommandLine.reader(NetdevSchemas::find).idDigits(() -> 36);
        for (int i = 0; i < arguments.length; i += 2) {
            reader.add(arguments[i], arguments[i + 1]);
        }
        return reader.finish();
    }

    private static List<String> summary(NetCommandLine line) {
        return line.items().stream().map(NetCommandLineTest::summary).toList();
    }

    private static String summary(NetItem item) {
        if (item instanceof NetItem.Backend backend) {
            return "netdev " + backend.type() + " " + item.id() + onHub(backend.hub());
        }
        if (item instanceof NetItem.DirectNic direct) {
            return "direct " + direct.type() + " " + item.id();
        }
        if (item instanceof NetItem.NicDevice nic) {
            return "nic " + item.id() + (nic.netdev() != null ? " = " + nic.netdev() : " @ " + nic.hub());
        }
        if (item instanceof NetItem.Dump dump) {
            return "dump " + dump.file() + " " + dump.maxBytes() + " @ " + dump.hub();
        }
        return "object " + ((NetItem.FilterObject) item).type() + " " + item.id();
    }

    private static String onHub(OptionalInt hub) {
        return hub.isPresent() ? " @ " + hub.getAsInt() : "";
    }

    @Test
    void withoutAnyOptionThereIsANicAndAUserNetdev() {
        NetCommandLine line = read();
        assertThat(summary(line)).containsExactly("nic #net036 @ 0", "netdev user #net136 @ 0");
        assertThat(line.isDefault()).isTrue();
        assertThat(line.items().get(1).source()).isEqualTo("-net user");
    }

    @Test
    void anyNetworkOptionTurnsTheDefaultOff() {
        assertThat(read("-net", "none").items()).isEmpty();
        assertThat(read("-nic", "none").items()).isEmpty();
        assertThat(summary(read("-netdev", "user,id=u"))).containsExactly("netdev user u");
        assertThat(summary(read("-net", "none", "-net", "nic"))).containsExactly("nic #net136 @ 0");
    }

    @Test
    void objectsAndOldUserOptionsLeaveTheDefaultOn() {
        NetCommandLine line = read("-object", "filter-dump,id=f,netdev=n,file=x", "-tftp", "/boot");
        assertThat(summary(line)).containsExactly("nic #net036 @ 0", "netdev user #net136 @ 0", "object filter-dump f");
    }

    @Test
    void theOrderOfCreationIsNotThatOfTheCommandLine() {
        NetCommandLine line = read(
                "-net", "nic",
                "-nic", "tap",
                "-object", "filter-dump,id=f,netdev=u,file=x",
                "-netdev", "user,id=u",
                "-netdev", "stream,id=s,addr.type=unix,addr.path=/x",
                "-net", "user",
                "-netdev", "{\"type\":\"hubport\",\"id\":\"h\",\"hubid\":3}");
        assertThat(summary(line))
                .containsExactly(
                        "netdev stream s",
                        "netdev hubport h",
                        "netdev user u",
                        "direct tap #net036",
                        "nic #net136 @ 0",
                        "netdev user #net236 @ 0",
                        "object filter-dump f");
    }

    @Test
    void everyNameMadeUpCountsOnWithTwoRandomDigits() {
        Iterator<Integer> digits = List.of(5, 62, 100, -1).iterator();
        NetCommandLine.Reader reader =
                NetCommandLine.reader(NetdevSchemas::find).idDigits(digits::next);
        for (String net : List.of("none", "nic", "user,id=u", "tap", "socket,listen=:0")) {
            reader.add("-net", net);
        }
        assertThat(reader.finish().items())
                .extracting(NetItem::id)
                .containsExactly("#net162", "u", "#net200", "#net399");
    }

    @Test
    void aVlanIsAHubAndANameAnId() {
        NetCommandLine line = read(
                "-net", "nic,model=virtio,vlan=3,macaddr=00:16:3e:00:01:01",
                "-net", "tap,vlan=3,name=my tap,script=/root/up",
                "-net", "user,vlan=0x10,name=x,id=y",
                "-net", "dump,vlan=3",
                "-net", "dump,vlan=4,file=a.pcap,len=1k");
        assertThat(summary(line))
                .containsExactly(
                        "nic #net036 @ 3",
                        "netdev tap my tap @ 3",
                        "netdev user y @ 16",
                        "dump qemu-vlan3.pcap 65536 @ 3",
                        "dump a.pcap 1024 @ 4");
        assertThatThrownBy(() -> read("-net", "nic,vlan=x")).hasMessage("Parameter 'vlan' expects an int64 value");
        assertThatThrownBy(() -> read("-net", "nic,vlan=4294967296")).hasMessage("Parameter 'vlan' expects int32_t");
        assertThatThrownBy(() -> read("-net", "dump,bogus=1")).hasMessage("Invalid parameter 'bogus'");
    }

    @Test
    void aNicSaysWhatIsAskedOfIt() {
        NetItem item = read("-net", "nic,netdev=u,model=e1000,macaddr=0x123456,addr=5,vectors=0x10")
                .items()
                .get(0);
        NetItem.NicRequest asked = new NetItem.NicRequest("e1000", 0x123456L, "5", OptionalInt.of(16));
        assertThat(item).asInstanceOf(type(NetItem.NicDevice.class)).satisfies(nic -> {
            assertThat(nic.nic()).isEqualTo(asked);
            assertThat(nic.netdev()).isEqualTo("u");
        });
        NetItem bare = read("-net", "nic").items().get(0);
        assertThat(((NetItem.NicDevice) bare).nic()).isEqualTo(NetItem.NicRequest.DEFAULT);
    }

    @Test
    void noAddressAndAllZerosBothMeanTheNextFreeOne() {
        for (String mac : List.of("", ",macaddr=", ",macaddr=00:00:00:00:00:00", ",macaddr=0")) {
            NetItem.NicDevice nic =
                    (NetItem.NicDevice) read("-net", "nic" + mac).items().get(0);
            assertThat(nic.nic().mac()).as(mac).isNull();
        }
    }

    @Test
    void aDirectNicKeepsModelAndAddressFromTheBackEnd() {
        NetItem.DirectNic nic = (NetItem.DirectNic) read("-nic", "model=virtio,mac=52:54:00:12:34:57,restrict=on")
                .items()
                .get(0);
        assertThat(nic.nic()).isEqualTo(new NetItem.NicRequest("virtio", 0x5254_0012_3457L, null, OptionalInt.empty()));
        assertThat(nic.type()).isEqualTo("user");
        assertThat(nic.options().names()).containsExactly("restrict");
        assertThat(nic.backend().hub()).isEmpty();
    }

    @Test
    void oldForwardsGoToTheFirstUserNetdevAndFoldersToAll() {
        NetCommandLine line = read(
                "-redir", "tcp:5555::22",
                "-redir", "udp:53:10.0.2.9:53",
                "-net", "channel,80:null",
                "-tftp", "/boot",
                "-bootp", "pxe",
                "-smb", "/share",
                "-net", "user,hostfwd=:127.1:0-:1",
                "-net", "user,tftp=/own");
        List<OptionValues> users = line.items().stream()
                .map(item -> ((NetItem.Backend) item).options())
                .toList();
        assertThat(users.get(0).list("hostfwd")).containsExactly(":127.1:0-:1", "tcp::5555-:22", "udp::53-10.0.2.9:53");
        assertThat(users.get(0).list("guestfwd")).containsExactly("tcp::80-null");
        assertThat(users.get(0).string("tftp")).isEqualTo("/boot");
        assertThat(users.get(1).list("hostfwd")).isEmpty();
        assertThat(users.get(1).string("tftp")).isEqualTo("/own");
        assertThat(users.get(1).string("bootfile")).isEqualTo("pxe");
        assertThat(users.get(1).string("smb")).isEqualTo("/share");
    }

    @Test
    void oldOptionsAreRefusedInTheirOwnWords() {
        String syntax = "syntax: -redir [tcp|udp]:host-port:[guest-host]:guest-port";
        for (String bad :
                List.of("", "tcp", "tcp:1:2", "sctp:1::2", "tcp:x::2", "tcp:1::0", "tcp:1:x:2", "tcp:1::2:3")) {
            assertThatThrownBy(() -> read("-redir", bad)).as(bad).hasMessage(syntax);
        }
        assertThatThrownBy(() -> read("-smb", "a", "-smb", "b")).hasMessage("-smb given twice");
        assertThatThrownBy(() -> read("-net", "channel,x:null")).hasMessage("Invalid guest forwarding rule 'x:null'");
    }

    @Test
    void aRefusalNamesItsArgumentAsWritten() {
        assertThatThrownBy(() -> read("-net", "nic", "--netdev", "user,id=1"))
                .isInstanceOfSatisfying(OptionException.class, e -> {
                    assertThat(e.source()).isEqualTo("--netdev user,id=1");
                    assertThat(e.option()).isEqualTo("id");
                    assertThat(e.value()).isEqualTo("1");
                    assertThat(e.allowed()).isEqualTo("an identifier");
                    assertThat(e.hints()).hasSize(1);
                });
        assertThatThrownBy(() -> NetCommandLine.parse(NetdevSchemas::find, "-bogus", "x"))
                .isInstanceOfSatisfying(
                        OptionException.class, e -> assertThat(e.source()).isEqualTo("-bogus"))
                .hasMessage("invalid option");
        assertThatThrownBy(() -> NetCommandLine.parse(NetdevSchemas::find, "-net"))
                .hasMessage("requires an argument");
    }

    @Test
    void theFirstRefusalIsThatOfTheFirstToBeCreated() {
        assertThatThrownBy(() -> read("-net", "user,restrict=x", "-netdev", "user,id=a,restrict=z"))
                .isInstanceOfSatisfying(
                        OptionException.class, e -> assertThat(e.source()).isEqualTo("-netdev user,id=a,restrict=z"));
        assertThatThrownBy(() -> read("-net", "user,restrict=x", "-netdev", "dgram,id=d,local=x"))
                .hasMessage("Invalid parameter type for 'local', expected: object");
    }

    @Test
    void aTypeWithoutProviderIsNotCompiledIn() {
        NetCommandLine.Schemas none = type -> null;
        assertThatThrownBy(() -> NetCommandLine.parse(none, "-netdev", "tap,id=t"))
                .hasMessage("network backend 'tap' is not compiled into this binary");
        assertThatThrownBy(() -> NetCommandLine.parse(none, "-netdev", "tap,id=t,queues=x"))
                .hasMessage("Parameter 'queues' expects a uint64 value");
        assertThatThrownBy(() -> NetCommandLine.parse(none, "-netdev", "passt,id=t,path=x"))
                .hasMessage("network backend 'passt' is not compiled into this binary");
        assertThat(NetCommandLine.parse(none, "-netdev", "hubport,id=h,hubid=0", "-net", "nic")
                        .items())
                .hasSize(2);
    }

    @Test
    void helpIsAskedForByType() {
        assertThat(read("-netdev", "help").helpWanted()).isTrue();
        assertThat(read("-netdev", "type=?").helpWanted()).isTrue();
        assertThat(read("-netdev", "user,id=help").helpWanted()).isFalse();
    }

    @Test
    void warningsAreThereBeforeARefusal() {
        NetCommandLine.Reader reader = NetCommandLine.reader(NetdevSchemas::find);
        reader.add("-netdev", "user,id=a,bogus").add("-netdev", "tap,id=t,sndbuf=0x1k,queues=x");
        assertThatThrownBy(reader::finish).hasMessage("Invalid parameter 'bogus'");
        assertThat(reader.warnings())
                .containsExactly(new OptionWarning(
                        "-netdev user,id=a,bogus",
                        "short-form boolean option 'bogus' deprecated",
                        List.of("Please use bogus=on instead")));
    }

    @Test
    void oneNetdevFromAMonitor() {
        NetItem.Backend classic = NetCommandLine.readNetdev(NetdevSchemas::find, "socket,id=s,listen=:0");
        assertThat(classic.source()).isEqualTo("-netdev socket,id=s,listen=:0");
        assertThat(classic.options().string("listen")).isEqualTo(":0");

        Map<String, Object> address = Map.of("type", "inet", "host", "::1", "port", "7000", "ipv6", true);
        Map<String, Object> json = Map.of("type", "stream", "id", "s", "addr", address);
        NetItem.Backend qmp = NetCommandLine.readNetdev(NetdevSchemas::find, json);
        assertThat(qmp.options().endpoint("addr"))
                .isEqualTo(new SocketEndpoint.Inet("::1", "7000", false, -1, null, true, false, false));
        assertThatThrownBy(() -> NetCommandLine.readNetdev(NetdevSchemas::find, Map.of("type", "user", "id", "1")))
                .hasMessage("Parameter 'id' expects an identifier");
    }

    @Test
    void takesSingleAndDoubleDashes() {
        assertThat(NetCommandLine.takes("-netdev")).isTrue();
        assertThat(NetCommandLine.takes("--object")).isTrue();
        assertThat(NetCommandLine.takes("---net")).isFalse();
        assertThat(NetCommandLine.takes("net")).isFalse();
        assertThat(NetCommandLine.takes("-monitor")).isFalse();
    }
}
