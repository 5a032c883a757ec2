package io.qnet.option;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options of one item, each of the kind its schema says. Options that were not given are absent, defaults are the reader's business:
 * {@code values.bool("restrict", false)}. Asking for a name that the schema has not, or for another kind, is a mistake of the program and
 * throws {@link IllegalStateException}. Immutable.
 */
public final class OptionValues {
    private final OptionSchema schema;
    private final Map<String, Object> values;

    OptionValues(OptionSchema schema, Map<String, Object> values) {
        this.schema = schema;
        this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** No option given: what {@code -net user} has. */
    public static OptionValues empty(OptionSchema schema) {
        return new OptionValues(schema, Map.of());
    }

    /** The schema that these values were read by. */
    public OptionSchema schema() {
        return schema;
    }

    /** The names of the options that were given, in the schema's order. */
    public Set<String> names() {
        return values.keySet();
    }

    /** Whether the option was given. */
    public boolean has(String name) {
        if (schema.option(name) == null) {
            throw new IllegalStateException("'" + schema.type() + "' has no option '" + name + "'");
        }
        return values.containsKey(name);
    }

    /** The text of a {@link OptionKind#STRING} or {@link OptionKind#ENUM} option, or null if it was not given. */
    public @Nullable String string(String name) {
        return (String) value(name, OptionKind.STRING, OptionKind.ENUM);
    }

    /** As {@link #string(String)}, with what to answer if it was not given. */
    public String string(String name, String fallback) {
        String value = string(name);
        return value == null ? fallback : value;
    }

    /** The text of an option that the schema requires. */
    public String required(String name) {
        String value = string(name);
        if (value == null) {
            throw new IllegalStateException("'" + name + "' is not a required option of '" + schema.type() + "'");
        }
        return value;
    }

    /** The value of a {@link OptionKind#BOOL} option, or the fallback if it was not given. */
    public boolean bool(String name, boolean fallback) {
        Boolean value = (Boolean) value(name, OptionKind.BOOL, OptionKind.BOOL);
        return value == null ? fallback : value;
    }

    /** The number of an {@link OptionKind#INT} option, or the fallback; unsigned 64-bit ones as their bits. */
    public long integer(String name, long fallback) {
        Long value = (Long) value(name, OptionKind.INT, OptionKind.INT);
        return value == null ? fallback : value;
    }

    /** As {@link #integer(String, long)} for ranges that fit an int. */
    public int int32(String name, int fallback) {
        return Math.toIntExact(integer(name, fallback));
    }

    /** The bytes of a {@link OptionKind#SIZE} option, or the fallback; above 2^63-1 the bits of an unsigned number. */
    public long size(String name, long fallback) {
        Long value = (Long) value(name, OptionKind.SIZE, OptionKind.SIZE);
        return value == null ? fallback : value;
    }

    /** The probability (0 to 1) of a {@link OptionKind#FRACTION} option, or the fallback. */
    public double fraction(String name, double fallback) {
        Double value = (Double) value(name, OptionKind.FRACTION, OptionKind.FRACTION);
        return value == null ? fallback : value;
    }

    /** The nanoseconds of a {@link OptionKind#DURATION} option, or the fallback. */
    public long nanos(String name, long fallback) {
        Long value = (Long) value(name, OptionKind.DURATION, OptionKind.DURATION);
        return value == null ? fallback : value;
    }

    /** The bits a second of a {@link OptionKind#RATE} option, or the fallback. */
    public long bitsPerSecond(String name, long fallback) {
        Long value = (Long) value(name, OptionKind.RATE, OptionKind.RATE);
        return value == null ? fallback : value;
    }

    /** The texts of a {@link OptionKind#LIST} option in the order given; empty if it was not. */
    @SuppressWarnings("unchecked") // readers store nothing but lists of strings under LIST options
    public List<String> list(String name) {
        List<String> value = (List<String>) value(name, OptionKind.LIST, OptionKind.LIST);
        return value == null ? List.of() : value;
    }

    /** The members of a {@link OptionKind#UNION} option, or null; the schema of the answer is the branch, its type the discriminator. */
    public @Nullable OptionValues nested(String name) {
        return (OptionValues) value(name, OptionKind.UNION, OptionKind.UNION);
    }

    /** A {@link OptionKind#UNION} option that is a socket address, or null if it was not given. */
    public @Nullable SocketEndpoint endpoint(String name) {
        OptionValues members = nested(name);
        return members == null ? null : SocketEndpoint.of(members);
    }

    /** These values with one more text at the end of a {@link OptionKind#LIST} option. */
    public OptionValues withAdded(String name, String text) {
        List<String> longer = new java.util.ArrayList<>(list(name));
        longer.add(text);
        return with(name, List.copyOf(longer));
    }

    /** These values with a {@link OptionKind#STRING} option set if it was not given. */
    public OptionValues withDefault(String name, String text) {
        return string(name) != null ? this : with(name, text);
    }

    /**
     * These values with one option set from its text in the classic grammar. The schema's rules are not checked again.
     *
     * @throws OptionException in QEMU's words, if the text is not of the option's kind
     */
    public OptionValues withText(String name, String text) {
        OptionSpec option = schema.option(name);
        if (option == null) {
            throw OptionException.unknown(name);
        }
        return with(name, new OptsReader(name, text).value(option));
    }

    private OptionValues with(String name, Object value) {
        Map<String, Object> changed = new LinkedHashMap<>();
        for (OptionSpec option : schema.options()) {
            Object old = option.name().equals(name) ? value : values.get(option.name());
            if (old != null) {
                changed.put(option.name(), old);
            }
        }
        return new OptionValues(schema, changed);
    }

    private @Nullable Object value(String name, OptionKind kind, OptionKind orKind) {
        OptionSpec option = schema.option(name);
        if (option == null) {
            throw new IllegalStateException("'" + schema.type() + "' has no option '" + name + "'");
        }
        if (option.kind() != kind && option.kind() != orKind) {
            throw new IllegalStateException("option '" + name + "' is " + option.kind() + ", not " + kind);
        }
        return values.get(name);
    }

    /** The options given, for messages and logs. */
    @Override
    public String toString() {
        return schema.type() + values;
    }
}
