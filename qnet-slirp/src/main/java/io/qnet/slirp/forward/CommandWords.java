package io.qnet.slirp.forward;

import java.util.ArrayList;
import java.util.List;

/** A command line in words as GLib's g_shell_parse_argv splits it, which QEMU uses: quotes and backslashes as in a shell, nothing expanded. */
final class CommandWords {
    private final String text;
    private final List<String> words = new ArrayList<>();
    private final StringBuilder word = new StringBuilder();
    private boolean inWord;
    private int at;

    private CommandWords(String text) {
        this.text = text;
    }

    /** The words; none if a quote does not end or a backslash is last. */
    static List<String> split(String text) {
        return new CommandWords(text).split();
    }

    private List<String> split() {
        while (at < text.length()) {
            char next = text.charAt(at++);
            if (next == ' ' || next == '\t' || next == '\n') {
                endWord();
            } else if (next == '#' && !inWord) {
                skipComment();
            } else if (!take(next)) {
                return List.of();
            }
        }
        endWord();
        return List.copyOf(words);
    }

    /** Takes a character that belongs to a word; false if what it begins has no end. */
    private boolean take(char next) {
        inWord = true;
        if (next == '\'' || next == '"') {
            return quoted(next);
        }
        if (next == '\\') {
            if (at == text.length()) {
                return false;
            }
            char escaped = text.charAt(at++);
            if (escaped != '\n') {
                word.append(escaped);
            }
            return true;
        }
        word.append(next);
        return true;
    }

    private boolean quoted(char quote) {
        while (at < text.length()) {
            char next = text.charAt(at++);
            if (next == quote) {
                return true;
            }
            boolean escapes =
                    quote == '"' && next == '\\' && at < text.length() && "\"\\$`\n".indexOf(text.charAt(at)) >= 0;
            if (escapes) {
                next = text.charAt(at++);
            }
            if (!escapes || next != '\n') {
                word.append(next);
            }
        }
        return false;
    }

    private void skipComment() {
        while (at < text.length() && text.charAt(at) != '\n') {
            at++;
        }
    }

    private void endWord() {
        if (inWord) {
            words.add(word.toString());
            word.setLength(0);
            inWord = false;
        }
    }
}
