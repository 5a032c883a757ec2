package io.qnet;

import org.jspecify.annotations.Nullable;

/** A netdev, NIC or filter could not be made, opened or found. The message is QEMU's text, without the program's name. */
public class NetdevException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private @Nullable String source;

    /** Creates one with QEMU's text. */
    public NetdevException(String message) {
        super(message);
    }

    /** Creates one with QEMU's text and what lies beneath. */
    public NetdevException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Notes the argument in which it was found, unless one is known already; answers this exception. */
    public NetdevException at(String newSource) {
        if (source == null) {
            source = newSource;
        }
        return this;
    }

    /** The argument that was refused, such as {@code -netdev user,id=u0}, where known: it goes between program name and message. */
    public @Nullable String source() {
        return source;
    }
}
