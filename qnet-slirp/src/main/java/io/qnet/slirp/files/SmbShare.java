package io.qnet.slirp.files;

import io.qnet.loop.Loop;
import io.qnet.option.OptionException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A folder of the host for guests, by samba's {@code smbd} as a program for each connection, with a configuration and a state of this network's own (QEMU: net/slirp.c, slirp_smb). The share is named {@code
 * qemu}. The configuration reaches the folder through a symbolic link, so that no character of its name means anything to samba.
 *
 * <p>Loop thread only; nothing of it is left after {@link #close}.
 */
public final class SmbShare {
    /** The ports that lead to it: SMB over NetBIOS, and SMB. */
    public static final List<Integer> PORTS = List.of(139, 445);

    private static final List<Path> PLACES =
            List.of(Path.of("/usr/sbin/smbd"), Path.of("/usr/local/sbin/smbd"), Path.of("/usr/bin/smbd"));
    private static final int DELETE_TRIES = 50;

    private final Path state;
    private final List<String> command;

    private SmbShare(Path state, List<String> command) {
        this.state = state;
        this.command = command;
    }

    /**
     * Makes the configuration.
     *
     * @throws OptionException with QEMU's text if there is no samba or no such folder
     */
    public static SmbShare of(Path folder) {
        Path smbd = PLACES.stream()
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> refused(folder, "Could not find '" + PLACES.get(0) + "', please install it"));
        String trouble = trouble(folder);
        if (trouble != null) {
            throw refused(folder, "Error accessing shared directory '" + folder + "': " + trouble);
        }
        Path state;
        try {
            state = Files.createTempDirectory("qnet-smb.");
        } catch (IOException e) {
            throw refused(folder, "Could not create samba server dir");
        }
        Path configuration = state.resolve("smb.conf");
        try {
            Path share = Files.createSymbolicLink(state.resolve("share"), folder.toAbsolutePath());
            Files.writeString(configuration, text(state, share), StandardCharsets.UTF_8);
        } catch (IOException e) {
            deleteQuietly(state);
            throw refused(folder, "Could not create samba server configuration file '" + configuration + "'");
        }
        return new SmbShare(state, List.of(smbd.toString(), "-l", state.toString(), "-s", configuration.toString()));
    }

    private static OptionException refused(Path folder, String message) {
        return OptionException.of(message, "smb", folder.toString());
    }

    private static @Nullable String trouble(Path folder) {
        if (!Files.exists(folder)) {
            return "No such file or directory";
        }
        if (!Files.isDirectory(folder)) {
            return "Not a directory";
        }
        return Files.isReadable(folder) && Files.isExecutable(folder) ? null : "Permission denied";
    }

    private static String text(Path state, Path share) {
        return String.join(
                "\n",
                "[global]",
                "private dir=" + state,
                "interfaces=127.0.0.1",
                "bind interfaces only=yes",
                "pid directory=" + state,
                "lock directory=" + state,
                "state directory=" + state,
                "cache directory=" + state,
                "ncalrpc dir=" + state.resolve("ncalrpc"),
                "log file=" + state.resolve("log.smbd"),
                "smb passwd file=" + state.resolve("smbpasswd"),
                "security = user",
                "map to guest = Bad User",
                "load printers = no",
                "printing = bsd",
                "disable spoolss = yes",
                "usershare max shares = 0",
                "[qemu]",
                "path=" + share,
                "read only=no",
                "guest ok=yes",
                "force user=" + System.getProperty("user.name"),
                "");
    }

    /** The program that serves one connection. */
    public List<String> command() {
        return command;
    }

    /** Deletes what was made, once the programs have ended. */
    public void close(Loop loop) {
        loop.runBlocking(
                () -> {
                    delete(state);
                    return state;
                },
                (deleted, failure) -> {
                    if (failure != null) {
                        loop.taskFailed(this, failure);
                    }
                });
    }

    private static void deleteQuietly(Path state) {
        try {
            delete(state);
        } catch (IOException | InterruptedException e) {
            System.getLogger(SmbShare.class.getName()).log(System.Logger.Level.WARNING, "left behind: " + state, e);
        }
    }

    /** Deletes a folder in which programs that are ending may still make files. */
    private static void delete(Path state) throws IOException, InterruptedException {
        for (int tries = 1; ; tries++) {
            try {
                deleteOnce(state);
                return;
            } catch (IOException e) {
                if (tries == DELETE_TRIES) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
    }

    private static void deleteOnce(Path state) throws IOException {
        Files.walkFileTree(state, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure) throws IOException {
                Files.deleteIfExists(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
