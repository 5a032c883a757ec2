package io.qnet.option;

import org.jspecify.annotations.Nullable;

/** Values that read alike in the classic and in the keyval grammar. */
final class TextValues {
    private TextValues() {}

    /** QEMU's eight words (qapi/qapi-util.c), refused under the option's own name. */
    static boolean bool(String name, String text) {
        return switch (text) {
            case "on", "yes", "true", "y" -> true;
            case "off", "no", "false", "n" -> false;
            default -> throw OptionException.expects(name, text, "'on' or 'off'");
        };
    }

    /** Checks the range; {@code name} is what QEMU prints, which for a member of an object is not its full name. */
    static long inRange(OptionSpec option, String name, long value) {
        IntRange range = option.range();
        if (!range.contains(value)) {
            String text = range.unsigned() ? Long.toUnsignedString(value) : Long.toString(value);
            throw OptionException.expects(name, text, range.words());
        }
        return value;
    }

    /** The kinds that are nothing but a text, or qnet's own. */
    static Object other(OptionSpec option, String text) {
        String name = option.name();
        return switch (option.kind()) {
            case STRING -> text;
            case ENUM -> word(option, text);
            case FRACTION -> orRefuse(Quantity.fraction(text), name, text, "a fraction such as 0.01 or 1%");
            case DURATION -> orRefuse(Quantity.nanos(text), name, text, "a duration such as 20ms, 1.5s or 300us");
            case RATE -> orRefuse(Quantity.bitsPerSecond(text), name, text, "a rate such as 10M or 512kbit");
            default -> throw new IllegalStateException(option.kind() + " has a reader of its own");
        };
    }

    private static String word(OptionSpec option, String text) {
        if (!option.words().contains(text)) {
            throw OptionException.notAccepted(option.name(), text, option.words());
        }
        return text;
    }

    private static Object orRefuse(@Nullable Object value, String name, String text, String allowed) {
        if (value == null) {
            throw OptionException.expects(name, text, allowed);
        }
        return value;
    }
}
