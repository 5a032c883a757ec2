package io.qnet.cli;

import io.qnet.option.NetCommandLine;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The command line taken apart: network options in the order in which they were given, and the program's own.
 *
 * @param network options and their values in turn, for {@code Network.parse}
 * @param transport {@code epoll} or {@code nio}, or null
 */
record ProgramArguments(List<String> network, @Nullable String transport) {
    /** Copies the list. */
    ProgramArguments {
        network = List.copyOf(network);
    }

    /** Reads a command line; says what is wrong with it on {@code err}, in QEMU's words, and answers null then. */
    static @Nullable ProgramArguments read(List<String> args, PrintStream err) {
        List<String> network = new ArrayList<>();
        String transport = null;
        for (int i = 0; i < args.size(); i += 2) {
            String option = args.get(i).startsWith("--") ? args.get(i).substring(1) : args.get(i);
            boolean ours = option.equals("-transport");
            if (!ours && !NetCommandLine.takes(option)) {
                err.println("qnet: " + args.get(i) + ": invalid option");
                return null;
            }
            if (i + 1 == args.size()) {
                err.println("qnet: " + args.get(i) + ": requires an argument");
                return null;
            }
            String value = args.get(i + 1);
            if (!ours) {
                network.add(option);
                network.add(value);
            } else if (value.equals("epoll") || value.equals("nio")) {
                transport = value;
            } else {
                err.println(
                        "qnet: -transport " + value + ": Parameter 'transport' does not accept value '" + value + "'");
                return null;
            }
        }
        return new ProgramArguments(network, transport);
    }
}
