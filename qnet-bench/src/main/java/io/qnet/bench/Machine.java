package io.qnet.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What the figures were measured on: processor, kernel, Java, and the peers' versions. */
final class Machine {
    private static final List<List<String>> VERSIONS = List.of(
            List.of("qemu-system-x86_64", "--version"),
            List.of("passt", "--version"),
            List.of("slirp4netns", "--version"),
            List.of("iperf3", "--version"));

    private Machine() {}

    /** One line. */
    static String describe() {
        List<String> parts = new ArrayList<>();
        parts.add(Runtime.getRuntime().availableProcessors() + " cores (" + processor() + ")");
        parts.add("Linux " + System.getProperty("os.version"));
        parts.add("Java " + System.getProperty("java.version"));
        for (List<String> command : VERSIONS) {
            try {
                parts.add(Lab.run(command.toArray(String[]::new))
                        .lines()
                        .findFirst()
                        .orElse(command.get(0)));
            } catch (BenchException | java.io.UncheckedIOException e) {
                parts.add("no " + command.get(0));
            }
        }
        return String.join("; ", parts);
    }

    private static String processor() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }
}
