package io.qnet.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher {@code ./qnet}, in a tree whose Maven and Java are scripts that say what they were asked; and once for real. */
class LauncherIT {
    private static final Path ROOT = Path.of(System.getProperty("qnet.root")).normalize();
    private static final Path APP = Path.of(System.getProperty("qnet.app")).normalize();

    /** Commands that the launcher may count on everywhere. */
    private static final List<String> COMMON_COMMANDS = List.of(
            "bash",
            "cat",
            "dirname",
            "find",
            "grep",
            "head",
            "mkdir",
            "mktemp",
            "mv",
            "readlink",
            "rm",
            "sed",
            "sleep",
            "touch");

    private static final String FAKE_JAVA = """
            #!/usr/bin/env bash
            for arg; do case $arg in
                -XX:ArchiveClassesAtExit=*) echo classes >"${arg#*=}"; echo archive >>"$CALLS"; exit ;;
            esac; done
            echo "java $*"
            echo "process $$"
            sed 's/^/stdin: /'
            exit 7
            """;

    private static final String FAKE_MAVEN = """
            #!/usr/bin/env bash
            echo "mvn, JAVA_HOME=$JAVA_HOME" >>"$CALLS"
            [ ! -e "$TREE/fault" ] || { echo "[ERROR] a fault in the source"; exit 1; }
            sleep 0.3
            mkdir -p "$TREE/qnet-cli/target/app"
            echo now >"$TREE/qnet-cli/target/app/built"
            """;

    @TempDir
    Path folder;

    private Path tree;
    private Path tools;
    private final Map<String, String> environment = new HashMap<>();

    private record Outcome(long pid, int status, String out, String err) {}

