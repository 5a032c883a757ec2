package io.qnet.cli;

import io.qnet.cli.monitor.MonitorSpec;
import io.qnet.option.ChardevSpec;
import io.qnet.option.NetCommandLine;
import io.qnet.option.OptionException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The command line taken apart: network options in the order in which they were given, monitors, and the program's own.
 *
 * @param network options and their values in turn, for {@code Network.parse}
 * @param monitors the monitors, in order
 * @param transport {@code epoll} or {@code nio}, or null
 */
record ProgramArguments(
        List<String> network,
        List<MonitorSpec> monitors,
        @Nullable String transport) {
    private static final Set<String> OWN = Set.of("-transport", "-monitor", "-qmp");

    /** Copies the lists. */
    ProgramArguments {
        network = List.copyOf(network);
        monitors = List.copyOf(monitors);
    }

    /** Reads a command line; says what is wrong with it on {@code err}, in QEMU's words, and answers null then. */
    static @Nullable ProgramArguments read(List<String> args, PrintStream err) {
        Reader reader = new Reader();
        for (int i = 0; i < args.size(); i += 2) {
            String option = args.get(i).startsWith("--") ? args.get(i).substring(1) : args.get(i);
            if (!OWN.contains(option) && !NetCommandLine.takes(option)) {
                err.println("qnet: " + args.get(i) + ": invalid option");
                return null;
            }
            if (i + 1 == args.size()) {
                err.println("qnet: " + args.get(i) + ": requires an argument");
                return null;
            }
            String value = args.get(i + 1);
            try {
                reader.take(option, value);
            } catch (OptionException e) {
                err.println("qnet: " + option + " " + value + ": " + e.getMessage());
                e.hints().forEach(err::println);
                return null;
            }
        }
        return new ProgramArguments(reader.network, reader.monitors, reader.transport);
    }

    private static final class Reader {
        private final List<String> network = new ArrayList<>();
        private final List<MonitorSpec> monitors = new ArrayList<>();
        private @Nullable String transport;

        void take(String option, String value) {
            switch (option) {
                case "-transport" -> transport(value);
                case "-monitor", "-qmp" -> monitor(option, value);
                default -> {
                    network.add(option);
                    network.add(value);
                }
            }
        }

        private void transport(String value) {
            if (!value.equals("epoll") && !value.equals("nio")) {
                throw OptionException.notAccepted("transport", value, List.of("epoll", "nio"));
            }
            transport = value;
        }

        private void monitor(String option, String value) {
            if (value.equals("none")) {
                return;
            }
            ChardevSpec chardev = ChardevSpec.parseShort(value);
            if (chardev instanceof ChardevSpec.Stdio
                    && monitors.stream().anyMatch(each -> each.chardev() instanceof ChardevSpec.Stdio)) {
                throw new OptionException("cannot use stdio by multiple character devices");
            }
            monitors.add(new MonitorSpec(option + " " + value, option.equals("-qmp"), chardev));
        }
    }
}
