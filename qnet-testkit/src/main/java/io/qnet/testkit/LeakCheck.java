package io.qnet.testkit;

import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocatorMetric;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Finds what a test has left behind: buffers of Netty's pooled allocator that were not released, threads whose names begin with {@code qnet}, and sockets and devices of the process (where {@code /proc}
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
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private final long buffersBefore = activeBuffers();
    private final Set<Thread> threadsBefore = threads();
    private final Map<String, String> descriptorsBefore = descriptors();

    private LeakCheck() {}

    /** Remembers what there is now. */
    public static LeakCheck begin() {
        JdkSockets.openOwn();
        return new LeakCheck();
    }

    /** The JDK keeps a descriptor of its own from the first socket that it closes on. */
    private static final class JdkSockets {
        static {
            try (DatagramSocket first = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
                first.setSoTimeout(0);
            } catch (IOException e) {
                System.getLogger(LeakCheck.class.getName())
                        .log(System.Logger.Level.DEBUG, "no socket to begin with", e);
            }
        }

        static void openOwn() {}
    }

    /**
     * Waits for what is ending, up to 10 seconds, and reports the rest.
     *
     * @throws AssertionError that lists what was left behind
     */
    public void verify() {
        long end = System.nanoTime() + PATIENCE_NANOS;
        List<String> left = leaks();
        while (!left.isEmpty() && System.nanoTime() - end < 0) {
            pause();
            left = leaks();
        }
        if (!left.isEmpty()) {
            throw new AssertionError("left behind:\n  " + String.join("\n  ", left));
        }
    }

    /** What is there now that was not there at the beginning, one thing a line. */
    public List<String> leaks() {
        List<String> leaks = new ArrayList<>();
        long buffers = activeBuffers() - buffersBefore;
        if (buffers > 0) {
            leaks.add(buffers + " pooled buffers");
        }
        Set<Thread> threads = threads();
        threads.removeAll(threadsBefore);
        threads.forEach(thread -> leaks.add("thread '" + thread.getName() + "' (" + thread.getState() + ")"));
        descriptors().forEach((number, target) -> {
            if (!target.equals(descriptorsBefore.get(number))) {
                leaks.add("descriptor " + number + ": " + target);
            }
        });
        return leaks;
    }

    /** Buffers of the default pooled allocator that are in use. What this thread's cache holds counts as in use, so it is emptied: the first call lets go what was idle, the second the rest. */
    private static long activeBuffers() {
        PooledByteBufAllocator.DEFAULT.trimCurrentThreadCache();
        PooledByteBufAllocator.DEFAULT.trimCurrentThreadCache();
        PooledByteBufAllocatorMetric metric = PooledByteBufAllocator.DEFAULT.metric();
        return count(metric.directArenas()) + count(metric.heapArenas());
    }

    private static long count(List<PoolArenaMetric> arenas) {
        return arenas.stream().mapToLong(PoolArenaMetric::numActiveAllocations).sum();
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .filter(thread -> thread.getName().startsWith("qnet"))
                .collect(Collectors.toSet());
    }

    /** Sockets, pipes, event descriptors and devices by number; plain files come and go with class loading. */
    private static Map<String, String> descriptors() {
        Map<String, String> open = new TreeMap<>();
        if (!Files.isDirectory(DESCRIPTORS)) {
            return open;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path entry : entries) {
                String target = target(entry);
                if (target.startsWith("socket:")
                        || target.startsWith("/dev/net/")
                        || target.startsWith("anon_inode:")) {
                    open.put(String.valueOf(entry.getFileName()), target);
                }
            }
        } catch (IOException e) {
            return open;
        }
        return open;
    }

    private static String target(Path entry) {
        try {
            return Files.readSymbolicLink(entry).toString();
        } catch (IOException e) {
            return ""; // closed meanwhile
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(10);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
