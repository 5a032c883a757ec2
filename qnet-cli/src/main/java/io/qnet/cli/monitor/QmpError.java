package io.qnet.cli.monitor;

/** A QMP command that is refused: QEMU's class of error and its text. */
final class QmpError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    static final String GENERIC = "GenericError";
    static final String COMMAND_NOT_FOUND = "CommandNotFound";
    static final String DEVICE_NOT_FOUND = "DeviceNotFound";

    private final String type;

    QmpError(String type, String description) {
        super(description);
        this.type = type;
    }

    static QmpError generic(String description) {
        return new QmpError(GENERIC, description);
    }

    /** As the answer to a command. */
    Object toAnswer() {
        return Typed.map("class", type, "desc", String.valueOf(getMessage()));
    }
}
