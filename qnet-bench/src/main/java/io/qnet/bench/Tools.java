package io.qnet.bench;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The programs that measuring needs.
 *
 * @param folder where the compiled relay, ceiling, bulk and probe are
 * @param qnet how qnet is started
 * @param impair loss, reordering, duplication, corruption in per cent and a seed, for the relay; or null
 */
record Tools(Path folder, String qnet, @Nullable String impair) {
    /** One of qnet's own small programs. */
    String program(String name) {
        return folder.resolve(name).toString();
    }

    /** The relay's environment. */
    Map<String, String> impairment() {
        return impair == null ? Map.of() : Map.of("IMPAIR", impair);
    }
}
