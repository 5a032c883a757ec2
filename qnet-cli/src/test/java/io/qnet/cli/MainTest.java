package io.qnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void theHelpNamesTheDemoAndEveryOption() {
        assertThat(run("--help")).isZero();
        assertThat(text(out)).contains("qnet demo", "-netdev", "-net ", "-nic", "-transport", "--version");
        assertThat(text(err)).isEmpty();
    }

    @Test
    void theVersionIsOneLine() {
        assertThat(run("--version")).isZero();
        assertThat(text(out)).startsWith("qnet ").hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    -foo                              | qnet: -foo: invalid option
                    -netdev                           | qnet: -netdev: requires an argument
                    -netdev user                      | qnet: -netdev user: Parameter 'id' is missing
                    -netdev user,id=u,restrict=maybe  | qnet: -netdev user,id=u,restrict=maybe: Parameter 'restrict' expects 'on' or 'off'
                    -netdev bogus,id=u                | qnet: -netdev bogus,id=u: Parameter 'type' does not accept value 'bogus'
                    -netdev user,id=u -net nic,netdev=v | qnet: -net nic,netdev=v: netdev 'v' not found
                    -transport fast                   | qnet: -transport fast: Parameter 'transport' does not accept value 'fast'
                    -monitor bogus                    | qnet: -monitor bogus: 'bogus' is not a valid char driver
                    -monitor tcp:foo                  | qnet: -monitor tcp:foo: parse error: tcp:foo
                    -monitor unix:/nodir/x            | qnet: -monitor unix:/nodir/x: Failed to connect to '/nodir/x': No such file or directory
                    -qmp unix:/nodir/x,server=on,wait=off | qnet: -qmp unix:/nodir/x,server=on,wait=off: Failed to bind socket to /nodir/x: No such file or directory
                    -mon nosuch                       | qnet: -mon nosuch: chardev "nosuch" not found
                    -mon mode=control                 | qnet: -mon mode=control: Parameter 'chardev' is missing
                    -chardev null,id=n -mon n,mode=x  | qnet: -mon n,mode=x: Parameter 'mode' does not accept value 'x'
                    -chardev null                     | qnet: -chardev null: chardev: no id specified
                    -chardev file,id=f,path=/nodir/x   | qnet: -chardev file,id=f,path=/nodir/x: Could not open '/nodir/x': No such file or directory
                    -qmp stdio -monitor stdio         | qnet: -monitor stdio: cannot use stdio by multiple character devices
                    demo again                        | qnet: demo takes no arguments: 'again'
                    """)
    void whatIsRefusedIsSaidInOneLineWithStatus1(String line, String message) {
        assertThat(run(line.split(" "))).isEqualTo(1);
        assertThat(text(err).lines()).containsExactly(message);
        assertThat(text(out)).isEmpty();
    }

    private int run(String... args) {
        return Main.run(List.of(args), new PrintStream(out, true), new PrintStream(err, true));
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
