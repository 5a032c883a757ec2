package io.qnet.cli.monitor;

import java.io.IOException;
import java.util.List;
import org.jline.reader.Candidate;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/** The human monitor on the program's own terminal, with JLine's editing, history and completion. Ctrl-C ends the program, as a signal would. */
final class Terminals implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Terminals.class.getName());

    private volatile @Nullable Terminal terminal;

    /** Whether the program talks to a terminal. The launcher says so of its output; from JDK 22 on there is always a console, and JLine finds out about the input. */
    @SuppressWarnings("SystemConsoleNull")
    static boolean isTerminal() {
        return System.console() != null && Boolean.getBoolean("qnet.terminal");
    }

    void start(Machine machine) {
        Thread thread = new Thread(() -> run(machine), "qnet-hmp-terminal");
        thread.setDaemon(true);
        thread.start();
    }

    private void run(Machine machine) {
        try (Terminal made = TerminalBuilder.builder().system(true).dumb(true).build()) {
            terminal = made;
            Hmp[] hmp = new Hmp[1];
            LineReader reader = LineReaderBuilder.builder()
                    .terminal(made)
                    .completer((line, parsed, candidates) ->
                            complete(hmp[0], parsed.line().substring(0, parsed.cursor()), candidates))
                    .build();
            reader.setOpt(LineReader.Option.DISABLE_EVENT_EXPANSION);
            hmp[0] = new Hmp(machine, () -> history(reader));
            made.writer().print(hmp[0].banner());
            made.flush();
            while (true) {
                made.writer().print(hmp[0].execute(reader.readLine(Readline.PROMPT)));
                made.flush();
            }
        } catch (UserInterruptException e) {
            machine.quit();
        } catch (EndOfFileException e) {
            LOG.log(System.Logger.Level.DEBUG, "the terminal has ended", e);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "no monitor on this terminal", e);
        }
    }

    private static void complete(Hmp hmp, String text, List<Candidate> candidates) {
        hmp.complete(text).forEach(word -> candidates.add(new Candidate(word)));
    }

    private static List<String> history(LineReader reader) {
        return java.util.stream.StreamSupport.stream(reader.getHistory().spliterator(), false)
                .map(org.jline.reader.History.Entry::line)
                .toList();
    }

    /** Gives the terminal back as it was. */
    @Override
    public void close() {
        Terminal present = terminal;
        if (present != null) {
            try {
                present.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "closing the terminal", e);
            }
        }
    }
}
