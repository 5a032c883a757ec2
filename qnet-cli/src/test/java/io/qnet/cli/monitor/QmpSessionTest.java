package io.qnet.cli.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.Network;
import io.qnet.NetworkEvent;
import io.qnet.NetworkListener;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** QMP answers; those that QEMU has too were observed on QEMU 7.2. */
@Timeout(120)
class QmpSessionTest {
    private final TestMachine machine = new TestMachine(Network.builder()
            .listener(new NetworkListener() {})
            .parse("-netdev", "user,id=u", "-netdev", "hubport,id=h0,hubid=0,netdev=u"));
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private final Outbox outbox = new Outbox("test", sent, () -> {});
    private final QmpSession session = new QmpSession(machine, outbox, () -> machine.asked.add("too slow"));

    @BeforeEach
    void begin() {
        session.begin();
    }

    @AfterEach
    void close() {
        outbox.close();
        machine.network.close();
    }

    private String said() {
        outbox.flush();
        String text = sent.toString(StandardCharsets.UTF_8);
        sent.reset();
        return text;
    }

    private String say(String text) {
        say(text.getBytes(StandardCharsets.UTF_8));
        return said();
    }

    private void say(byte[] bytes) {
        for (byte each : bytes) {
            session.input(new byte[] {each}, 1);
        }
    }

    private void negotiate() {
        say("{\"execute\":\"qmp_capabilities\"}\n");
    }

    private static String error(String type, String text) {
        return "{\"error\": {\"class\": \"" + type + "\", \"desc\": \"" + text + "\"}}\r\n";
    }

    @Test
    void greetsAndNegotiates() {
        String version = "{\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}, \"package\": \"qnet 1.0\"}";
        assertThat(said()).isEqualTo("{\"QMP\": {\"version\": " + version + ", \"capabilities\": []}}\r\n");
        String expecting = error("CommandNotFound", "Expecting capabilities negotiation with 'qmp_capabilities'");
        assertThat(say("{\"execute\":\"query-version\"}\n")).isEqualTo(expecting);
        assertThat(say("{\"execute\":\"foo\"}\n")).isEqualTo(expecting);
        assertThat(say("{\"execute\":\"qmp_capabilities\",\"arguments\":{\"foo\":1}}\n"))
                .isEqualTo(error("GenericError", "Parameter 'foo' is unexpected"));
        assertThat(say("{\"execute\":\"qmp_capabilities\",\"id\":1}\n")).isEqualTo("{\"return\": {}, \"id\": 1}\r\n");
        assertThat(say("{\"execute\":\"qmp_capabilities\",\"id\":{\"a\":[1,2.5,null,\"x\"]}}\n"))
                .isEqualTo("{\"id\": {\"a\": [1, 2.5, null, \"x\"]}, \"error\": {\"class\": \"CommandNotFound\", "
                        + "\"desc\": \"Capabilities negotiation is already complete, command ignored\"}}\r\n");
        assertThat(say("{\"execute\":\"query-version\"}\n")).isEqualTo("{\"return\": " + version + "}\r\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "foo | JSON parse error, invalid keyword 'foo'",
                "[1] | QMP input must be a JSON object",
                "`\"x\"` | QMP input must be a JSON object",
                "12 | QMP input must be a JSON object",
                "{} | QMP input lacks member 'execute'",
                "{\"a\":1} | QMP input member 'a' is unexpected",
                "{\"execute\":1} | QMP input member 'execute' must be a string",
                "{\"execute\":\"stop\",\"foo\":1} | QMP input member 'foo' is unexpected",
                "{\"execute\":\"stop\",\"arguments\":1} | QMP input member 'arguments' must be an object",
                "{\"execute\":\"stop\",\"arguments\":[]} | QMP input member 'arguments' must be an object",
                "{\"exec-oob\":\"stop\"} | QMP input member 'exec-oob' is unexpected",
                "{\"execute\":\"query-status\",} | JSON parse error, expecting value",
                "{\"execute\":\"query-status\" \"id\":1} | JSON parse error, expected separator in dict",
                "} | JSON parse error, expecting value",
                "{] | JSON parse error, expecting value",
                "[} | JSON parse error, expecting value",
                "{\"x\" 1} | JSON parse error, missing : in object pair",
                "{1:2} | JSON parse error, key is not a string in object",
                "[1,,2] | JSON parse error, expecting value",
                "01 | JSON parse error, stray '01'",
                "1. | JSON parse error, stray '1.\\n'",
                "1e+x | JSON parse error, stray '1e+x'",
                "@ | JSON parse error, stray '@'",
                "`\"abc` | JSON parse error, stray '\\\"abc\\n'",
                "{\"execute\":\"a\",\"execute\":\"b\"} | JSON parse error, duplicate key",
                "{\"execute\":\"query-status\",\"arguments\":{\"a\":1}} | Parameter 'a' is unexpected",
                "{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"user\",\"id\":\"u\"}} | Duplicate ID 'u'",
                "{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"user\"}} | Parameter 'id' is missing",
                "{\"execute\":\"netdev_add\"} | Parameter 'id' is missing",
                "{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"user\",\"id\":\"1x\"}} | Parameter 'id' expects an identifier",
                "{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"bogus\",\"id\":\"x\"}} | Parameter 'type' does not accept value 'bogus'",
                "{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"user\",\"id\":\"x\",\"foo\":1}} | Parameter 'foo' is unexpected",
                "{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"user\",\"id\":\"x\",\"restrict\":\"on\"}} | Invalid parameter type for 'restrict', expected: boolean",
                "{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"nic\",\"id\":\"x\"}} | network backend 'nic' is not compiled into this binary",
                "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"u\",\"up\":\"off\"}} | Invalid parameter type for 'up', expected: boolean",
                "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"u\"}} | Parameter 'up' is missing",
                "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"u\",\"up\":true,\"x\":1}} | Parameter 'x' is unexpected",
                "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"filter-buffer\",\"id\":\"c\",\"netdev\":\"u\"}} | Parameter 'interval' is missing",
                "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"nosuch\",\"id\":\"c\"}} | Parameter 'qom-type' does not accept value 'nosuch'",
                "{\"execute\":\"object-del\",\"arguments\":{\"id\":\"b\"}} | object 'b' not found",
                "{\"execute\":\"human-monitor-command\"} | Parameter 'command-line' is missing",
            })
    void refusesInQemusWords(String request, String text) {
        negotiate();
        said();
        assertThat(say(request + "\n")).isEqualTo(error("GenericError", text));
    }

