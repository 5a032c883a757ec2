package io.qnet.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The two grammars and JSON as trees, before any schema; refusals are in the oracle's table. */
class GrammarTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "user                        | [type=user]",
                "`user,`                     | [type=user]",
                "`user,a=b`                  | [type=user, a=b]",
                "`a=b,user`                  | [a=b, user=on]",
                "`a=x,,y,b=,,`               | [a=x,y, b=,]",
                "`a=x,,,b=1`                 | [a=x,, b=1]",
                "`a==b=c`                    | [a==b=c]",
                "`=x`                        | [=x]",
                "`t,foo,nobar,no`            | [type=t, foo=on, bar=off, =off]",
                "`t,a=1,id=x,a=2,id=y`       | [type=t, a=1, a=2]",
                "`,a=b`                      | [type=, a=b]",
                "``                          | []",
            })
    void classicOptionsInTheOrderWritten(String text, String expected) {
        String entries = QemuOpts.parse(text, "type").entries().stream()
                .map(entry -> entry.name() + "=" + entry.value())
                .toList()
                .toString();
        assertThat(entries).isEqualTo(expected);
    }

    @Test
    void theLastValueAndTheFirstIdCount() {
        QemuOpts opts = QemuOpts.parse("t,a=1,id=x,a=2,id=y", "type");
        assertThat(opts.get("a")).isEqualTo("2");
        assertThat(opts.get("b")).isNull();
        assertThat(opts.id()).isEqualTo("x");
    }

    @Test
    void flagsAreWarnedAboutButHelp() {
        assertThat(QemuOpts.parse("foo,nobar,help,?", null).warnings())
                .containsExactly(
                        new OptionWarning(
                                null,
                                "short-form boolean option 'foo' deprecated",
                                List.of("Please use foo=on instead")),
                        new OptionWarning(
                                null,
                                "short-form boolean option 'nobar' deprecated",
                                List.of("Please use bar=off instead")));
    }

    @Test
    void identifiers() {
        assertThat(List.of("a", "Z", "a0", "a-b.c_d")).allMatch(QemuOpts::isIdentifier);
        assertThat(List.of("", "0", "-a", "_a", "#a", "a b", "ä", "aé")).noneMatch(QemuOpts::isIdentifier);
    }

    @Test
    void dotsBuildObjectsAndNumbersArrays() {
        assertThat(Keyval.parse("stream,a.b=1,a.c.d=2,a.b=3,e.0=x,e.1.f=y,", "type"))
                .isEqualTo(Map.of(
                        "type", "stream",
                        "a", Map.of("b", "3", "c", Map.of("d", "2")),
                        "e", List.of("x", Map.of("f", "y"))));
        assertThat(Keyval.parse("a.1=y,a.0=x,a.01=z", null)).isEqualTo(Map.of("a", List.of("x", "z")));
        assertThat(Keyval.parse("a=x,,y,b=,,", null)).isEqualTo(Map.of("a", "x,y", "b", ","));
        assertThat(Keyval.parse("__org.example_x.y=1", null)).isEqualTo(Map.of("__org.example_x", Map.of("y", "1")));
        assertThat(Keyval.parse("", null)).isEmpty();
    }

    @Test
    void aFirstValueNeedsAnImpliedKey() {
        assertThatThrownBy(() -> Keyval.parse("stream,id=x", null))
                .hasMessage("No implicit parameter name for value 'stream'");
    }

    @Test
    void jsonHasTypes() {
        Map<String, Object> tree = JsonText.object(
                " {'a': \"x\\u0041\", \"b\": [1, -2, true, {}], \"c\": 18446744073709551615, \"d\": 1.5, \"e\": null} ");
        assertThat(tree)
                .containsEntry("a", "xA")
                .containsEntry("b", List.of(1, -2, true, Map.of()))
                .containsEntry("c", new java.math.BigInteger("18446744073709551615"))
                .containsEntry("d", 1.5)
                .containsEntry("e", null)
                .hasSize(5);
    }

    @Test
    void jsonIsAnObjectOrRefused() {
        for (String text : List.of(
                "", "[]", "5", "{", "{\"a\":\"", "{\"a\":[1", "{]", "{\"a\" 1}", "\u0000", "{\"a\":'\u0001'}")) {
            assertThatThrownBy(() -> JsonText.object(text))
                    .as(text)
                    .isInstanceOf(OptionException.class)
                    .hasMessageStartingWith("JSON parse error, ");
        }
    }

    @Test
    void jsonIsBounded() {
        assertThatThrownBy(() -> JsonText.object("{\"a\":" + "[".repeat(100_000)))
                .isInstanceOf(OptionException.class)
                .hasMessage("JSON nesting depth limit exceeded");
        assertThatThrownBy(() -> JsonText.object("{\"a\":\"" + "\\n".repeat(100_000)))
                .isInstanceOf(OptionException.class)
                .hasMessageStartingWith("JSON parse error, stray '\"\\n");
        assertThatThrownBy(() -> JsonText.object("{\"a\":" + "1".repeat(10_000) + "}"))
                .isInstanceOf(OptionException.class);
    }
}
