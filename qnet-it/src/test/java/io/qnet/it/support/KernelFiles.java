package io.qnet.it.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The Linux kernel and modules that {@code .ci/fetch-kernel} unpacked into {@code $QNET_CACHE/kernel} (default
 * {@code ~/.cache/qnet/kernel}). The order in which modules load is found in the modules themselves (the
 * {@code depends=} entry of their {@code .modinfo} section), so neither depmod nor kmod is needed.
 */
public final class KernelFiles {

    private final Path folder;

    private KernelFiles(Path folder) {
        this.folder = folder;
    }

    /** The kernel of this machine's cache, whether it is there or not. */
    public static KernelFiles ofCache() {
        String cache = System.getenv("QNET_CACHE");
        Path base = cache != null && !cache.isEmpty()
                ? Path.of(cache)
                : Path.of(System.getProperty("user.home"), ".cache", "qnet");
        return new KernelFiles(base.resolve("kernel"));
    }

    /** Whether there is a kernel to boot. */
    public boolean isPresent() {
        return Files.isReadable(image()) && Files.isDirectory(modules());
    }

    /** The kernel image. */
    public Path image() {
        return folder.resolve("vmlinuz");
    }

    private Path modules() {
        return folder.resolve("modules");
    }

    /** The module files that these modules need, themselves last, each after what it depends on. */
    public List<Path> loadOrder(List<String> wanted) {
        Map<String, Path> byName = byName();
        Set<String> ordered = new LinkedHashSet<>();
        Deque<String> pending = new ArrayDeque<>(wanted);
        while (!pending.isEmpty()) {
            String module = pending.peek();
            List<String> missing = new ArrayList<>(dependencies(file(byName, module)));
            missing.removeAll(ordered);
            if (missing.isEmpty()) {
                ordered.add(pending.pop());
            } else {
                missing.forEach(pending::push);
            }
        }
        return ordered.stream().map(module -> file(byName, module)).toList();
    }

    private static Path file(Map<String, Path> byName, String module) {
        Path file = byName.get(module);
        if (file == null) {
            throw new IllegalStateException("the kernel has no module " + module);
        }
        return file;
    }

    private Map<String, Path> byName() {
        Map<String, Path> byName = new HashMap<>();
        try (Stream<Path> files = Files.walk(modules())) {
            files.filter(file -> file.toString().endsWith(".ko")).forEach(file -> byName.put(moduleName(file), file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return byName;
    }

    private static String moduleName(Path file) {
        String name = file.getFileName().toString();
        return name.substring(0, name.length() - ".ko".length()).replace('-', '_');
    }

    private static List<String> dependencies(Path file) {
        try {
            String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
            int at = bytes.indexOf("\0depends=");
            if (at < 0) {
                return List.of();
            }
            int from = at + "\0depends=".length();
            String names = bytes.substring(from, bytes.indexOf('\0', from));
            return names.isEmpty() ? List.of() : List.of(names.replace('-', '_').split(","));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
