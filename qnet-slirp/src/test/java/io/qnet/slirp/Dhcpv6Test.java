package io.qnet.slirp;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.testkit.Datagram;
import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestUdp;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Stateless DHCPv6: rows X39 to X42 of docs/compatibility.md. */
class Dhcpv6Test extends VirtualTimeTest {
    private static final int INFORMATION_REQUEST = 11;
    private static final byte[] SERVER_ID = {0, 3, 0, 1, 0x52, 0x56, 0, 0, 0, 2};
    private static final byte[] CLIENT_ID = {0, 3, 0, 1, 0x52, 0x54, 0, 0, 0, 1};
    private static final byte[] TIME = option(8, 0, 0);

    private static byte[] option(int code, int... value) {
        byte[] option = new byte[4 + value.length];
        option[1] = (byte) code;
        option[3] = (byte) value.length;
        for (int i = 0; i < value.length; i++) {
            option[4 + i] = (byte) value[i];
        }
        return option;
    }

    private static byte[] option(int code, byte[] value) {
        byte[] header = {0, (byte) code, (byte) (value.length >> 8), (byte) value.length};
        return RawFrames6.join(header, value);
    }

    private static byte[] message(int type, byte[]... options) {
        byte[] message = {(byte) type, 1, 2, 3};
        for (byte[] option : options) {
            message = RawFrames6.join(message, option);
        }
        return message;
    }

    private FakeGuest guest6() {
        FakeGuest guest = net.guest("guest");
        guest.slaac();
        return guest;
    }

    /** The options of the answer by their codes. */
    private static Map<Integer, byte[]> options(Datagram answer) {
        ByteBuffer data = ByteBuffer.wrap(answer.data());
        assertThat(data.getInt()).as("a reply to the same transaction").isEqualTo(7 << 24 | 0x010203);
        Map<Integer, byte[]> options = new LinkedHashMap<>();
        while (data.hasRemaining()) {
            int code = data.getShort();
            byte[] value = new byte[data.getShort()];
            data.get(value);
            options.put(code, value);
        }
        return options;
    }

    @Test
    void whatIsAskedForIsTold() {
        user(options -> options.bootfile("pxe/boot.efi").dnsSearch("lan.test").dnsSearch("test"));
        GuestUdp udp = guest6().udp(546);
        byte[] asked = option(6, 0, 23, 0, 24, 0, 59);
        udp.send("ff02::1:2", 547, message(INFORMATION_REQUEST, option(1, CLIENT_ID), TIME, asked));
        Datagram answer = udp.receive();
        assertThat(answer.from()).isEqualTo(address6("fe80::2"));
        assertThat(answer.port()).isEqualTo(547);
        Map<Integer, byte[]> options = options(answer);
        assertThat(options).containsOnlyKeys(2, 1, 23, 24, 59);
        assertThat(options.get(1)).isEqualTo(CLIENT_ID);
        assertThat(options.get(2)).isEqualTo(SERVER_ID);
        assertThat(options.get(23)).isEqualTo(RawFrames.address("fec0::3"));
        assertThat(options.get(24)).asString(StandardCharsets.US_ASCII).isEqualTo("\3lan\4test\0\4test\0");
        assertThat(options.get(59))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("tftp://[fec0:0000:0000:0000:0000:0000:0000:0002]/pxe/boot.efi");
    }

    @Test
    void aBootFileThatIsAUrlStaysOne() {
        user(options -> options.bootfile("http://boot.test/a"));
        GuestUdp udp = guest6().udp(546);
        udp.send("fec0::2", 547, message(INFORMATION_REQUEST, option(6, 0, 59)));
        Datagram answer = udp.receive();
        assertThat(answer.from()).isEqualTo(address6("fec0::2"));
        assertThat(options(answer).get(59)).asString(StandardCharsets.US_ASCII).isEqualTo("http://boot.test/a");
    }

    @Test
    void whatIsNotThereIsNotTold() {
        user(options -> options.restrict(true));
        GuestUdp udp = guest6().udp(546);
        udp.send("ff02::1:2", 547, message(INFORMATION_REQUEST, option(6, 0, 23, 0, 24, 0, 59)));
        assertThat(options(udp.receive())).containsOnlyKeys(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 6, 7, 8, 9, 12})
    void otherMessagesStayUnanswered(int type) {
        user();
        GuestUdp udp = guest6().udp(546);
        udp.send("ff02::1:2", 547, message(type, option(1, CLIENT_ID)));
        net.advance(Duration.ofSeconds(2));
        assertThat(udp.available()).isZero();
        assertThat(count("drop.dhcpv6-type")).isEqualTo(1);
    }

    @Test
    void whatIsWrongStaysUnanswered() {
        user();
        GuestUdp udp = guest6().udp(546);
        byte[] right = message(INFORMATION_REQUEST, option(1, CLIENT_ID), option(6, 0, 23));
        byte[][] wrong = {
            new byte[0],
            Arrays.copyOf(right, 3),
            Arrays.copyOf(right, right.length - 1),
            message(INFORMATION_REQUEST, option(1, new byte[131])),
            message(INFORMATION_REQUEST, option(1, new byte[0])),
            message(INFORMATION_REQUEST, option(2, CLIENT_ID)),
            message(INFORMATION_REQUEST, option(3, new byte[12])),
            message(INFORMATION_REQUEST, option(6, 0)),
        };
        for (byte[] bytes : wrong) {
            udp.send("ff02::1:2", 547, bytes);
        }
        net.advance(Duration.ofSeconds(2));
        assertThat(udp.available()).isZero();
        assertThat(count("drop.dhcpv6-malformed")).isEqualTo(wrong.length);
        udp.send("ff02::1:2", 547, right);
        udp.receive();
    }

    @ParameterizedTest
    @CsvSource({"true, 0", "false, 1"})
    void itCanBeSwitchedOff(boolean disabled, int answers) {
        user(options -> options.disableDhcp(disabled));
        GuestUdp udp = guest6().udp(546);
        udp.send("ff02::1:2", 547, message(INFORMATION_REQUEST));
        net.advance(Duration.ofSeconds(2));
        assertThat(udp.available()).isEqualTo(answers);
    }
}
