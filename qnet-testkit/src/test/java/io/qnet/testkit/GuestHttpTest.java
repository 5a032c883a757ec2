package io.qnet.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** HTTP between two guests, in virtual time. */
class GuestHttpTest {
    private final VirtualNetwork net = VirtualNetwork.open();
    private final FakeGuest client = net.guest("client").address("10.0.0.1", 24);
    private final FakeGuest server = net.guest("server").address("10.0.0.2", 24);

    @AfterEach
    void close() {
        net.close();
    }

    @Test
    void fetchesAPage() {
        server.serveHttp(80, "hello");
        HttpReply reply = client.httpGet("http://10.0.0.2/any?thing");
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.text()).isEqualTo("hello");
        assertThat(reply.headers()).containsEntry("content-type", "text/plain; charset=utf-8");
    }

    @Test
    void fetchesMegabytesAndTellsHowFarItIs() {
        byte[] page = bytes(3_000_000);
        server.serveHttp(8080, request -> HttpReply.of(200, page));
        ByteArrayOutputStream sink = new ByteArrayOutputStream();
        List<Long> progress = new ArrayList<>();
        HttpReply reply = client.httpGet("http://10.0.0.2:8080/", sink, progress::add);
        assertThat(reply.length()).isEqualTo(page.length);
        assertThat(sink.toByteArray()).isEqualTo(page);
        assertThat(progress).isSorted().hasSizeGreaterThan(3).endsWith((long) page.length);
    }

    @Test
    void uploads() {
        byte[] body = bytes(500_000);
        List<HttpRequest> requests = new ArrayList<>();
        server.serveHttp(80, request -> {
            requests.add(request);
            return HttpReply.text("took " + request.body().length);
        });
        HttpReply reply =
                client.httpPut("http://10.0.0.2/file", new ByteArrayInputStream(body), body.length, sent -> {});
        assertThat(reply.text()).isEqualTo("took 500000");
        assertThat(requests).singleElement().satisfies(request -> {
            assertThat(request.method()).isEqualTo("PUT");
            assertThat(request.path()).isEqualTo("/file");
            assertThat(request.body()).isEqualTo(body);
        });
    }

    @Test
    void readsChunksAndBodiesThatEndWithTheConnection() {
        answerOnce(
                81,
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n");
        assertThat(client.httpGet("http://10.0.0.2:81/").text()).isEqualTo("abc0123456789");
        answerOnce(82, "HTTP/1.0 404 Not Found\r\n\r\nno such page");
        assertThat(client.httpGet("http://10.0.0.2:82/"))
                .satisfies(reply -> assertThat(reply.status()).isEqualTo(404))
                .satisfies(reply -> assertThat(reply.text()).isEqualTo("no such page"));
    }

    @Test
    void aBodyThatEndsTooSoonIsAFailure() {
        answerOnce(83, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        assertThatThrownBy(() -> client.httpGet("http://10.0.0.2:83/"))
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.reason()).isEqualTo(GuestException.Reason.MALFORMED));
    }

    @Test
    void repliesCarryHeaders() {
        server.serveHttp(80, request -> new HttpReply(302, Map.of("Location", "/new"), new byte[0], 0));
        assertThat(client.httpGet("http://10.0.0.2/").headers()).containsEntry("location", "/new");
    }

    private void answerOnce(int port, String answer) {
        byte[] bytes = answer.getBytes(StandardCharsets.ISO_8859_1);
        server.listen(
                port,
                connection -> connection.handle(readable -> {
                    byte[] request = new byte[1000];
                    if (readable.tryRead(request, 0, request.length) > 0) {
                        readable.tryWrite(bytes, 0, bytes.length);
                        readable.close();
                    }
                }));
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
