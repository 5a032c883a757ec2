package io.qnet.option;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An accepted option that QEMU complains about, printed as {@code PROGRAM: SOURCE: warning: MESSAGE} and then the hints, a line each.
 *
 * @param source the argument, such as {@code -netdev user,id=a,restrict}, where known
 * @param message QEMU's text
 * @param hints further lines, printed without a prefix
 */
public record OptionWarning(@Nullable String source, String message, List<String> hints) {
    public OptionWarning {
        hints = List.copyOf(hints);
    }

    OptionWarning at(String newSource) {
        return source != null ? this : new OptionWarning(newSource, message, hints);
    }
}
