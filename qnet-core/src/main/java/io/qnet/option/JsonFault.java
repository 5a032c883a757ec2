package io.qnet.option;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Says in QEMU's words what is wrong with a text that is no JSON (QEMU: qobject/json-lexer.c, json-streamer.c, json-parser.c). QEMU cuts
 * the text into tokens and parses as soon as braces and brackets balance; so a stray character is told before a mistake to its left.
 */
final class JsonFault {
    private static final Pattern SPACE = Pattern.compile("[ \\t\\r\\n]+");
    private static final Pattern WORD = Pattern.compile("[a-z]+");
    private static final Pattern NUMBER = Pattern.compile("-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?");
    private static final Pattern NUMBER_BEGUN =
            Pattern.compile("-?(?:0|[1-9][0-9]*)?(?:(?<=[0-9])\\.[0-9]*)?(?:(?<=[0-9])[eE][+-]?[0-9]*)?");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:[\"'\\\\/bfnrt]|u[0-9a-fA-F]{4})");
    private static final int MAX_DEPTH = 1024;
    private static final String ERROR = "JSON parse error, ";

    private final List<String> tokens = new ArrayList<>();
    private int next;

    private JsonFault() {}

    /** The message for a text that a JSON parser refused; null if QEMU finds nothing wrong with it. */
    static @Nullable String of(String text) {
        JsonFault fault = new JsonFault();
        int depth = 0;
        boolean done = false;
        for (int at = skipSpace(text, 0); at < text.length(); at = skipSpace(text, at)) {
            if (done) {
                return "Expecting at most one JSON value";
            }
            String token = token(text, at);
            if (token == null) {
                return ERROR + "stray '" + stray(text, at) + "'";
            }
            fault.tokens.add(token);
            at += token.length();
            if (depth == MAX_DEPTH) {
                return "JSON nesting depth limit exceeded";
            }
            depth += "{[".contains(token) ? 1 : "}]".contains(token) ? -1 : 0;
            if (depth <= 0) {
                String found = fault.parsed();
                if (found != null) {
                    return ERROR + found;
                }
                done = true;
            }
        }
        return done ? null : ERROR + fault.parsed();
    }

    private static int skipSpace(String text, int at) {
        return at + matching(SPACE, text, at).length();
    }

    private static String matching(Pattern pattern, String text, int at) {
        Matcher matcher = pattern.matcher(text).region(at, text.length()).useTransparentBounds(true);
        return matcher.lookingAt() ? matcher.group() : "";
    }

    /** The token that begins here, or null if none does. */
    private static @Nullable String token(String text, int at) {
        char c = text.charAt(at);
        if ("{}[],:".indexOf(c) >= 0) {
            return String.valueOf(c);
        }
        String token;
        if (c == '"' || c == '\'') {
            int end = stringEnd(text, at);
            token = end < text.length() && text.charAt(end) == c ? text.substring(at, end + 1) : "";
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            token = matching(NUMBER, text, at);
            boolean more = token.length() < matching(NUMBER_BEGUN, text, at).length();
            token = more || zeroThenDigit(token, text, at) ? "" : token;
        } else {
            token = matching(WORD, text, at);
        }
        return token.isEmpty() ? null : token;
    }

    private static boolean zeroThenDigit(String token, String text, int at) {
        int end = at + token.length();
        boolean digit = end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9';
        return digit && (token.equals("0") || token.equals("-0"));
    }

    /** What QEMU's lexer had read of a bad token, with the character that could not follow. */
    private static String stray(String text, int at) {
        char c = text.charAt(at);
        int end = at;
        if (c == '"' || c == '\'') {
            end = stringEnd(text, at);
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            end = at + matching(NUMBER_BEGUN, text, at).length();
        }
        return text.substring(at, Math.min(text.length(), end + 1));
    }

    /** Where the string that begins here ends: its quote, a control character that it cannot contain, or the text's end. */
    private static int stringEnd(String text, int start) {
        int at = start + 1;
        while (at < text.length() && text.charAt(at) != text.charAt(start) && text.charAt(at) >= ' ') {
            boolean escaped = text.charAt(at) == '\\' && at + 1 < text.length() && text.charAt(at + 1) >= ' ';
            at += escaped ? 2 : 1;
        }
        return at;
    }

    /** Parses one value; the message if that fails, else null. */
    private @Nullable String parsed() {
        try {
            value();
            return null;
        } catch (Found e) {
            return e.reason;
        }
    }

    private String peek() throws Found {
        if (next == tokens.size()) {
            throw new Found("premature EOI");
        }
        return tokens.get(next);
    }

    private String take() throws Found {
        String token = peek();
        next++;
        return token;
    }

    /** Takes a value and answers its first token. */
    private String value() throws Found {
        String token = take();
        switch (token.charAt(0)) {
            case '{' -> members("}", "dict", true);
            case '[' -> members("]", "list", false);
            case '"', '\'' -> checkEscapes(token);
            case '}', ']', ',', ':' -> throw new Found("expecting value");
            default -> checkWord(token);
        }
        return token;
    }

    private void members(String end, String where, boolean pairs) throws Found {
        Set<String> keys = new HashSet<>();
        boolean first = true;
        for (; !peek().equals(end); first = false) {
            if (!first && !take().equals(",")) {
                throw new Found("expected separator in " + where);
            }
            if (pairs) {
                pair(keys);
            } else {
                value();
            }
        }
        take();
    }

    private void pair(Set<String> keys) throws Found {
        peek();
        String key = value();
        if (key.charAt(0) != '"' && key.charAt(0) != '\'') {
            throw new Found("key is not a string in object");
        }
        if (!take().equals(":")) {
            throw new Found("missing : in object pair");
        }
        value();
        if (!keys.add(key.substring(1, key.length() - 1))) {
            throw new Found("duplicate key");
        }
    }

    private static void checkWord(String token) throws Found {
        boolean word = token.charAt(0) >= 'a' && token.charAt(0) <= 'z';
        if (word && !Set.of("true", "false", "null").contains(token)) {
            throw new Found("invalid keyword '" + token + "'");
        }
    }

    private static void checkEscapes(String token) throws Found {
        for (int at = token.indexOf('\\'); at >= 0; ) {
            String escape = matching(ESCAPE, token, at);
            if (escape.isEmpty() && token.charAt(at + 1) == 'u') {
                String bad = token.substring(at, Math.min(token.length(), at + 6));
                throw new Found(bad + " is not a valid Unicode character");
            }
            if (escape.isEmpty()) {
                throw new Found("invalid escape sequence in string");
            }
            at = token.indexOf('\\', at + escape.length());
        }
    }

    /** Ends the search for the fault. */
    private static final class Found extends Exception {
        private static final long serialVersionUID = 1L;

        private final String reason;

        Found(String reason) {
            this.reason = reason;
        }
    }
}
