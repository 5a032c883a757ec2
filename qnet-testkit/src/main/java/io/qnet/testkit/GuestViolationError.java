package io.qnet.testkit;

/** What a guest was sent broke a rule of a protocol: a wrong checksum, a length that lies, data beyond a window, an option that was never offered. */
public final class GuestViolationError extends AssertionError {
    private static final long serialVersionUID = 1L;

    /** Creates one. */
    public GuestViolationError(String message) {
        super(message);
    }
}
