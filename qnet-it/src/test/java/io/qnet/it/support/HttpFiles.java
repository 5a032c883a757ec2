package io.qnet.it.support;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An HTTP server on one of the host's loopback addresses: {@code GET /bytes/N} answers N bytes that depend on N alone,
 * {@code POST} or {@code PUT} answers the SHA-256 of what it was sent, in hexadecimal digits and a line end.
 */
public final class HttpFiles implements AutoCloseable {

    private static final int CHUNK_BYTES = 64 * 1024;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private HttpFiles(HttpServer server) {
        this.server = server;
    }

    /** Starts one on 127.0.0.1 and a free port. */
    public static HttpFiles start() {
        return startAt("127.0.0.1");
    }

    /** Starts one on ::1 and a free port. */
    public static HttpFiles startIpv6() {
        return startAt("::1");
    }

    private static HttpFiles startAt(String address) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(address, 0), 0);
            HttpFiles files = new HttpFiles(server);
            server.createContext("/", HttpFiles::serve);
            server.setExecutor(files.threads);
            server.start();
            return files;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The port. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** The SHA-256 of what {@code GET /bytes/count} answers, in hexadecimal digits. */
    public static String sha256(long count) {
        MessageDigest digest = newDigest();
        try {
            generate(count, digest::update);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** What {@code GET /bytes/count} answers. */
    public static byte[] bytes(int count) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(count);
        try {
            generate(count, bytes::write);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Writes what {@code GET /bytes/count} answers. */
    static void write(long count, OutputStream out) throws IOException {
        generate(count, out::write);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private static void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            switch (exchange.getRequestMethod()) {
                case "GET" -> download(exchange);
                case "POST", "PUT" -> upload(exchange);
                default -> exchange.sendResponseHeaders(405, -1);
            }
        }
    }

    private static void download(HttpExchange exchange) throws IOException {
        String[] path = exchange.getRequestURI().getPath().split("/");
        if (path.length != 3 || !path[1].equals("bytes") || !path[2].matches("\\d{1,10}")) {
            exchange.sendResponseHeaders(404, -1);
            return;
        }
        long count = Long.parseLong(path[2]);
        exchange.sendResponseHeaders(200, count == 0 ? -1 : count);
        OutputStream body = exchange.getResponseBody();
        generate(count, body::write);
    }

    private static void upload(HttpExchange exchange) throws IOException {
        MessageDigest digest = newDigest();
        byte[] chunk = new byte[CHUNK_BYTES];
        InputStream body = exchange.getRequestBody();
        for (int length = body.read(chunk); length >= 0; length = body.read(chunk)) {
            digest.update(chunk, 0, length);
        }
        byte[] answer = (HexFormat.of().formatHex(digest.digest()) + "\n").getBytes(StandardCharsets.US_ASCII);
        exchange.sendResponseHeaders(200, answer.length);
        exchange.getResponseBody().write(answer);
    }

    private interface Sink {
        void write(byte[] bytes, int offset, int length) throws IOException;
    }

    private static void generate(long count, Sink sink) throws IOException {
        Random random = new Random(count);
        byte[] chunk = new byte[CHUNK_BYTES];
        for (long left = count; left > 0; left -= CHUNK_BYTES) {
            random.nextBytes(chunk);
            sink.write(chunk, 0, (int) Math.min(left, CHUNK_BYTES));
        }
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
