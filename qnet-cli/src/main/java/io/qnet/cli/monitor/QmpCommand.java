package io.qnet.cli.monitor;

import io.qnet.option.OptionSchema;
import io.qnet.option.OptionValues;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One command of QMP.
 *
 * @param name its name
 * @param action takes the arguments and answers what is returned
 */
record QmpCommand(String name, Function<Map<String, Object>, Object> action) {
    /** What commands return that have nothing to say. */
    static final Object NOTHING = Map.of();

    /** A command without arguments. */
    static QmpCommand query(String name, Supplier<Object> answer) {
        return with(OptionSchema.of(name).build(), values -> answer.get());
    }

    /** A command without arguments that returns nothing. */
    static QmpCommand plain(String name, Runnable action) {
        return query(name, () -> {
            action.run();
            return NOTHING;
        });
    }

    /** A command whose arguments are checked by a schema of its name. */
    static QmpCommand with(OptionSchema schema, Function<OptionValues, Object> action) {
        return new QmpCommand(schema.type(), arguments -> action.apply(schema.read(arguments)));
    }

    /** As {@link #with}, returning nothing. */
    static QmpCommand doing(OptionSchema schema, Consumer<OptionValues> action) {
        return with(schema, values -> {
            action.accept(values);
            return NOTHING;
        });
    }

    /** A command whose arguments somebody else checks, returning nothing. */
    static QmpCommand free(String name, Consumer<Map<String, Object>> action) {
        return new QmpCommand(name, arguments -> {
            action.accept(arguments);
            return NOTHING;
        });
    }
}
