package io.qnet.cli;

import io.qnet.cli.monitor.MonitorSpec;
import io.qnet.option.ChardevSpec;
import io.qnet.option.NetCommandLine;
import io.qnet.option.OptionException;
import io.qnet.option.QemuOpts;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private static final Set<String> OWN = Set.of("-transport", "-monitor", "-qmp", "-mon");

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
        return reader.finish(err);
    }

    private static final class Reader {
        private final List<String> network = new ArrayList<>();
        private final List<MonitorSpec> monitors = new ArrayList<>();
        private final Map<String, String> chardevs = new LinkedHashMap<>();
        private final List<String> mons = new ArrayList<>();
        private @Nullable String transport;

        void take(String option, String value) {
            switch (option) {
                case "-transport" -> transport(value);
                case "-monitor", "-qmp" -> monitor(option, value);
                case "-mon" -> mons.add(value);
                case "-chardev" -> chardev(value);
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
            add(option + " " + value, option.equals("-qmp"), ChardevSpec.parseShort(value));
        }

        private void chardev(String value) {
            ChardevSpec spec = ChardevSpec.parse(value);
            if (chardevs.putIfAbsent(spec.id(), value) != null) {
                throw new OptionException("Duplicate ID '" + spec.id() + "' for chardev");
            }
        }

        /** Those that a {@code -mon} names are monitors, the others are for filters. */
        @Nullable ProgramArguments finish(PrintStream err) {
            for (String value : mons) {
                try {
                    mon(value);
                } catch (OptionException e) {
                    err.println("qnet: -mon " + value + ": " + e.getMessage());
                    return null;
                }
            }
            chardevs.values().forEach(value -> {
                network.add("-chardev");
                network.add(value);
            });
            return new ProgramArguments(network, monitors, transport);
        }

        /** QEMU: monitor_parse in softmmu/vl.c, monitor_init_opts. */
        private void mon(String value) {
            QemuOpts opts = QemuOpts.parse(value, "chardev");
            for (QemuOpts.Entry entry : opts.entries()) {
                if (!Set.of("chardev", "mode", "pretty").contains(entry.name())) {
                    throw OptionException.unknown(entry.name());
                }
            }
            String id = opts.get("chardev");
            String mode = opts.get("mode");
            if (id == null) {
                throw OptionException.missing("chardev");
            }
            if (mode != null && !mode.equals("readline") && !mode.equals("control")) {
                throw OptionException.notAccepted("mode", mode, List.of("readline", "control"));
            }
            String argument = chardevs.remove(id);
            if (argument == null) {
                throw new OptionException("chardev \"" + id + "\" not found");
            }
            add("-mon " + value, "control".equals(mode), ChardevSpec.parse(argument));
        }

        private void add(String source, boolean qmp, ChardevSpec chardev) {
            if (chardev instanceof ChardevSpec.Stdio
                    && monitors.stream().anyMatch(each -> each.chardev() instanceof ChardevSpec.Stdio)) {
                throw new OptionException("cannot use stdio by multiple character devices");
            }
            monitors.add(new MonitorSpec(source, qmp, chardev));
        }
    }
}
