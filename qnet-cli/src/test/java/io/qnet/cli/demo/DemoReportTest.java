package io.qnet.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DemoReportTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @Test
    void aStepIsALineAndARowOfTheTable() throws Exception {
        DemoReport report = report(false);
        report.step("ping", () -> "pong");
        report.transfer("download", 1 << 20, progress -> {
            progress.accept(1);
            return "equal";
        });
        report.table();

        assertThat(text().lines().filter(line -> line.contains("ping")))
                .hasSize(2)
                .allMatch(line -> line.contains("pong"));
        assertThat(text().lines().filter(line -> line.contains("download")))
                .hasSize(2)
                .allMatch(line -> line.contains("equal") && line.contains("Gbit/s"));
        assertThat(text()).doesNotContain("\r");
    }

    @Test
    void aTerminalSeesALongStepMove() throws Exception {
        report(true).transfer("download", 2 << 20, progress -> {
            progress.accept(1 << 20);
            return "equal";
        });

        assertThat(text()).contains("\r").contains("1 of 2 MiB");
    }

    @Test
    void aFailedStepSaysSoAndIsNoRow() {
        DemoReport report = report(false);

        assertThatThrownBy(() -> report.step("ping", () -> {
                    throw new IOException("no answer");
                }))
                .hasMessage("no answer");
        report.table();

        assertThat(text().lines().filter(line -> line.contains("ping")))
                .singleElement()
                .asString()
                .contains("FAILED: no answer");
    }

    private DemoReport report(boolean terminal) {
        return new DemoReport(new PrintStream(out, true), terminal);
    }

    private String text() {
        return out.toString(StandardCharsets.UTF_8);
    }
}
