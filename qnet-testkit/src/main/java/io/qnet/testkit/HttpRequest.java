package io.qnet.testkit;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * An HTTP request that a guest's server received.
 *
 * @param method GET, PUT…
 * @param path the path with its query
 * @param headers the headers, names in lower case
 * @param body the body
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record HttpRequest(String method, String path, Map<String, String> headers, byte[] body) {
    /** The body as UTF-8 text. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }
}
