package io.qnet.cli.monitor;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be written to the client of a monitor, bounded. Who must not wait (the network's loop, with events) offers, and is told if there is no room; who answers the client's own commands waits, so
 * that a client which does not read is not read from either. A thread of its own writes.
 */
final class Outbox implements AutoCloseable {
    /** The most bytes that wait. */
    static final int MAX_BYTES = 4 << 20;

    private final OutputStream out;
    private final Runnable onBroken;
    private final Thread writer;
    private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
    private int queuedBytes;
    private boolean closed;

    /**
     * @param onBroken called when nothing can be written any more
     */
    Outbox(String name, OutputStream out, Runnable onBroken) {
        this.out = out;
        this.onBroken = onBroken;
        writer = new Thread(this::writeAll, name);
        writer.setDaemon(true);
        writer.start();
    }

    /** Queues bytes without waiting; false if there is no room for them, or the outbox is closed. */
    synchronized boolean offer(byte[] bytes) {
        if (closed || queuedBytes + bytes.length > MAX_BYTES) {
            return false;
        }
        add(bytes);
        return true;
    }

    /** Queues bytes, waiting for room; drops them if the outbox is closed meanwhile. */
    synchronized void put(byte[] bytes) {
        try {
            while (!closed && queuedBytes > 0 && queuedBytes + bytes.length > MAX_BYTES) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        if (!closed) {
            add(bytes);
        }
    }

    /** Queues text, waiting for room. */
    void put(String text) {
        put(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Waits until everything is written, or nothing can be. */
    synchronized void flush() {
        try {
            while (!closed && queuedBytes > 0) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        queue.clear();
        notifyAll();
    }

    private void add(byte[] bytes) {
        queue.add(bytes);
        queuedBytes += bytes.length;
        notifyAll();
    }

    private void writeAll() {
        try {
            for (byte[] next = take(); next != null; next = take()) {
                out.write(next);
                out.flush();
                written(next.length);
            }
        } catch (IOException e) {
            close();
            onBroken.run();
        }
    }

    private synchronized byte @Nullable [] take() {
        try {
            while (!closed && queue.isEmpty()) {
                wait();
            }
        } catch (InterruptedException e) {
            return null;
        }
        return closed ? null : queue.remove();
    }

    private synchronized void written(int bytes) {
        queuedBytes -= bytes;
        notifyAll();
    }
}
