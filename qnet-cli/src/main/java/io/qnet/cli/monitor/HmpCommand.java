package io.qnet.cli.monitor;

import java.util.List;

/**
 * One command of the human monitor (QEMU: hmp-commands.hx).
 *
 * @param names its names, the first for messages
 * @param parameters how its arguments are read, see {@link HmpArguments#read}
 * @param usage its parameters for a person
 * @param help what it does
 * @param action what it does; answers the text, with newlines
 */
record HmpCommand(List<String> names, String parameters, String usage, String help, Action action) {
    /** Does a command's work. */
    @FunctionalInterface
    interface Action {
        /** Answers the text to show; what it throws of QEMU's words is shown after {@code Error: }. */
        String run(HmpArguments arguments);
    }

    static HmpCommand of(String names, String parameters, String usage, String help, Action action) {
        return new HmpCommand(List.of(names.split("\\|")), parameters, usage, help, action);
    }

    String name() {
        return names.get(0);
    }

    /** As {@code help} shows it. */
    String helpLine(String prefix) {
        return prefix + String.join("|", names) + " " + usage + " -- " + help + "\n";
    }
}
