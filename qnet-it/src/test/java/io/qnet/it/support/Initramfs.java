package io.qnet.it.support;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Builds the root file system of a test guest: busybox, the kernel modules of a virtio network card, and programs of
 * the machine that runs the test, each with the libraries it is linked to. The result is an archive of cpio's "newc"
 * format (kernel: Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * <p>Its {@code /init} mounts what Linux needs, loads the modules, and then serves commands on the second serial port
 * until the machine is ended; see {@link QemuGuest}.
 */
public final class Initramfs {

    private static final int DIRECTORY = 0040755;
    private static final int EXECUTABLE = 0100755;
    private static final Pattern LIBRARY = Pattern.compile("(?:=> )?(/\\S+) \\(0x[0-9a-f]+\\)");

    private final KernelFiles kernel;
    private final Map<String, byte[]> executables = new LinkedHashMap<>();
    private final List<String> loads = new ArrayList<>();

    private Initramfs(KernelFiles kernel) {
        this.kernel = kernel;
    }

    /** A root file system with busybox and the virtio network card's driver. */
    public static Initramfs withBusybox(KernelFiles kernel) {
        Initramfs initramfs = new Initramfs(kernel);
        initramfs.executable("bin/busybox", Commands.require("busybox"));
        for (Path module : kernel.loadOrder(List.of("virtio_pci", "virtio_net"))) {
            String target = "lib/modules/" + module.getFileName();
            initramfs.executable(target, module);
            initramfs.loads.add("/" + target);
        }
        return initramfs;
    }

    /** Adds a program of this machine, found in PATH, and the libraries it needs. */
    public Initramfs program(String command) {
        Path program = Commands.require(command);
        executable("bin/" + command, program);
        for (String library : libraries(program)) {
            executable(library.substring(1), Path.of(library));
        }
        return this;
    }

    /** Adds an executable script. */
    public Initramfs script(String path, String text) {
        executables.put(path, text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    /** Writes the archive. */
    public Path writeTo(Path file) {
        script("init", init());
        script("etc/udhcpc.script", resource("udhcpc.script"));
        try {
            return Files.write(file, archive());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The kernel that the modules inside belong to. */
    public KernelFiles kernel() {
        return kernel;
    }

    private String init() {
        StringBuilder insmod = new StringBuilder();
        loads.forEach(module -> insmod.append("insmod ").append(module).append('\n'));
        return resource("init").replace("@LOAD_MODULES@", insmod);
    }

    private void executable(String path, Path source) {
        try {
            executables.put(path, Files.readAllBytes(source));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> libraries(Path program) {
        ChildProcess ldd = ChildProcess.run("ldd", List.of("ldd", program.toString()));
        List<String> libraries = new ArrayList<>();
        for (String line : ldd.out()) {
            Matcher matcher = LIBRARY.matcher(line);
            if (matcher.find()) {
                libraries.add(matcher.group(1));
            }
        }
        return libraries;
    }

    private static String resource(String name) {
        try (var stream = Initramfs.class.getResourceAsStream("/guest/" + name)) {
            if (stream == null) {
                throw new IllegalStateException("no resource /guest/" + name);
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] archive() {
        Cpio cpio = new Cpio();
        Set<String> directories = new LinkedHashSet<>(List.of("proc", "sys", "dev", "tmp", "etc", "run", "www"));
        executables.keySet().forEach(path -> parents(path, directories));
        directories.forEach(directory -> cpio.entry(directory, DIRECTORY, new byte[0]));
        executables.forEach((path, bytes) -> cpio.entry(path, EXECUTABLE, bytes));
        return cpio.finish();
    }

    private static void parents(String path, Set<String> directories) {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            directories.add(path.substring(0, slash));
        }
    }

    /** Writes archives of the "newc" format: per entry a header of 110 hexadecimal digits, the name, the bytes, each padded to 4. */
    private static final class Cpio {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream(8 << 20);
        private int inode = 1;

        void entry(String path, int mode, byte[] bytes) {
            byte[] name = (path + "\0").getBytes(StandardCharsets.UTF_8);
            int[] fields = {inode++, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length, 0};
            StringBuilder header = new StringBuilder("070701");
            for (int field : fields) {
                header.append(String.format("%08x", field));
            }
            out.writeBytes(header.toString().getBytes(StandardCharsets.US_ASCII));
            out.writeBytes(name);
            pad();
            out.writeBytes(bytes);
            pad();
        }

        byte[] finish() {
            entry("TRAILER!!!", 0, new byte[0]);
            return out.toByteArray();
        }

        private void pad() {
            while (out.size() % 4 != 0) {
                out.write(0);
            }
        }
    }
}
