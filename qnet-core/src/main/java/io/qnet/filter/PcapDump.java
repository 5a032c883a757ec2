package io.qnet.filter;

import io.qnet.Frame;
import io.qnet.FrameFilter;
import io.qnet.Port;
import io.qnet.loop.Loop;
import io.qnet.stat.Counter;
import io.qnet.stat.Counters;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Writes the frames that pass to a pcap file (QEMU's {@code filter-dump}, {@code net/dump.c}): microseconds, Ethernet, the byte order of x86; a file whose name ends in {@code .pcapng} has that format,
 * with nanoseconds and directions. A super-frame is one record, its checksum still open.
 *
 * <p>Frames are copied into a bounded buffer on the loop and written by a thread that may block. What does not fit while the disk is slow is not written and counted ({@code dump.dropped}); so is what
 * comes after a write failed, or after {@code maxBytes}.
 */
public final class PcapDump implements FrameFilter {
    /** QEMU's default for {@code maxlen}. */
    public static final int DEFAULT_SNAP_LENGTH = 65_536;

    private static final int BUFFER_BYTES = 1 << 20;
    private static final long NANOS_A_MILLI = 1_000_000;

    private final Loop loop;
    private final Path path;
    private final FileChannel file;
    private final int snapLength;
    private final long maxBytes;
    private final CaptureFormat format;
    private final long startWallNanos;
    private final long startNanos;
    private final byte[] record = new byte[Port.MAX_FRAME_BYTES];
    private final Counters counters = new Counters();
    private final Counter dropped = counters.counter("dump.dropped");
    private final CompletableFuture<Path> finished = new CompletableFuture<>();

    private final Object lock = new Object();
    private ByteBuffer filling = buffer();
    private ByteBuffer writing = buffer();
    private boolean writerRuns;
    private boolean closed;
    private long acceptedBytes;

    private PcapDump(Loop loop, Path path, FileChannel file, int snapLength, long maxBytes, long startMillis) {
        this.loop = loop;
        this.path = path;
        this.file = file;
        this.snapLength = snapLength;
        this.maxBytes = maxBytes;
        startWallNanos = startMillis * NANOS_A_MILLI;
        startNanos = loop.nowNanos();
        format = path.toString().endsWith(".pcapng") ? new PcapngFormat(snapLength) : new PcapFormat(snapLength);
        format.putFileHeader(filling);
        acceptedBytes = filling.position();
    }

    /**
     * Opens the file, which is emptied if it is there. Loop thread.
     *
     * @param snapLength how much of each frame is kept
     * @param maxBytes how long the file may become
     * @param startMillis the wall clock now, in milliseconds of 1970; later time stamps follow the loop's time
     * @throws IOException if the file cannot be written
     */
    public static PcapDump open(Loop loop, Path path, int snapLength, long maxBytes, long startMillis)
            throws IOException {
        FileChannel file = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        return new PcapDump(loop, path, file, snapLength, maxBytes, startMillis);
    }

    @Override
    public String type() {
        return "filter-dump";
    }

    @Override
    public String info() {
        return ",file=" + path + ",maxlen=" + snapLength;
    }

    /** Counters: {@code dump.dropped}. */
    @Override
    public Counters counters() {
        return counters;
    }

    /** Completed with the path once the filter is closed and everything is in the file; or exceptionally with what the first failed write threw. */
    public CompletionStage<Path> finished() {
        return finished;
    }

    @Override
    public boolean filter(Frame frame, Direction direction, Passage onward) {
        int kept = Math.min(snapLength, frame.length());
        int bytes = format.recordBytes(kept);
        synchronized (lock) {
            if (closed || finished.isDone() || filling.remaining() < bytes || acceptedBytes + bytes > maxBytes) {
                dropped.increment();
                return true;
            }
            acceptedBytes += bytes;
            putRecord(frame, kept, direction);
            startWriter();
        }
        return true;
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (!closed) {
                closed = true;
                startWriter();
            }
        }
    }

    private void startWriter() {
        if (!writerRuns) {
            writerRuns = true;
            loop.runBlocking(this::writeAll, (written, failure) -> {
                if (failure != null) {
                    finished.completeExceptionally(failure);
                }
            });
        }
    }

    /** On a thread that may block: writes until there is nothing more. */
    private Path writeAll() throws IOException {
        boolean good = false;
        try {
            while (swap()) {
                while (writing.hasRemaining()) {
                    file.write(writing);
                }
                writing.clear();
            }
            good = true;
        } finally {
            if (!good) {
                file.close();
            }
        }
        return path;
    }

    /** Takes what was filled; false, and the writer has ended, if there is nothing. */
    private boolean swap() throws IOException {
        synchronized (lock) {
            if (filling.position() == 0) {
                writerRuns = false;
                if (closed) {
                    file.close();
                    finished.complete(path);
                }
                return false;
            }
            ByteBuffer full = filling.flip();
            filling = writing;
            writing = full;
            return true;
        }
    }

    private void putRecord(Frame frame, int kept, Direction direction) {
        if (kept <= frame.headLength()) {
            frame.head().getBytes(frame.headIndex(), record, 0, kept);
        } else {
            frame.getBytes(record, 0);
        }
        long wallNanos = startWallNanos + (loop.nowNanos() - startNanos);
        format.putRecord(filling, wallNanos, record, kept, frame.length(), direction);
    }

    private static ByteBuffer buffer() {
        return ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }
}
