package io.qnet;

/** A netdev, NIC or filter could not be made, opened or found. The message is QEMU's text, without the program's name. */
public class NetdevException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates one with QEMU's text. */
    public NetdevException(String message) {
        super(message);
    }

    /** Creates one with QEMU's text and what lies beneath. */
    public NetdevException(String message, Throwable cause) {
        super(message, cause);
    }
}
