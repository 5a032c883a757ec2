package io.qnet.testkit;

import io.qnet.testkit.tcp.TcpFailure;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One connection of a guest's HTTP server: one request, one reply, end. Everything happens on the network's loop. */
final class GuestHttpServer implements GuestTcp.Handler {
    private static final int CHUNK = 64 << 10;

    private final Function<HttpRequest, HttpReply> handler;
    private final ByteArrayOutputStream request = new ByteArrayOutputStream();
    private final byte[] chunk = new byte[CHUNK];
    private byte @Nullable [] reply;
    private int written;
    /** How long the request will be, as far as is known. */
    private int needed = 1;

    GuestHttpServer(Function<HttpRequest, HttpReply> handler) {
        this.handler = handler;
    }

    @Override
    public void onReadable(GuestTcp connection) {
        int read = connection.tryRead(chunk, 0, CHUNK);
        for (; read > 0; read = connection.tryRead(chunk, 0, CHUNK)) {
            request.write(chunk, 0, read);
        }
        if (reply == null && request.size() >= needed) {
            HttpRequest whole = parse(request.toByteArray());
            if (whole != null) {
                reply = encode(handler.apply(whole));
                onWritable(connection);
            }
        }
        if (reply == null && read < 0) {
            connection.close(); // the client has ended in the middle
        }
    }

    @Override
    public void onWritable(GuestTcp connection) {
        byte[] bytes = reply;
        if (bytes == null || written == bytes.length) {
            return;
        }
        written += connection.tryWrite(bytes, written, bytes.length - written);
        if (written == bytes.length) {
            connection.close();
        }
    }

    @Override
    public void onClosed(GuestTcp connection, @Nullable TcpFailure failure) {
        request.reset();
    }

    private @Nullable HttpRequest parse(byte[] bytes) {
        int end = HttpHead.end(bytes, bytes.length);
        if (end < 0) {
            return null;
        }
        HttpHead head = HttpHead.parse(bytes, end);
        int length = (int) Math.max(0, head.contentLength());
        if (bytes.length - end < length) {
            needed = end + length;
            return null;
        }
        byte[] body = Arrays.copyOfRange(bytes, end, end + length);
        return new HttpRequest(head.word(0), head.word(1), head.headers(), body);
    }

    private static byte[] encode(HttpReply reply) {
        StringBuilder head = new StringBuilder(
                "HTTP/1.1 " + reply.status() + " " + (reply.status() < 400 ? "OK" : "Error") + "\r\n");
        reply.headers()
                .forEach((name, value) ->
                        head.append(name).append(": ").append(value).append("\r\n"));
        head.append("content-length: ").append(reply.body().length).append("\r\nconnection: close\r\n\r\n");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
        out.writeBytes(reply.body());
        return out.toByteArray();
    }
}
