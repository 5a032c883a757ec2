package io.qnet.it.support;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the programs that tests need, in PATH and in the folders of system programs. */
public final class Commands {

    private static final List<String> SYSTEM = List.of("/usr/sbin", "/sbin", "/usr/local/sbin");

    private Commands() {}

    /** Where a program is, if it is installed. */
    public static Optional<Path> find(String command) {
        String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
        return Stream.concat(Stream.of(path.split(":")), SYSTEM.stream())
                .map(folder -> Path.of(folder, command))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Where a program is; fails if it is not installed. */
    public static Path require(String command) {
        return find(command).orElseThrow(() -> new IllegalStateException(command + " is not installed"));
    }

    /** Whether this process has root's rights. */
    public static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }
}
