package io.qnet.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.LongConsumer;

/** A small HTTP/1.1 client of a guest's: one request a connection. */
final class GuestHttp {
    private static final int CHUNK = 64 << 10;

    private final FakeGuest guest;

    GuestHttp(FakeGuest guest) {
        this.guest = guest;
    }

    HttpReply get(String url, OutputStream sink, LongConsumer progress) {
        URI uri = URI.create(url);
        try (GuestTcp connection = open(uri)) {
            connection.write(head("GET", uri, ""));
            return new Response(connection).read(sink, progress);
        }
    }

    HttpReply put(String url, InputStream body, long length, LongConsumer progress) {
        URI uri = URI.create(url);
        try (GuestTcp connection = open(uri)) {
            connection.write(head("PUT", uri, "Content-Length: " + length + "\r\n"));
            send(connection, body, length, progress);
            ByteArrayOutputStream reply = new ByteArrayOutputStream();
            HttpReply head = new Response(connection).read(reply, bytes -> {});
            return new HttpReply(head.status(), head.headers(), reply.toByteArray(), head.length());
        }
    }

    private GuestTcp open(URI uri) {
        String host = uri.getHost();
        if (host == null || !"http".equals(uri.getScheme())) {
            throw new IllegalArgumentException("not an http URL with a host: '" + uri + "'");
        }
        return guest.connect(host, uri.getPort() < 0 ? 80 : uri.getPort());
    }

    private static String head(String method, URI uri, String headers) {
        String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        return method + " " + path + query + " HTTP/1.1\r\nHost: " + uri.getAuthority() + "\r\nConnection: close\r\n"
                + headers + "\r\n";
    }

    private static void send(GuestTcp connection, InputStream body, long length, LongConsumer progress) {
        byte[] chunk = new byte[CHUNK];
        try {
            for (long sent = 0; sent < length; progress.accept(sent)) {
                int read = body.read(chunk, 0, (int) Math.min(CHUNK, length - sent));
                if (read < 0) {
                    throw new IllegalArgumentException("the body ends after " + sent + " of " + length + " bytes");
                }
                connection.write(chunk, 0, read);
                sent += read;
            }
        } catch (IOException e) {
            throw new IllegalStateException("the body cannot be read", e);
        }
    }

    /** Reads one response. */
    private static final class Response {
        private final GuestTcp connection;
        private byte[] buffer = new byte[CHUNK];
        private int at;
        private int filled;
        private long length;

        Response(GuestTcp connection) {
            this.connection = connection;
        }

        HttpReply read(OutputStream sink, LongConsumer progress) {
            int end = HttpHead.end(buffer, filled);
            while (end < 0) {
                fill();
                end = HttpHead.end(buffer, filled);
            }
            HttpHead head = HttpHead.parse(buffer, end);
            at = end;
            try {
                readBody(head, sink, progress);
            } catch (IOException e) {
                throw new IllegalStateException("the body cannot be written", e);
            }
            return new HttpReply(status(head), head.headers(), new byte[0], length);
        }

        private void readBody(HttpHead head, OutputStream sink, LongConsumer progress) throws IOException {
            if (head.isChunked()) {
                for (long size = chunkSize(); size > 0; size = chunkSize()) {
                    copy(size, sink, progress);
                    line();
                }
                line();
            } else if (head.contentLength() >= 0) {
                copy(head.contentLength(), sink, progress);
            } else {
                copyToEnd(sink, progress);
            }
        }

        private void copy(long bytes, OutputStream sink, LongConsumer progress) throws IOException {
            for (long left = bytes; left > 0; ) {
                if (at == filled) {
                    at = 0;
                    filled = 0;
                    fill();
                }
                int part = (int) Math.min(left, filled - at);
                deliver(part, sink, progress);
                left -= part;
            }
        }

        private void copyToEnd(OutputStream sink, LongConsumer progress) throws IOException {
            deliver(filled - at, sink, progress);
            for (int read = connection.read(buffer, 0, CHUNK); read >= 0; read = connection.read(buffer, 0, CHUNK)) {
                at = 0;
                filled = read;
                deliver(read, sink, progress);
            }
        }

        private void deliver(int part, OutputStream sink, LongConsumer progress) throws IOException {
            sink.write(buffer, at, part);
            at += part;
            length += part;
            progress.accept(length);
        }

        private long chunkSize() {
            String line = line();
            int semicolon = line.indexOf(';');
            try {
                return Long.parseLong((semicolon < 0 ? line : line.substring(0, semicolon)).trim(), 16);
            } catch (NumberFormatException e) {
                throw malformed("chunk size '" + line + "'");
            }
        }

        private String line() {
            StringBuilder line = new StringBuilder();
            while (true) {
                if (at == filled) {
                    at = 0;
                    filled = 0;
                    fill();
                }
                char c = (char) (buffer[at++] & 0xff);
                if (c == '\n') {
                    return line.toString().stripTrailing();
                }
                line.append(c);
            }
        }

        private void fill() {
            if (filled == buffer.length) {
                buffer = Arrays.copyOf(buffer, buffer.length * 2);
            }
            int read = connection.read(buffer, filled, buffer.length - filled);
            if (read < 0) {
                throw malformed("ended in the middle, after '"
                        + new String(buffer, 0, Math.min(filled, 200), StandardCharsets.ISO_8859_1) + "'");
            }
            filled += read;
        }

        private static int status(HttpHead head) {
            try {
                return Integer.parseInt(head.word(1));
            } catch (NumberFormatException e) {
                throw malformed("status line '" + head.first() + "'");
            }
        }

        private static GuestException malformed(String what) {
            return new GuestException(GuestException.Reason.MALFORMED, "HTTP response: " + what);
        }
    }
}
