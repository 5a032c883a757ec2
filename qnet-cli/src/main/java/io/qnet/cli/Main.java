package io.qnet.cli;

import io.qnet.cli.demo.Demo;
import java.io.PrintStream;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Starts the program: the demo, the texts, or the networks that QEMU's options describe. */
public final class Main {
    /** pcap4j tells on INFO how it was found. A field, since a logger that nobody keeps forgets its level. */
    private static final Logger PCAP4J = Logger.getLogger("org.pcap4j");

    private Main() {}

    /**
     * Runs the program; see {@code qnet --help}. Exit status: 0 after the demo, the texts, or a stop by SIGINT or SIGTERM; 1 if something was refused or failed.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        PCAP4J.setLevel(Level.WARNING);
        System.exit(run(List.of(args), System.out, System.err));
    }

    static int run(List<String> args, PrintStream out, PrintStream err) {
        String first = args.isEmpty() ? "" : args.get(0);
        switch (first) {
            case "--help", "-help", "-h" -> Usage.print(out);
            case "--version", "-version" -> out.println("qnet " + Version.get());
            case "demo" -> {
                return Demo.run(args.subList(1, args.size()), out, err);
            }
            default -> {
                return run(ProgramArguments.read(args, err), err);
            }
        }
        return 0;
    }

    private static int run(@Nullable ProgramArguments arguments, PrintStream err) {
        return arguments == null ? 1 : new Program(arguments, err).run();
    }
}
