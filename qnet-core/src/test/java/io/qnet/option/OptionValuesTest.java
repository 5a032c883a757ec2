package io.qnet.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionValuesTest {
    @Test
    void valuesHaveTheKindOfTheSchema() {
        OptionValues user = NetdevSchemas.USER.parse(
                "memory=40M,mtu=9000,restrict=y,hostname=a,dns-upstream=1.1.1.1,dns-upstream=[::1]:5,egress=deny,ipv6-net=fec0::/60");
        assertThat(user.size("memory", 0)).isEqualTo(40L << 20);
        assertThat(user.int32("mtu", 1500)).isEqualTo(9000);
        assertThat(user.bool("restrict", false)).isTrue();
        assertThat(user.bool("ipv4", true)).isTrue();
        assertThat(user.string("hostname")).isEqualTo("a");
        assertThat(user.string("egress", "allow")).isEqualTo("deny");
        assertThat(user.list("dns-upstream")).containsExactly("1.1.1.1", "[::1]:5");
        assertThat(user.list("hostfwd")).isEmpty();
        assertThat(user.string("ipv6-prefix")).isEqualTo("fec0::");
        assertThat(user.integer("ipv6-prefixlen", 64)).isEqualTo(60);
        assertThat(user.names())
                .containsExactly(
                        "hostname",
                        "restrict",
                        "ipv6-prefix",
                        "ipv6-prefixlen",
                        "dns-upstream",
                        "mtu",
                        "memory",
                        "egress");
        assertThat(user.has("net")).isFalse();
    }

    @Test
    void anEmptyPrefixBeforeItsLengthIsForTheNetdevToRefuse() {
        OptionValues user = NetdevSchemas.USER.parse("ipv6-net=/64");
        assertThat(user.string("ipv6-prefix")).isEmpty();
        assertThat(user.integer("ipv6-prefixlen", 0)).isEqualTo(64);
    }

    @Test
    void ownKindsOfANetem() {
        OptionValues netem =
                FilterSchemas.NETEM.parse("netdev=n,loss=1%,delay=20ms,jitter=300us,rate=10M,limit=1M,seed=-7,burst=3");
        assertThat(netem.fraction("loss", 0)).isEqualTo(0.01);
        assertThat(netem.fraction("corrupt", 0)).isZero();
        assertThat(netem.nanos("delay", 0)).isEqualTo(20_000_000);
        assertThat(netem.nanos("jitter", 0)).isEqualTo(300_000);
        assertThat(netem.bitsPerSecond("rate", 0)).isEqualTo(10_000_000);
        assertThat(netem.integer("seed", 0)).isEqualTo(-7);
    }

    @Test
    void unsigned64BitNumbersAreBits() {
        OptionValues tunnel =
                NetdevSchemas.L2TPV3.parse("src=a,dst=b,txsession=0xffffffff,txcookie=18446744073709551615,rxcookie=1");
        assertThat(tunnel.integer("txcookie", 0)).isEqualTo(-1);
        assertThat(tunnel.integer("txsession", 0)).isEqualTo(0xffff_ffffL);
        assertThat(tunnel.required("src")).isEqualTo("a");
    }

    @Test
    void socketAddresses() {
        assertThat(NetdevSchemas.STREAM.parse("addr.type=unix,addr.path=/x").endpoint("addr"))
                .isEqualTo(new SocketEndpoint.Unix("/x", false, true));
        assertThat(NetdevSchemas.STREAM.parse("addr.type=fd,addr.str=7").endpoint("addr"))
                .isEqualTo(new SocketEndpoint.Fd("7"));
        OptionValues dgram = NetdevSchemas.DGRAM.parse(
                "remote.type=inet,remote.host=h,remote.port=9,remote.to=0x10,remote.ipv4=off,remote.keep-alive=on");
        assertThat(dgram.endpoint("remote"))
                .isEqualTo(new SocketEndpoint.Inet("h", "9", false, 16, false, null, true, false));
        assertThat(dgram.endpoint("local")).isNull();
        assertThat(dgram.nested("remote").schema().type()).isEqualTo("inet");
        assertThat(NetdevSchemas.STREAM
                        .parse("addr.type=vsock,addr.cid=3,addr.port=4")
                        .endpoint("addr"))
                .isEqualTo(new SocketEndpoint.Vsock("3", "4"));
    }

    @Test
    void askingAmissIsAMistakeOfTheProgram() {
        OptionValues none = OptionValues.empty(NetdevSchemas.USER);
        assertThatThrownBy(() -> none.string("bogus")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> none.has("bogus")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> none.string("restrict"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("option 'restrict' is BOOL, not STRING");
        assertThatThrownBy(() -> none.required("net")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void changedValuesKeepTheSchemasOrder() {
        OptionValues user = NetdevSchemas.USER.parse("hostfwd=a,restrict=on");
        OptionValues changed =
                user.withAdded("hostfwd", "b").withDefault("tftp", "/t").withDefault("tftp", "/u");
        assertThat(changed.names()).containsExactly("restrict", "tftp", "hostfwd");
        assertThat(changed.list("hostfwd")).containsExactly("a", "b");
        assertThat(changed.string("tftp")).isEqualTo("/t");
        assertThat(user.list("hostfwd")).containsExactly("a");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "user | mtu=67 | Parameter 'mtu' expects a number from 68 to 65521",
                "user | mtu=x | Parameter 'mtu' expects an int64 value",
                "user | egress=maybe | Parameter 'egress' does not accept value 'maybe'",
                "user | memory=lots | Parameter 'memory' expects a size value",
                "tap | netns=x,fd=3 | fd=, fds=, helper=, and br= are invalid with netns=",
                "hubport | hubid=0,mode=router | Parameter 'mode' does not accept value 'router'",
                "pcap | filter=arp | exactly one of ifname= or file= is required",
                "pcap | ifname=a,file=b | exactly one of ifname= or file= is required",
                "socket | connect=h:1,clients=2 | clients= is only valid with listen=",
                "socket | listen=h:1,reconnect-ms=2 | reconnect-ms= is only valid with connect=",
                "stream | addr.type=fd,addr.str=1,clients=2 | 'clients' option is only valid for socket in server mode",
                "stream | addr.type=fd,addr.str=1,reconnect=2,reconnect-ms=2 | 'reconnect' and 'reconnect-ms' are mutually exclusive",
            })
    void ownOptionsAreRefusedAsQemuWould(String type, String text, String message) {
        assertThatThrownBy(() -> NetdevSchemas.find(type).parse(text))
                .isInstanceOf(OptionException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "loss=2 | Parameter 'loss' expects a fraction such as 0.01 or 1%",
                "delay=x | Parameter 'delay' expects a duration such as 20ms, 1.5s or 300us",
                "rate=x | Parameter 'rate' expects a rate such as 10M or 512kbit",
            })
    void ownKindsSayWhatTheyTake(String text, String message) {
        assertThatThrownBy(() -> FilterSchemas.NETEM.parse("netdev=n," + text))
                .isInstanceOf(OptionException.class)
                .hasMessage(message);
    }

    @Test
    void aSchemaCanBeExtendedButNotTwiceTheSame() {
        OptionSchema more =
                NetdevSchemas.VDE.extend("vde2").string("extra").required().build();
        assertThat(more.type()).isEqualTo("vde2");
        assertThat(more.option("extra").required()).isTrue();
        assertThat(more.option("sock").required()).isFalse();
        assertThat(NetdevSchemas.VDE.option("extra")).isNull();
        OptionSchema.Builder builder = OptionSchema.of("x").string("a");
        assertThatThrownBy(() -> builder.bool("a")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> builder.option("b", OptionKind.UNION)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void everyTypeOfQemuIsKnown() {
        for (String type :
                List.of("user", "tap", "bridge", "socket", "stream", "dgram", "l2tpv3", "vde", "hubport", "nic")) {
            assertThat(NetdevSchemas.find(type)).as(type).isNotNull();
        }
        assertThat(NetdevSchemas.isKnown("vmnet-shared")).isTrue();
        assertThat(NetdevSchemas.isKnown("dump")).isFalse();
    }
}
