package io.qnet.cli.monitor;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/**
 * Line editing towards a client of which nothing is known but that it takes escape sequences: byte for byte what QEMU sends (util/readline.c), echo included, so that scripts which wait for QEMU's echo find
 * it. On a terminal of the program's own JLine does this better.
 *
 * <p>Bytes are edited, not characters, as there. Not thread-safe.
 */
final class Readline {
    static final String PROMPT = "(qemu) ";

    private static final int MAX_BYTES = 4095;
    private static final int MAX_HISTORY = 64;
    private static final int COLUMNS = 80;

    /** What the bytes before say of the next one. */
    private enum State {
        NORMAL,
        ESCAPE,
        CSI,
        SS3
    }

    private final Consumer<String> onLine;
    private final Completion completion;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final List<String> history = new ArrayList<>();
    /** The line, one char a byte. */
    private final StringBuilder line = new StringBuilder();

    private String shown = "";
    private int cursor;
    private int shownCursor;
    private int entry = -1;
    private State state = State.NORMAL;
    private int parameter;

    /** Finds what a line may go on with. */
    interface Completion {
        /** The words that may stand where the last word of the text stands. */
        List<String> complete(String text);
    }

    /**
     * @param onLine takes each finished line
     */
    Readline(Consumer<String> onLine, Completion completion) {
        this.onLine = onLine;
        this.completion = completion;
    }

    /** The lines so far, oldest first. */
    List<String> history() {
        return history.stream().map(Readline::decoded).toList();
    }

    /** What is to be sent to the client since the last call. */
    byte[] takeOutput() {
        byte[] taken = out.toByteArray();
        out.reset();
        return taken;
    }

    /** Shows the prompt for the next line. */
    void prompt() {
        print(PROMPT);
        shown = "";
        shownCursor = 0;
    }

    /** Takes one byte from the client. */
    void input(int octet) {
        switch (state) {
            case NORMAL -> normal(octet);
            case ESCAPE -> {
                state = octet == '[' ? State.CSI : octet == 'O' ? State.SS3 : State.NORMAL;
                parameter = 0;
            }
            case CSI -> csi(octet);
            case SS3 -> {
                state = State.NORMAL;
                cursor = octet == 'F' ? line.length() : octet == 'H' ? 0 : cursor;
            }
        }
        update();
    }

    private void normal(int octet) {
        switch (octet) {
            case 1 -> cursor = 0;
            case 4 -> deleteChar();
            case 5 -> cursor = line.length();
            case 8, 127 -> backspace();
            case 9 -> complete();
            case 10, 13 -> enter();
            case 12 -> {
                print("\033[2J\033[1;1H");
                prompt();
            }
            case 14 -> down();
            case 16 -> up();
            case 23 -> deleteWord();
            case 27 -> state = State.ESCAPE;
            case 155 -> state = State.CSI;
            default -> {
                if (octet >= 32) {
                    insert((char) octet);
                }
            }
        }
    }

    private void csi(int octet) {
        if (octet >= '0' && octet <= '9') {
            parameter = Math.min(parameter * 10 + octet - '0', MAX_BYTES);
            return;
        }
        state = State.NORMAL;
        switch (octet) {
            case 'A', 'F' -> up();
            case 'B', 'E' -> down();
            case 'D' -> cursor = Math.max(0, cursor - 1);
            case 'C' -> cursor = Math.min(line.length(), cursor + 1);
            case '~' -> {
                switch (parameter) {
                    case 1 -> cursor = 0;
                    case 3 -> deleteChar();
                    case 4 -> cursor = line.length();
                    default -> {
                        // a key that means nothing here
                    }
                }
            }
            default -> {
                // a key that means nothing here
            }
        }
    }

    private void insert(char octet) {
        if (line.length() < MAX_BYTES) {
            line.insert(cursor++, octet);
        }
    }

    private void deleteChar() {
        if (cursor < line.length()) {
            line.deleteCharAt(cursor);
        }
    }

    private void backspace() {
        if (cursor > 0) {
            cursor--;
            deleteChar();
        }
    }

    private void deleteWord() {
        if (cursor == 0) {
            return;
        }
        int start = cursor - 1;
        while (start > 0 && isSpace(line.charAt(start))) {
            start--;
        }
        while (start > 0 && !isSpace(line.charAt(start))) {
            start--;
        }
        if (isSpace(line.charAt(start))) {
            start++;
        }
        line.delete(start, cursor);
        cursor = start;
    }

    private void enter() {
        String finished = line.toString();
        remember(finished);
        print("\n");
        line.setLength(0);
        cursor = 0;
        shown = "";
        shownCursor = 0;
        onLine.accept(decoded(finished));
    }

    private void remember(String finished) {
        if (finished.isEmpty()) {
            return;
        }
        history.remove(finished);
        if (history.size() == MAX_HISTORY) {
            history.remove(0);
        }
        history.add(finished);
        entry = -1;
    }

    private void up() {
        if (entry == 0) {
            return;
        }
        entry = (entry < 0 ? history.size() : entry) - 1;
        if (entry >= 0) {
            show(history.get(entry));
        }
    }

    private void down() {
        if (entry < 0) {
            return;
        }
        entry++;
        if (entry < history.size()) {
            show(history.get(entry));
        } else {
            entry = -1;
            show("");
        }
    }

    private void show(String other) {
        line.setLength(0);
        line.append(other);
        cursor = line.length();
    }

    private void complete() {
        String before = line.substring(0, cursor);
        List<String> found = new ArrayList<>(completion.complete(decoded(before)));
        String begun = before.substring(before.lastIndexOf(' ') + 1);
        if (found.size() == 1) {
            (found.get(0).substring(begun.length()) + " ").chars().forEach(each -> insert((char) each));
        } else if (!found.isEmpty()) {
            Collections.sort(found);
            print("\n");
            commonPrefix(found).substring(begun.length()).chars().forEach(each -> insert((char) each));
            list(found);
            prompt();
        }
    }

    private static String commonPrefix(List<String> words) {
        String prefix = words.get(0);
        for (String word : words) {
            while (!word.startsWith(prefix)) {
                prefix = prefix.substring(0, prefix.length() - 1);
            }
        }
        return prefix;
    }

    private void list(List<String> words) {
        int longest = words.stream().mapToInt(String::length).max().orElse(0);
        int width = Math.max(10, Math.min(COLUMNS, longest + 2));
        int inRow = 0;
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            print(word + " ".repeat(Math.max(0, width - word.length())));
            inRow++;
            if (inRow == COLUMNS / width || i == words.size() - 1) {
                print("\n");
                inRow = 0;
            }
        }
    }

    /** Redraws the line after a change, as QEMU does: all of it, from its start. */
    private void update() {
        if (!shown.contentEquals(line)) {
            print("\033[D".repeat(shownCursor));
            print(line.toString());
            print("\033[K");
            shown = line.toString();
            shownCursor = shown.length();
        }
        int delta = cursor - shownCursor;
        print(delta > 0 ? "\033[C".repeat(delta) : "\033[D".repeat(-delta));
        shownCursor = cursor;
    }

    private void print(String text) {
        out.writeBytes(text.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    private static boolean isSpace(char octet) {
        return octet == ' ' || (octet >= 9 && octet <= 13);
    }

    private static String decoded(String octets) {
        return new String(octets.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
