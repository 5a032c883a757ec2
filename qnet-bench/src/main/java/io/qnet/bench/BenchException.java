package io.qnet.bench;

/** A trial could not be made: a program is missing, refused to start, or gave no figure. */
final class BenchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BenchException(String message) {
        super(message);
    }
}