    @BeforeEach
    void makeTree() throws IOException {
        tree = Files.createDirectory(folder.resolve("a tree"));
        Files.copy(ROOT.resolve("qnet"), tree.resolve("qnet"));
        Files.createFile(tree.resolve("pom.xml"));
        for (String module : List.of("core", "slirp", "socket", "tap", "testkit", "cli")) {
            Path sources = Files.createDirectories(tree.resolve("qnet-" + module + "/src/main/java"));
            Files.createFile(sources.resolve("A.java"));
            Files.createFile(tree.resolve("qnet-" + module + "/pom.xml"));
        }
        Path jdk = folder.resolve("jdk");
        script(jdk.resolve("bin/java"), FAKE_JAVA);
        script(jdk.resolve("bin/javac"), "#!/bin/sh\n");
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.9\"\n");
        tools = Files.createDirectory(folder.resolve("tools"));
        script(tools.resolve("mvn"), FAKE_MAVEN);
        environment.put("JAVA_HOME", jdk.toString());
        environment.put("PATH", tools + ":" + System.getenv("PATH"));
        environment.put("TREE", tree.toString());
        environment.put("CALLS", folder.resolve("calls").toString());
    }

    @Test
    void buildsOnceAndPassesArgumentsInputAndStatus() throws Exception {
        Outcome first = launch("-netdev", "user,id=a b");
        assertThat(first.status).isEqualTo(7);
        assertThat(first.out)
                .contains("-jar " + tree + "/qnet-cli/target/app/qnet-cli.jar -netdev user,id=a b\n")
                .contains("@" + tree + "/qnet-cli/target/app/java.options ")
                .contains("stdin: typed\n")
                // Java is the process that was started, so signals reach it.
                .contains("process " + first.pid + "\n");
        assertThat(first.err).contains("qnet: building (once;").contains("qnet: built in ");
        assertThat(launch().err).isEmpty();
        assertThat(calls()).containsExactly("mvn, JAVA_HOME=" + folder.resolve("jdk"), "archive");
    }

    @Test
    void buildsAgainWhenASourceIsNewer() throws Exception {
        launch();
        touch(tree.resolve("qnet-slirp/src/main/java/A.java"));
        assertThat(launch().err).contains("qnet: building (a source has changed)");
        assertThat(launch().err).isEmpty();
        touch(tree.resolve("qnet-core/pom.xml"));
        assertThat(launch().err).contains("qnet: building (a source has changed)");
    }

    @Test
    void startsOfTheSameMomentBuildOnce() throws Exception {
        assertBuildsOnceWithTwoStarts();
    }

    @Test
    void startsOfTheSameMomentBuildOnceWithoutFlock() throws Exception {
        leaveOnlyCommonCommands();
        assertBuildsOnceWithTwoStarts();
    }

    @Test
    void aLockLeftByADeadProcessIsTaken() throws Exception {
        leaveOnlyCommonCommands();
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        Path lock = Files.createDirectories(tree.resolve("qnet-cli/target/launcher.lock.d"));
        Files.writeString(lock.resolve("pid"), dead.pid() + "\n");
        assertThat(launch().status).isEqualTo(7);
        assertThat(lock).doesNotExist();
    }

    @Test
    void aFailedBuildSaysWhy() throws Exception {
        Files.createFile(tree.resolve("fault"));
        Outcome outcome = launch();
        assertThat(outcome.status).isEqualTo(1);
        assertThat(outcome.out).isEmpty();
        assertThat(outcome.err)
                .contains("[ERROR] a fault in the source\n")
                .contains("qnet: the build failed. Everything it printed is in " + tree
                        + "/qnet-cli/target/launcher-build.log\n");
        Files.delete(tree.resolve("fault"));
        assertThat(launch().status).isEqualTo(7);
    }

    @Test
    void startsThroughLinksFromAnyFolder() throws Exception {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Files.createSymbolicLink(bin.resolve("one"), Path.of("../a tree/qnet"));
        Path link = Files.createSymbolicLink(folder.resolve("two"), bin.resolve("one"));
        Outcome outcome = await(start(List.of(link.toString()), bin));
        assertThat(outcome.out).contains("-jar " + tree + "/qnet-cli/target/app/qnet-cli.jar");
    }

    @Test
    void aTreeThatCannotBeWrittenStartsIfBuilt() throws Exception {
        launch();
        touch(tree.resolve("qnet-core/pom.xml"));
        openToEveryone();
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            command.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
        } else {
            assertThat(tree.resolve("qnet-cli/target/app").toFile().setWritable(false))
                    .isTrue();
        }
        command.add(tree.resolve("qnet").toString());
        Outcome outcome = await(start(command, Path.of("/")));
        assertThat(outcome.status).isEqualTo(7);
        assertThat(outcome.err).startsWith("qnet: sources are newer than the build, but ");
        assertThat(calls()).hasSize(2);
    }

    @Test
    void namesWhatIsWrongWithJava() throws Exception {
        environment.put("JAVA_HOME", "/nowhere");
        assertRefused("qnet: JAVA_HOME is /nowhere, but there is no bin/java in it. Set it to a JDK, 17 or later.\n");
        Path old = folder.resolve("jdk");
        Files.writeString(old.resolve("release"), "JAVA_VERSION=\"11.0.2\"\n");
        environment.put("JAVA_HOME", old.toString());
        assertRefused("qnet: Java 17 or later is needed; " + old
                + "/bin/java is version 11.0.2. Set JAVA_HOME to a newer one.\n");
        environment.remove("JAVA_HOME");
        leaveOnlyCommonCommands();
        assertRefused("qnet: there is no java on the PATH. Install a JDK, 17 or later, or set JAVA_HOME to one.\n");
    }

    @Test
    void namesWhatIsMissingForABuild() throws Exception {
        leaveOnlyCommonCommands();
        Files.delete(tools.resolve("mvn"));
        assertRefused("qnet: to be built, qnet needs Maven 3.8.7 or later: there is no mvn on the PATH.\n");
        Files.delete(folder.resolve("jdk/bin/javac"));
        assertRefused(
                "qnet: " + folder
                        + "/jdk is a Java to run with only. To build qnet, install a JDK (17 or later) or set JAVA_HOME to one.\n");
    }

    @Test
    void javaIsFoundOnThePath() throws Exception {
        environment.remove("JAVA_HOME");
        Files.createSymbolicLink(tools.resolve("java"), folder.resolve("jdk/bin/java"));
        assertThat(launch().status).isEqualTo(7);
        assertThat(calls()).contains("mvn, JAVA_HOME=" + folder.resolve("jdk"));
    }

    @Test
    void theRealProgramStarts() throws Exception {
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        copy(APP, tree.resolve("qnet-cli/target/app"));
        touch(tree.resolve("qnet-cli/target/app/built"));
        for (int start = 0; start < 2; start++) {
            Outcome outcome = launch("--version");
            assertThat(outcome.err).isEmpty();
            assertThat(outcome.out).startsWith("qnet ");
            assertThat(outcome.status).isZero();
        }
        try (Stream<Path> files = Files.list(tree.resolve("qnet-cli/target/app"))) {
            assertThat(files.filter(each -> each.toString().endsWith(".jsa")))
                    .singleElement()
                    .satisfies(archive -> assertThat(archive).isNotEmptyFile());
        }
    }

    private void assertBuildsOnceWithTwoStarts() throws Exception {
        Process one = start(List.of(tree.resolve("qnet").toString()), folder);
        Process two = start(List.of(tree.resolve("qnet").toString()), folder);
        assertThat(await(one).status).isEqualTo(7);
        assertThat(await(two).status).isEqualTo(7);
        assertThat(calls()).containsExactly("mvn, JAVA_HOME=" + folder.resolve("jdk"), "archive");
    }

    private void assertRefused(String message) throws Exception {
        Outcome outcome = launch();
        assertThat(outcome.err).isEqualTo(message);
        assertThat(outcome.status).isEqualTo(1);
        assertThat(outcome.out).isEmpty();
    }

    /** A PATH without flock, mvn of the machine, or java. */
    private void leaveOnlyCommonCommands() throws IOException {
        for (String command : COMMON_COMMANDS) {
            Path file = Stream.of("/usr/bin", "/bin")
                    .map(each -> Path.of(each, command))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElseThrow();
            script(tools.resolve(command), "#!/bin/sh\nexec " + file + " \"$@\"\n");
        }
        environment.put("PATH", tools.toString());
    }

    private List<String> calls() throws IOException {
        return Files.readAllLines(folder.resolve("calls"));
    }

    private Outcome launch(String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(tree.resolve("qnet").toString()));
        command.addAll(List.of(args));
        return await(start(command, folder));
    }

    private Process start(List<String> command, Path directory) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        try (var stdin = process.getOutputStream()) {
            stdin.write("typed\n".getBytes(UTF_8));
        } catch (IOException e) {
            // A start that is refused ends without reading.
            assertThat(e).hasMessageContaining("pipe");
        }
        return process;
    }

    private static Outcome await(Process process) throws Exception {
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Outcome(process.pid(), process.exitValue(), out, err);
    }

    private void openToEveryone() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path each : files.toList()) {
                if (!Files.isSymbolicLink(each)) {
                    boolean executable = Files.isExecutable(each);
                    assertThat(each.toFile().setReadable(true, false)).isTrue();
                    assertThat(each.toFile().setExecutable(executable, false)).isTrue();
                }
            }
        }
    }

    private static void touch(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    }

    private static void script(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path each : files.toList()) {
                Path target = to.resolve(from.relativize(each).toString());
                if (Files.isDirectory(each)) {
                    Files.createDirectories(target);
                } else if (!each.toString().endsWith(".jsa")) {
                    Files.copy(each, target);
                }
            }
        }
    }
}
