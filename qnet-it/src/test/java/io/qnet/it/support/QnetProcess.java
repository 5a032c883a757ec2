package io.qnet.it.support;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The program under test as its launcher starts it: the packaged application with the launcher's options for Java, in a
 * process of its own.
 */
public final class QnetProcess implements AutoCloseable {

    private final ChildProcess process;

    private QnetProcess(ChildProcess process) {
        this.process = process;
    }

    /** Starts it with arguments. */
    public static QnetProcess start(List<String> arguments) {
        return startCommand(command(arguments));
    }

    /** Starts it with arguments behind a command that runs it, such as one that enters a namespace. */
    public static QnetProcess start(List<String> wrapper, List<String> arguments) {
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(command(arguments));
        return startCommand(command);
    }

    /** Starts it with arguments and further options of Java's. */
    public static QnetProcess startWith(List<String> javaOptions, List<String> arguments) {
        List<String> command = new ArrayList<>(command(arguments));
        command.addAll(command.indexOf("-jar"), javaOptions);
        return startCommand(command);
    }

    /** Starts it with arguments in a mount namespace of its own, where /etc/resolv.conf names one server. Needs root. */
    public static QnetProcess start(List<String> arguments, ResolvConf resolver) {
        return startCommand(resolver.wrap(command(arguments)));
    }

    private static QnetProcess startCommand(List<String> command) {
        return new QnetProcess(ChildProcess.start("qnet", command, Map.of()));
    }

    private static List<String> command(List<String> arguments) {
        Path app = Path.of(System.getProperty("qnet.app")).toAbsolutePath().normalize();
        Path jar = app.resolve("qnet-cli.jar");
        if (!Files.exists(jar)) {
            throw new IllegalStateException("not built: " + jar);
        }
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "@" + app.resolve("java.options")));
        String transport = System.getProperty("qnet.transport", "");
        if (!transport.isEmpty()) {
            command.add("-Dqnet.transport=" + transport);
        }
        command.addAll(List.of("-jar", jar.toString()));
        command.addAll(arguments);
        return command;
    }

    /** The program itself. */
    public ChildProcess process() {
        return process;
    }

    /** Waits until a file is there, for example the unix socket on which it listens; fails if the program ends before. */
    public QnetProcess awaitFile(Path file) {
        process.await(() -> Files.exists(file), file.toString());
        return this;
    }

    /** Waits until somebody in its network namespace listens on a TCP port of 127.0.0.1, without connecting; fails if the program ends before. */
    public QnetProcess awaitListener(int port) {
        process.await(() -> Ports.isListening(Long.toString(process.pid()), port), "listener on port " + port);
        return this;
    }

    /** What it said on standard error, but for the remark that a hub has no NIC, which QEMU makes too and which is as it should be here. */
    public List<String> complaints() {
        return process.err().stream()
                .filter(line -> !line.equals("qnet: warning: hub 0 with no nics"))
                .toList();
    }

    /** Ends it by a signal ({@code TERM} or {@code INT}) and returns its exit status. */
    public int stop(String signal) {
        process.signal(signal);
        return process.awaitExit(ChildProcess.HANG);
    }

    @Override
    public void close() {
        process.close();
    }
}
