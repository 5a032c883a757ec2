package io.qnet.it.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where failed tests leave their packet captures: {@code target/captures} of the module. */
public final class Captures {

    private Captures() {}

    /** A new file there for a capture. */
    public static Path newFile(String name) {
        try {
            Path folder = Files.createDirectories(Path.of("target", "captures").toAbsolutePath());
            return Files.createTempFile(folder, name + "-", ".pcap");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
