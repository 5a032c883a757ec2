package io.qnet.option;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One option of a type.
 *
 * @param name the name as written, such as {@code tftp-server-name}
 * @param kind what its value is
 * @param required whether it must be given
 * @param range the numbers accepted, for {@link OptionKind#INT}
 * @param words the values accepted, for {@link OptionKind#ENUM}
 * @param branches the members by the value of {@code type}, for {@link OptionKind#UNION}
 */
public record OptionSpec(
        String name,
        OptionKind kind,
        boolean required,
        IntRange range,
        List<String> words,
        Map<String, OptionSchema> branches) {
    public OptionSpec {
        words = List.copyOf(words);
        branches = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(branches));
    }

    static OptionSpec of(String name, OptionKind kind) {
        return new OptionSpec(name, kind, false, IntRange.INT64, List.of(), Map.of());
    }

    static OptionSpec integer(String name, IntRange range) {
        return new OptionSpec(name, OptionKind.INT, false, range, List.of(), Map.of());
    }

    static OptionSpec words(String name, List<String> words) {
        return new OptionSpec(name, OptionKind.ENUM, false, IntRange.INT64, words, Map.of());
    }

    static OptionSpec union(String name, Map<String, OptionSchema> branches) {
        return new OptionSpec(name, OptionKind.UNION, false, IntRange.INT64, List.of(), branches);
    }

    OptionSpec asRequired() {
        return new OptionSpec(name, kind, true, range, words, branches);
    }
}
