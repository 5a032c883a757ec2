package io.qnet.option;

import org.jspecify.annotations.Nullable;

/**
 * A character device (QEMU's {@code -chardev}): what a monitor talks through, and filters send frames to. Of QEMU's kinds there are sockets, files, pipes, the program's own streams, and nothing at all.
 *
 * <p>Read either from options ({@code socket,id=c0,path=/tmp/c0,server=on,wait=off}) or from the short form that {@code -monitor} and {@code -qmp} take ({@code unix:/tmp/c0,server=on,wait=off}).
 */
public sealed interface ChardevSpec {
    /** Its name; empty in the short form. */
    String id();

    /**
     * A stream socket.
     *
     * @param id its name
     * @param address where it listens, or connects to
     * @param server whether it listens
     * @param awaits of a server: whether the program waits for the first client
     * @param reconnectSeconds of a client: how long after a failure it tries again; 0 for never
     */
    record Socket(String id, SocketEndpoint address, boolean server, boolean awaits, long reconnectSeconds)
            implements ChardevSpec {}

    /**
     * A file that is written to.
     *
     * @param id its name
     * @param path the file
     * @param append whether what is in it stays
     */
    record File(String id, String path, boolean append) implements ChardevSpec {}

    /**
     * A pair of named pipes, {@code PATH.in} and {@code PATH.out}, or one pipe for both directions.
     *
     * @param id its name
     * @param path the path
     */
    record Pipe(String id, String path) implements ChardevSpec {}

    /**
     * The program's input and output.
     *
     * @param id its name
     */
    record Stdio(String id) implements ChardevSpec {}

    /**
     * Takes everything, gives nothing.
     *
     * @param id its name
     */
    record Null(String id) implements ChardevSpec {}

    /**
     * Reads the argument of {@code -chardev}.
     *
     * @throws OptionException in QEMU's words
     */
    static ChardevSpec parse(String argument) {
        QemuOpts opts = QemuOpts.parse(argument, "backend");
        if (opts.id() == null) {
            throw new OptionException("chardev: no id specified");
        }
        return ChardevReader.read(opts);
    }

    /**
     * Reads the short form: {@code stdio}, {@code null}, {@code unix:PATH}, {@code tcp:HOST:PORT}, {@code file:PATH}, {@code pipe:PATH}, with options behind.
     *
     * @throws OptionException in QEMU's words
     */
    static ChardevSpec parseShort(String text) {
        QemuOpts opts = ChardevReader.expand(text);
        if (opts == null) {
            throw new OptionException("'" + text + "' is not a valid char driver");
        }
        return ChardevReader.read(opts);
    }

    /** Whether this is the name of a chardev in front of a short form ({@code chardev:ID}); the name, or null. */
    static @Nullable String reference(String text) {
        return text.startsWith("chardev:") ? text.substring("chardev:".length()) : null;
    }
}
