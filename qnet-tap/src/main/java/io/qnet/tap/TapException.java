package io.qnet.tap;

import io.qnet.NetdevException;

/** A TAP could not be opened or configured. The message is QEMU's. */
public final class TapException extends NetdevException {
    private static final long serialVersionUID = 1L;

    /** Creates one with QEMU's text. */
    public TapException(String message) {
        super(message);
    }
}
