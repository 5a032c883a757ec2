package io.qnet.option;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's dotted-key grammar: {@code stream,id=s,server=on,addr.type=unix,addr.path=/x} (QEMU: util/keyval.c).
 *
 * <p>Every option is {@code key=value}; only the first may be a bare value, of the implied key. Dots build objects, fragments that are
 * numbers arrays: {@code a.b=1} is {@code {"a": {"b": "1"}}}, {@code a.0=x,a.1=y} is {@code {"a": ["x", "y"]}}. {@code ,,} is a comma
 * inside a value, a comma at the end is ignored, of a key given twice the last value counts.
 */
public final class Keyval {
    private static final int MAX_FRAGMENT = 127;

    private final String text;
    private final @Nullable String impliedKey;
    private final Map<String, Object> root = new LinkedHashMap<>();
    private boolean help;

    private Keyval(String text, @Nullable String impliedKey) {
        this.text = text;
        this.impliedKey = impliedKey;
    }

    /**
     * Reads a text into a tree: values are {@code String}, {@code Map<String, Object>} or {@code List<Object>}.
     *
     * @param text the argument of the option
     * @param impliedKey the key of a first value without {@code =}, or null
     * @throws OptionException in QEMU's words
     */
    public static Map<String, Object> parse(String text, @Nullable String impliedKey) {
        Keyval keyval = new Keyval(text, impliedKey);
        for (int at = 0; at < text.length(); ) {
            at = keyval.one(at, at == 0);
        }
        Map<String, Object> tree = asObject(listify(keyval.root, ""));
        if (keyval.help) {
            throw new OptionException("Help is not available for this option");
        }
        return tree;
    }

    /** Reads one {@code key=value} and answers where the next begins. */
    private int one(int start, boolean first) {
        int end = start;
        while (end < text.length() && text.charAt(end) != '=' && text.charAt(end) != ',') {
            end++;
        }
        String key = text.substring(start, end);
        boolean bare = end > start && (end == text.length() || text.charAt(end) != '=');
        if (bare && first && impliedKey != null) {
            put(List.of(impliedKey), impliedKey, key);
            return end + 1;
        }
        if (bare && (key.equals("help") || key.equals("?"))) {
            help = true;
            return end + 1;
        }
        if (bare && first) {
            throw new OptionException("No implicit parameter name for value '" + key + "'");
        }
        List<String> fragments = fragments(key);
        if (end == text.length() || text.charAt(end) != '=') {
            throw OptionException.of("Expected '=' after parameter '" + key + "'", key, null);
        }
        StringBuilder value = new StringBuilder();
        int next = value(end + 1, value);
        put(fragments, key, value.toString());
        return next;
    }

    private int value(int start, StringBuilder value) {
        for (int at = start; at < text.length(); at++) {
            if (text.charAt(at) == ',') {
                at++;
                if (at == text.length() || text.charAt(at) != ',') {
                    return at;
                }
            }
            value.append(text.charAt(at));
        }
        return text.length();
    }

    /** Splits a key at its dots; each fragment must be a QAPI name or, but for the first, a number. */
    private static List<String> fragments(String key) {
        List<String> fragments = new ArrayList<>();
        for (int at = 0; ; ) {
            int end = at > 0 ? indexEnd(key, at) : -1;
            if (end < 0) {
                end = nameEnd(key, at);
            }
            if (end < 0 || (end < key.length() && key.charAt(end) != '.')) {
                throw OptionException.unknown(key);
            }
            if (end - at > MAX_FRAGMENT) {
                String what = at > 0 || end < key.length() ? "Parameter fragment '" : "Parameter '";
                throw OptionException.of(what + key.substring(at, end) + "' is too long", key, null);
            }
            fragments.add(key.substring(at, end));
            if (end == key.length()) {
                return fragments;
            }
            at = end + 1;
        }
    }

    private static int indexEnd(String key, int start) {
        int at = start;
        while (at < key.length() && key.charAt(at) >= '0' && key.charAt(at) <= '9') {
            at++;
        }
        return at == start ? -1 : at;
    }

    /** The end of a QAPI name: letters, digits, {@code -} and {@code _} after a letter, before it optionally {@code __RFQDN_}. */
    private static int nameEnd(String key, int start) {
        int at = start;
        if (key.startsWith("_", at)) {
            int prefix = at + 2;
            while (prefix < key.length() && isDomainChar(key.charAt(prefix))) {
                prefix++;
            }
            if (!key.startsWith("__", at) || !key.startsWith("_", prefix)) {
                return -1;
            }
            at = prefix + 1;
        }
        if (at >= key.length() || !isLetter(key.charAt(at))) {
            return -1;
        }
        while (at < key.length() && isNameChar(key.charAt(at))) {
            at++;
        }
        return at;
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean isDomainChar(char c) {
        return c == '.' || (c != '_' && isNameChar(c));
    }

    private static boolean isNameChar(char c) {
        return isLetter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
    }

    private void put(List<String> fragments, String key, String value) {
        Map<String, Object> object = root;
        int used = 0;
        for (int i = 0; i < fragments.size() - 1; i++) {
            String fragment = fragments.get(i);
            used += fragment.length() + (i > 0 ? 1 : 0);
            Object old = object.computeIfAbsent(fragment, name -> new LinkedHashMap<String, Object>());
            if (!(old instanceof Map)) {
                throw inconsistent(key.substring(0, used) + ".");
            }
            object = asObject(old);
        }
        String last = fragments.get(fragments.size() - 1);
        if (object.get(last) instanceof Map) {
            throw inconsistent(key + ".");
        }
        object.put(last, value);
    }

    private static OptionException inconsistent(String prefix) {
        return new OptionException("Parameters '" + prefix + "*' used inconsistently");
    }

    /** Turns every object whose keys are numbers into an array, from the leaves up. */
    private static Object listify(Map<String, Object> object, String prefix) {
        int numbers = 0;
        for (Map.Entry<String, Object> member : object.entrySet()) {
            String key = member.getKey();
            if (member.getValue() instanceof Map) {
                member.setValue(listify(asObject(member.getValue()), prefix + key + "."));
            }
            if (key.charAt(0) >= '0' && key.charAt(0) <= '9') {
                numbers++;
            }
        }
        if (numbers == 0) {
            return object;
        }
        if (numbers < object.size()) {
            throw inconsistent(prefix);
        }
        return elements(object, prefix);
    }

    private static List<Object> elements(Map<String, Object> object, String prefix) {
        Map<String, Object> byIndex = new LinkedHashMap<>();
        object.forEach((key, value) -> byIndex.put(index(key), value));
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < byIndex.size(); i++) {
            Object element = byIndex.get(Integer.toString(i));
            if (element == null) {
                throw new OptionException("Parameter '" + prefix + i + "' missing");
            }
            list.add(element);
        }
        return list;
    }

    private static String index(String digits) {
        return digits.replaceFirst("^0+(?=.)", "");
    }

    @SuppressWarnings("unchecked") // the maps of the tree are made here, with string keys
    private static Map<String, Object> asObject(Object value) {
        return (Map<String, Object>) value;
    }
}
