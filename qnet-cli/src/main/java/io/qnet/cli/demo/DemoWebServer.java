package io.qnet.cli.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The host's web server of the demo, on loopback: {@code GET /file} gives bytes that only look random, {@code PUT /file} answers with the SHA-256 of what came. */
final class DemoWebServer implements AutoCloseable {
    private static final int BLOCK = 1 << 16;

    private final HttpServer server;
    private final ExecutorService threads;
    private final byte[] block;
    private final long fileBytes;

    DemoWebServer(long fileBytes) throws IOException {
        this.fileBytes = fileBytes;
        block = new byte[BLOCK];
        new SplittableRandom(2026).nextBytes(block);
        threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "demo-web");
            thread.setDaemon(true);
            return thread;
        });
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/file", this::serve);
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    /** The SHA-256 of the file. */
    String digest() {
        MessageDigest sha = sha256();
        for (long at = 0; at < fileBytes; at += BLOCK) {
            sha.update(block, 0, (int) Math.min(BLOCK, fileBytes - at));
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    /** The repeating block that the file is made of. */
    byte[] block() {
        return block.clone();
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (exchange.getRequestMethod().equals("GET")) {
                give(exchange);
            } else {
                take(exchange);
            }
        }
    }

    private void give(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, fileBytes);
        OutputStream out = exchange.getResponseBody();
        for (long at = 0; at < fileBytes; at += BLOCK) {
            out.write(block, 0, (int) Math.min(BLOCK, fileBytes - at));
        }
    }

    private static void take(HttpExchange exchange) throws IOException {
        MessageDigest sha = sha256();
        InputStream in = exchange.getRequestBody();
        byte[] buffer = new byte[BLOCK];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            sha.update(buffer, 0, n);
        }
        byte[] answer = (HexFormat.of().formatHex(sha.digest()) + "\n").getBytes(StandardCharsets.US_ASCII);
        exchange.sendResponseHeaders(200, answer.length);
        exchange.getResponseBody().write(answer);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
