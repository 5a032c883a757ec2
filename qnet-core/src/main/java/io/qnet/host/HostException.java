package io.qnet.host;

import java.io.IOException;

/** A host operation failed at once. The message is for a person and names the address; {@link #error()} is for the engine. */
public final class HostException extends IOException {
    private static final long serialVersionUID = 1L;

    private final HostError error;

    /** Creates one. */
    public HostException(HostError error, String message) {
        super(message);
        this.error = error;
    }

    /** What happened. */
    public HostError error() {
        return error;
    }
}
