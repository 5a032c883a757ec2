package io.qnet.tap;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A script that configures an interface, run as QEMU runs it ({@code launch_script} of {@code net/tap.c}): without a shell, with the interface's name as its only argument, standard input and output
 * inherited. Blocks until it has ended.
 */
final class NetworkScript {
    /** The wait status of a child that could not be started. */
    private static final int NOT_STARTED = 1 << 8;

    private NetworkScript() {}

    /** Whether there is something to run. */
    static boolean isSet(String script) {
        return !script.isEmpty() && !script.equals("no");
    }

    /** Runs the script; answers QEMU's text if it failed, else null. */
    static @Nullable String run(String script, String ifname) throws InterruptedException {
        int status = status(script, ifname);
        return status == 0 ? null : "network script " + script + " failed with status " + status;
    }

    /** The raw wait status, which is what QEMU shows: the exit code times 256. (Of a script ended by signal N the JDK tells exit code 128 + N.) */
    private static int status(String script, String ifname) throws InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(script, ifname).inheritIO().start();
        } catch (IOException e) {
            return NOT_STARTED;
        }
        try {
            return process.waitFor() << 8;
        } catch (InterruptedException e) {
            process.destroy();
            throw e;
        }
    }
}
