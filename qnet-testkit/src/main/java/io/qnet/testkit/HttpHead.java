package io.qnet.testkit;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The first line and the headers of an HTTP message.
 *
 * @param first the first line
 * @param headers names in lower case
 */
record HttpHead(String first, Map<String, String> headers) {
    /** Where the body begins after the head that starts at 0, or -1 if the head is not there whole. */
    static int end(byte[] bytes, int length) {
        for (int i = 3; i < length; i++) {
            if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n' && bytes[i - 3] == '\r') {
                return i + 1;
            }
        }
        return -1;
    }

    static HttpHead parse(byte[] bytes, int end) {
        String[] lines = new String(bytes, 0, end, StandardCharsets.ISO_8859_1).split("\r\n");
        Map<String, String> headers = new LinkedHashMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon > 0) {
                String name = lines[i].substring(0, colon).trim().toLowerCase(Locale.ROOT);
                headers.put(name, lines[i].substring(colon + 1).trim());
            }
        }
        return new HttpHead(lines.length == 0 ? "" : lines[0], headers);
    }

    /** The length that the headers give, or -1. */
    long contentLength() {
        String value = headers.get("content-length");
        return value == null ? -1 : Long.parseLong(value);
    }

    boolean isChunked() {
        return "chunked".equalsIgnoreCase(headers.get("transfer-encoding"));
    }

    /** A word of the first line. */
    String word(int number) {
        String[] words = first.split(" ", 3);
        return number < words.length ? words[number] : "";
    }
}
