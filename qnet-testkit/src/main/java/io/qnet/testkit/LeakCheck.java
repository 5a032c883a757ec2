package io.qnet.testkit;

import io.qnet.internal.leak.Holdings;
import java.util.List;

/**
 * Finds what a test has left behind: buffers of Netty's pooled allocator and direct ones of the unpooled that were not released, threads whose names begin with {@code qnet}, and sockets and devices of the process (where {@code /proc}
 * tells). Make one before the test, ask it afterwards:
 *
 * <pre>{@code
 * LeakCheck leaks = LeakCheck.begin();
 * …
 * leaks.verify();
 * }</pre>
 *
 * <p>What ends by itself a moment later, such as the thread of a network that was just closed, is waited for. Tests that run at the same time in the same process disturb it. In JUnit {@code @CheckLeaks} does
 * the same.
 */
public final class LeakCheck {
    private final Holdings before = Holdings.now();

    private LeakCheck() {}

    /** Remembers what there is now. */
    public static LeakCheck begin() {
        return new LeakCheck();
    }

    /**
     * Waits for what is ending, up to 10 seconds, and reports the rest.
     *
     * @throws AssertionError that lists what was left behind
     */
    public void verify() {
        List<String> left = before.leftAfterWaiting();
        if (!left.isEmpty()) {
            throw new AssertionError("left behind:\n  " + String.join("\n  ", left));
        }
    }

    /** What is there now that was not there at the beginning, one thing a line. */
    public List<String> leaks() {
        return before.left();
    }
}
