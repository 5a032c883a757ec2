package io.qnet.slirp.forward;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Words between bars, as g_shell_parse_argv splits them. */
class CommandWordsTest {
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = ';',
            value = {
                "cat; cat",
                "`  nc   -l  80 `; nc|-l|80",
                "echo 'a b' \"c d\"; echo|a b|c d",
                "echo a'b c'd; echo|ab cd",
                "echo '' \"\"; echo||",
                "echo a\\ b \\\\; echo|a b|\\",
                "echo \"\\\"\\$\\`\\\\\\a\"; `echo|\"$``\\\\a`",
                "echo '\\'; echo|\\",
                "echo a#b #c d; echo|a#b",
            })
    void splits(String text, String words) {
        assertThat(String.join("|", CommandWords.split(text))).isEqualTo(words);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {"``", "`  `", "echo 'a", "echo \"a", "echo a\\", "#"})
    void whatHasNoEndHasNoWords(String text) {
        assertThat(CommandWords.split(text)).isEmpty();
    }
}
