package io.qnet.it;

import io.qnet.it.raw.RawGuest;
import io.qnet.it.support.ChildProcess;
import io.qnet.it.support.Commands;
import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.QnetProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A pair of sockets whose ends a launcher gives to qnet and to QEMU. */
@EnabledIfCommand({"qemu-system-x86_64", "perl"})
class DescriptorsIT {
    /** Makes a pair of the type named first as descriptors 30 and 31, starts what follows up to "--" with the one, and becomes the rest with the other. */
    private static final String LAUNCHER = """
            use Socket; use POSIX;
            my $type = shift eq 'stream' ? SOCK_STREAM : SOCK_DGRAM;
            socketpair(my $a, my $b, AF_UNIX, $type, PF_UNSPEC) or die $!;
            POSIX::dup2(fileno $a, 30); POSIX::dup2(fileno $b, 31);
            my @first; while (($_ = shift) ne '--') { push @first, $_ }
            my $pid = fork;
            if ($pid == 0) { POSIX::close(31); exec @first; die $! }
            POSIX::close(30); exec @ARGV; die $!;
            """;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            stream|socket,id=f,fd=N
            stream|stream,id=f,addr.type=fd,addr.str=N
            dgram |socket,id=f,fd=N
            dgram |dgram,id=f,local.type=fd,local.str=N
            """)
    void framesPass(String kind, String options) {
        Path socket = folder.resolve("side");
        List<String> launcher =
                new ArrayList<>(List.of(Commands.require("perl").toString(), "-e", LAUNCHER, kind.strip()));
        launcher.addAll(List.of(
                Commands.require("timeout").toString(),
                "120", // the test cannot end it otherwise
                Commands.require("qemu-system-x86_64").toString(),
                "-M",
                "none",
                "-nodefaults",
                "-display",
                "none",
                "-netdev",
                options.replace("N", "30"),
                "-netdev",
                "stream,id=side,server=on,addr.type=unix,addr.path=" + socket,
                "-netdev",
                "hubport,id=h0,hubid=0,netdev=f",
                "-netdev",
                "hubport,id=h1,hubid=0,netdev=side",
                "--"));
        try (QnetProcess qnet = QnetProcess.start(
                                launcher,
                                List.of(
                                        "-netdev", options.replace("N", "31"),
                                        "-netdev", "user,id=u",
                                        "-netdev", "hubport,id=h0,hubid=0,netdev=f",
                                        "-netdev", "hubport,id=h1,hubid=0,netdev=u"))
                        .awaitFile(socket);
                RawGuest guest = RawGuest.connect(socket)) {
            guest.greetUntilAnswered();
            ChildProcess.run("kill", List.of("kill", "-KILL", childOf(qnet)));
        }
    }

    /** QEMU, below the program that the launcher became. */
    private static String childOf(QnetProcess qnet) {
        return ProcessHandle.of(qnet.process().pid())
                .orElseThrow()
                .descendants()
                .filter(each -> each.info().command().orElse("").contains("qemu"))
                .findFirst()
                .map(each -> Long.toString(each.pid()))
                .orElseThrow();
    }
}
