package io.qnet.testkit;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * An HTTP response, received or to be sent.
 *
 * @param status the status code
 * @param headers the headers, names in lower case
 * @param body the body; empty if it was written to a stream
 * @param length how many bytes the body had
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record HttpReply(int status, Map<String, String> headers, byte[] body, long length) {
    /** Makes header names lower case. */
    public HttpReply {
        Map<String, String> lower = new TreeMap<>();
        headers.forEach((name, value) -> lower.put(name.toLowerCase(Locale.ROOT), value));
        headers = Map.copyOf(lower);
    }

    /** A reply with a body and no headers of its own. */
    public static HttpReply of(int status, byte[] body) {
        return new HttpReply(status, Map.of(), body, body.length);
    }

    /** A reply 200 with text. */
    public static HttpReply text(String text) {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        return new HttpReply(200, Map.of("content-type", "text/plain; charset=utf-8"), body, body.length);
    }

    /** The body as UTF-8 text. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "HTTP " + status + ", " + length + " bytes";
    }
}