    @ParameterizedTest
    @CsvSource({"set_link, name", "netdev_del, id", "device_del, id"})
    void whatIsNotThereHasAClassOfItsOwn(String command, String key) {
        negotiate();
        said();
        String up = command.equals("set_link") ? ",\"up\":true" : "";
        assertThat(say("{\"execute\":\"" + command + "\",\"arguments\":{\"" + key + "\":\"zz\"" + up + "}}"))
                .isEqualTo(error("DeviceNotFound", "Device 'zz' not found"));
        assertThat(say("{\"execute\":\"nosuch\",\"id\":7}"))
                .isEqualTo("{\"id\": 7, \"error\": {\"class\": \"CommandNotFound\", "
                        + "\"desc\": \"The command nosuch has not been found\"}}\r\n");
    }

    @Test
    void aSessionOfAddingCuttingAndDeleting() {
        negotiate();
        said();
        String done = "{\"return\": {}}\r\n";
        assertThat(say("{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"user\",\"id\":\"w\","
                        + "\"hostfwd\":[{\"str\":\"tcp:127.0.0.1:0-:22\"}],\"restrict\":true}}"))
                .isEqualTo(done);
        assertThat(say("{\"execute\":\"set_link\",\"arguments\":{\"name\":\"w\",\"up\":false}}"))
                .isEqualTo(done);
        assertThat(say("{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"filter-netem\",\"id\":\"n\","
                        + "\"netdev\":\"w\",\"loss\":\"1%\"}}"))
                .isEqualTo(done);
        assertThat(say("{\"execute\":\"qom-set\",\"arguments\":{\"path\":\"/objects/n\",\"property\":\"loss\","
                        + "\"value\":0.5}}"))
                .isEqualTo(done);
        assertThat(say("{\"execute\":\"qom-list\",\"arguments\":{\"path\":\"/objects\"}}"))
                .isEqualTo("{\"return\": [{\"name\": \"type\", \"type\": \"string\"}, "
                        + "{\"name\": \"n\", \"type\": \"child<filter-netem>\"}]}\r\n");
        assertThat(say("{\"execute\":\"x-query-network\"}"))
                .contains("{\"name\": \"w\", \"type\": \"user\", \"info\": \"net=10.0.2.0,restrict=on\", "
                        + "\"link-up\": false, \"filters\": [{\"id\": \"n\", \"qom-type\": \"filter-netem\", "
                        + "\"info\": \",loss=0.5,position=tail,");
        assertThat(say("{\"execute\":\"x-query-forwards\"}"))
                .startsWith("{\"return\": [{\"netdev\": \"w\", \"protocol\": \"tcp\", \"host\": \"127.0.0.1\", ")
                .endsWith("\"guest\": \"10.0.2.15\", \"guest-port\": 22}]}\r\n");
        assertThat(say("{\"execute\":\"object-del\",\"arguments\":{\"id\":\"n\"}}"))
                .isEqualTo(done);
        assertThat(say("{\"execute\":\"netdev_del\",\"arguments\":{\"id\":\"w\"}}"))
                .isEqualTo(done);
        assertThat(say("{\"execute\":\"x-query-flows\"}{\"execute\":\"x-query-leases\"}"))
                .isEqualTo("{\"return\": []}\r\n{\"return\": []}\r\n");
        assertThat(say("{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"info status\"}}"))
                .isEqualTo("{\"return\": \"VM status: running\\r\\n\"}\r\n");
        assertThat(say("{\"execute\":\"query-commands\"}")).contains("{\"name\": \"x-query-counters\"}");
    }

