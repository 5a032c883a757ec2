package io.qnet.cli.monitor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes the words of an HMP line apart as QEMU does (monitor/hmp.c, monitor_parse_arguments): words are separated by white space; a word in double quotes may contain some, and {@code \n \r \\ \' \"}.
 */
final class HmpArguments {
    /** What is wrong with the arguments, in QEMU's words. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    private final String text;
    private int at;
    private final Map<String, String> values = new LinkedHashMap<>();

    private HmpArguments(String text) {
        this.text = text;
    }

    /**
     * Reads what follows a command.
     *
     * @param command its name, for messages
     * @param parameters in QEMU's notation: {@code name:s,up:b,rest:S?}; {@code s} is a word, {@code S} the rest of the line, {@code b} on or off, a question mark says that it may be missing
     */
    static HmpArguments read(String command, String parameters, String text) throws Refused {
        HmpArguments arguments = new HmpArguments(text);
        for (String parameter : parameters.isEmpty() ? List.<String>of() : List.of(parameters.split(","))) {
            int colon = parameter.indexOf(':');
            arguments.take(command, parameter.substring(0, colon), parameter.substring(colon + 1));
        }
        arguments.skipSpace();
        if (arguments.at < text.length()) {
            throw new Refused(command + ": extraneous characters at the end of line");
        }
        return arguments;
    }

    /** The words of a line, as far as they can be read. */
    static List<String> words(String text) {
        HmpArguments arguments = new HmpArguments(text);
        List<String> words = new ArrayList<>();
        for (String word = arguments.word(); word != null; word = arguments.word()) {
            words.add(word);
        }
        return words;
    }

    /** A value that must have been given. */
    String get(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalStateException("no argument '" + name + "'");
        }
        return value;
    }

    /** A value, or null if it was not given. */
    @Nullable String find(String name) {
        return values.get(name);
    }

    private void take(String command, String name, String type) throws Refused {
        skipSpace();
        if (type.startsWith("b")) {
            String word = plainWord();
            if (!word.equals("on") && !word.equals("off")) {
                throw new Refused("Expected 'on' or 'off'");
            }
            values.put(name, word);
            return;
        }
        String value;
        if (type.startsWith("S")) {
            value = at < text.length() ? text.substring(at).stripTrailing() : null;
            at = text.length();
        } else {
            value = word();
        }
        if (value != null) {
            values.put(name, value);
        } else if (!type.endsWith("?")) {
            throw new Refused(command + ": string expected");
        }
    }

    private String plainWord() {
        int start = at;
        while (at < text.length() && !isSpace(text.charAt(at))) {
            at++;
        }
        return text.substring(start, at);
    }

    /** The next word, or null if there is none, or none that ends well. */
    private @Nullable String word() {
        skipSpace();
        if (at == text.length()) {
            return null;
        }
        if (text.charAt(at) != '"') {
            return plainWord();
        }
        at++;
        StringBuilder word = new StringBuilder();
        while (at < text.length() && text.charAt(at) != '"') {
            char c = text.charAt(at++);
            if (c == '\\') {
                c = escaped();
                if (c == 0) {
                    return null;
                }
            }
            word.append(c);
        }
        if (at == text.length()) {
            return null; // QEMU: unterminated string
        }
        at++;
        return word.toString();
    }

    private char escaped() {
        char c = at < text.length() ? text.charAt(at++) : 0;
        return switch (c) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case '\\', '\'', '"' -> c;
            default -> 0;
        };
    }

    private void skipSpace() {
        while (at < text.length() && isSpace(text.charAt(at))) {
            at++;
        }
    }

    static boolean isSpace(char c) {
        return c == ' ' || (c >= 9 && c <= 13);
    }
}
