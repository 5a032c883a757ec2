package io.qnet.option;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever the text, a parser answers or refuses; it never fails otherwise. */
class GarbageTest {
    private static final int TEXTS = 1_000;

    private static final String[] PIECES = {
        "user",
        "tap",
        "stream",
        "dgram",
        "nic",
        "dump",
        "channel",
        "id=",
        "a",
        "type=",
        "addr.",
        "addr.type=inet",
        ".0=",
        ".1",
        "hostfwd=",
        "tcp:",
        "unix:/",
        "@",
        "[::1]",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "\\",
        "\\u",
        ":",
        "-",
        "+",
        ",",
        ",,",
        "=",
        ".",
        "/",
        "0x",
        "08",
        "65536",
        "99999999999999999999",
        "k",
        "no",
        "on",
        " ",
        "\t",
        "é",
        "\ud83d",
        "\u0000",
        "ipv6-net=",
        "vlan=",
        "mac=",
        "cmd:",
        "true",
        "null",
        "1.5"
    };

    /** One parser, and a text that it takes. */
    record Parser(String name, String valid, Consumer<String> parse) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Parser> parsers() {
        return Stream.of(
                new Parser("-netdev", "user,id=a,restrict=on,hostfwd=tcp::1-:2", text -> commandLine("-netdev", text)),
                new Parser("-nic", "user,mac=52:54:00:12:34:56,model=e1000", text -> commandLine("-nic", text)),
                new Parser("-net", "nic,vlan=1,vectors=0x10", text -> commandLine("-net", text)),
                new Parser(
                        "-object", "filter-dump,id=f,netdev=a,file=x,maxlen=1", text -> commandLine("-object", text)),
                new Parser("-redir", "tcp:1:10.0.2.15:2", text -> commandLine("-redir", text)),
                new Parser("keyval", "a.b=1,a.c.0=2,d=3", text -> Keyval.parse(text, null)),
                new Parser("json", "{\"a\":[1.5,true,{\"b\":null}]}", JsonText::object),
                new Parser("hostfwd", "tcp:[::1]:1+2-10.0.2.15:3", HostForward::parse),
                new Parser("guestfwd", "tcp:10.0.2.9:80-cmd:cat", GuestForward::parse),
                new Parser("host:port", "127.1:0x10", HostPort::parse),
                new Parser("addr:port", "[::1]:53", text -> AddressPort.parse("x", text, 1)),
                new Parser("net", "10.0.2.0/255.255.255.0", Ipv4Net::parse),
                new Parser("mac", "52:54:00:12:34:56", text -> found(MacSyntax.parse(text))),
                new Parser("IPv4", "1.2.3.4", text -> found(InetText.ipv4(text))),
                new Parser("IPv6", "fe80::1:2.3.4.5", text -> found(InetText.ipv6(text))),
                new Parser("size", "1.5k", text -> found(Quantity.size(text))),
                new Parser("user", "net=10/8,memory=1M", text -> NetdevSchemas.USER.parse(text)));
    }

    private static void found(Object value) {
        if (value == null) {
            throw new OptionException("none");
        }
    }

    private static void commandLine(String option, String text) {
        NetCommandLine.parse(NetdevSchemas::find, option, text);
    }

    @ParameterizedTest
    @MethodSource("parsers")
    void answersOrRefuses(Parser parser) {
        assertThat(refuses(parser, parser.valid)).isFalse();
        Random random = new Random(42);
        int refused = 0;
        for (int i = 0; i < TEXTS; i++) {
            refused += refuses(parser, mangled(parser.valid, random)) ? 1 : 0;
        }
        assertThat(refused).isBetween(1, TEXTS - 1);
    }

    /** The text with a few places overwritten, cut or filled. */
    private static String mangled(String valid, Random random) {
        StringBuilder text = new StringBuilder(valid);
        for (int n = random.nextInt(4); n >= 0; n--) {
            int from = random.nextInt(text.length() + 1);
            int to = Math.min(text.length(), from + random.nextInt(4));
            text.replace(from, to, random.nextInt(3) == 0 ? "" : PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    private static boolean refuses(Parser parser, String text) {
        try {
            parser.parse.accept(text);
            return false;
        } catch (OptionException e) {
            return true;
        } catch (RuntimeException e) {
            throw new AssertionError(parser.name + " fails on " + text, e);
        }
    }
}
