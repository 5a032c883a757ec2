package io.qnet.slirp.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.qnet.host.HostEcho;
import io.qnet.host.HostError;
import io.qnet.host.HostException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Echo through the host, to its own loopback. */
@Timeout(120)
class HostEchoTest {
    private HostFixture fixture;
    private final Recorded recorded = new Recorded();

    @AfterEach
    void close() throws Exception {
        if (fixture != null) {
            fixture.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void repliesComeWithSequenceAndPayload(String address) throws Exception {
        fixture = new HostFixture(Transport.EPOLL);
        InetAddress to = InetAddress.getByName(address);
        HostEcho first = fixture.call(() -> fixture.network.openEcho(address.contains(":"), recorded));
        assertThat(send(first, to, 0x8001, "first of all")).isNull();
        untilOrNotAllowed(1);
        assertThat(recorded.told).containsExactly("reply 32769 from " + to + ": first of all");
        assertThat(send(first, to, 2, "second!")).isNull();
        fixture.until(() -> recorded.told.size() == 2);
        assertThat(recorded.told.get(1)).isEqualTo("reply 2 from " + to + ": second!");
    }

    @Test
    void twoEchoesDoNotSeeEachOthersReplies() throws Exception {
        fixture = new HostFixture(Transport.EPOLL);
        InetAddress to = InetAddress.getByName("127.0.0.1");
        Recorded others = new Recorded();
        HostEcho one = fixture.call(() -> fixture.network.openEcho(false, recorded));
        HostEcho other = fixture.call(() -> fixture.network.openEcho(false, others));
        send(one, to, 1, "one");
        send(other, to, 2, "other");
        untilOrNotAllowed(1);
        fixture.until(() -> others.told.size() == 1);
        assertThat(recorded.told).containsExactly("reply 1 from " + to + ": one");
        assertThat(others.told).containsExactly("reply 2 from " + to + ": other");
    }

    @Test
    void onNioThereIsNone() throws Exception {
        fixture = new HostFixture(Transport.NIO);
        assertThatThrownBy(() -> fixture.loop.call(() -> fixture.network.openEcho(false, recorded)))
                .isInstanceOfSatisfying(
                        HostException.class, e -> assertThat(e.error()).isEqualTo(HostError.PROHIBITED));
    }

    private void untilOrNotAllowed(int count) {
        fixture.until(() -> recorded.told.size() >= count);
        assumeTrue(!recorded.told.get(0).startsWith("PROHIBITED"), "neither ping sockets nor raw sockets");
    }

    private HostError send(HostEcho echo, InetAddress to, int sequence, String payload) {
        byte[] bytes = payload.getBytes(StandardCharsets.US_ASCII);
        return fixture.call(() -> echo.send(to, sequence, Unpooled.wrappedBuffer(bytes), 0, bytes.length, 0));
    }

    private static final class Recorded implements HostEcho.Handler {
        final List<String> told = new ArrayList<>();

        @Override
        public void onReply(InetAddress from, int sequence, ByteBuf payload) {
            told.add("reply " + sequence + " from " + from + ": " + payload.toString(StandardCharsets.US_ASCII));
        }

        @Override
        public void onError(HostError error, InetAddress to, InetAddress offender, int sequence, int mtu) {
            told.add(error + " about " + sequence + " to " + to);
        }
    }
}
