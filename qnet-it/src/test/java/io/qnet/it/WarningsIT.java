package io.qnet.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.qnet.it.support.EnabledIfCommand;
import io.qnet.it.support.MonitorClient;
import io.qnet.it.support.QemuSlirp;
import io.qnet.it.support.QnetProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What QEMU warns about at its start, qnet warns about, with the same words but for the program's name. */
@EnabledIfCommand("qemu-system-x86_64")
@Timeout(120)
class WarningsIT {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-netdev user,id=n1",
                "-netdev hubport,id=p0,hubid=3",
                "-netdev user,id=u0 -netdev hubport,id=h0,hubid=0,netdev=u0",
                "-netdev user,id=u0 -netdev user,id=u1 -netdev hubport,id=h0,hubid=2,netdev=u0 -netdev hubport,id=h1,hubid=1",
                "-net user -net none",
                "-netdev user,id=u0,restrict",
            })
    void isWarnedOfAsQemuWarns(String options) {
        List<String> words = List.of(options.split(" "));
        try (QemuSlirp oracle = QemuSlirp.start(with("qemu", words));
                QnetProcess qnet = QnetProcess.start(with("qnet", words))) {
            oracle.process().await(() -> Files.exists(folder.resolve("qemu")), "QEMU's monitor");
            qnet.awaitFile(folder.resolve("qnet"));
            MonitorClient.hmp(folder.resolve("qemu")).close();
            MonitorClient.hmp(folder.resolve("qnet")).close();
            List<String> expected = oracle.process().err().stream()
                    .map(line -> line.replaceFirst("^qemu-system-x86_64: ", "qnet: "))
                    .toList();
            qnet.process().await(() -> qnet.process().err().size() >= expected.size(), "as many warnings as QEMU's");
            assertThat(qnet.process().err()).isEqualTo(expected);
        }
    }

    private List<String> with(String monitor, List<String> options) {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of("-monitor", "unix:" + folder.resolve(monitor) + ",server=on,wait=off"));
        return all;
    }
}