    @Test
    void forwardsAreTyped() {
        negotiate();
        said();
        assertThat(say("{\"execute\":\"x-hostfwd-add\",\"arguments\":{\"rule\":\"udp:127.0.0.1:0-:53\"}}"))
                .contains("\"protocol\": \"udp\"", "\"guest-port\": 53");
        assertThat(say("{\"execute\":\"x-hostfwd-remove\",\"arguments\":{\"netdev\":\"u\",\"rule\":\"tcp::1\"}}"))
                .isEqualTo(error("GenericError", "host forwarding rule for tcp::1 not found"));
        assertThat(say("{\"execute\":\"x-hostfwd-add\",\"arguments\":{\"netdev\":\"zz\",\"rule\":\"\"}}"))
                .isEqualTo(error("GenericError", "unrecognized netdev id 'zz'"));
    }

    @Test
    void theIdentifierComesBackAsItWas() {
        negotiate();
        said();
        assertThat(say("{'execute':'query-name','id':\"\\u00e9\\n/\\\"\\ud83d\\ude00\"}"))
                .isEqualTo("{\"return\": {}, \"id\": \"\\u00E9\\n/\\\"\\uD83D\\uDE00\"}\r\n");
        assertThat(say("{\"execute\":\"query-name\",\"id\":12345678901234567890}"))
                .endsWith("\"id\": 12345678901234567890}\r\n");
        assertThat(say("{\"execute\":\"query-name\",\"id\":1e3}")).endsWith("\"id\": 1000}\r\n");
        assertThat(say("{\"execute\":\"query-name\",\"id\":-0.1}")).endsWith("\"id\": -0.10000000000000001}\r\n");
    }

    @Test
    void afterGarbageItGoesOnWithTheNextValue() {
        negotiate();
        said();
        say(new byte[] {(byte) 0xff, (byte) 0xfe, '\n'});
        String stray = error("GenericError", "JSON parse error, stray '\\uFFFD'");
        assertThat(said()).isEqualTo(stray + stray);
        assertThat(say("{\"execute\":\"query-\0status\"}\n"))
                .isEqualTo(error("GenericError", "JSON parse error, stray '\\\"query-'")
                        + error("GenericError", "JSON parse error, expecting value"));
        assertThat(say("tru e\n"))
                .isEqualTo(error("GenericError", "JSON parse error, invalid keyword 'tru'")
                        + error("GenericError", "JSON parse error, invalid keyword 'e'"));
        assertThat(say("[".repeat(1025))).isEqualTo(error("GenericError", "JSON nesting depth limit exceeded"));
        assertThat(say("\n\"" + "x".repeat(QmpInput.MAX_CHARS)))
                .isEqualTo(error("GenericError", "JSON token size limit exceeded"));
        assertThat(say("\n{\"execute\":\"query-name\"}")).isEqualTo("{\"return\": {}}\r\n");
    }

    @Test
    void eventsComeOnceNegotiatedAndNeverWait() {
        said();
        NetworkEvent event = new NetworkEvent("NETDEV_STREAM_CONNECTED", "s", Map.of("addr", Map.of("type", "unix")));
        Instant when = Instant.ofEpochSecond(5, 7000);
        session.event(event, when);
        assertThat(say("{\"execute\":\"qmp_capabilities\"}")).isEqualTo("{\"return\": {}}\r\n");
        session.event(event, when);
        session.event(new NetworkEvent("STOP", "", Map.of()), when);
        assertThat(said())
                .isEqualTo(
                        "{\"timestamp\": {\"seconds\": 5, \"microseconds\": 7}, \"event\": \"NETDEV_STREAM_CONNECTED\", "
                                + "\"data\": {\"netdev-id\": \"s\", \"addr\": {\"type\": \"unix\"}}}\r\n"
                                + "{\"timestamp\": {\"seconds\": 5, \"microseconds\": 7}, \"event\": \"STOP\"}\r\n");
        assertThat(machine.asked).isEmpty();
        session.event(new NetworkEvent("LARGE", "", Map.of("x", "y".repeat(Outbox.MAX_BYTES))), when);
        assertThat(machine.asked).isEqualTo(List.of("too slow"));
    }
}
