package io.qnet.option;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An option was refused. The message is QEMU's text without the program's name and without the offending argument, for example
 * {@code Parameter 'restrict' expects 'on' or 'off'}; QEMU prints it as {@code PROGRAM: SOURCE: MESSAGE} and then the hints, a line each.
 */
public final class OptionException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private static final String ID_HINT =
            "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.";

    private final @Nullable String hint;
    private final @Nullable String source;
    private final @Nullable String option;
    private final @Nullable String value;
    private final @Nullable String allowed;

    /** A refusal that is not about one named option. */
    public OptionException(String message) {
        this(message, null, null, null, null, null);
    }

    private OptionException(
            String message,
            @Nullable String hint,
            @Nullable String source,
            @Nullable String option,
            @Nullable String value,
            @Nullable String allowed) {
        super(message);
        this.hint = hint;
        this.source = source;
        this.option = option;
        this.value = value;
        this.allowed = allowed;
    }

    /** A refusal of the value of one option in words of its own. */
    public static OptionException of(String message, String option, @Nullable String value) {
        return new OptionException(message, null, null, option, value, null);
    }

    /** {@code Parameter 'NAME' is missing}. */
    public static OptionException missing(String name) {
        return of("Parameter '" + name + "' is missing", name, null);
    }

    /** {@code Invalid parameter 'NAME'}: the type has no such option. */
    public static OptionException unknown(String name) {
        return of("Invalid parameter '" + name + "'", name, null);
    }

    /** {@code Parameter 'NAME' expects ALLOWED}. */
    public static OptionException expects(String name, @Nullable String value, String allowed) {
        return new OptionException("Parameter '" + name + "' expects " + allowed, null, null, name, value, allowed);
    }

    /** {@code Parameter 'NAME' does not accept value 'VALUE'}: the option takes one of a set of words. */
    public static OptionException notAccepted(String name, String value, List<String> allowed) {
        String message = "Parameter '" + name + "' does not accept value '" + value + "'";
        return new OptionException(message, null, null, name, value, String.join(", ", allowed));
    }

    static OptionException badId(String value) {
        String message = "Parameter 'id' expects an identifier";
        return new OptionException(message, ID_HINT, null, "id", value, "an identifier");
    }

    static OptionException badType(String name, String type) {
        String message = "Invalid parameter type for '" + name + "', expected: " + type;
        return new OptionException(message, null, null, name, null, type);
    }

    /** The same refusal with the argument in which it was found; an argument that is already known stays. */
    public OptionException at(String newSource) {
        if (source != null) {
            return this;
        }
        String message = getMessage();
        OptionException located =
                new OptionException(message == null ? "" : message, hint, newSource, option, value, allowed);
        located.setStackTrace(getStackTrace());
        return located;
    }

    /** Further lines for the reader, printed after the message without a prefix; often none. */
    public List<String> hints() {
        return hint == null ? List.of() : List.of(hint);
    }

    /** The argument that was refused, such as {@code -netdev user,id=1a}, where known: it goes between program name and message. */
    public @Nullable String source() {
        return source;
    }

    /** The name of the option that was refused, where it is one option. */
    public @Nullable String option() {
        return option;
    }

    /** The value that was refused, where known. */
    public @Nullable String value() {
        return value;
    }

    /** What would have been accepted, in words, where known. */
    public @Nullable String allowed() {
        return allowed;
    }
}
