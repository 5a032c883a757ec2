package io.qnet.option;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tree by a schema (QEMU: qapi/qobject-input-visitor.c): one made by {@link Keyval}, whose leaves are texts, or one from JSON, whose
 * leaves have types of their own. Refusals name members by their full path, {@code addr.port}, but for ranges and enumerations, where
 * QEMU prints the member's own name alone.
 */
final class TreeReader implements OptionReader {
    private final Map<String, Object> left;
    private final String prefix;
    private final boolean json;

    private TreeReader(Map<String, Object> tree, String prefix, boolean json) {
        this.left = new LinkedHashMap<>(tree);
        this.prefix = prefix;
        this.json = json;
    }

    static TreeReader ofKeyval(Map<String, Object> tree) {
        return new TreeReader(tree, "", false);
    }

    static TreeReader ofJson(Map<String, Object> tree) {
        return new TreeReader(tree, "", true);
    }

    @Override
    public String requiredText(String name) {
        if (!left.containsKey(name)) {
            throw OptionException.missing(prefix + name);
        }
        return text(name, left.remove(name));
    }

    @Override
    public OptionValues read(OptionSchema schema) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (OptionSpec option : schema.options()) {
            if (left.containsKey(option.name())) {
                values.put(option.name(), value(option, left.remove(option.name())));
            } else if (option.required()) {
                throw OptionException.missing(prefix + option.name());
            }
        }
        return new OptionValues(schema, values);
    }

    private Object value(OptionSpec option, @Nullable Object value) {
        String name = option.name();
        return switch (option.kind()) {
            case UNION -> union(option, value);
            case LIST -> texts(name, value);
            case BOOL -> json ? bool(name, value) : TextValues.bool(prefix + name, text(name, value));
            case INT -> TextValues.inRange(option, name, integer(option, value));
            case SIZE -> size(name, value);
            default -> TextValues.other(option, text(name, value));
        };
    }

    private OptionValues union(OptionSpec option, @Nullable Object value) {
        if (!(value instanceof Map)) {
            throw OptionException.badType(prefix + option.name(), "object");
        }
        TreeReader members = new TreeReader(asObject(value), prefix + option.name() + ".", json);
        String type = members.requiredText("type");
        OptionSchema branch = option.branches().get(type);
        if (branch == null) {
            throw OptionException.notAccepted(
                    "type", type, List.copyOf(option.branches().keySet()));
        }
        OptionValues values = members.read(branch);
        members.finish();
        return values;
    }

    /** A list of {@code {"str": TEXT}} objects, as QEMU's StringList is. */
    private List<String> texts(String name, @Nullable Object value) {
        if (!(value instanceof List<?> elements)) {
            throw OptionException.badType(prefix + name, "array");
        }
        List<String> texts = new ArrayList<>();
        for (Object element : elements) {
            String path = prefix + name + "[" + texts.size() + "]";
            if (!(element instanceof Map)) {
                throw OptionException.badType(path, "object");
            }
            TreeReader member = new TreeReader(asObject(element), path + ".", json);
            texts.add(member.requiredText("str"));
            member.finish();
        }
        return List.copyOf(texts);
    }

    private String text(String name, @Nullable Object value) {
        if (value instanceof String text) {
            return text;
        }
        if (!json) {
            throw new OptionException("Parameters '" + prefix + name + ".*' are unexpected");
        }
        throw OptionException.badType(prefix + name, "string");
    }

    private boolean bool(String name, @Nullable Object value) {
        if (value instanceof Boolean bool) {
            return bool;
        }
        throw OptionException.badType(prefix + name, "boolean");
    }

    private long integer(OptionSpec option, @Nullable Object value) {
        String name = option.name();
        boolean unsigned = option.range().unsigned();
        if (json) {
            return unsigned ? unsignedNumber(name, value) : signedNumber(name, value);
        }
        String text = text(name, value);
        CNumber number = CNumber.scan(text, 0);
        Long bits = !number.whole() ? null : unsigned ? number.uint64() : number.int64();
        if (bits == null) {
            throw OptionException.expects(prefix + name, text, "integer");
        }
        return bits;
    }

    private long size(String name, @Nullable Object value) {
        if (json) {
            return unsignedNumber(name, value);
        }
        String text = text(name, value);
        Long bytes = Quantity.size(text);
        if (bytes == null) {
            throw OptionException.expects(prefix + name, text, "size");
        }
        return bytes;
    }

    private long signedNumber(String name, @Nullable Object value) {
        if (value instanceof Integer || value instanceof Long) {
            return ((Number) value).longValue();
        }
        throw OptionException.badType(prefix + name, "integer");
    }

    /** A negative number wraps around, as QEMU has it for old users' sake; the range check comes after. */
    private long unsignedNumber(String name, @Nullable Object value) {
        if (value instanceof Integer || value instanceof Long) {
            return ((Number) value).longValue();
        }
        if (value instanceof BigInteger big && big.signum() > 0 && big.bitLength() <= 64) {
            return big.longValue();
        }
        throw OptionException.expects(prefix + name, String.valueOf(value), "uint64");
    }

    @Override
    public void finish() {
        for (String name : left.keySet()) {
            String path = prefix + name;
            throw OptionException.of("Parameter '" + path + "' is unexpected", path, null);
        }
    }

    @Override
    public List<OptionWarning> warnings() {
        return List.of();
    }

    @SuppressWarnings("unchecked") // the trees that are read here have string keys throughout
    private static Map<String, Object> asObject(Object value) {
        return (Map<String, Object>) value;
    }
}
