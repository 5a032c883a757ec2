package io.qnet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the README shows is what compiles, and what it links to is there. */
class ReadmeTest {
    private static final Path ROOT = Path.of(System.getProperty("qnet.root", ".."));
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)\\)");

    @Test
    void theExampleCompilesAndRuns() throws IOException {
        Path source = ROOT.resolve("qnet-cli/src/test/java/io/qnet/cli/EmbeddingExample.java");
        assertThat(codeOf(Files.readString(ROOT.resolve("README.md"))))
                .isEqualTo(between(Files.readAllLines(source), "        // README"));
        assertThat(codeOf(Files.readString(ROOT.resolve("README.md")))).hasSizeLessThanOrEqualTo(15);

        EmbeddingExample.run(new byte[60], frame -> assertThat(frame).isNotEmpty());
    }

    @Test
    void everyPageThatIsLinkedIsThere() throws IOException {
        Matcher links = LINK.matcher(Files.readString(ROOT.resolve("README.md")));
        List<String> missing = new ArrayList<>();
        while (links.find()) {
            if (!Files.exists(ROOT.resolve(links.group(1)))) {
                missing.add(links.group(1));
            }
        }
        assertThat(missing).isEmpty();
    }

    private static List<String> codeOf(String readme) {
        int from = readme.indexOf("```java\n") + "```java\n".length();
        return readme.substring(from, readme.indexOf("```", from)).lines().toList();
    }

    private static List<String> between(List<String> lines, String mark) {
        int from = lines.indexOf(mark);
        int to = lines.lastIndexOf(mark);
        return lines.subList(from + 1, to).stream()
                .map(line -> line.isEmpty() ? line : line.substring(8))
                .toList();
    }
}
