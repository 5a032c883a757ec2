package io.qnet.cli.demo;

import io.qnet.testkit.FakeGuest;
import io.qnet.testkit.GuestTcp;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.LongConsumer;

/** The guest's side of HTTP/1.0 and 1.1, as little of it as the demo needs. */
final class DemoWebClient {
    private static final int BUFFER = 1 << 16;

    private DemoWebClient() {}

    /** Reads {@code /file}; answers its SHA-256. */
    static String get(FakeGuest guest, String host, int port, long length, LongConsumer progress) throws IOException {
        try (GuestTcp connection = guest.connect(host, port)) {
            connection.write(request("GET", host, port, 0));
            InputStream in = new BufferedInputStream(connection.input(), BUFFER);
            readHead(in);
            MessageDigest sha = DemoWebServer.sha256();
            byte[] buffer = new byte[BUFFER];
            long done = 0;
            while (done < length) {
                int n = in.read(buffer, 0, (int) Math.min(BUFFER, length - done));
                if (n < 0) {
                    throw new EOFException("the server's file ended after " + done + " bytes");
                }
                sha.update(buffer, 0, n);
                done += n;
                progress.accept(done);
            }
            return HexFormat.of().formatHex(sha.digest());
        }
    }

    /** Writes {@code length} bytes to {@code /file}; answers the SHA-256 that the server saw. */
    static String put(FakeGuest guest, String host, int port, byte[] block, long length, LongConsumer progress)
            throws IOException {
        try (GuestTcp connection = guest.connect(host, port)) {
            connection.write(request("PUT", host, port, length));
            OutputStream out = connection.output();
            for (long done = 0; done < length; done += block.length) {
                out.write(block, 0, (int) Math.min(block.length, length - done));
                progress.accept(done);
            }
            InputStream in = connection.input();
            readHead(in);
            return readLine(in);
        }
    }

    /** Answers one request with a page. */
    static void answer(GuestTcp accepted, String body) {
        try (GuestTcp connection = accepted) {
            readHead(connection.input());
            connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: "
                    + body.length() + "\r\n\r\n" + body);
            connection.shutdownOutput();
        } catch (IOException e) {
            accepted.abort();
        }
    }

    private static String request(String method, String host, int port, long length) {
        return method + " /file HTTP/1.1\r\nHost: " + host + ":" + port + "\r\nConnection: close\r\n"
                + (length == 0 ? "" : "Content-Length: " + length + "\r\n") + "\r\n";
    }

    /** Reads a request's or response's head up to its empty line. */
    private static void readHead(InputStream in) throws IOException {
        String first = readLine(in);
        if (first.startsWith("HTTP/") && !first.contains(" 200 ")) {
            throw new IOException("the server answered " + first);
        }
        while (!readLine(in).isEmpty()) {
            // headers are of no interest here
        }
    }

    private static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the connection ended in the middle of a line");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }
}
