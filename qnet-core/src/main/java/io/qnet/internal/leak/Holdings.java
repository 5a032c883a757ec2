package io.qnet.internal.leak;

import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocatorMetric;
import io.netty.buffer.UnpooledByteBufAllocator;
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
 * What the process holds at one moment: buffers of Netty's pooled allocator, direct ones of the unpooled, threads whose names begin with {@code qnet}, and sockets and devices (where {@code /proc} tells). Any thread may take one; what
 * runs at the same time in the same process disturbs the comparison.
 */
public final class Holdings {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private final long buffers = activeBuffers();
    private final long unpooledBytes = unpooledBytes();
    private final Set<Thread> threads = threads();
    private final Map<String, String> descriptors = descriptors();

    private Holdings() {}

    /** What there is now. */
    public static Holdings now() {
        JdkSockets.openOwn();
        return new Holdings();
    }

    /** The JDK keeps a descriptor of its own from the first socket that it closes on. */
    private static final class JdkSockets {
        static {
            try (DatagramSocket first = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
                first.setSoTimeout(0);
            } catch (IOException e) {
                System.getLogger(Holdings.class.getName()).log(System.Logger.Level.DEBUG, "no socket to begin with", e);
            }
        }

        static void openOwn() {}
    }

    /** What is there now that was not there then, one thing a line; what ends by itself is waited for, up to 10 seconds. */
    public List<String> leftAfterWaiting() {
        long end = System.nanoTime() + PATIENCE_NANOS;
        List<String> left = left();
        while (!left.isEmpty() && System.nanoTime() - end < 0) {
            pause();
            left = left();
        }
        return left;
    }

    /** What is there now that was not there then, one thing a line. */
    public List<String> left() {
        List<String> left = new ArrayList<>();
        long more = activeBuffers() - buffers;
        if (more > 0) {
            left.add(more + " pooled buffers");
        }
        long moreUnpooled = unpooledBytes() - unpooledBytes;
        if (moreUnpooled > 0) {
            left.add(moreUnpooled + " bytes of unpooled direct buffers");
        }
        Set<Thread> started = threads();
        started.removeAll(threads);
        started.forEach(thread -> left.add("thread '" + thread.getName() + "' (" + thread.getState() + ")"));
        descriptors().forEach((number, target) -> {
            if (!target.equals(descriptors.get(number))) {
                left.add("descriptor " + number + ": " + target);
            }
        });
        return left;
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

    private static long unpooledBytes() {
        return UnpooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .filter(thread -> thread.getName().startsWith("qnet"))
                .collect(Collectors.toSet());
    }

    /** Sockets, event descriptors and devices by number; plain files come and go with class loading. */
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
