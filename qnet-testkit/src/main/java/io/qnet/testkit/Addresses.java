package io.qnet.testkit;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Literal addresses; nothing here resolves a name. */
final class Addresses {
    private Addresses() {}

    static InetAddress parse(String text) {
        if (!isLiteral(text)) {
            throw new IllegalArgumentException("not an IP address: '" + text + "'");
        }
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("not an IP address: '" + text + "'", e);
        }
    }

    static boolean isLiteral(String text) {
        return !text.isEmpty()
                && (text.indexOf(':') >= 0 || text.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9')));
    }
}
