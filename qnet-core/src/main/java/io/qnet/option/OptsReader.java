package io.qnet.option;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads classic options by a schema (QEMU: qapi/opts-visitor.c): options are taken in the schema's order, of a scalar given twice the last
 * counts, and what nobody took is refused at the end, by {@link #finish}.
 */
final class OptsReader implements OptionReader {
    private static final String NO_SIZE = "a size value";

    private final Map<String, List<String>> left = new LinkedHashMap<>();
    private final List<OptionWarning> warnings = new ArrayList<>();

    OptsReader(QemuOpts opts) {
        String id = opts.id();
        if (id != null) {
            put("id", id);
        }
        for (QemuOpts.Entry entry : opts.entries()) {
            put(entry.name(), entry.value());
        }
    }

    /** One option alone. */
    OptsReader(String name, String value) {
        put(name, value);
    }

    private void put(String name, String value) {
        left.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
    }

    @Override
    public String requiredText(String name) {
        String value = take(name);
        if (value == null) {
            throw OptionException.missing(name);
        }
        return value;
    }

    @Override
    public OptionValues read(OptionSchema schema) {
        desugar(schema);
        Map<String, Object> values = new LinkedHashMap<>();
        for (OptionSpec option : schema.options()) {
            if (left.containsKey(option.name())) {
                values.put(option.name(), value(option));
            } else if (option.required()) {
                // An object is never "missing" here: QEMU enters it and misses its first member.
                throw OptionException.missing(option.kind() == OptionKind.UNION ? "type" : option.name());
            }
        }
        return new OptionValues(schema, values);
    }

    private void desugar(OptionSchema schema) {
        schema.sugar().forEach((name, sugar) -> {
            String text = take(name);
            if (text != null) {
                sugar.expand(text).forEach(this::put);
            }
        });
    }

    /** Takes the value of one option that was given. */
    Object value(OptionSpec option) {
        String name = option.name();
        if (option.kind() == OptionKind.LIST) {
            List<String> texts = left.remove(name);
            return texts == null ? List.of() : List.copyOf(texts);
        }
        if (option.kind() == OptionKind.UNION) {
            throw OptionException.missing("type");
        }
        String text = requiredText(name);
        return switch (option.kind()) {
            case BOOL -> TextValues.bool(name, text);
            case INT -> integer(option, text);
            case SIZE -> size(name, text);
            default -> TextValues.other(option, text);
        };
    }

    private static long integer(OptionSpec option, String text) {
        CNumber number = CNumber.scan(text, 0);
        boolean unsigned = option.range().unsigned();
        Long value =
                !number.whole() || (unsigned && number.negative()) ? null : unsigned ? number.uint64() : number.int64();
        if (value == null) {
            throw OptionException.expects(option.name(), text, unsigned ? "a uint64 value" : "an int64 value");
        }
        return TextValues.inRange(option, option.name(), value);
    }

    private long size(String name, String text) {
        Long bytes = Quantity.size(text);
        if (bytes == null) {
            throw OptionException.expects(name, text, NO_SIZE);
        }
        if (Quantity.isSuffixedHex(text)) {
            warnings.add(new OptionWarning(
                    null, "Using a multiplier suffix on hex numbers is deprecated: " + text, List.of()));
        }
        return bytes;
    }

    private @Nullable String take(String name) {
        List<String> values = left.remove(name);
        return values == null ? null : values.get(values.size() - 1);
    }

    @Override
    public void finish() {
        for (String name : left.keySet()) {
            throw OptionException.unknown(name);
        }
    }

    @Override
    public List<OptionWarning> warnings() {
        return List.copyOf(warnings);
    }
}
