package io.qnet.it.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A resolv.conf of the test's own. Programs started through {@link #wrap} find it at /etc/resolv.conf, in a mount
 * namespace of their own; nothing else does. They share the network, so that the servers of the test, all on the
 * loopback interface, can be reached. Needs root.
 */
public final class ResolvConf implements AutoCloseable {

    private final Path file;
    private List<String> wrapper = List.of();

    private ResolvConf(Path file) {
        this.file = file;
    }

    /** One that names a single server, which listens on port 53. */
    public static ResolvConf of(InetAddress server) {
        try {
            Path file = Files.createTempFile("qnet-resolv", ".conf");
            return new ResolvConf(Files.writeString(file, "nameserver " + server.getHostAddress() + "\n"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Programs started from now on run in this network namespace. */
    public ResolvConf inside(NetNamespace namespace) {
        wrapper = namespace.wrapper();
        return this;
    }

    /** Names another server instead, in the same file. */
    public void rename(InetAddress server) {
        try {
            Files.writeString(file, "# changed\nnameserver " + server.getHostAddress() + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The command that runs a command with this file in place; the process stays the same one. */
    public List<String> wrap(List<String> command) {
        List<String> wrapped = new ArrayList<>(wrapper);
        wrapped.addAll(List.of(
                Commands.require("unshare").toString(),
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"",
                file.toString()));
        wrapped.addAll(command);
        return wrapped;
    }

    @Override
    public void close() {
        TemporaryFiles.delete(file);
    }
}
