package io.qnet.bench;

import java.nio.file.Path;

/**
 * The programs that measuring needs.
 *
 * @param folder where the compiled relay, ceiling, bulk and probe are
 * @param qnet how qnet is started
 */
record Tools(Path folder, String qnet) {
    /** One of qnet's own small programs. */
    String program(String name) {
        return folder.resolve(name).toString();
    }
}
