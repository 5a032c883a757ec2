package io.qnet.cli.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is sent for what is typed, byte for byte; the expected bytes were observed on QEMU 7.2. */
class ReadlineTest {
    private final List<String> lines = new ArrayList<>();
    private final Readline readline = new Readline(this::line, text -> {
        String word = text.substring(text.lastIndexOf(' ') + 1);
        return text.startsWith("info ")
                ? List.of("status", "stats").stream()
                        .filter(each -> each.startsWith(word))
                        .toList()
                : List.of("info").stream().filter(each -> each.startsWith(word)).toList();
    });

    private void line(String line) {
        lines.add(line);
        readline.prompt();
    }

    private String typed(String text) {
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            readline.input(each & 0xff);
        }
        return new String(readline.takeOutput(), StandardCharsets.UTF_8);
    }

    @Test
    void theLineIsRedrawnAtEveryCharacter() {
        assertThat(typed("quit\n"))
                .isEqualTo("q\033[K\033[Dqu\033[K\033[D\033[Dqui\033[K\033[D\033[D\033[Dquit\033[K\r\n(qemu) ");
        assertThat(lines).containsExactly("quit");
    }

    @Test
    void carriageReturnAndNewlineAreTwoLines() {
        assertThat(typed("q\r\n")).isEqualTo("q\033[K\r\n(qemu) \r\n(qemu) ");
        assertThat(lines).containsExactly("q", "");
    }

    @Test
    void charactersMayTakeSeveralBytes() {
        assertThat(typed("qé\n").getBytes(StandardCharsets.UTF_8))
                .endsWith('\r', '\n', '(', 'q', 'e', 'm', 'u', ')', ' ');
        assertThat(lines).containsExactly("qé");
    }

    @Test
    void backspaceDeletesAndWordsAreDeleted() {
        assertThat(typed("ab\u007fc\n")).isEqualTo("a\033[K\033[Dab\033[K\033[D\033[Da\033[K\033[Dac\033[K\r\n(qemu) ");
        typed("aaa bbb\u0017ccc\n");
        assertThat(lines).containsExactly("ac", "aaa ccc");
    }

    @Test
    void theCursorMoves() {
        assertThat(typed("ac\033[Db\n")).isEqualTo("a\033[K\033[Dac\033[K\033[D\033[Dabc\033[K\033[D\r\n(qemu) ");
        typed("bc\u0001a\u0005d\n");
        typed("abX\033[D\u0004c\n");
        typed("ab\033[1~x\033[4~y\033[3~\033OHz\033OFw\n");
        assertThat(lines).containsExactly("abc", "abcd", "abc", "zxabyw");
    }

    @Test
    void historyGoesBackAndForth() {
        typed("one\ntwo\n");
        assertThat(typed("\033[A\033[A")).isEqualTo("two\033[K\033[D\033[D\033[Done\033[K");
        typed("\033[B\u0010\n");
        typed("\u0010\u000e\n");
        assertThat(lines).containsExactly("one", "two", "one", "");
        assertThat(readline.history()).containsExactly("two", "one");
    }

    @Test
    void aTabCompletesOrLists() {
        assertThat(typed("in\t")).isEqualTo("i\033[K\033[Din\033[K\033[D\033[Dinfo \033[K");
        typed("st");
        assertThat(typed("\t\n")).isEqualTo("\r\nstats     status    \r\n(qemu) info stat\033[K\r\n(qemu) ");
        assertThat(lines).containsExactly("info stat");
    }

    @Test
    void formFeedClearsTheScreen() {
        assertThat(typed("\f")).isEqualTo("\033[2J\033[1;1H(qemu) ");
    }

    @Test
    void aLineIsBounded() {
        typed("x".repeat(5000) + "\n");
        assertThat(lines.get(0)).hasSize(4095);
    }
}
