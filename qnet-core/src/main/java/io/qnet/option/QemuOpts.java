package io.qnet.option;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's classic option grammar: {@code user,id=u0,restrict=on,hostfwd=tcp::2222-:22} (QEMU: util/qemu-option.c).
 *
 * <p>A value ends at a comma; {@code ,,} is a comma inside it; a comma at the end is ignored. The first token, if it has no {@code =}, is
 * the value of the implied key. Later ones without {@code =} are flags: {@code foo} is {@code foo=on}, {@code nofoo} is {@code oo=off}
 * cut after "no", each with a warning. {@code id} is no option but the name of the item: the first one counts, and it must be an
 * identifier. What the options mean is decided later, by a schema.
 */
public final class QemuOpts {
    /**
     * One option as written.
     *
     * @param name the name, possibly empty
     * @param value the text, with {@code ,,} already undone
     */
    public record Entry(String name, String value) {}

    private final List<Entry> entries;
    private final List<OptionWarning> warnings;
    private final @Nullable String id;

    private QemuOpts(List<Entry> entries, List<OptionWarning> warnings, @Nullable String id) {
        this.entries = List.copyOf(entries);
        this.warnings = List.copyOf(warnings);
        this.id = id;
    }

    /**
     * Splits a text into options.
     *
     * @param text the argument of the option
     * @param impliedKey the key of a first token without {@code =}, such as {@code type}; null: such a token is a flag
     * @throws OptionException if {@code id} is no identifier; all else is accepted here
     */
    public static QemuOpts parse(String text, @Nullable String impliedKey) {
        QemuOpts opts = scan(text, impliedKey);
        if (opts.id != null && !isIdentifier(opts.id)) {
            throw OptionException.badId(opts.id);
        }
        return opts;
    }

    /** As {@link #parse} without a look at the identifier. */
    static QemuOpts scan(String text, @Nullable String impliedKey) {
        Scanner scanner = Scanner.run(text, impliedKey);
        // QEMU looks for the id in a pass of its own that knows no implied key, so that "user,,id=a" has one.
        String id = Scanner.run(text, null).id;
        return new QemuOpts(scanner.entries, scanner.warnings, id);
    }

    /** A letter, then letters, digits, {@code -}, {@code .} and {@code _} (QEMU: util/id.c). */
    public static boolean isIdentifier(String text) {
        if (text.isEmpty() || !isLetter(text.charAt(0))) {
            return false;
        }
        return text.chars().allMatch(c -> isLetter(c) || isDigit(c) || c == '-' || c == '.' || c == '_');
    }

    private static boolean isLetter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    /** All options but {@code id}, in the order written, duplicates included. */
    public List<Entry> entries() {
        return entries;
    }

    /** The first {@code id}, or null. */
    public @Nullable String id() {
        return id;
    }

    /** What QEMU warns about, in order. */
    public List<OptionWarning> warnings() {
        return warnings;
    }

    /** The last value of an option, or null. */
    public @Nullable String get(String name) {
        String value = null;
        for (Entry entry : entries) {
            if (entry.name().equals(name)) {
                value = entry.value();
            }
        }
        return value;
    }

    /** These options with all of one name taken out. */
    QemuOpts without(String name) {
        List<Entry> rest = new ArrayList<>(entries);
        rest.removeIf(entry -> entry.name().equals(name));
        return new QemuOpts(rest, warnings, id);
    }

    /** These options with one more at the end. */
    QemuOpts with(String name, String value) {
        List<Entry> more = new ArrayList<>(entries);
        more.add(new Entry(name, value));
        return new QemuOpts(more, warnings, id);
    }

    /** These options under another id. */
    QemuOpts withId(String newId) {
        return new QemuOpts(entries, warnings, newId);
    }

    /** The reading position and what was found so far. */
    private static final class Scanner {
        private final String text;
        private @Nullable String impliedKey;
        private int at;
        private final List<Entry> entries = new ArrayList<>();
        private final List<OptionWarning> warnings = new ArrayList<>();
        private @Nullable String id;

        Scanner(String text, @Nullable String impliedKey) {
            this.text = text;
            this.impliedKey = impliedKey;
        }

        static Scanner run(String text, @Nullable String impliedKey) {
            Scanner scanner = new Scanner(text, impliedKey);
            while (scanner.at < text.length()) {
                scanner.next();
            }
            return scanner;
        }

        private void next() {
            int end = at;
            while (end < text.length() && text.charAt(end) != '=' && text.charAt(end) != ',') {
                end++;
            }
            String implied = impliedKey;
            impliedKey = null;
            if (end < text.length() && text.charAt(end) == '=') {
                String name = text.substring(at, end);
                at = end + 1;
                found(name, value());
            } else if (implied != null) {
                found(implied, value());
            } else {
                flag(text.substring(at, end));
                at = end;
            }
            at++; // the comma, if any
        }

        private void flag(String word) {
            boolean negative = word.startsWith("no");
            String name = negative ? word.substring(2) : word;
            String value = negative ? "off" : "on";
            if (!word.equals("help") && !word.equals("?")) {
                String hint = "Please use " + name + "=" + value + " instead";
                String message = "short-form boolean option '" + word + "' deprecated";
                warnings.add(new OptionWarning(null, message, List.of(hint)));
            }
            found(name, value);
        }

        private void found(String name, String value) {
            if (!name.equals("id")) {
                entries.add(new Entry(name, value));
            } else if (id == null) {
                id = value;
            }
        }

        /** Reads up to the next single comma and stays on it. */
        private String value() {
            StringBuilder value = new StringBuilder();
            for (; at < text.length(); at++) {
                char c = text.charAt(at);
                if (c == ',') {
                    if (at + 1 >= text.length() || text.charAt(at + 1) != ',') {
                        break;
                    }
                    at++;
                }
                value.append(c);
            }
            return value.toString();
        }
    }
}
