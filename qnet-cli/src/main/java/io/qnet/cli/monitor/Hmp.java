package io.qnet.cli.monitor;

import io.qnet.NetdevException;
import io.qnet.option.OptionException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The human monitor: a line in, text out, in QEMU's words (QEMU: monitor/hmp.c). Commands wait for what they do; call it from a thread that may.
 */
public final class Hmp {
    private static final String INFO = "info ";

    private final Machine machine;
    private final List<HmpCommand> commands = new ArrayList<>();
    private final List<HmpCommand> infos = new ArrayList<>();

    /** A human monitor without history. */
    public Hmp(Machine machine) {
        this(machine, List::of);
    }

    /**
     * @param history the lines typed so far, oldest first
     */
    Hmp(Machine machine, Supplier<List<String>> history) {
        this.machine = machine;
        commands.addAll(new HmpCommands(machine).all());
        commands.add(HmpCommand.of("help|?", "name:S?", "[cmd]", "show the help", this::help));
        commands.add(HmpCommand.of(
                "info",
                "item:S?",
                "[subcommand]",
                "show various information about the system state",
                arguments -> helpOf(infos, INFO)));
        commands.sort(Comparator.comparing(HmpCommand::name));
        infos.addAll(new HmpInfo(machine, history).all());
        infos.sort(Comparator.comparing(HmpCommand::name));
    }

    /** What a client sees first. */
    String banner() {
        return "QEMU " + HmpInfo.qemuVersion() + " (" + machine.version()
                + ") monitor - type 'help' for more information\n";
    }

    /** Runs a line and answers what it says, with newlines, or nothing. */
    public String execute(String line) {
        Lookup found = new Lookup(line);
        if (found.name.isEmpty()) {
            return "";
        }
        HmpCommand command = found.command;
        if (command == null) {
            return "unknown command: '" + found.path + "'\n";
        }
        try {
            return command.action().run(HmpArguments.read(command.name(), command.parameters(), found.rest));
        } catch (HmpArguments.Refused e) {
            return e.getMessage() + "\n" + tryHelp(found.path);
        } catch (OptionException e) {
            return "Error: " + e.getMessage() + "\n"
                    + String.join(
                            "", e.hints().stream().map(each -> each + "\n").toList());
        } catch (NetdevException | IllegalStateException e) {
            return "Error: " + e.getMessage() + "\n";
        }
    }

    static String tryHelp(String path) {
        return "Try \"help " + path + "\" for more information\n";
    }

    /** The words that may stand where the last word of the text stands. */
    List<String> complete(String text) {
        boolean info = text.startsWith(INFO);
        String begun = text.substring(info ? INFO.length() : 0);
        if (begun.contains(" ")) {
            return List.of();
        }
        return (info ? infos : commands)
                .stream()
                        .flatMap(each -> each.names().stream())
                        .filter(each -> each.startsWith(begun))
                        .sorted()
                        .toList();
    }

    private String help(HmpArguments arguments) {
        String asked = arguments.find("name");
        if (asked == null) {
            return helpOf(commands, "");
        }
        if (asked.equals("info")) {
            return helpOf(infos, INFO);
        }
        Lookup found = new Lookup(asked);
        HmpCommand command = found.command;
        if (command == null) {
            return "unknown command: '" + found.path + "'\n";
        }
        return command.helpLine(infos.contains(command) ? INFO : "");
    }

    private static String helpOf(List<HmpCommand> list, String prefix) {
        Stream<String> lines = list.stream().map(each -> each.helpLine(prefix));
        return String.join("", lines.toList());
    }

    /** The command that a line begins with. */
    private final class Lookup {
        private final String line;
        private int at;
        private final String name;
        /** The words that name it, as far as they were needed. */
        private final String path;

        private final @Nullable HmpCommand command;
        private final String rest;

        Lookup(String line) {
            this.line = line;
            name = next();
            HmpCommand found = find(commands, name);
            String words = name;
            int before = at;
            if (found != null && found.name().equals("info")) {
                String item = next();
                if (item.isEmpty()) {
                    at = before;
                } else {
                    words = name + " " + item;
                    found = find(infos, item);
                }
            }
            path = words;
            command = found;
            rest = line.substring(at);
        }

        private String next() {
            while (at < line.length() && HmpArguments.isSpace(line.charAt(at))) {
                at++;
            }
            int start = at;
            while (at < line.length() && line.charAt(at) != '/' && !HmpArguments.isSpace(line.charAt(at))) {
                at++;
            }
            return line.substring(start, at);
        }

        private static @Nullable HmpCommand find(List<HmpCommand> list, String name) {
            return list.stream()
                    .filter(each -> each.names().contains(name))
                    .findFirst()
                    .orElse(null);
        }
    }
}
