package io.qnet.option;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The options that one type takes ({@code user}, {@code tap}, {@code filter-dump}...), in QEMU's order: of several bad options the first
 * of the schema is the one reported, as in QEMU. The options {@code id} and {@code type} are not part of it: every type has them.
 *
 * <pre>{@code
 * OptionSchema vde = OptionSchema.of("vde").string("sock").uint16("port").string("group").uint16("mode").build();
 * OptionValues values = vde.parse("sock=/run/vde,port=3");
 * }</pre>
 *
 * <p>Immutable and safe for any thread.
 */
public final class OptionSchema {
    /** A rule that relates several options of a type; it throws {@link OptionException}. */
    @FunctionalInterface
    public interface Rule {
        /**
         * Checks the options of one item.
         *
         * @param values all options, each already of its kind
         * @param onHub whether the item comes from {@code -net} and so sits on a hub
         */
        void check(OptionValues values, boolean onHub);
    }

    /** Turns a convenience option of the classic grammar into those it stands for, before they are read. */
    @FunctionalInterface
    public interface Sugar {
        /** The options to put in its place, by name; throws {@link OptionException} if the text is bad. */
        Map<String, String> expand(String value);
    }

    private final String type;
    private final Map<String, OptionSpec> options;
    private final Map<String, Sugar> sugar;
    private final List<Rule> rules;

    private OptionSchema(Builder builder) {
        this.type = builder.type;
        this.options = Collections.unmodifiableMap(new LinkedHashMap<>(builder.options));
        this.sugar = Collections.unmodifiableMap(new LinkedHashMap<>(builder.sugar));
        this.rules = List.copyOf(builder.rules);
    }

    /** Begins the schema of a type. */
    public static Builder of(String type) {
        return new Builder(type);
    }

    /** The type that this schema is of. */
    public String type() {
        return type;
    }

    /** All options, in QEMU's order. */
    public Collection<OptionSpec> options() {
        return options.values();
    }

    /** The option of that name, or null. */
    public @Nullable OptionSpec option(String name) {
        return options.get(name);
    }

    Map<String, Sugar> sugar() {
        return sugar;
    }

    /**
     * Checks what relates several options; readers have done so already.
     *
     * @throws OptionException in QEMU's words
     */
    public void check(OptionValues values, boolean onHub) {
        for (Rule rule : rules) {
            rule.check(values, onHub);
        }
    }

    /**
     * Reads options without {@code id} and {@code type}: {@code restrict=on,hostfwd=tcp::2222-:22}. For programs and tests that want one
     * back end without a command line. The grammar is the classic one, or that of dotted keys if an option is an object.
     *
     * @throws OptionException in QEMU's words
     */
    public OptionValues parse(String text) {
        boolean dotted = options.values().stream().anyMatch(option -> option.kind() == OptionKind.UNION);
        OptionReader reader =
                dotted ? TreeReader.ofKeyval(Keyval.parse(text, null)) : new OptsReader(QemuOpts.parse(text, null));
        OptionValues values = reader.read(this);
        reader.finish();
        check(values, false);
        return values;
    }

    /**
     * Reads options from JSON, as the arguments of a QMP command.
     *
     * @param members values are Map, List, String, Boolean, Number or null
     * @throws OptionException in QEMU's words
     */
    public OptionValues read(Map<String, Object> members) {
        OptionReader reader = TreeReader.ofJson(members);
        OptionValues values = reader.read(this);
        reader.finish();
        check(values, false);
        return values;
    }

    /** A builder that already has everything of this schema, to add to it. */
    public Builder extend(String newType) {
        Builder builder = new Builder(newType);
        builder.options.putAll(options);
        builder.sugar.putAll(sugar);
        builder.rules.addAll(rules);
        return builder;
    }

    /** Collects options; each method adds one of that kind and returns this builder. */
    public static final class Builder {
        private final String type;
        private final Map<String, OptionSpec> options = new LinkedHashMap<>();
        private final Map<String, Sugar> sugar = new LinkedHashMap<>();
        private final List<Rule> rules = new ArrayList<>();
        private String last = "";

        private Builder(String type) {
            this.type = type;
        }

        private Builder add(OptionSpec option) {
            if (options.putIfAbsent(option.name(), option) != null) {
                throw new IllegalStateException("option '" + option.name() + "' twice in '" + type + "'");
            }
            last = option.name();
            return this;
        }

        /** Adds an option that takes any text. */
        public Builder string(String name) {
            return add(OptionSpec.of(name, OptionKind.STRING));
        }

        /** Adds an option that takes on or off. */
        public Builder bool(String name) {
            return add(OptionSpec.of(name, OptionKind.BOOL));
        }

        /** Adds a signed 64-bit number. */
        public Builder int64(String name) {
            return add(OptionSpec.integer(name, IntRange.INT64));
        }

        /** Adds a signed 32-bit number. */
        public Builder int32(String name) {
            return add(OptionSpec.integer(name, IntRange.INT32));
        }

        /** Adds an unsigned 16-bit number. */
        public Builder uint16(String name) {
            return add(OptionSpec.integer(name, IntRange.UINT16));
        }

        /** Adds an unsigned 32-bit number. */
        public Builder uint32(String name) {
            return add(OptionSpec.integer(name, IntRange.UINT32));
        }

        /** Adds an unsigned 64-bit number. */
        public Builder uint64(String name) {
            return add(OptionSpec.integer(name, IntRange.UINT64));
        }

        /** Adds a number from {@code min} to {@code max}, both included. */
        public Builder between(String name, long min, long max) {
            return add(OptionSpec.integer(name, IntRange.between(min, max)));
        }

        /** Adds a number of bytes. */
        public Builder size(String name) {
            return add(OptionSpec.of(name, OptionKind.SIZE));
        }

        /** Adds an option that may be given several times. */
        public Builder list(String name) {
            return add(OptionSpec.of(name, OptionKind.LIST));
        }

        /** Adds an option that takes one of these words. */
        public Builder oneOf(String name, String... words) {
            return add(OptionSpec.words(name, Arrays.asList(words)));
        }

        /** Adds an option of one of qnet's own kinds. */
        public Builder option(String name, OptionKind kind) {
            if (kind == OptionKind.ENUM || kind == OptionKind.UNION || kind == OptionKind.INT) {
                throw new IllegalArgumentException(kind + " has a method of its own");
            }
            return add(OptionSpec.of(name, kind));
        }

        /** Adds an object whose member {@code type} names one of these schemas, each by its {@link OptionSchema#type()}. */
        public Builder union(String name, OptionSchema... branches) {
            Map<String, OptionSchema> byType = new LinkedHashMap<>();
            for (OptionSchema branch : branches) {
                byType.put(branch.type(), branch);
            }
            return add(OptionSpec.union(name, byType));
        }

        /** Makes the option added last a required one. */
        public Builder required() {
            options.computeIfPresent(last, (name, option) -> option.asRequired());
            return this;
        }

        /** Adds a convenience option of the classic grammar. */
        public Builder sugar(String name, Sugar expansion) {
            sugar.put(name, expansion);
            return this;
        }

        /** Adds a rule; rules run in order after all options were read. */
        public Builder rule(Rule rule) {
            rules.add(rule);
            return this;
        }

        /** The schema. */
        public OptionSchema build() {
            return new OptionSchema(this);
        }
    }
}
