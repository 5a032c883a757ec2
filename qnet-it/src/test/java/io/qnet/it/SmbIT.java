package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.EnabledIfRoot;
import io.qnet.it.support.GuestNamespace;
import io.qnet.it.support.HttpFiles;
import io.qnet.it.support.QnetProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder of the host through samba: smbclient in a guest reads it, writes to it, and nothing is left behind. */
@EnabledIfRoot
@EnabledIfCommand({"ip", "gcc", "smbd", "smbclient"})
class SmbIT {
    private static final int SIZE = 10_000_000;

    @TempDir
    private Path folder;

    @Test
    void aGuestReadsAndWritesTheFolder() throws Exception {
        Path shared = Files.createDirectory(folder.resolve("a %u share"));
        Files.write(shared.resolve("big"), HttpFiles.bytes(SIZE));
        Path state = Files.createDirectory(folder.resolve("tmp"));
        Path socket = folder.resolve("s");
        try (QnetProcess qnet = QnetProcess.startWith(
                        List.of("-Djava.io.tmpdir=" + state),
                        List.of(
                                "-netdev",
                                "user,id=u0,smb=" + shared,
                                "-netdev",
                                "stream,id=s0,server=on,addr.type=unix,addr.path=" + socket,
                                "-netdev",
                                "hubport,id=h0,hubid=0,netdev=u0",
                                "-netdev",
                                "hubport,id=h1,hubid=0,netdev=s0"));
                GuestNamespace guest = GuestNamespace.create(folder)) {
            qnet.awaitFile(socket);
            guest.join(socket, 1500, "");
            String got = folder.resolve("got").toString();
            String commands = "get big " + got + "; put " + got + " copy; mkdir sub; ls";
            assertThat(smbclient(guest, "-p", "445", "-c", commands)).contains("sub", "copy");
            assertThat(smbclient(guest, "-p", "139", "-c", "ls")).contains("big");
            assertThat(Path.of(got)).hasDigest("SHA-256", HttpFiles.sha256(SIZE));
            assertThat(shared.resolve("copy")).hasDigest("SHA-256", HttpFiles.sha256(SIZE));
            assertThat(shared.resolve("sub")).isDirectory();
            assertThat(qnet.stop("TERM")).as(qnet.process().describe()).isZero();
            assertThat(leftOfSamba(state)).as("left behind").isEmpty();
            assertThat(ProcessHandle.allProcesses()
                            .map(each -> each.info().commandLine().orElse("")))
                    .as("programs left behind")
                    .noneMatch(line -> line.contains(state.toString()));
        }
    }

    private static String smbclient(GuestNamespace guest, String... more) {
        List<String> command = Stream.concat(Stream.of("smbclient", "-N", "//10.0.2.4/qemu"), Stream.of(more))
                .toList();
        return guest.run(command.toArray(String[]::new));
    }

    private static List<Path> leftOfSamba(Path state) throws IOException {
        try (Stream<Path> entries = Files.list(state)) {
            return entries.filter(entry -> String.valueOf(entry.getFileName()).startsWith("qnet-smb"))
                    .toList();
        }
    }
}
