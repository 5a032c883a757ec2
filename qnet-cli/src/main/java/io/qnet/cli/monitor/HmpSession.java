package io.qnet.cli.monitor;

import java.nio.charset.StandardCharsets;

/** A client of the human monitor over a stream: QEMU's banner, prompt and echo. */
final class HmpSession implements MonitorSession {
    private final Outbox outbox;
    private final Hmp hmp;
    private final Readline readline;

    HmpSession(Machine machine, Outbox outbox) {
        this.outbox = outbox;
        hmp = new Hmp(machine, this::history);
        readline = new Readline(this::line, hmp::complete);
    }

    @Override
    public void begin() {
        print(hmp.banner());
        readline.prompt();
        send();
    }

    @Override
    public void input(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            readline.input(bytes[i] & 0xff);
            send();
        }
    }

    private void line(String line) {
        send();
        print(hmp.execute(line));
        readline.prompt();
    }

    private java.util.List<String> history() {
        return readline.history();
    }

    private void print(String text) {
        outbox.put(text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    private void send() {
        byte[] output = readline.takeOutput();
        if (output.length > 0) {
            outbox.put(output);
        }
    }
}
